//! Choices that last.

use super::choices::{
    AUTOMATIC, Arithmetic, BUDGETS_MIB, DoubleClick, Refine, ScreenChoice, Settings, TEXT_SCALES, ThemeChoice,
    WheelAction,
};
use super::{Command, State};
use crate::app::kit::text::rate_text;
use crate::app::kit::widgets::modal;
use crate::bench::{CPU, Device};
use crate::kernel::PrecisionChoice;
use crate::picture::Screen;
use crate::recipe::{Ensemble, Sampling};
use egui::{Align, Button, Context, Layout, Role, ScrollArea, Ui, WidgetInfo};

/// What the choices have led to, as other slices know it.
pub(in crate::app) struct Usage {
    /// Whether a model is being loaded.
    pub(in crate::app) is_loading: bool,
    /// Memory that features take, in bytes.
    pub(in crate::app) feature_bytes: usize,
    /// Memory that tiles take, in bytes.
    pub(in crate::app) tile_bytes: usize,
    /// What pictures are shown on.
    pub(in crate::app) screen: Screen,
}

/// Draws the panel.
pub(in crate::app) fn show(ctx: &Context, state: &State, usage: &Usage, commands: &mut Vec<Command>) {
    modal(ctx, "Settings", 560.0, (commands, Command::Close), |ui, commands| {
        let mut settings = state.choices.clone();
        let height = ctx.content_rect().height() - 180.0;
        ScrollArea::vertical().max_height(height).min_scrolled_height(height).show(ui, |ui| {
            appearance(ui, &usage.screen, &mut settings);
            ui.separator();
            input(ui, &mut settings);
            ui.separator();
            computing(ui, state, usage, &mut settings, commands);
            ui.separator();
            memory(ui, usage, &mut settings);
        });
        if settings != state.choices {
            commands.push(Command::Change(settings));
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if ui.button("Close").clicked() {
                commands.push(Command::Close);
            }
        });
    });
}

fn appearance(ui: &mut Ui, screen: &Screen, settings: &mut Settings) {
    let themes = [(ThemeChoice::System, "System"), (ThemeChoice::Dark, "Dark"), (ThemeChoice::Light, "Light")];
    choice(ui, "Theme", &themes, &mut settings.theme);
    let scales = TEXT_SCALES.map(|scale| (scale, format!("{:.0} %", scale * 100.0)));
    choice(ui, "Text size", &scales, &mut settings.text_scale);
    let screens = [(ScreenChoice::System, "As the system says"), (ScreenChoice::Srgb, "sRGB")];
    choice(ui, "Colours of the screen", &screens, &mut settings.screen);
    ui.weak(format!("Pictures are shown for {} now; another choice counts from the next start.", screen.name()));
    ui.checkbox(&mut settings.minimap, "Minimap while part of the picture is outside the window");
    ui.checkbox(&mut settings.pixel_grid, "Grid and values of source pixels at high zoom");
}

fn input(ui: &mut Ui, settings: &mut Settings) {
    let clicks = [(DoubleClick::Zoom, "100 % or fit"), (DoubleClick::Fullscreen, "Full screen")];
    choice(ui, "Double click", &clicks, &mut settings.double_click);
    let wheels =
        [(WheelAction::Zoom, "Zoom"), (WheelAction::Pan, "Move the view"), (WheelAction::Pictures, "Next picture")];
    choice(ui, "Wheel", &wheels, &mut settings.wheel);
}

fn computing(ui: &mut Ui, state: &State, usage: &Usage, settings: &mut Settings, commands: &mut Vec<Command>) {
    devices(ui, state, settings, commands);
    let mut precisions = vec![(Arithmetic::Auto, "Automatic"), (Arithmetic::F32, "f32")];
    if "bf16".parse::<PrecisionChoice>().is_ok() {
        precisions.push((Arithmetic::Bf16, "bf16"));
    }
    choice(ui, "Precision", &precisions, &mut settings.precision);
    if usage.is_loading {
        ui.weak("Loading the model…");
    }
    let refinements = [(Refine::WhenIdle, "When idle"), (Refine::Off, "Off (Live)")];
    choice(ui, "Refine a view at rest", &refinements, &mut settings.refine);
    let locked = ui.checkbox(&mut settings.lock, "Lock to the source: shrunk again, it is the source");
    locked.on_hover_text(
        "Not for models that undo noise or JPEG blocks, like Live photo: they are meant to differ from it",
    );
    let ensembles = Ensemble::ALL.map(|ensemble| match ensemble {
        Ensemble::One => (ensemble, "Off"),
        Ensemble::Four => (ensemble, "4 turns"),
        Ensemble::Eight => (ensemble, "8 turns and mirrors"),
    });
    choice(ui, "Ensemble", &ensembles, &mut settings.ensemble);
    let details = [(Sampling::Coarse, "Fast"), (Sampling::Lattice, "Default"), (Sampling::Exact, "Every pixel")];
    choice(ui, "Lattice at deep zoom", &details, &mut settings.detail);
}

/// Which device computes, each with its measured speed.
fn devices(ui: &mut Ui, state: &State, settings: &mut Settings, commands: &mut Vec<Command>) {
    let devices = &state.devices;
    let mut options = vec![(AUTOMATIC.to_owned(), "Automatic".to_owned())];
    options.extend(devices.found().iter().map(|device| (device.name.clone(), device_text(device, state))));
    if options.iter().all(|(name, _)| *name != settings.device) {
        let remark = if devices.found().is_empty() { "" } else { ", not there now: the CPU computes" };
        options.push((settings.device.clone(), format!("{}{remark}", settings.device)));
    }
    choice(ui, "Device", &options, &mut settings.device);
    if devices.is_listing() {
        ui.weak("Looking for graphics cards…");
    }
    for device in devices.found().iter().filter(|device| !devices.awaits(device)) {
        if let Some(reason) = state.choices.failures.get(&device.identity()) {
            ui.weak(format!("{}: {reason}", device.name));
        }
    }
    let can_measure = !devices.found().is_empty() && !devices.is_measuring();
    if ui.add_enabled(can_measure, Button::new("Measure again")).clicked() {
        commands.push(Command::MeasureDevices);
    }
}

/// A device's name, what it is, and how fast.
fn device_text(device: &Device, state: &State) -> String {
    let known = state.choices.speeds.get(&device.identity());
    let speed = match known {
        _ if state.devices.awaits(device) => "being measured…".to_owned(),
        Some(speed) => format!("{} Mpx/s in {}", rate_text(speed.megapixels_per_sec), speed.arithmetic),
        None if state.choices.failures.contains_key(&device.identity()) => "cannot be used".to_owned(),
        None => "not measured".to_owned(),
    };
    let is_processor = device.name == CPU && !device.detail.is_empty();
    let name = if is_processor { format!("{CPU} ({})", device.detail) } else { device.name.clone() };
    format!("{name}, {speed}")
}

fn memory(ui: &mut Ui, usage: &Usage, settings: &mut Settings) {
    let budgets = BUDGETS_MIB.map(|mib| (mib, mib_text(mib)));
    choice(ui, "Memory for features", &budgets, &mut settings.feature_budget_mib);
    ui.weak(format!("In use: {}", mib_text(usage.feature_bytes >> 20)));
    choice(ui, "Memory for tiles", &budgets, &mut settings.tile_budget_mib);
    ui.weak(format!("In use: {}", mib_text(usage.tile_bytes >> 20)));
    choice(ui, "Memory of the graphics card for the canvas", &budgets, &mut settings.canvas_budget_mib);
}

fn mib_text(mib: usize) -> String {
    if mib >= 1024 { format!("{} GiB", mib / 1024) } else { format!("{mib} MiB") }
}

/// A row of radio buttons under a name, which screen readers hear with each.
fn choice<T: PartialEq + Clone, S: AsRef<str>>(ui: &mut Ui, name: &str, options: &[(T, S)], chosen: &mut T) {
    ui.strong(name);
    ui.horizontal_wrapped(|ui| {
        for (value, text) in options {
            let is_chosen = value == chosen;
            let response = ui.radio(is_chosen, text.as_ref());
            let label = format!("{name}: {}", text.as_ref());
            response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, is_chosen, &label));
            if response.clicked() {
                *chosen = value.clone();
            }
        }
    });
}
