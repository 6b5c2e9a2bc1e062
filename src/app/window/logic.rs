//! The frame around drawing: what the threads have sent, the clock, what to ask for, when to draw again.

use super::app::App;
use super::dialogs::PATIENCE_SECS;
use crate::app::compare::Held;
use crate::app::view::loupe::Loupe;
use std::time::Duration;

impl App {
    /// Takes in what the threads have sent. Never waits.
    pub(super) fn drain(&mut self) {
        // Before the first frame after a long rest, the last frame's time is long past: nothing would fade in.
        self.state.now_secs = self.ctx.input(|input| input.time);
        let (mut env, slices, tiles) = self.parts();
        tiles.drain(&mut slices.view, &mut env);
        tiles.drain_maps(&mut slices.view, &mut env);
        slices.files.drain(&mut env);
        self.deliver();
        let (mut env, slices, _) = self.parts();
        slices.settings.drain(&mut env);
        slices.models.drain(&mut slices.settings, &mut env);
        self.deliver();
        self.drain_dialog();
        let (mut env, slices, _) = self.parts();
        slices.export.drain(&mut env);
        // Whether the window may close is known before what else might close it.
        self.deliver();
        let (mut env, slices, _) = self.parts();
        let (training, below) = slices.training_and_below();
        training.drain(below, &mut env);
        self.deliver();
        self.let_the_view_win();
    }

    /// Exports, copies and training wait while the view does.
    fn let_the_view_win(&mut self) {
        let is_waiting = self.tiles.are_pending();
        self.slices.export.give_way(is_waiting);
        self.slices.training.give_way(is_waiting);
    }

    /// Takes over the clock and the window's condition.
    pub(super) fn begin_frame(&mut self) {
        let (now_secs, fullscreen) = self.ctx.input(|input| (input.time, input.viewport().fullscreen));
        self.state.now_secs = now_secs;
        self.state.is_fullscreen = fullscreen.unwrap_or(false);
        if let Some(shown) = &mut self.slices.view.shown {
            shown.motion.advance(now_secs);
        }
        self.offer_path_if_dialog_hangs();
        self.ask_before_closing();
        self.follow_fields();
        self.follow_view();
    }

    /// Has the tiles of the view at hand for everybody who needs them.
    fn follow_view(&mut self) {
        let panes = self.slices.compare.panes(self.slices.scene(self.state.now_secs));
        self.tiles.follow(&self.slices.view, &panes);
        self.tiles.follow_loupe(self.held_loupe().as_ref());
    }

    /// The loupe, as long as its key is held and the cursor is on the canvas.
    fn held_loupe(&self) -> Option<Loupe> {
        let is_held = self.slices.compare.held == Held::Loupe;
        let at = self.ctx.pointer_hover_pos().filter(|_| is_held)?;
        let canvas = self.slices.view.canvas;
        let at = canvas.rect_in_points().contains(at).then(|| canvas.screen_from_points(at))?;
        Loupe::new(self.slices.scene(self.state.now_secs), at)
    }

    /// What the canvas draws itself is the live network's.
    fn follow_fields(&mut self) {
        let (shown, model) = (self.slices.view.shown.as_ref(), self.slices.scene(self.state.now_secs).live());
        self.tiles.fields.set_budget((self.slices.settings.choices.canvas_budget_mib as u64) << 20);
        self.tiles.fields.follow(&self.ctx, shown, model);
    }

    /// Asks for tiles, judges the picture, and says when to draw again.
    pub(super) fn end_frame(&mut self, has_changed: bool) {
        self.follow_view();
        let (mut env, slices, tiles) = self.parts();
        // Frames of an animation are gone before a network is done with them: those that run are not refined.
        if !slices.files.is_running(*env.panel) {
            tiles.request(slices.scene(env.now_secs), &env);
            tiles.inquire(slices.scene(env.now_secs), &env);
        }
        let has_news = tiles.judge(&mut slices.view, &env);
        slices.view.upload_squares(&tiles.frame, slices.files.current.as_ref(), env.ctx);
        slices.settings.write(&mut env);
        if !tiles.are_pending() {
            slices.files.read_neighbours();
        }
        let is_animating = tiles.is_animating(&slices.view, env.now_secs);
        self.let_the_view_win();
        self.update_title();
        self.fonts.advance(&self.ctx);
        if has_changed || has_news || is_animating {
            self.ctx.request_repaint();
        }
        let next_toast = self.state.toasts.advance(self.state.now_secs);
        let next_dialog = self.state.dialog.as_ref().map(|_| PATIENCE_SECS);
        if let Some(secs) = next_toast.into_iter().chain(next_dialog).min_by(f64::total_cmp) {
            self.ctx.request_repaint_after(Duration::from_secs_f64(secs));
        }
    }

    fn update_title(&mut self) {
        let title = self.slices.title(self.state.now_secs);
        if title != self.title {
            self.ctx.send_viewport_cmd(egui::ViewportCommand::Title(title.clone()));
            self.title = title;
        }
    }
}
