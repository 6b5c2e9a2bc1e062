//! What a person wants to know of the network's own share in a view, and what is known.

use crate::render::{InventionLayer, Measured, Probe};

/// How far the map of a view is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum MapProgress {
    /// The view moves, or its own pixels are still being made: there is no map of it yet.
    #[default]
    Waiting,
    /// No network makes any pixel of it.
    Nothing,
    /// This part of it is there, in [0, 1].
    Computing(f32),
    /// All of it is there.
    Whole,
    /// It could not be computed.
    Failed,
}

/// What is asked, and what has come of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inquiry {
    /// Whether the invention map lies over the picture at rest.
    pub shows_map: bool,
    /// What it shows.
    pub layer: InventionLayer,
    /// Whether the values under the cursor are told.
    pub inspects: bool,
    /// How far the map is.
    pub progress: MapProgress,
    /// Why something could not be computed, in a sentence.
    pub failure: Option<String>,
    /// The last output pixel that was asked for, and what was found there.
    pub measured: Option<(Probe, Measured)>,
}

impl Inquiry {
    /// What was found at an output pixel, if that is known.
    pub fn measured_at(&self, probe: Probe) -> Option<Measured> {
        self.measured.filter(|(known, _)| *known == probe).map(|(_, measured)| measured)
    }

    /// Has the map show what comes after what it shows.
    pub(super) fn show_next_layer(&mut self) {
        let at = InventionLayer::ALL.iter().position(|layer| *layer == self.layer).unwrap_or(0);
        self.layer = InventionLayer::ALL[(at + 1) % InventionLayer::ALL.len()];
    }
}
