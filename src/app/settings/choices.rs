//! What the person has chosen for good.

use super::mode::Mode;
use crate::bench::{CPU, Speed};
use crate::kernel::{Precision, PrecisionChoice};
use crate::recipe::{Ensemble, Sampling};
use crate::render::Backend;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Colours of the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ThemeChoice {
    /// As the desktop.
    #[default]
    System,
    /// Dark.
    Dark,
    /// Light.
    Light,
}

/// Arithmetic of the network's hidden layers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Arithmetic {
    /// The fastest that the processor has.
    #[default]
    Auto,
    /// Single precision.
    F32,
    /// bfloat16 where the processor has it.
    Bf16,
}

impl Arithmetic {
    /// The choice on this processor; automatic where the processor lacks it.
    pub fn choice(self) -> PrecisionChoice {
        match self {
            Self::Auto => PrecisionChoice::Auto,
            Self::F32 => PrecisionChoice::Only(Precision::F32),
            Self::Bf16 => "bf16".parse().unwrap_or_default(),
        }
    }
}

/// What a double click does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DoubleClick {
    /// Between 100 % and the whole picture.
    #[default]
    Zoom,
    /// Into and out of full screen.
    Fullscreen,
}

/// What the wheel does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WheelAction {
    /// Zooms at the cursor.
    #[default]
    Zoom,
    /// Moves the view; with Ctrl it zooms.
    Pan,
    /// Shows the next and the previous picture; with Ctrl it zooms.
    Pictures,
}

/// Whether a view at rest is refined by the model in use, where that is larger than a live network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Refine {
    /// Once nothing else is to be done.
    #[default]
    WhenIdle,
    /// Never: the live network has the last word.
    Off,
}

/// What the window takes the screen for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ScreenChoice {
    /// What the system says of it; sRGB where that says nothing.
    #[default]
    System,
    /// sRGB.
    Srgb,
}

/// All choices.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Colours of the window.
    pub theme: ThemeChoice,
    /// What the window takes the screen for, from the next start on.
    pub screen: ScreenChoice,
    /// Size of text and controls; 1 is the system's.
    pub text_scale: f32,
    /// What enlarged pixels are made of.
    pub mode: Mode,
    /// Memory for features, in MiB.
    pub feature_budget_mib: usize,
    /// Memory for tiles, in MiB.
    pub tile_budget_mib: usize,
    /// Memory of the window's device for what the canvas draws itself, in MiB.
    pub canvas_budget_mib: usize,
    /// The model to start with, by the name of its file in the list of models; none is the built-in one.
    pub model: Option<String>,
    /// The device that computes: [`AUTOMATIC`], [`CPU`], or a graphics device by name. For one that is not there the
    /// processor stands in.
    pub device: String,
    /// How fast devices were when they were measured, by [`Device::identity`](crate::bench::Device::identity).
    pub speeds: BTreeMap<String, Speed>,
    /// Why devices could not be measured, by identity: they are not tried again at every start.
    pub failures: BTreeMap<String, String>,
    /// Arithmetic of the network.
    pub precision: Arithmetic,
    /// Whether a view at rest is refined.
    pub refine: Refine,
    /// Whether what the network makes is corrected so that, shrunk to the source's size, it is the source; not where a model
    /// is meant to depart from it.
    pub lock: bool,
    /// Of how many views of a picture the network's answer is the mean.
    pub ensemble: Ensemble,
    /// Where the function is evaluated.
    pub detail: Sampling,
    /// What a double click does.
    pub double_click: DoubleClick,
    /// What the wheel does.
    pub wheel: WheelAction,
    /// Whether the minimap is shown while a part of the picture is off the canvas.
    pub minimap: bool,
    /// Whether source pixels are outlined, and their values written, where there is room.
    pub pixel_grid: bool,
}

/// The name of the device that is the best one at hand.
pub const AUTOMATIC: &str = "auto";

/// The sizes of text to choose from.
pub const TEXT_SCALES: [f32; 5] = [0.85, 1.0, 1.2, 1.5, 2.0];
/// The budgets to choose from, in MiB.
pub const BUDGETS_MIB: [usize; 5] = [128, 256, 512, 1024, 2048];

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: ThemeChoice::default(),
            screen: ScreenChoice::default(),
            text_scale: 1.0,
            mode: Mode::default(),
            feature_budget_mib: 512,
            tile_budget_mib: 256,
            canvas_budget_mib: 512,
            device: AUTOMATIC.into(),
            speeds: BTreeMap::new(),
            failures: BTreeMap::new(),
            model: None,
            precision: Arithmetic::default(),
            refine: Refine::default(),
            lock: true,
            ensemble: Ensemble::default(),
            detail: Sampling::default(),
            double_click: DoubleClick::default(),
            wheel: WheelAction::default(),
            minimap: true,
            pixel_grid: false,
        }
    }
}

impl Settings {
    /// What is to compute, and which graphics device.
    pub fn backend(&self) -> (Backend, Option<String>) {
        match self.device.as_str() {
            AUTOMATIC => (Backend::Auto, None),
            CPU => (Backend::Cpu, None),
            name => (Backend::Auto, Some(name.to_owned())),
        }
    }

    /// The same with values that make sense, whatever the file said.
    pub(super) fn checked(self) -> Self {
        let scale = if self.text_scale.is_finite() { self.text_scale } else { 1.0 };
        let [least, most] = [BUDGETS_MIB[0] / 2, BUDGETS_MIB[4] * 8];
        Self {
            text_scale: scale.clamp(0.5, 3.0),
            feature_budget_mib: self.feature_budget_mib.clamp(least, most),
            tile_budget_mib: self.tile_budget_mib.clamp(least, most),
            canvas_budget_mib: self.canvas_budget_mib.clamp(least, most),
            ..self
        }
    }
}
