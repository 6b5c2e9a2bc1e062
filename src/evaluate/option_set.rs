//! A model and how its pixels are made, in one word: `builtin:live`, `scans.safetensors+strength:40`,
//! `builtin+neural:coarse`. What may stand behind the model is what a recipe is made of, so that whatever a recipe learns to
//! say can be compared too.

use crate::error::{Error, Result};
use crate::recipe::{Recipe, Source, Stage};
use crate::weights::Builtin;
use std::path::{Path, PathBuf};

/// One column of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct OptionSet {
    /// As it was written.
    pub name: String,
    /// The model's file or address.
    pub model: PathBuf,
    /// How pixels are made.
    pub recipe: Recipe,
}

impl OptionSet {
    /// Reads `MODEL[+OPTION…]`; where no option says otherwise, pixels are made as `base` says. A plus sign in the name of
    /// an existing file belongs to the name.
    ///
    /// # Errors
    /// [`Error::Request`] for an option that a recipe does not have.
    pub fn parse(text: &str, base: Recipe) -> Result<Self> {
        let (model, options) = if Path::new(text).exists() { (text, "") } else { split(text) };
        let model = match model {
            "" => return Err(Error::Request(format!("`{text}` names no model; write builtin:live, or a file"))),
            // One model has one name.
            address => match Builtin::at(Path::new(address)) {
                Some(Ok(builtin)) => builtin.address(),
                _ => PathBuf::from(address),
            },
        };
        let mut words = options.split('+').filter(|word| !word.is_empty());
        let recipe = words.try_fold(base, applied);
        let recipe = recipe.map_err(|reason| Error::Request(format!("{text}: {reason}")))?;
        Ok(Self { name: text.to_owned(), model, recipe })
    }
}

fn split(text: &str) -> (&str, &str) {
    text.split_once('+').unwrap_or((text, ""))
}

/// A recipe with one more word: another source, or a stage.
fn applied(recipe: Recipe, word: &str) -> Result<Recipe, String> {
    match (word.parse::<Source>(), word.parse::<Stage>()) {
        (Ok(source), _) => Ok(recipe.out_of(source)),
        (_, Ok(stage)) => Ok(recipe.with(stage)),
        (Err(_), Err(reason)) => Err(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(text: &str) -> (String, String) {
        let set = OptionSet::parse(text, Source::EXACT.into()).unwrap();
        assert_eq!(set.name, text);
        (set.model.to_string_lossy().into_owned(), set.recipe.to_string())
    }

    #[test]
    fn options_stand_behind_the_model() {
        let pair = |model: &str, recipe: &str| (model.to_owned(), recipe.to_owned());
        assert_eq!(set("builtin"), pair("builtin:liif", "neural:exact"));
        assert_eq!(set("builtin:live"), pair("builtin:live", "neural:exact"));
        assert_eq!(set("builtin:live+strength:40"), pair("builtin:live", "neural:exact+strength:40"));
        assert_eq!(set("a.pth+neural+strength:7"), pair("a.pth", "neural+strength:7"));
        assert_eq!(set("builtin+bicubic"), pair("builtin:liif", "bicubic"));
    }

    #[test]
    fn a_name_with_a_plus_sign_is_a_file_if_there_is_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a+strength:40.pth");
        std::fs::write(&file, "").unwrap();
        assert_eq!(set(file.to_str().unwrap()).1, "neural:exact");
        std::fs::remove_file(&file).unwrap();
        assert!(OptionSet::parse(file.to_str().unwrap(), Source::EXACT.into()).is_err());
    }

    #[test]
    fn unknown_options_are_named() {
        for text in ["builtin+sharp", "+strength:4", "builtin+strength:400"] {
            let sentence = OptionSet::parse(text, Source::EXACT.into()).unwrap_err().to_string();
            assert!(sentence.contains(text), "{sentence}");
        }
    }
}
