//! What the person wants to see.

use crate::recipe::{Sampling, Source};
use serde::{Deserialize, Serialize};

/// What the person wants to see. In text: `auto`, or a source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Mode {
    /// The network for photographs, squares for pixel art and screenshots.
    #[default]
    Auto,
    /// This, whatever the picture is.
    Always(Source),
}

/// The text of [`Mode::Auto`].
const AUTO: &str = "auto";

impl Mode {
    /// All of them, in the order of the key that goes through them.
    pub fn all() -> impl Iterator<Item = Self> {
        std::iter::once(Self::Auto).chain(Source::kinds().rev().map(Self::Always))
    }

    /// The next one; the first behind the last.
    #[must_use]
    pub fn next(self) -> Self {
        Self::all().skip_while(|mode| *mode != self).nth(1).unwrap_or_default()
    }

    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "Auto",
            Self::Always(source) => source.name(),
        }
    }

    /// What it comes to, the function sampled as the settings say.
    pub fn source(self, suits_nearest: bool, sampling: Sampling) -> Source {
        match self {
            Self::Auto if suits_nearest => Source::Nearest,
            Self::Auto => Source::Liif(sampling),
            Self::Always(source) => source.sampled(sampling),
        }
    }
}

impl TryFrom<String> for Mode {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        // How the function is sampled is another choice.
        let source = |text: &str| text.parse::<Source>().map(|source| source.sampled(Sampling::default()));
        if text == AUTO { Ok(Self::Auto) } else { source(&text).map(Self::Always) }
    }
}

impl From<Mode> for String {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Auto => AUTO.into(),
            Mode::Always(source) => source.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_go_round() {
        let all: Vec<Mode> = Mode::all().collect();
        let [neural, bicubic, nearest] = [Source::NEURAL, Source::Bicubic, Source::Nearest].map(Mode::Always);
        assert_eq!(all, [Mode::Auto, neural, bicubic, nearest]);
        assert_eq!(all.iter().map(|mode| mode.next()).collect::<Vec<_>>(), [neural, bicubic, nearest, Mode::Auto]);
        assert_eq!(Mode::Auto.source(true, Sampling::Exact), Source::Nearest);
        assert_eq!(Mode::Auto.source(false, Sampling::Exact), Source::EXACT);
        assert_eq!(neural.source(true, Sampling::Coarse), Source::COARSE);
    }
}
