//! What the canvas draws itself, in every frame at that frame's own zoom: the source, and the field of a live network on
//! it. Where the window's device is not fast enough for that, tiles are all there is.

mod callback;
mod place;
mod slots;
mod wanted;

pub use place::{CanvasChoice, CanvasDevice};

use super::Shown;
use super::canvas::Canvas;
use super::look::{Pane, Subject};
use crate::app::kit::one_shot::{OneShot, OneShotStatus};
use crate::decode::{CanvasFrame, CanvasView, FieldCells, FieldParams, Stretch};
use crate::geometry::{MipTile, View};
use crate::key::{DecodedBy, PictureId};
use crate::picture::{ColorTable, MipPixels};
use crate::recipe::{Recipe, Source};
use crate::render::{FieldRequest, LoadedModel, RenderedField, RenderedSource};
use callback::{CanvasPaint, CanvasUpload, CanvasUploads};
use eframe::egui_wgpu::Callback;
use place::{Opened, Room, reduced, samples_of};
use slots::Slots;
use std::sync::Arc;
use wanted::{Looking, Wanted};

/// Bytes of tiles that a frame uploads at most: half of a fast bus's frame, and two frames of a slow one.
const UPLOAD_BYTES: usize = 8 << 20;

/// So many frames' uploads may wait for one that is painted; then nothing more is taken in. A frame that is made is not always
/// painted: a window may be hidden, and egui makes some frames anew.
const MOST_UNPAINTED: usize = 8;

/// Mip levels that may be finer than a view needs: each makes a sample four times as dear.
const FINER_LEVELS: u32 = 2;

/// Mip levels that may be coarser, until finer ones are there.
const COARSER_LEVELS: u32 = 3;

/// What is drawn, and by what.
type Named = (PictureId, Option<DecodedBy>);

/// What the canvas draws itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drawn {
    /// The source, resampled.
    pub source: bool,
    /// The field of a live network on it.
    pub field: bool,
}

/// What draws the canvas, and the tiles that are there for it.
#[derive(Default)]
pub struct Fields {
    device: Option<CanvasDevice>,
    budget: u64,
    opening: Option<OneShot<Option<Opened>>>,
    opened: Option<Opened>,
    /// The device was tried, and is not fit.
    is_unfit: Drawn,
    /// What was tried last.
    tried_field: bool,
    model: Option<Arc<LoadedModel>>,
    subject: Option<Named>,
    source: Slots<MipPixels>,
    cells: Slots<FieldCells>,
    /// What was handed over to be painted, until it is known to have been.
    handed: Vec<Arc<CanvasUpload>>,
    frames: Vec<(CanvasView, [u64; 2], Arc<CanvasFrame>)>,
    /// Panes of this frame that show a network, and those of them that are drawn whole.
    neural_panes: usize,
    whole_panes: usize,
}

/// How much of a pane is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cover {
    /// Some pixels are left out.
    Part,
    /// The source, coarser than the screen.
    Rough,
    /// The source, where pixels of the network belong.
    Source,
    /// All that belongs there, as far as it is there.
    Whole,
}

/// A pane that is drawn: by what, and how much of it.
pub struct Drawing {
    /// For the painter.
    pub callback: egui::PaintCallback,
    /// How much of it.
    pub cover: Cover,
}

impl Fields {
    /// Takes over the window's device.
    pub fn attach(&mut self, device: CanvasDevice) {
        *self = Self { device: Some(device), budget: self.budget, ..Self::default() };
    }

    /// Takes over another budget for tiles, in bytes. With another one all are made anew.
    pub fn set_budget(&mut self, budget: u64) {
        if self.budget != budget {
            *self = Self { device: self.device.take(), budget, ..Self::default() };
        }
    }

    /// What of a pane of this canvas it draws.
    pub fn draws(&self, canvas: &Canvas, subject: &Subject) -> Drawn {
        let Some((_, by)) = self.subject.filter(|(picture, _)| *picture == subject.picture) else {
            return Drawn::default();
        };
        let drawn = self.opened.as_ref().map_or_else(Drawn::default, |opened| opened.speed.drawn_on(canvas.size));
        let is_own = by.is_some_and(|by| subject.is_shown_by(by)) && self.suits_model();
        Drawn { field: drawn.field && is_own && subject.recipe.is_neural(), ..drawn }
    }

    /// Whether what is opened draws fields of the model.
    fn suits_model(&self) -> bool {
        let params = self.params();
        params.is_some() && self.opened.as_ref().is_some_and(|opened| opened.painter.suits(params))
    }

    fn params(&self) -> Option<&FieldParams> {
        self.model.as_ref().and_then(|model| model.field_params())
    }

    /// Whether in the last frame all of what is shown was drawn here, with the network's field.
    pub fn is_whole(&self) -> bool {
        self.whole_panes > 0 && self.whole_panes == self.neural_panes
    }

    /// How many feature tiles it can draw.
    pub fn tiles(&self) -> usize {
        self.cells.len()
    }

    /// Takes over what is shown, and by what.
    pub fn follow(&mut self, ctx: &egui::Context, shown: Option<&Shown>, model: Option<&Arc<LoadedModel>>) {
        (self.neural_panes, self.whole_panes) = (0, 0);
        self.source.begin_frame();
        self.cells.begin_frame();
        self.model = model.cloned();
        let by = self.model.as_ref().map(|model| model.key());
        self.name(shown.map(|shown| (shown.picture.id, by)));
        if let Some(job) = &self.opening {
            match job.poll() {
                OneShotStatus::Pending => return,
                OneShotStatus::Done(opened) => self.take_over(opened),
                OneShotStatus::Lost => self.take_over(None),
            }
        }
        // Where there is nothing to draw no memory is taken.
        if self.subject.is_some() {
            self.open(ctx);
        }
    }

    /// Forgets what is of another picture or model.
    fn name(&mut self, subject: Option<Named>) {
        let picture = |subject: Option<Named>| subject.map(|(picture, _)| picture);
        if picture(subject) != picture(self.subject) {
            self.source.clear();
        }
        if subject != self.subject {
            self.cells.clear();
        }
        self.subject = subject;
    }

    fn take_over(&mut self, opened: Option<Opened>) {
        self.opening = None;
        let Some(opened) = opened else {
            self.is_unfit.field |= self.tried_field;
            self.is_unfit.source |= !self.tried_field;
            return;
        };
        let is_first = self.opened.is_none();
        if is_first {
            self.source.resize(opened.painter.source().slots());
        }
        self.cells.resize(opened.painter.cells().slots());
        self.frames.clear();
        self.opened = Some(opened);
    }

    /// Opens what draws the source, and the fields of the model, if there is none that suits it. Shaders are compiled on a
    /// thread.
    fn open(&mut self, ctx: &egui::Context) {
        let model = self.model.clone().filter(|_| !self.is_unfit.field);
        let is_enough = match (&self.opened, &model) {
            (Some(_), Some(_)) => self.suits_model(),
            (opened, None) => opened.is_some(),
            (None, Some(_)) => false,
        };
        let Some(device) = self.device.clone().filter(|_| !is_enough && !self.is_unfit.source) else { return };
        let (room, source) =
            (Room::of(self.budget), self.opened.as_ref().map(|opened| opened.painter.source().clone()));
        self.tried_field = model.is_some();
        // Without a thread it stays as it is: tiles.
        self.opening = OneShot::start("canvas", ctx, move || device.open(room, source, model.as_deref())).ok();
        self.is_unfit.source |= self.opening.is_none();
    }

    /// Takes in a field. What is not drawn any more is dropped.
    pub fn take(&mut self, field: RenderedField) {
        if self.subject == Some((field.picture, Some(field.by))) {
            let (column, row) = field.cells.place();
            self.cells.take(MipTile { level: 0, column, row }, field.cells);
        }
    }

    /// Takes in tiles of the source.
    pub fn take_source(&mut self, source: RenderedSource) {
        if self.subject.is_some_and(|(picture, _)| picture == source.picture) {
            source.tiles.into_iter().for_each(|pixels| self.source.take(pixels.tile, pixels));
        }
    }

    /// What is missing where a view comes to rest, with a margin around it; `focus` is the position on the canvas that
    /// matters most.
    pub fn missing(&self, drawn: Drawn, canvas: &Canvas, shown: &Shown, focus: [f64; 2]) -> FieldRequest {
        let view = shown.motion.goal();
        let looking = Looking { view: &view, canvas, size: shown.picture.size, focus };
        let by = self.subject.and_then(|(_, by)| by);
        let mut request = FieldRequest { by, ..FieldRequest::default() };
        if drawn.source {
            let Wanted { seen, ahead } = looking.source(self.source.count());
            request.source = self.source.missing(seen.iter().chain(&ahead).copied(), seen.len());
        }
        if drawn.field {
            let Wanted { seen, ahead } = looking.field();
            let all = self.cells.missing(seen.iter().chain(&ahead).copied(), seen.len());
            let is_seen = |tile: &MipTile| seen.contains(tile);
            let (view, ahead): (Vec<MipTile>, Vec<MipTile>) = all.into_iter().partition(is_seen);
            [request.view, request.ahead] =
                [view, ahead].map(|tiles| tiles.iter().map(|tile| (tile.column, tile.row)).collect());
        }
        request
    }

    /// Draws a pane of the canvas, if anything of it can be drawn here.
    pub fn drawing(&mut self, canvas: &Canvas, shown: &Shown, pane: &Pane, view: &View) -> Option<Drawing> {
        self.neural_panes += usize::from(pane.subject.recipe_at(view.zoom).is_neural());
        let drawn = self.draws(canvas, &pane.subject);
        let color = &shown.picture.color;
        // The table comes with the first tiles of the source; where none is exact enough tiles are all there is.
        let colors = color.known_table().cloned();
        if !color.is_screens() && colors.is_none() {
            return None;
        }
        let (area, grid) = samples_of(pane.area, view, shown).filter(|_| drawn.source)?;
        let [x, y] = [0, 1].map(|i| canvas.origin_in_window[i] as u32);
        let recipe = pane.subject.recipe_at(view.zoom);
        let model = self.model.as_ref().filter(|_| drawn.field);
        let looking = Looking { view, canvas, size: shown.picture.size, focus: canvas.center() };
        let needed = looking.level(self.source.count());
        let by = self.reduction(drawn, canvas, shown, view);
        let at = [x + area.x as u32, y + area.y as u32];
        let (grid, stretch) = match by {
            1 => (grid, None),
            by => {
                let grid = reduced(grid, by);
                (grid, Some(Stretch { samples: grid.size(), by, at, size: area.size() }))
            }
        };
        let of_level = |level| CanvasView {
            grid,
            picture: shown.picture.size,
            level,
            has_squares: recipe.source() == Source::Nearest,
            strength: model.map_or(0.0, |_| strength_of(recipe)),
            lock: recipe.lock().share(),
            is_grey: shown.picture.is_grey,
            deviation: model.map_or([0.0; 3], |model| model.config.normalization.std),
            at: if stretch.is_some() { [0; 2] } else { at },
        };
        let is_there = |level: &u32| self.source.has_all(of_level(*level).source_tiles());
        let level = levels(needed).find(is_there);
        let canvas_view = of_level(level.unwrap_or(needed));
        let cover = self.cover(&canvas_view, recipe, level.map(|level| level > needed));
        self.look_at(&canvas_view);
        let frame = self.frame(canvas_view, colors);
        let near = canvas.points_from_screen([area.x as f64, area.y as f64]);
        let far = canvas.points_from_screen([area.right() as f64, area.bottom() as f64]);
        let paint =
            CanvasPaint { painter: self.opened.as_ref()?.painter.clone(), is_right: pane.area.x > 0, frame, stretch };
        let callback = Callback::new_paint_callback(egui::Rect::from_min_max(near, far), paint);
        Some(Drawing { callback, cover })
    }

    /// How many pixels along either axis share a sample: while the view moves, where whole frames are slow.
    fn reduction(&self, drawn: Drawn, canvas: &Canvas, shown: &Shown, view: &View) -> usize {
        let speed = self.opened.as_ref().map(|opened| &opened.speed);
        let speed = speed.filter(|_| drawn.field && !shown.motion.is_at_rest());
        speed.map_or(1, |speed| speed.reduction(canvas.size, view.zoom))
    }

    /// How much of a view is drawn; `is_coarse`: of which level, if one is there.
    fn cover(&mut self, view: &CanvasView, recipe: Recipe, is_coarse: Option<bool>) -> Cover {
        let fields: Vec<bool> = fields_of(view).map(|tile| self.cells.slot(tile).is_some()).collect();
        self.whole_panes += usize::from(is_coarse == Some(false) && view.has_field() && !fields.contains(&false));
        let is_neural = recipe.is_neural() && !view.grid.is_reduction();
        match is_coarse {
            None => Cover::Part,
            Some(true) => Cover::Rough,
            Some(false) if is_neural && !fields.contains(&true) => Cover::Source,
            Some(false) => Cover::Whole,
        }
    }

    fn look_at(&mut self, view: &CanvasView) {
        self.source.look_at(view.source_tiles());
        self.cells.look_at(fields_of(view));
    }

    /// Brings what has arrived to the device, some of it in each frame: to be painted before what is drawn.
    pub fn uploads(&mut self, canvas: &Canvas) -> Option<egui::PaintCallback> {
        self.handed.retain(|upload| !upload.is_written());
        if self.are_waiting() && self.handed.len() < MOST_UNPAINTED {
            let upload = self.upload()?;
            self.handed.push(upload);
        }
        let corner = egui::Rect::from_min_max(canvas.points_from_screen([0.0; 2]), canvas.points_from_screen([1.0; 2]));
        let callback = || Callback::new_paint_callback(corner, CanvasUploads(self.handed.clone()));
        (!self.handed.is_empty()).then(callback)
    }

    /// The next of what has arrived.
    fn upload(&mut self) -> Option<Arc<CanvasUpload>> {
        let painter = self.opened.as_ref()?.painter.clone();
        let source = self.source.uploads(UPLOAD_BYTES / painter.source().slot_bytes());
        let left = UPLOAD_BYTES - source.len() * painter.source().slot_bytes();
        let cells = self.cells.uploads(left / painter.cells().slot_bytes());
        Some(CanvasUpload::new(painter, source, cells))
    }

    /// The tables of a view: those of the last frames, if nothing has changed.
    fn frame(&mut self, view: CanvasView, colors: Option<Arc<ColorTable>>) -> Arc<CanvasFrame> {
        let state = [self.source.state(), self.cells.state()];
        if let Some((.., frame)) = self.frames.iter().find(|(known, at, _)| *known == view && *at == state) {
            return frame.clone();
        }
        let mut frame = CanvasFrame::new(&view, |tile| self.source.slot(tile));
        if let Some(params) = self.params() {
            let slot = |(column, row)| self.cells.slot(MipTile { level: 0, column, row });
            frame = frame.with_field(params, &view, slot);
        }
        if let Some(table) = colors {
            frame = frame.with_colors(table);
        }
        let frame = Arc::new(frame);
        // One for each pane of a comparison.
        self.frames.truncate(1);
        self.frames.insert(0, (view, state, frame.clone()));
        frame
    }

    /// Whether uploads wait for the next frames.
    pub fn are_waiting(&self) -> bool {
        self.source.are_waiting() || self.cells.are_waiting()
    }
}

/// The mip levels that may be drawn where one is needed, the best first.
fn levels(needed: u32) -> impl Iterator<Item = u32> {
    let finer = (1..=FINER_LEVELS.min(needed)).map(move |by| needed - by);
    std::iter::once(needed).chain(finer).chain((1..=COARSER_LEVELS).map(move |by| needed + by))
}

/// The feature tiles whose fields a view reads, if it reads any.
fn fields_of(view: &CanvasView) -> impl Iterator<Item = MipTile> {
    let places = view.has_field().then(|| view.field_tiles().places()).into_iter().flatten();
    places.map(|(column, row)| MipTile { level: 0, column, row })
}

/// How much of the field a recipe shows, in [0, 1].
fn strength_of(recipe: Recipe) -> f32 {
    if !recipe.is_neural() {
        return 0.0;
    }
    recipe.strength().share()
}
