//! How pixels are made, as every command takes it that makes any. What a recipe learns to say gets its option here, and is
//! then part of exports, of their provenance and of evaluations.

use super::look::{Look, NamedModel};
use crate::recipe::{Ensemble, Recipe, Source, Stage, Strength};

/// A recipe, and the options that are short for parts of it.
#[derive(Clone, Copy, clap::Args)]
pub(super) struct LookArgs {
    /// How enlarged pixels are made: neural, neural:exact (the network at every pixel), neural:coarse (on a sparse lattice,
    /// sooner), bicubic or nearest (source pixels as squares); behind it +ensemble:4 or :8 (the mean of the picture turned, and
    /// mirrored too), +lock (shrunk again it is the source), +strength:PERCENT (mixed with bicubic).
    /// In place of neural, liif, live or photo choose that built-in model as well, and auto the live one that suits the
    /// picture: photo for one with noise or JPEG blocks. Without it exports are neural with the usual lock, and evaluations
    /// neural:exact.
    #[arg(long, value_name = "RECIPE")]
    look: Option<Look>,
    /// How much of the network's detail is in the result, in percent: 0 is bicubic. Short for +strength:PERCENT in --look.
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(super) strength: Option<u8>,
    /// Correct what the network makes so that, shrunk to the source's size, it is the source: on, off, or by so many percent.
    /// Short for +lock in --look. Without either, exports are locked, but by models that undo damage, like photo; evaluations
    /// and what --look neural… writes out are not.
    #[arg(long, value_name = "on|off|PERCENT", value_parser = parse_lock)]
    pub(super) lock: Option<Strength>,
    /// Let the network see the picture in so many ways, 1, 4 (its turns) or 8 (mirrored too), and take the mean: so many times
    /// the work. Short for +ensemble:N in --look.
    #[arg(long, value_name = "1|4|8")]
    pub(super) ensemble: Option<Ensemble>,
}

/// How much of the lock is wanted.
fn parse_lock(text: &str) -> Result<Strength, String> {
    match text {
        "on" => Ok(Strength::FULL),
        "off" => Ok(Strength::NONE),
        percent => match percent.parse::<u8>() {
            Ok(percent @ 0..=100) => Ok(Strength::percent(percent)),
            _ => Err("give on, off, or percent from 0 to 100".into()),
        },
    }
}

impl LookArgs {
    /// The recipe; out of `source` where no look is given.
    pub(super) fn recipe(self, source: Source) -> Recipe {
        let recipe = self.look.map_or(source.into(), |look| look.recipe);
        let stages = [
            self.ensemble.map(Stage::Ensemble),
            self.lock.map(Stage::Lock),
            self.strength.map(|percent| Stage::Strength(Strength::percent(percent))),
        ];
        stages.into_iter().flatten().fold(recipe, Recipe::with)
    }

    /// Whether nothing is said of the lock: neither by itself, nor by a recipe that is written out.
    pub(super) fn has_usual_lock(self) -> bool {
        let is_open = |look: Look| look.model.is_some() && look.recipe.lock() == Strength::NONE;
        self.lock.is_none() && self.look.is_none_or(is_open)
    }

    /// The model that the look names.
    pub(super) fn model(self) -> Option<NamedModel> {
        self.look.and_then(|look| look.model)
    }
}
