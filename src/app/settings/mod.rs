//! Choices that last, what computes, and the devices that can be chosen for it.

mod apply;
pub mod choices;
pub mod command;
pub mod devices;
pub mod file;
mod merge;
pub mod mode;
pub mod panel;

pub use choices::{Arithmetic, DoubleClick, Refine, ScreenChoice, Settings, ThemeChoice, WheelAction};
pub use command::Command;
pub use file::SettingsWriter;

use crate::gpu::know_variants;
use crate::render::Compute;
use devices::Devices;

/// What is chosen.
pub struct State {
    /// Choices that last.
    pub choices: Settings,
    /// What computes this time; the choices say what this leaves open.
    pub compute: Compute,
    /// The devices that can compute.
    pub devices: Devices,
    has_unkept: bool,
    /// Nothing is remembered where there is no place for it.
    writer: Option<SettingsWriter>,
}

impl State {
    /// Devices are not looked for yet; those that are opened compute as was measured once.
    pub fn new(choices: Settings, compute: Compute, writer: Option<SettingsWriter>) -> Self {
        for (identity, speed) in &choices.speeds {
            know_variants(identity, speed.variants);
        }
        Self { choices, compute, devices: Devices::default(), has_unkept: false, writer }
    }
}
