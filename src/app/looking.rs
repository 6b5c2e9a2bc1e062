//! Commands about how the picture looks and where the view is: modes, strength, comparisons, typed zooms.

use super::App;
use super::command::ViewCommand;
use super::look::{Mode, Side, Split};
use super::motion::STEP_SECS;
use super::services::Ask;
use super::settings::DoubleClick;
use super::state::{Panel, ZoomForm};
use super::zoom::{parse_zoom, zoom_text};
use crate::recipe::Strength;

/// How far a key moves the line of a comparison, as a part of the canvas's width.
pub(super) const SPLIT_STEP: f64 = 0.05;

impl App {
    /// Does one thing about the view.
    pub(super) fn apply_view(&mut self, command: ViewCommand) {
        match command {
            ViewCommand::DoubleClick(at) => self.double_click(at),
            ViewCommand::CenterOn(at) => self.move_view(|motion, _, now| motion.center_on(at, now)),
            ViewCommand::ShowZoom => self.show_zoom(),
            ViewCommand::EditZoom(text) => self.edit_zoom(text),
            ViewCommand::ZoomFocused => self.zoom_focused(),
            ViewCommand::SubmitZoom => self.submit_zoom(),
            ViewCommand::SetMode(mode) => self.set_mode(mode),
            ViewCommand::CycleMode => self.cycle_mode(),
            ViewCommand::SetStrength(strength) => self.set_strength(strength),
            ViewCommand::StrengthBy(percent) => self.strength_by(percent),
            ViewCommand::HoldOriginal(is_held) => self.hold_original(is_held),
            ViewCommand::ToggleSplit => self.toggle_split(),
            ViewCommand::SetSplitAt(at) => self.set_split_at(at),
            ViewCommand::SplitBy(by) => self.split_by(by),
            ViewCommand::SetSide { is_left, side } => self.set_side(is_left, side),
            ViewCommand::TogglePixelGrid => self.toggle_pixel_grid(),
            ViewCommand::ToggleMinimap => self.toggle_minimap(),
        }
    }

    fn set_mode(&mut self, mode: Mode) {
        self.state.settings.mode = mode;
        self.keep_settings();
        let text = match mode {
            Mode::Auto => match self.state.shown.as_ref().map(|shown| shown.suits_nearest) {
                Some(true) => "Auto: nearest, because this looks like pixel art or a screenshot.".to_owned(),
                Some(false) => "Auto: neural, because this looks like a photograph.".to_owned(),
                None => "Auto".to_owned(),
            },
            Mode::Always(_) => format!("{} view", mode.name()),
        };
        self.state.toasts.replace("mode", text, self.state.now_secs);
    }

    fn cycle_mode(&mut self) {
        self.set_mode(self.state.settings.mode.next());
    }

    fn set_strength(&mut self, strength: Strength) {
        self.state.strength = strength;
        let text = format!("Strength {} %", strength.as_percent());
        self.state.toasts.replace("strength", text, self.state.now_secs);
    }

    fn strength_by(&mut self, percent: i8) {
        let now = i16::from(self.state.strength.as_percent());
        self.set_strength(Strength::percent((now + i16::from(percent)).clamp(0, 100) as u8));
    }

    fn toggle_split(&mut self) {
        self.state.split = if self.state.split.is_some() { None } else { Some(Split::default()) };
    }

    fn set_split_at(&mut self, at: f64) {
        if let Some(split) = &mut self.state.split {
            split.at = at.clamp(0.0, 1.0);
        }
    }

    fn split_by(&mut self, by: f64) {
        if let Some(split) = self.state.split {
            self.set_split_at(split.at + by);
        }
    }

    /// Chooses a side of the comparison. The other model must be chosen first.
    pub(super) fn set_side(&mut self, is_left: bool, side: Side) {
        if side == Side::OtherModel && self.state.other_model.model().is_none() {
            self.browse(Ask::Model);
            return;
        }
        if let Some(split) = &mut self.state.split {
            *(if is_left { &mut split.left } else { &mut split.right }) = side;
        }
    }

    fn hold_original(&mut self, is_held: bool) {
        self.state.is_original_held = is_held;
    }

    fn toggle_pixel_grid(&mut self) {
        self.state.settings.pixel_grid = !self.state.settings.pixel_grid;
        self.keep_settings();
        let text = if self.state.settings.pixel_grid {
            "Pixel grid on: lines from ×8, values from ×48."
        } else {
            "Pixel grid off"
        };
        self.state.toasts.replace("grid", text, self.state.now_secs);
    }

    fn toggle_minimap(&mut self) {
        self.state.settings.minimap = !self.state.settings.minimap;
        self.keep_settings();
        let text = if self.state.settings.minimap {
            "Minimap on: it shows while a part of the picture is off the window."
        } else {
            "Minimap off"
        };
        self.state.toasts.replace("minimap", text, self.state.now_secs);
    }

    fn double_click(&mut self, at: [f64; 2]) {
        match self.state.settings.double_click {
            DoubleClick::Zoom => self.move_view(|motion, _, now| motion.toggle_fit(at, now)),
            DoubleClick::Fullscreen => self.set_fullscreen(!self.state.is_fullscreen),
        }
    }

    fn show_zoom(&mut self) {
        if let Some(view) = self.state.view() {
            self.state.panel = Panel::Zoom(ZoomForm { text: zoom_text(view.zoom), is_wrong: false, wants_focus: true });
        }
    }

    fn edit_zoom(&mut self, text: String) {
        if let Panel::Zoom(form) = &mut self.state.panel {
            *form = ZoomForm { text, is_wrong: false, wants_focus: false };
        }
    }

    fn zoom_focused(&mut self) {
        if let Panel::Zoom(form) = &mut self.state.panel {
            form.wants_focus = false;
        }
    }

    fn submit_zoom(&mut self) {
        let Panel::Zoom(form) = &mut self.state.panel else { return };
        match parse_zoom(&form.text) {
            Some(zoom) => {
                self.state.panel = Panel::Closed;
                self.move_view(|motion, canvas, now| motion.zoom_to(zoom, canvas.center(), now, STEP_SECS));
            }
            None => *form = ZoomForm { is_wrong: true, wants_focus: true, ..form.clone() },
        }
    }
}
