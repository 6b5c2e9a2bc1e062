//! Carrying out what the person asks of the view.

use super::canvas::Canvas;
use super::canvas::overlay::{self, GRID_ZOOM};
use super::command::Command;
use super::frame::Frame;
use super::motion::{Motion, PINCH_SECS, STEP_SECS};
use super::panels::zoom::ZoomForm;
use super::textures::{FILTER, SQUARES};
use super::tools::Tool;
use super::zoom::{parse_zoom, zoom_text};
use super::{Sharpness, Shown, State};
use crate::app::env::{Env, Event, Panel};
use crate::app::files;
use crate::app::kit::theme;
use crate::app::ports::Opened;
use crate::app::settings::mode::Mode;
use crate::app::settings::{self, DoubleClick};
use crate::geometry::{Region, Size};
use crate::recipe::{Source, Strength};
use crate::render::suits_nearest;
use egui::{Color32, ColorImage, TextureHandle, TextureOptions};
use std::sync::Arc;

impl State {
    /// Does one thing.
    pub fn apply(
        &mut self,
        command: Command,
        settings: &mut settings::State,
        files: &mut files::State,
        env: &mut Env<'_>,
    ) {
        let now_secs = env.now_secs;
        match command {
            Command::Fit => self.move_view(|motion, _| motion.fit(now_secs)),
            Command::ZoomTo(zoom) => self.zoom_to(zoom, now_secs),
            Command::ZoomBy(factor) => {
                self.move_view(|motion, canvas| motion.zoom_by(factor, canvas.center(), now_secs, STEP_SECS));
            }
            Command::Wheel { factor, at } => {
                self.move_view(|motion, _| motion.zoom_by(factor, at, now_secs, STEP_SECS));
            }
            Command::Pinch { factor, at } => {
                self.move_view(|motion, _| motion.zoom_by(factor, at, now_secs, PINCH_SECS));
            }
            Command::Pan(by) => self.move_view(|motion, _| motion.pan(by)),
            Command::Nudge([x, y]) => {
                self.move_view(|motion, canvas| motion.pan(canvas.pixels_from_points(egui::vec2(x, y))));
            }
            Command::TurnPictures(turn) => files.turn_pictures(turn, env),
            Command::DoubleClick(at) => self.double_click(at, settings, env),
            Command::CenterOn(at) => self.move_view(|motion, _| motion.center_on(at, now_secs)),
            Command::SetCanvas(canvas) => self.set_canvas(canvas),
            Command::SelectFrom(at) => self.select_from(at, env),
            Command::SelectTo(at) => self.select_to(at, env),
            Command::EndSelecting => self.end_selecting(),
            Command::ShowZoom => self.show_zoom(env),
            Command::CloseZoom => env.close(Panel::Zoom),
            Command::EditZoom(text) => self.form = ZoomForm { text, is_wrong: false, wants_focus: false },
            Command::ZoomFocused => self.form.wants_focus = false,
            Command::SubmitZoom => self.submit_zoom(env),
            Command::SetMode(mode) => self.set_mode(mode, settings, env),
            Command::CycleMode => self.set_mode(settings.choices.mode.next(), settings, env),
            Command::SetStrength(strength) => self.set_strength(strength, env),
            Command::StrengthBy(percent) => self.strength_by(percent, env),
            Command::TogglePixelGrid => self.toggle_pixel_grid(settings, env),
            Command::ToggleMinimap => toggle_minimap(settings, env),
            Command::ToggleMap => self.inquiry.shows_map = !self.inquiry.shows_map,
            Command::ShowLayer(layer) => self.inquiry.layer = layer,
            Command::NextLayer => self.inquiry.show_next_layer(),
            Command::ToggleInspector => self.inquiry.inspects = !self.inquiry.inspects,
        }
    }

    fn move_view(&mut self, change: impl FnOnce(&mut Motion, &Canvas)) {
        if let Some(shown) = &mut self.shown {
            change(&mut shown.motion, &self.canvas);
            // Until the frame's end judges it again.
            (self.sharpness, self.has_neural) = (Sharpness::Sharpening, false);
        }
    }

    fn zoom_to(&mut self, zoom: f64, now_secs: f64) {
        self.move_view(|motion, canvas| motion.zoom_to(zoom, canvas.center(), now_secs, STEP_SECS));
    }

    fn set_canvas(&mut self, canvas: Canvas) {
        let has_new_size = canvas.size != self.canvas.size;
        self.canvas = canvas;
        if has_new_size {
            self.move_view(|motion, canvas| motion.resize(canvas.size));
        }
    }

    fn set_mode(&self, mode: Mode, settings: &mut settings::State, env: &mut Env<'_>) {
        settings.choose(|choices| choices.mode = mode);
        let text = match mode {
            Mode::Auto => match self.shown.as_ref().map(|shown| shown.suits_nearest) {
                Some(true) => "Auto: nearest, because this looks like pixel art or a screenshot.".to_owned(),
                Some(false) => "Auto: neural, because this looks like a photograph.".to_owned(),
                None => "Auto".to_owned(),
            },
            Mode::Always(_) => format!("{} view", mode.name()),
        };
        env.replace("mode", text);
    }

    fn set_strength(&mut self, strength: Strength, env: &mut Env<'_>) {
        self.strength = strength;
        env.replace("strength", format!("Strength {} %", strength.as_percent()));
    }

    fn strength_by(&mut self, percent: i8, env: &mut Env<'_>) {
        let now = i16::from(self.strength.as_percent());
        self.set_strength(Strength::percent((now + i16::from(percent)).clamp(0, 100) as u8), env);
    }

    fn toggle_pixel_grid(&self, settings: &mut settings::State, env: &mut Env<'_>) {
        settings.choose(|choices| choices.pixel_grid = !choices.pixel_grid);
        let values_zoom = overlay::values_zoom(self.canvas.pixels_per_point);
        let text = if settings.choices.pixel_grid {
            format!("Pixel grid on: lines from ×{GRID_ZOOM:.0}, values from ×{values_zoom:.0}.")
        } else {
            "Pixel grid off".into()
        };
        env.replace("grid", text);
    }

    fn double_click(&mut self, at: [f64; 2], settings: &settings::State, env: &mut Env<'_>) {
        match settings.choices.double_click {
            DoubleClick::Zoom => self.move_view(|motion, _| motion.toggle_fit(at, env.now_secs)),
            DoubleClick::Fullscreen => env.announce(Event::FullscreenToggled),
        }
    }

    fn select_from(&mut self, at: [f64; 2], env: &mut Env<'_>) {
        self.selecting = self.view(env.now_secs).map(|view| view.image_from_screen(at));
        env.announce(Event::SelectionBegun);
        self.select_to(at, env);
    }

    fn select_to(&mut self, at: [f64; 2], env: &mut Env<'_>) {
        let (Some(from), Some(view)) = (self.selecting, self.view(env.now_secs)) else { return };
        let Some(size) = self.shown.as_ref().map(|shown| shown.picture.size) else { return };
        env.announce(Event::Selected(region_between(from, view.image_from_screen(at), size)));
    }

    fn end_selecting(&mut self) {
        (self.selecting, self.tool) = (None, Tool::Move);
    }

    fn show_zoom(&mut self, env: &mut Env<'_>) {
        if let Some(view) = self.view(env.now_secs) {
            self.form = ZoomForm { text: zoom_text(view.zoom), is_wrong: false, wants_focus: true };
            *env.panel = Panel::Zoom;
        }
    }

    fn submit_zoom(&mut self, env: &mut Env<'_>) {
        if let Some(zoom) = parse_zoom(&self.form.text) {
            env.close(Panel::Zoom);
            self.zoom_to(zoom, env.now_secs);
        } else {
            (self.form.is_wrong, self.form.wants_focus) = (true, true);
        }
    }

    /// Puts a picture on the canvas; of the same size, it can keep the view.
    pub fn show(&mut self, opened: Opened, keeps_view: bool, ctx: &egui::Context) {
        let before = self.shown.take().filter(|shown| keeps_view && shown.picture.size == opened.picture.size);
        let motion = before.map_or_else(|| Motion::new(opened.picture.size, self.canvas.size), |shown| shown.motion);
        let (preview, checker) = upload(opened.preview, ctx);
        let suits_nearest = suits_nearest(&opened.picture);
        self.shown = Some(Shown { picture: opened.picture, motion, preview, squares: None, checker, suits_nearest });
        self.sharpness = Sharpness::Sharpening;
    }

    /// Has the whole picture ready as squares, where a pane shows squares: what a zoom under way shows of it.
    pub fn upload_squares(&mut self, frame: &Frame, opened: Option<&Opened>, ctx: &egui::Context) {
        let has_squares = frame.panes().iter().any(|known| known.pane.subject.recipe.source() == Source::Nearest);
        let (Some(shown), Some(opened)) = (&mut self.shown, opened) else { return };
        let Size { width, height } = shown.picture.size;
        if has_squares && shown.squares.is_none() && opened.preview.size == [width, height] {
            shown.squares = Some(ctx.load_texture("squares", opened.preview.clone(), SQUARES));
        }
    }

    /// Goes on with another graphics device: all textures are made anew.
    pub fn upload_anew(&mut self, opened: Option<&Opened>, ctx: &egui::Context) {
        if let (Some(shown), Some(opened)) = (&mut self.shown, opened) {
            let (preview, checker) = upload(opened.preview.clone(), ctx);
            (shown.preview, shown.checker, shown.squares) = (preview, checker, None);
        }
    }
}

fn toggle_minimap(settings: &mut settings::State, env: &mut Env<'_>) {
    settings.choose(|choices| choices.minimap = !choices.minimap);
    let text = if settings.choices.minimap {
        "Minimap on: it is shown while part of the picture is outside the window."
    } else {
        "Minimap off"
    };
    env.replace("minimap", text);
}

/// The rectangle between two positions, in whatever order, inside a picture; nothing if it is empty.
fn region_between(a: [f64; 2], b: [f64; 2], picture: Size) -> Option<Region> {
    let far = [picture.width as f64, picture.height as f64];
    let low = [0, 1].map(|i| a[i].min(b[i]).clamp(0.0, far[i]));
    let high = [0, 1].map(|i| a[i].max(b[i]).clamp(0.0, far[i]));
    let (width, height) = (high[0] - low[0], high[1] - low[1]);
    (width > 0.0 && height > 0.0).then_some(Region { x: low[0], y: low[1], width, height })
}

/// The small picture and the checkerboard, on the graphics device.
fn upload(preview: Arc<ColorImage>, ctx: &egui::Context) -> (TextureHandle, TextureHandle) {
    let checker = ctx.load_texture("checker", checker_image(), TextureOptions::NEAREST_REPEAT);
    (ctx.load_texture("preview", preview, FILTER), checker)
}

fn checker_image() -> ColorImage {
    let side = theme::CHECKER_SIDE;
    let color = |i: usize| {
        let square = (i % (2 * side)) / side + i / (2 * side) / side;
        Color32::from_gray(theme::CHECKER[square % 2])
    };
    ColorImage::new([2 * side, 2 * side], (0..4 * side * side).map(color).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PICTURE: Size = Size::new(100, 80);

    #[test]
    fn a_drawn_rectangle_stays_inside_the_picture() {
        let region = Region { x: 0.0, y: 10.0, width: 30.0, height: 70.0 };
        assert_eq!(region_between([30.0, 900.0], [-5.0, 10.0], PICTURE), Some(region));
        assert_eq!(region_between([5.0, 5.0], [5.0, 9.0], PICTURE), None);
        assert_eq!(region_between([500.0, 5.0], [600.0, 9.0], PICTURE), None);
    }
}
