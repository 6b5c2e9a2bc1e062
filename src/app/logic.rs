//! The frame around drawing: what the threads have sent, the clock, what to ask for, when to draw again.

use super::App;
use super::command::Command;
use super::dialogs::{Answer, PATIENCE_SECS};
use super::services::Ask;
use super::state::{Panel, PathForm, Sharpness};
use super::textures::{final_quality, tiles_of};
use crate::error::{Error, Result};
use crate::export::ExportReport;
use crate::key::Quality;
use crate::render::RenderEvent;
use std::time::Duration;

/// Tiles taken in per frame, so that a fast renderer cannot keep a frame from ending.
const EVENTS_PER_FRAME: usize = 48;

impl App {
    /// Takes in what the threads have sent. Never waits.
    pub(super) fn drain(&mut self) {
        // Before the first frame after a long rest, the last frame's time is long past: nothing would fade in.
        self.state.now_secs = self.ctx.input(|input| input.time);
        self.drain_tiles();
        self.drain_opening();
        self.drain_files();
        self.drain_copying();
        self.drain_dialog();
        self.drain_export();
        self.let_the_view_win();
    }

    /// An export waits while the view does.
    fn let_the_view_win(&mut self) {
        if let Some(export) = &mut self.state.export {
            export.give_way(self.requests.are_pending(&self.textures));
        }
    }

    fn drain_tiles(&mut self) {
        for _ in 0..EVENTS_PER_FRAME {
            match self.services.tiles.poll() {
                Some(RenderEvent::Tile(tile)) => self.textures.insert(&self.ctx, tile, self.state.now_secs),
                Some(RenderEvent::Failed(reason)) => {
                    self.requests.has_failed = true;
                    self.state.toasts.fail(reason, self.state.now_secs);
                }
                Some(RenderEvent::Finished) => {}
                None => return,
            }
        }
        self.ctx.request_repaint();
    }

    fn drain_dialog(&mut self) {
        let Some(answer) = self.state.dialog.as_ref().and_then(super::dialogs::PendingDialog::poll) else { return };
        let Some(dialog) = self.state.dialog.take() else { return };
        match (dialog.ask, answer) {
            (Ask::Open, Answer::Chosen(path)) => self.apply(Command::Open(path)),
            (Ask::Save(_), Answer::Chosen(path)) => self.export_path_chosen(&path),
            (Ask::Open, Answer::Unavailable) => self.offer_path("No file dialog answered. Type the path instead."),
            (Ask::Save(_), Answer::Unavailable) => self.note("No file dialog answered. Type the path instead."),
            (Ask::Open, Answer::Cancelled) => self.withdraw_offer(),
            (Ask::Save(_), Answer::Cancelled) => {}
        }
    }

    fn drain_export(&mut self) {
        let Some(ended) = self.state.export.as_mut().and_then(super::exporting::RunningExport::poll) else { return };
        let Some(export) = self.state.export.take() else { return };
        let broken = || Err(Error::export(&export.output, "the export ended unexpectedly"));
        self.tell_export(&export.output.clone(), ended.unwrap_or_else(broken));
    }

    fn tell_export(&mut self, output: &std::path::Path, result: Result<ExportReport>) {
        let now_secs = self.state.now_secs;
        match result {
            Ok(report) => {
                let text = format!("Written: {} ({})", output.display(), size_text(report.bytes));
                self.state.toasts.tell(text, now_secs);
            }
            Err(Error::Cancelled) => self.state.toasts.tell("Export stopped; nothing was written.", now_secs),
            Err(error) => self.state.toasts.fail(error, now_secs),
        }
    }

    /// Takes over the clock and the window's condition.
    pub(super) fn begin_frame(&mut self) {
        let (now_secs, fullscreen) = self.ctx.input(|input| (input.time, input.viewport().fullscreen));
        self.state.now_secs = now_secs;
        self.state.is_fullscreen = fullscreen.unwrap_or(false);
        if let Some(shown) = &mut self.state.shown {
            shown.motion.advance(now_secs);
        }
        self.offer_path_if_dialog_hangs();
    }

    fn offer_path_if_dialog_hangs(&mut self) {
        let is_hanging =
            self.state.dialog.as_ref().is_some_and(|dialog| {
                dialog.ask == Ask::Open && self.state.now_secs - dialog.asked_secs > PATIENCE_SECS
            });
        if is_hanging && self.state.panel == Panel::Closed {
            self.offer_path(WAITING);
        }
    }

    fn offer_path(&mut self, note: &'static str) {
        self.state.panel = Panel::Open(PathForm { note: Some(note), wants_focus: true, ..PathForm::default() });
    }

    /// Takes the panel away that only stood in for a dialog which has answered after all.
    fn withdraw_offer(&mut self) {
        if matches!(&self.state.panel, Panel::Open(form) if form.note == Some(WAITING) && form.path.is_empty()) {
            self.state.panel = Panel::Closed;
        }
    }

    fn note(&mut self, note: &'static str) {
        if let Some(form) = self.state.path_form() {
            form.note = Some(note);
        }
    }

    /// Asks for tiles, judges the picture, and says when to draw again.
    pub(super) fn end_frame(&mut self, has_changed: bool) {
        let cursor = self.ctx.pointer_hover_pos().map(|at| self.state.canvas.screen_from_points(at));
        let cursor = cursor.unwrap_or_else(|| self.state.canvas.center());
        self.requests.update(&self.state, &self.textures, cursor, self.services.tiles.as_ref());
        self.let_the_view_win();
        self.state.sharpness = self.judge_sharpness();
        self.read_neighbours();
        self.update_title();
        if has_changed || self.is_animating() {
            self.ctx.request_repaint();
        }
        let next_toast = self.state.toasts.advance(self.state.now_secs);
        let next_dialog = self.state.dialog.as_ref().map(|_| PATIENCE_SECS);
        if let Some(secs) = next_toast.into_iter().chain(next_dialog).min_by(f64::total_cmp) {
            self.ctx.request_repaint_after(Duration::from_secs_f64(secs));
        }
    }

    fn judge_sharpness(&mut self) -> Sharpness {
        let (Some(shown), Some(subject)) = (&self.state.shown, self.state.subject()) else {
            return Sharpness::Sharpening;
        };
        let (view, now_secs) = (shown.motion.goal(), self.state.now_secs);
        let quality = final_quality(view.zoom);
        let tiles = tiles_of(&view, subject, self.state.canvas.size, quality);
        let is_settled = shown.motion.is_at_rest() && self.textures.are_settled(&tiles, now_secs);
        match (is_settled, quality) {
            (true, Quality::Neural) => Sharpness::Exact,
            (true, Quality::Resampled) => Sharpness::Resampled,
            (false, _) if self.requests.has_failed => Sharpness::Failed,
            (false, _) => Sharpness::Sharpening,
        }
    }

    fn is_animating(&mut self) -> bool {
        let (Some(shown), Some(subject)) = (&self.state.shown, self.state.subject()) else { return false };
        let view = shown.motion.goal();
        let tiles = tiles_of(&view, subject, self.state.canvas.size, Quality::Neural);
        !shown.motion.is_at_rest() || self.textures.is_fading(&tiles, self.state.now_secs)
    }

    fn update_title(&mut self) {
        let title = self.state.title();
        if title != self.title {
            self.ctx.send_viewport_cmd(egui::ViewportCommand::Title(title.clone()));
            self.title = title;
        }
    }
}

const WAITING: &str = "Waiting for the system's file dialog. You can also type the path.";

fn size_text(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{:.0} kB", (bytes as f64 / 1e3).max(1.0)),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}
