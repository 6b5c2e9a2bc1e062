//! The tiles behind the view: requested, taken in, and judged once a frame.

use super::fields::{Drawn, Fields};
use super::frame::Frame;
use super::look::Pane;
use super::loupe::Loupe;
use super::maps::Maps;
use super::requests::{Moment, Requests};
use super::scene::Scene;
use super::textures::TileTextures;
use super::{Reading, Sharpness, State};
use crate::app::env::Env;
use crate::geometry::PixelRect;
use crate::key::TileKey;
use crate::render::{FieldRequest, Probe, RenderEvent, RenderedTile, TilePart};

/// Tiles taken in per frame at least, and per second: uploading one takes a fifth of a millisecond, so a fast renderer
/// takes half of a fast window's frame and a sixth of a slow one's.
const EVENTS_PER_FRAME: usize = 32;
const EVENTS_PER_SEC: f32 = 800.0;

/// What is on the graphics device, what is requested, and what the present view consists of.
#[derive(Default)]
pub struct Tiles {
    /// The tiles there are.
    pub textures: TileTextures,
    /// The tiles of the view at rest.
    pub frame: Frame,
    /// What the canvas draws itself.
    pub fields: Fields,
    /// The loupe, and the tiles in it.
    pub loupe: Option<(Loupe, Frame)>,
    /// The invention map of the view.
    pub maps: Maps,
    requests: Requests,
}

impl Tiles {
    /// Takes in what the renderer has sent. Never waits.
    pub fn drain(&mut self, view: &mut State, env: &mut Env<'_>) {
        let frame_secs = env.ctx.input(|input| input.stable_dt);
        for _ in 0..EVENTS_PER_FRAME.max((EVENTS_PER_SEC * frame_secs) as usize) {
            match env.ports.tiles.poll() {
                Some(RenderEvent::Tile(tile)) => self.take_tile(tile, view, env),
                Some(RenderEvent::Field(field)) => self.fields.take(field),
                Some(RenderEvent::Features(report)) => view.take_features(report),
                Some(RenderEvent::Source(source)) => self.fields.take_source(source),
                Some(RenderEvent::Failed { number, reason }) => {
                    self.requests.fail(number);
                    env.fail(reason);
                }
                Some(RenderEvent::Finished(number)) => self.requests.finish(number),
                None => return,
            }
        }
        env.ctx.request_repaint();
    }

    /// Takes in what has come of the invention map, and of the pixel under the cursor. Never waits.
    pub fn drain_maps(&mut self, view: &mut State, env: &mut Env<'_>) {
        self.maps.drain(&mut view.inquiry, env);
    }

    fn take_tile(&mut self, tile: RenderedTile, view: &mut State, env: &Env<'_>) {
        // The bar tells how fast what has the last word is made.
        let is_final = self.frame.finals().first().is_some_and(|part| part.key.model == tile.key.model);
        if tile.key.recipe.is_neural() && is_final {
            view.rate.count(tile.rect.area(), tile.render_secs);
        }
        let quick = self.frame.panes().iter().filter_map(|known| known.pane.subject.quick);
        let key = tile.key;
        let mut quick = quick.map(|by| TileKey { model: Some(by), ..key });
        let has_live = self.fields.is_whole() || quick.any(|key| self.textures.contains(&key));
        self.textures.insert(env.ctx, tile, has_live, env.now_secs);
    }

    /// Takes over what the canvas shows.
    pub fn follow(&mut self, view: &State, panes: &[Pane]) {
        self.frame.update(view.shown.as_ref().map(|shown| shown.motion.goal()), panes);
    }

    /// Takes over what a loupe shows, if there is one.
    pub fn follow_loupe(&mut self, loupe: Option<&Loupe>) {
        let mut frame = self.loupe.take().map(|(_, frame)| frame).unwrap_or_default();
        self.loupe = loupe.map(|loupe| {
            frame.update(Some(loupe.view), &[loupe.pane]);
            (*loupe, frame)
        });
    }

    /// Requests the tiles that are missing: those of a loupe first.
    pub fn request(&mut self, scene: Scene<'_>, env: &Env<'_>) {
        let canvas = scene.view.canvas;
        let cursor = env.ctx.pointer_hover_pos().map(|at| canvas.screen_from_points(at));
        let cursor = cursor.unwrap_or_else(|| canvas.center());
        self.textures.set_budget(scene.settings.tile_budget_mib << 20, canvas.size);
        let next_secs = env.now_secs + f64::from(env.ctx.input(|input| input.stable_dt));
        // A loupe is made of tiles.
        let drawn = if self.loupe.is_none() { self.drawn(scene) } else { Drawn::default() };
        let missing = || match &scene.view.shown {
            Some(shown) => self.fields.missing(drawn, &canvas, shown, cursor),
            None => FieldRequest::default(),
        };
        let frame = self.loupe.as_ref().map_or(&self.frame, |(_, frame)| frame);
        let (known, moment) = ((frame, &self.textures), Moment { cursor, next_secs });
        self.requests.update(scene, known, (drawn, &missing), moment, env.ports.tiles.as_ref());
    }

    /// Asks for what is to be known of the network's own share: while nothing else is to be done.
    pub fn inquire(&mut self, scene: Scene<'_>, env: &Env<'_>) {
        let is_free = is_at_rest(scene.view) && !self.requests.are_pending() && !self.requests.have_failed();
        self.maps.request(scene, &self.frame, is_free, env);
    }

    /// What the canvas draws itself of any pane: in a comparison the model in use may stand on either side.
    fn drawn(&self, scene: Scene<'_>) -> Drawn {
        let panes = self.frame.panes().iter().map(|known| self.fields.draws(&scene.view.canvas, &known.pane.subject));
        panes.fold(Drawn::default(), |all, pane| Drawn {
            source: all.source || pane.source,
            field: all.field || pane.field,
        })
    }

    /// Whether something that was requested is still on its way.
    pub fn are_pending(&self) -> bool {
        self.requests.are_pending()
    }

    /// Forgets what was on the graphics device: it is another one now.
    pub fn forget(&mut self) {
        self.textures = TileTextures::default();
        self.fields = Fields::default();
        self.maps.forget();
        self.requests.forget();
    }

    /// Judges what is on the canvas, and reads it under the cursor. True if that is not what was drawn.
    pub fn judge(&mut self, view: &mut State, env: &Env<'_>) -> bool {
        let drawn = (view.sharpness, view.part_there, view.reading, view.inquiry.clone());
        view.tile_bytes = self.textures.used_bytes() + self.maps.textures.used_bytes();
        view.part_there = self.textures.part_there(self.frame.finals());
        view.sharpness = self.judge_sharpness(view, env.now_secs);
        view.has_neural = self.fields.is_whole() || self.textures.is_any_seen(self.frame.neural(), env.now_secs);
        view.reading = self.read_under_cursor(view, env);
        let is_at_rest = is_at_rest(view);
        self.maps.judge(&mut view.inquiry, &self.frame, is_at_rest);
        drawn != (view.sharpness, view.part_there, view.reading, view.inquiry.clone())
    }

    fn judge_sharpness(&self, view: &State, now_secs: f64) -> Sharpness {
        if view.shown.is_none() {
            return Sharpness::Sharpening;
        }
        let keys = self.frame.finals();
        if is_at_rest(view) && self.textures.are_settled(keys, now_secs) {
            let is_neural = keys.iter().any(|part| part.key.recipe.is_neural());
            return if is_neural { Sharpness::Exact } else { Sharpness::Resampled };
        }
        match (self.requests.have_failed(), self.is_live(view, now_secs)) {
            (true, _) => Sharpness::Failed,
            (false, true) => Sharpness::Live,
            (false, false) => Sharpness::Sharpening,
        }
    }

    /// Whether a live network makes every pixel of the view.
    fn is_live(&self, view: &State, now_secs: f64) -> bool {
        let quick = self.frame.quick();
        self.fields.is_whole() || is_at_rest(view) && !quick.is_empty() && self.textures.are_settled(quick, now_secs)
    }

    fn read_under_cursor(&self, state: &State, env: &Env<'_>) -> Option<Reading> {
        let at = env.ctx.pointer_hover_pos()?;
        let pixel = state.source_pixel_at(at, env.now_secs)?;
        let view = self.frame.view().filter(|_| is_at_rest(state))?;
        let on_screen = state.canvas.screen_from_points(at);
        let [x, y] = [0, 1].map(|i| (on_screen[i] - view.corner_on_screen[i]).max(0.0) as usize);
        // In a comparison the same place has two colours: that of the pane under the cursor counts.
        let pane = self.frame.panes().iter().find(|known| on_screen[0] < known.pane.area.right() as f64);
        let own = pane.map_or(&[][..], |pane| pane.finals());
        let own = if own.is_empty() { self.frame.finals() } else { own };
        let shown = self.textures.color_at(own, x, y);
        let is_made = |part: &&TilePart| part.key.recipe.is_neural() && part.rect.contains(PixelRect::at((x, y)));
        let made = own.iter().find(is_made).map(|part| Probe { key: part.key, pixel: (x, y) });
        Some(Reading { pixel, shown, made })
    }

    /// Whether the picture moves or tiles fade in.
    pub fn is_animating(&self, view: &State, now_secs: f64) -> bool {
        let is_moving = view.shown.as_ref().is_some_and(|shown| !shown.motion.is_at_rest());
        let mut frames = [Some(&self.frame), self.loupe.as_ref().map(|(_, frame)| frame)].into_iter().flatten();
        let is_fading = frames.any(|frame| self.textures.is_fading(frame.neural(), now_secs));
        is_moving || self.fields.are_waiting() || is_fading
    }
}

fn is_at_rest(view: &State) -> bool {
    view.shown.as_ref().is_some_and(|shown| shown.motion.is_at_rest())
}
