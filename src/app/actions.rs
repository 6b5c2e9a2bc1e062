//! Carrying commands out.

use super::App;
use super::command::Command;
use super::dialogs::PendingDialog;
use super::files::album::Step;
use super::look::Look;
use super::motion::{Motion, PINCH_SECS, STEP_SECS};
use super::open::Opened;
use super::services::Ask;
use super::state::{Panel, PathForm, Sharpness, Shown};
use super::textures::{FILTER, SQUARES};
use super::{canvas::Canvas, theme};
use crate::geometry::Size;
use crate::render::suits_nearest;
use egui::{Color32, ColorImage, TextureHandle, TextureOptions, ViewportCommand};
use std::sync::Arc;

const DEVICE_LOST: &str = "The graphics device was lost, so the window was opened anew; nothing else was lost.";

impl App {
    /// Does one thing.
    pub fn apply(&mut self, command: Command) {
        match command {
            Command::Open(path) => self.open_all(vec![path]),
            Command::PasteImage(image) => self.paste_image(image),
            Command::OpenAll(paths) => self.open_all(paths),
            Command::NextPicture => self.step_picture(Step::Next),
            Command::PreviousPicture => self.step_picture(Step::Previous),
            Command::TurnPictures(turn) => self.turn_pictures(turn),
            Command::FirstPicture => self.step_picture(Step::First),
            Command::LastPicture => self.step_picture(Step::Last),
            Command::Reload => self.reload(),
            Command::CopyView => self.copy_view(),
            Command::CopyAsCommand => self.copy_as_command(),
            Command::ToggleInfo => self.toggle_info(),
            Command::OpenSample(index) => self.open_sample(index),
            Command::BrowseOpen => self.browse(Ask::Open),
            Command::ShowOpenPanel => self.show_open_panel(),
            Command::Fit => self.move_view(|motion, _, now| motion.fit(now)),
            Command::ZoomTo(zoom) => {
                self.move_view(|motion, canvas, now| motion.zoom_to(zoom, canvas.center(), now, STEP_SECS));
            }
            Command::ZoomBy(factor) => {
                self.move_view(|motion, canvas, now| motion.zoom_by(factor, canvas.center(), now, STEP_SECS));
            }
            Command::Wheel { factor, at } => {
                self.move_view(|motion, _, now| motion.zoom_by(factor, at, now, STEP_SECS));
            }
            Command::Pinch { factor, at } => {
                self.move_view(|motion, _, now| motion.zoom_by(factor, at, now, PINCH_SECS));
            }
            Command::View(command) => self.apply_view(command),
            Command::BrowseModel => self.browse(Ask::Model),
            Command::LoadOther(path) => self.load_other(Some(path)),
            Command::ToggleSettings => self.toggle_settings(),
            Command::ChangeSettings(settings) => self.change_settings(settings),
            Command::MeasureDevices => self.measure_devices(),
            Command::Pan(by) => self.move_view(|motion, _, _| motion.pan(by)),
            Command::Nudge([x, y]) => {
                self.move_view(|motion, canvas, _| motion.pan(canvas.pixels_from_points(egui::vec2(x, y))));
            }
            Command::SetCanvas(canvas) => self.set_canvas(canvas),
            Command::Train(command) => self.apply_training(command),
            Command::Models(command) => self.apply_models(command),
            Command::Export(command) => self.apply_export(command),
            Command::ShowExport => self.show_export(),
            Command::EditPath(path) => self.edit_path(path),
            Command::PathFocused => self.path_focused(),
            Command::SetOverwrite(overwrite) => self.set_overwrite(overwrite),
            Command::BrowseExport => self.browse_export(),
            Command::StartExport => self.start_export(),
            Command::CancelExport => self.cancel_export(),
            Command::ToggleHelp => self.toggle_help(),
            Command::Back => self.back(),
            Command::ToggleFullscreen => self.set_fullscreen(!self.state.is_fullscreen),
            Command::DismissToast(id) => self.state.toasts.dismiss(id),
            Command::Quit => self.ctx.send_viewport_cmd(ViewportCommand::Close),
        }
    }

    pub(super) fn move_view(&mut self, change: impl FnOnce(&mut Motion, &Canvas, f64)) {
        if let Some(shown) = &mut self.state.shown {
            change(&mut shown.motion, &self.state.canvas, self.state.now_secs);
            // Until the frame's end judges it again.
            self.state.sharpness = Sharpness::Sharpening;
        }
    }

    fn set_canvas(&mut self, canvas: Canvas) {
        let has_new_size = canvas.size != self.state.canvas.size;
        self.state.canvas = canvas;
        if has_new_size {
            self.move_view(|motion, canvas, _| motion.resize(canvas.size));
        }
    }

    /// Puts a picture on the canvas.
    pub(super) fn show_opened(&mut self, opened: Opened) {
        self.state.files.current = Some(opened.clone());
        let motion = Motion::new(opened.picture.size, self.state.canvas.size);
        let (preview, checker) = self.upload(opened.preview);
        let suits_nearest = suits_nearest(&opened.picture);
        self.state.shown = Some(Shown {
            picture: opened.picture,
            shot: opened.shot,
            motion,
            preview,
            squares: None,
            checker,
            suits_nearest,
        });
        self.state.sharpness = Sharpness::Sharpening;
        if matches!(self.state.panel, Panel::Open(_) | Panel::Export(_)) {
            self.state.panel = Panel::Closed;
        }
        self.ctx.request_repaint();
    }

    /// The small picture and the checkerboard, on the graphics card.
    fn upload(&self, preview: Arc<ColorImage>) -> (TextureHandle, TextureHandle) {
        let checker = self.ctx.load_texture("checker", checker_image(), TextureOptions::NEAREST_REPEAT);
        (self.ctx.load_texture("preview", preview, FILTER), checker)
    }

    /// Has the whole picture ready as squares, where a pane shows squares: what a zoom under way shows of it.
    pub(super) fn upload_squares(&mut self) {
        let has_squares = self.state.panes().iter().any(|pane| pane.subject.look == Look::Nearest);
        let (Some(shown), Some(opened)) = (&mut self.state.shown, &self.state.files.current) else { return };
        let Size { width, height } = shown.picture.size;
        if has_squares && shown.squares.is_none() && opened.preview.size == [width, height] {
            shown.squares = Some(self.ctx.load_texture("squares", opened.preview.clone(), SQUARES));
        }
    }

    /// Goes on in another window, on another graphics device: all textures are made anew.
    pub(super) fn on_another_device(mut self) -> Self {
        self.textures = super::textures::TileTextures::default();
        self.requests.forget();
        self.follow_settings();
        self.fonts.upload_anew(&self.ctx);
        if let Some(opened) = self.state.files.current.clone() {
            let (preview, checker) = self.upload(opened.preview);
            if let Some(shown) = &mut self.state.shown {
                (shown.preview, shown.checker, shown.squares) = (preview, checker, None);
            }
        }
        self.title.clear();
        self.fail(DEVICE_LOST.into());
        self
    }

    pub(super) fn browse(&mut self, ask: Ask) {
        if self.state.dialog.is_some() {
            // One is on the screen, or hangs; the panel helps in both cases.
            self.help_past_dialog(&ask);
            return;
        }
        match PendingDialog::start(&self.ctx, self.services.pick.clone(), ask, self.state.now_secs) {
            Ok(dialog) => self.state.dialog = Some(dialog),
            Err(error) => self.fail(format!("cannot start the file dialog: {error}")),
        }
    }

    fn help_past_dialog(&mut self, ask: &Ask) {
        if *ask == Ask::Open && self.state.panel == Panel::Closed {
            self.show_open_panel();
        }
        if let Ask::SaveModel { proposal, from } = ask {
            self.type_where_to_save(proposal, from.clone());
        }
        if let Some(form) = self.state.path_form() {
            form.note = Some("A file dialog is open already. You can also type the path.");
        }
    }

    fn show_open_panel(&mut self) {
        self.state.panel = Panel::Open(PathForm { wants_focus: true, ..PathForm::default() });
    }

    fn path_focused(&mut self) {
        if let Some(form) = self.state.path_form() {
            form.wants_focus = false;
        }
    }

    fn toggle_help(&mut self) {
        self.state.panel = if self.state.panel == Panel::Help { Panel::Closed } else { Panel::Help };
    }

    fn back(&mut self) {
        if self.state.panel != Panel::Closed {
            self.state.panel = Panel::Closed;
        } else if self.state.is_fullscreen {
            self.set_fullscreen(false);
        }
    }

    pub(super) fn set_fullscreen(&mut self, is_on: bool) {
        self.ctx.send_viewport_cmd(ViewportCommand::Fullscreen(is_on));
    }

    pub(super) fn fail(&mut self, text: String) {
        self.state.toasts.fail(text, self.state.now_secs);
    }
}

fn checker_image() -> ColorImage {
    let side = theme::CHECKER_SIDE;
    let color = |i: usize| {
        let square = (i % (2 * side)) / side + i / (2 * side) / side;
        Color32::from_gray(theme::CHECKER[square % 2])
    };
    ColorImage::new([2 * side, 2 * side], (0..4 * side * side).map(color).collect())
}
