//! What the person asks of a comparison.

use super::held::Held;
use super::split::Side;

/// How far a key moves the line of a comparison, as a part of the canvas's width.
pub const SPLIT_STEP: f64 = 0.05;

/// One thing to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Show the picture in another way, as long as a key is held.
    Hold(Held),
    /// Show or hide the comparison.
    ToggleSplit,
    /// Move the comparison's line to a part of the canvas's width.
    SetSplitAt(f64),
    /// Move it by a part of the canvas's width.
    SplitBy(f64),
    /// Choose what one side of the comparison shows.
    SetSide {
        /// Which side.
        is_left: bool,
        /// What.
        side: Side,
    },
    /// Ask for weights to compare with.
    BrowseModel,
}
