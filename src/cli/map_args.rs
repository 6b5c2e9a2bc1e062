//! The invention map beside an export.

use crate::export::{InventionFile, MOST_INVENTED};
use crate::render::InventionLayer;
use std::path::PathBuf;

/// Where to write it, and what it shows.
#[derive(Clone, clap::Args)]
pub(super) struct MapArgs {
    /// Write there, beside the output and of the same samples, where and how much of it is the network's own: colours from dark
    /// blue (ΔE 0) to pale yellow (ΔE 10 and more; about 2.3 are just seen).
    #[arg(long, value_name = "MAP")]
    pub(super) invention: Option<PathBuf>,
    /// What the map shows: departure (of the output from bicubic), disagreement (of the network's answers to the picture turned
    /// and mirrored in eight ways), or both (the root of the sum of their squares), which it is without this.
    #[arg(long, value_name = "LAYER", requires = "invention")]
    invention_shows: Option<InventionLayer>,
}

impl MapArgs {
    /// What it shows.
    pub(super) fn layer(&self) -> InventionLayer {
        self.invention_shows.unwrap_or_default()
    }

    /// The file, if one is asked for.
    pub(super) fn file(&self) -> Option<InventionFile> {
        let layer = self.layer();
        self.invention.clone().map(|path| InventionFile { path, layer })
    }
}

/// What a map shows, for people.
pub(super) fn told(map: &InventionFile) -> String {
    let InventionFile { path, layer } = map;
    format!("{}: {layer}, ΔE*ab from 0 (dark blue) to {MOST_INVENTED} and more (pale yellow)", path.display())
}

/// The same for programs.
pub(super) fn told_as_json(map: &InventionFile) -> serde_json::Value {
    serde_json::json!({
        "output": map.path.to_string_lossy(),
        "shows": map.layer.to_string(),
        "unit": "CIE 1976 ΔE*ab",
        "from": 0.0,
        "to": MOST_INVENTED,
    })
}
