//! `--look`: how pixels are made, and by which built-in model if that is said in the same word.

use crate::recipe::Recipe;
use crate::weights::Builtin;
use std::str::FromStr;

/// A recipe, and a model if it names one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Look {
    pub(super) recipe: Recipe,
    pub(super) model: Option<NamedModel>,
}

/// A model that stands in a look.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum NamedModel {
    /// This one.
    Builtin(Builtin),
    /// The live network that suits the picture.
    Auto,
}

impl NamedModel {
    fn of(word: &str) -> Option<Self> {
        if word == "auto" { Some(Self::Auto) } else { Builtin::named(word).map(Self::Builtin) }
    }
}

impl FromStr for Look {
    type Err = String;

    /// A recipe's text, in which `liif`, `live`, `photo` or `auto` may stand for `neural`: `live+strength:40`.
    fn from_str(text: &str) -> Result<Self, String> {
        let word = text.split([':', '+']).next().unwrap_or_default();
        let Some(model) = NamedModel::of(word) else { return Ok(Self { recipe: text.parse()?, model: None }) };
        let recipe = format!("neural{}", &text[word.len()..]).parse()?;
        Ok(Self { recipe, model: Some(model) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_may_name_its_model() {
        let look = |text: &str| text.parse::<Look>().map(|look| (look.recipe.to_string(), look.model));
        assert_eq!(look("live"), Ok(("neural".into(), Some(NamedModel::Builtin(Builtin::Live)))));
        assert_eq!(
            look("photo+strength:40"),
            Ok(("neural+strength:40".into(), Some(NamedModel::Builtin(Builtin::Photo))))
        );
        assert_eq!(look("liif:exact"), Ok(("neural:exact".into(), Some(NamedModel::Builtin(Builtin::Liif)))));
        assert_eq!(look("auto+strength:7"), Ok(("neural+strength:7".into(), Some(NamedModel::Auto))));
        assert_eq!(look("neural:coarse"), Ok(("neural:coarse".into(), None)));
        assert!(look("lively").is_err() && look("live+sharp").is_err());
    }
}
