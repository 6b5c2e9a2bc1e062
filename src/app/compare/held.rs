//! What a key shows while it is held.

/// What a key shows while it is held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Held {
    /// None is held.
    #[default]
    Nothing,
    /// The source's own pixels.
    Original,
    /// The live network by itself, without what refines it.
    Live,
    /// What is around the cursor, nearer.
    Loupe,
}

impl Held {
    /// For people, as long as it is shown.
    pub(super) fn name(self) -> Option<&'static str> {
        match self {
            Self::Nothing | Self::Loupe => None,
            Self::Original => Some("Source pixels"),
            Self::Live => Some("Live, not refined"),
        }
    }
}
