//! The frame around drawing: what the threads have sent, the clock, what to ask for, when to draw again.

use super::App;
use super::command::Command;
use super::dialogs::{Answer, PATIENCE_SECS};
use super::library::ModelCommand;
use super::requests::Moment;
use super::services::Ask;
use super::state::{Panel, PathForm, Reading, Sharpness};
use crate::render::{RenderEvent, RenderedTile, TilePart};
use std::path::PathBuf;
use std::time::Duration;

/// Tiles taken in per frame at least, and per second: uploading one takes a fifth of a millisecond, so a fast renderer
/// takes half of a fast window's frame and a sixth of a slow one's.
const EVENTS_PER_FRAME: usize = 32;
const EVENTS_PER_SEC: f32 = 800.0;

impl App {
    /// Takes in what the threads have sent. Never waits.
    pub(super) fn drain(&mut self) {
        // Before the first frame after a long rest, the last frame's time is long past: nothing would fade in.
        self.state.now_secs = self.ctx.input(|input| input.time);
        self.drain_tiles();
        self.drain_opening();
        self.drain_files();
        self.drain_copying();
        self.drain_models();
        self.drain_devices();
        self.drain_warnings();
        self.drain_dialog();
        self.drain_exports();
        self.drain_model_list();
        self.drain_training();
        self.let_the_view_win();
    }

    /// What has gone wrong with a graphics card while the processor went on.
    fn drain_warnings(&mut self) {
        let models = [self.state.model.model(), self.state.other_model.model()];
        let warnings: Vec<String> = models.into_iter().flatten().filter_map(|model| model.take_warning()).collect();
        for warning in warnings {
            self.state.toasts.fail(warning, self.state.now_secs);
        }
    }

    /// Exports, copies and training wait while the view does.
    fn let_the_view_win(&mut self) {
        let state = &mut self.state;
        if state.export.is_none() && state.copying.is_none() && state.training.running.is_none() {
            return;
        }
        let is_waiting = self.requests.are_pending();
        if let Some(export) = &state.export {
            export.give_way(is_waiting);
        }
        if let Some(copying) = &state.copying {
            copying.give_way(is_waiting);
        }
        if let Some(training) = &mut state.training.running {
            training.give_way(is_waiting);
        }
    }

    fn drain_tiles(&mut self) {
        let frame_secs = self.ctx.input(|input| input.stable_dt);
        for _ in 0..EVENTS_PER_FRAME.max((EVENTS_PER_SEC * frame_secs) as usize) {
            match self.services.tiles.poll() {
                Some(RenderEvent::Tile(tile)) => self.take_tile(tile),
                Some(RenderEvent::Features(report)) => self.state.features = Some(report),
                Some(RenderEvent::Failed { number, reason }) => {
                    self.requests.fail(number);
                    self.state.toasts.fail(reason, self.state.now_secs);
                }
                Some(RenderEvent::Finished(number)) => self.requests.finish(number),
                None => return,
            }
        }
        self.ctx.request_repaint();
    }

    fn take_tile(&mut self, tile: RenderedTile) {
        if tile.key.quality.is_neural() {
            self.state.rate.count(tile.rect.area(), tile.render_secs);
        }
        self.textures.insert(&self.ctx, tile, self.state.now_secs);
    }

    fn drain_dialog(&mut self) {
        let Some(answer) = self.state.dialog.as_ref().and_then(super::dialogs::PendingDialog::poll) else { return };
        let Some(dialog) = self.state.dialog.take() else { return };
        match (dialog.ask, answer) {
            (Ask::Open, Answer::Chosen(paths)) => self.apply(Command::OpenAll(paths)),
            (ask, Answer::Chosen(paths)) => paths.into_iter().for_each(|path| self.chosen(&ask, path)),
            (Ask::Model | Ask::Import, Answer::Unavailable) => self.fail(NO_DIALOG_FOR_WEIGHTS.into()),
            (Ask::Folder, Answer::Unavailable) => self.state.training.note = Some(NO_DIALOG),
            (Ask::SaveModel { proposal, from }, Answer::Unavailable) => self.type_where_to_save(&proposal, from),
            (Ask::Open, Answer::Unavailable) => self.offer_path(NO_DIALOG),
            (Ask::Save(_), Answer::Unavailable) => self.note(NO_DIALOG),
            (Ask::Open, Answer::Cancelled) => self.withdraw_offer(),
            (_, Answer::Cancelled) => {}
        }
    }

    /// Carries out what a dialog was for.
    fn chosen(&mut self, ask: &Ask, path: PathBuf) {
        match ask {
            Ask::Open => self.apply(Command::Open(path)),
            Ask::Save(_) => self.export_path_chosen(&path),
            Ask::Model => self.apply(Command::LoadOther(path)),
            Ask::Import => self.apply(Command::Models(ModelCommand::Import(path))),
            Ask::Folder => self.folder_chosen(&path),
            Ask::SaveModel { from, .. } => self.save_model_to(from.clone(), &path),
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
        self.ask_before_closing();
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
        self.textures.set_budget(self.state.settings.tile_budget_mib << 20, self.state.canvas.size);
        let next_secs = self.state.now_secs + f64::from(self.ctx.input(|input| input.stable_dt));
        self.requests.update(&self.state, &self.textures, Moment { cursor, next_secs }, self.services.tiles.as_ref());
        self.let_the_view_win();
        let has_news = self.look_at_tiles();
        self.upload_squares();
        self.write_settings();
        self.read_neighbours();
        self.update_title();
        self.fonts.advance(&self.ctx);
        if has_changed || has_news || self.is_animating() {
            self.ctx.request_repaint();
        }
        let next_toast = self.state.toasts.advance(self.state.now_secs);
        let next_dialog = self.state.dialog.as_ref().map(|_| PATIENCE_SECS);
        if let Some(secs) = next_toast.into_iter().chain(next_dialog).min_by(f64::total_cmp) {
            self.ctx.request_repaint_after(Duration::from_secs_f64(secs));
        }
    }

    /// Judges what is on the canvas, and reads it under the cursor. True if that is not what was drawn.
    fn look_at_tiles(&mut self) -> bool {
        let drawn = (self.state.sharpness, self.state.part_there, self.state.reading);
        self.state.tile_bytes = self.textures.used_bytes();
        let keys = self.final_tiles();
        self.state.part_there = self.textures.part_there(&keys);
        self.state.sharpness = self.judge_sharpness(&keys);
        self.state.has_neural = self.has_neural();
        self.state.reading = self.read_under_cursor(&keys);
        drawn != (self.state.sharpness, self.state.part_there, self.state.reading)
    }

    /// The tiles that end the work on the view at rest.
    fn final_tiles(&self) -> Vec<TilePart> {
        let Some(shown) = &self.state.shown else { return Vec::new() };
        let view = shown.motion.goal();
        self.state.panes().iter().flat_map(|pane| pane.final_tiles(&view)).collect()
    }

    fn has_neural(&mut self) -> bool {
        let keys = self.fading_tiles();
        let is_at_rest = self.state.shown.as_ref().is_some_and(|shown| shown.motion.is_at_rest());
        is_at_rest && self.textures.is_any_seen(&keys, self.state.now_secs)
    }

    fn judge_sharpness(&mut self, keys: &[TilePart]) -> Sharpness {
        let Some(shown) = &self.state.shown else { return Sharpness::Sharpening };
        if shown.motion.is_at_rest() && self.textures.are_settled(keys, self.state.now_secs) {
            let is_neural = keys.iter().any(|part| part.key.quality.is_neural());
            return if is_neural { Sharpness::Exact } else { Sharpness::Resampled };
        }
        if self.requests.have_failed() { Sharpness::Failed } else { Sharpness::Sharpening }
    }

    fn read_under_cursor(&mut self, keys: &[TilePart]) -> Option<Reading> {
        let at = self.ctx.pointer_hover_pos()?;
        let pixel = self.state.source_pixel_at(at)?;
        let shown = self.state.shown.as_ref().filter(|shown| shown.motion.is_at_rest())?;
        let (view, on_screen) = (shown.motion.goal(), self.state.canvas.screen_from_points(at));
        let [x, y] = [0, 1].map(|i| (on_screen[i] - view.corner_on_screen[i]).max(0.0) as usize);
        // In a comparison the same place has two colours: that of the pane under the cursor counts.
        let pane = self.state.panes().into_iter().find(|pane| on_screen[0] < pane.area.right() as f64);
        let own = pane.map_or_else(Vec::new, |pane| pane.final_tiles(&view));
        let shown = self.textures.color_at(if own.is_empty() { keys } else { &own }, x, y);
        Some(Reading { pixel, shown })
    }

    fn is_animating(&mut self) -> bool {
        let is_moving = self.state.shown.as_ref().is_some_and(|shown| !shown.motion.is_at_rest());
        is_moving || self.textures.is_fading(&self.fading_tiles(), self.state.now_secs)
    }

    /// The network's tiles of the view at rest, rough and final.
    fn fading_tiles(&self) -> Vec<TilePart> {
        let Some(shown) = &self.state.shown else { return Vec::new() };
        let view = shown.motion.goal();
        self.state.panes().iter().flat_map(|pane| pane.neural_tiles(&view)).collect()
    }

    fn update_title(&mut self) {
        let title = self.state.title();
        if title != self.title {
            self.ctx.send_viewport_cmd(egui::ViewportCommand::Title(title.clone()));
            self.title = title;
        }
    }
}

/// What the person can do where there is no file dialog.
pub(super) const NO_DIALOG: &str = "No file dialog answered. Type the path instead.";

const NO_DIALOG_FOR_WEIGHTS: &str = "No file dialog answered. Drop the weights file on the window instead.";

const WAITING: &str = "Waiting for the system's file dialog. You can also type the path.";
