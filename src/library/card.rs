//! What is known about a model. The card lies in the header of the model's file, so it goes wherever the file goes.

use crate::train::Degradation;
use crate::weights::Builtin;
use serde::{Deserialize, Serialize};

/// More than this many characters of a card nobody reads; a foreign file may hold any number.
const MOST_CHARACTERS: usize = 200;

/// What the authors of the shipped weights ask for.
const LIIF_LICENCE: &str = "BSD 3-Clause; weights by Y. Chen, S. Liu and X. Wang";

/// Our own, and where those are named whose photographs they have seen.
const LIVE_LICENCE: &str = "that of the program; trained on free photographs (weights/CREDITS.tsv)";

/// A model's card.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Card {
    /// Where the model comes from.
    pub origin: Origin,
    /// Under which terms it may be used, as far as that is known.
    pub licence: String,
}

/// Where a model comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Origin {
    /// It is part of the program.
    BuiltIn {
        /// On what it was trained.
        #[serde(default)]
        about: String,
    },
    /// This program trained it.
    Trained(TrainingSummary),
    /// Somebody gave a file of this name.
    Imported {
        /// The file's name, without its folder.
        from: String,
    },
}

/// What a model learnt from, and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainingSummary {
    /// Name of the folder, without those around it.
    pub folder: String,
    /// Pictures that it was trained on.
    pub pictures: usize,
    /// Pictures that were kept for judging.
    pub held_out: usize,
    /// Steps taken.
    pub steps: u64,
    /// The day on which it ended, like 2026-11-22.
    pub date: String,
    /// What was done to small pictures.
    pub degradation: Degradation,
    /// What chose pictures, places and degradations.
    pub seed: u64,
    /// Name of the model that it started from.
    pub started_from: String,
    /// PSNR of bicubic enlargement on held-out pictures, in decibels.
    pub bicubic_psnr: Option<f64>,
    /// The same of the weights at the start.
    pub start_psnr: Option<f64>,
    /// The same of these weights.
    pub psnr: Option<f64>,
}

impl TrainingSummary {
    /// What training gained on held-out pictures, in decibels; unknown where none were held out.
    pub fn gain_db(&self) -> Option<f64> {
        Some(self.psnr? - self.start_psnr?)
    }
}

impl Card {
    /// The card of a model that is part of the program.
    pub fn builtin(model: Builtin) -> Self {
        let (about, licence) = match model {
            Builtin::Liif => ("The reference, trained by its authors on DIV2K.", LIIF_LICENCE),
            Builtin::Live => ("Fast: for pictures without noise and blocks.", LIVE_LICENCE),
            Builtin::Photo => ("Fast: undoes the noise, blur and blocks of photographs.", LIVE_LICENCE),
        };
        Self { origin: Origin::BuiltIn { about: about.into() }, licence: licence.into() }
    }

    /// The card of a file that brings none.
    pub fn imported(from: &str) -> Self {
        let licence = "unknown; ask whoever made the file".into();
        Self { origin: Origin::Imported { from: from.into() }, licence }.tidied()
    }

    /// The card of a model that was trained here from a model under `licence`.
    pub fn trained(summary: TrainingSummary, licence: &str) -> Self {
        let licence = licence.strip_prefix(OWN).unwrap_or(licence);
        Self { origin: Origin::Trained(summary), licence: format!("{OWN}{licence}") }.tidied()
    }

    /// As the file holds it.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The card that a file holds; nothing if it makes no sense, or claims to be part of the program.
    pub fn from_json(json: &str) -> Option<Self> {
        let card: Self = serde_json::from_str(json).ok()?;
        (!matches!(card.origin, Origin::BuiltIn { .. })).then(|| card.tidied())
    }

    /// The same as text that can be shown, whatever was in the file.
    fn tidied(mut self) -> Self {
        tidy(&mut self.licence);
        match &mut self.origin {
            Origin::BuiltIn { about } => tidy(about),
            Origin::Imported { from } => tidy(from),
            Origin::Trained(TrainingSummary { folder, date, started_from, .. }) => {
                [folder, date, started_from].into_iter().for_each(tidy);
            }
        }
        self
    }
}

/// In front of the licence of the model that training started from.
const OWN: &str = "trained here, on top of: ";

fn tidy(text: &mut String) {
    *text = text.chars().filter(|c| !c.is_control()).take(MOST_CHARACTERS).collect();
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn summary() -> TrainingSummary {
        TrainingSummary {
            folder: "scans".into(),
            pictures: 9,
            held_out: 2,
            steps: 300,
            date: "2026-11-22".into(),
            degradation: Degradation::Scan,
            seed: 7,
            started_from: "built-in".into(),
            bicubic_psnr: Some(27.0),
            start_psnr: Some(28.0),
            psnr: Some(28.75),
        }
    }

    #[test]
    fn a_card_survives_its_file_and_licences_do_not_pile_up() {
        let card = Card::trained(summary(), LIIF_LICENCE);
        assert_eq!(Card::from_json(&card.to_json()), Some(card.clone()));
        assert_eq!(Card::trained(summary(), &card.licence), card);
        assert_eq!(summary().gain_db(), Some(0.75));
        assert_eq!(TrainingSummary { start_psnr: None, ..summary() }.gain_db(), None);
    }

    #[test]
    fn foreign_cards_are_tidied_or_refused() {
        for bad in
            ["", "[]", "{\"origin\":{\"kind\":\"stolen\"},\"licence\":\"\"}", &Card::builtin(Builtin::Liif).to_json()]
        {
            assert_eq!(Card::from_json(bad), None, "{bad}");
        }
        let long = Card { licence: format!("a\u{1b}[31m\n{}", "b".repeat(999)), ..Card::imported("x\0y.pth") };
        let read = Card::from_json(&long.to_json()).unwrap();
        assert!(read.licence.starts_with("a[31mbb") && read.licence.chars().count() == MOST_CHARACTERS);
        assert_eq!(read.origin, Origin::Imported { from: "xy.pth".into() });
    }
}
