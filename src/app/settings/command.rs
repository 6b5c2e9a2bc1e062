//! What the person asks of the settings.

use super::choices::Settings;

/// One thing to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Show or hide the settings.
    Toggle,
    /// Close them.
    Close,
    /// Take over other settings.
    Change(Settings),
    /// Measure again how fast every device is.
    MeasureDevices,
}
