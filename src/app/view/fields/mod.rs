//! Fields of a live network that the canvas draws itself, in every frame at that frame's own zoom: where the window's
//! device is fast enough for that. Elsewhere tiles are all there is.

mod callback;
mod place;
mod slots;

pub use place::{CanvasChoice, CanvasDevice};

use super::Shown;
use super::canvas::Canvas;
use super::look::{Pane, Subject};
use crate::app::kit::one_shot::{OneShot, OneShotStatus};
use crate::decode::{CanvasView, FieldFrame};
use crate::geometry::{View, feature_tiles_over};
use crate::key::{DecodedBy, PictureId};
use crate::recipe::Stage;
use crate::render::{FieldRequest, LoadedModel, RenderedField};
use callback::{FieldPaint, FieldUpload};
use eframe::egui_wgpu::Callback;
use place::{Opened, samples_of};
use slots::Slots;
use std::sync::Arc;

/// A frame takes at most this long, in seconds: 20 in a second.
const FRAME_SECS: f64 = 0.05;

/// Bytes of cells that a frame uploads at most: half of a fast bus's frame, and two frames of a slow one.
const UPLOAD_BYTES: usize = 8 << 20;

/// What is drawn, and by what.
type Named = (PictureId, DecodedBy);

/// What the canvas draws itself.
#[derive(Default)]
pub struct Fields {
    device: Option<CanvasDevice>,
    opening: Option<OneShot<Option<Opened>>>,
    opened: Option<Opened>,
    /// The device was tried for these models, and is not fit.
    is_unfit: bool,
    model: Option<Arc<LoadedModel>>,
    subject: Option<Named>,
    slots: Slots,
    frames: Vec<(CanvasView, u64, Arc<FieldFrame>)>,
    is_whole: bool,
}

/// A pane that is drawn: by what, and whether all of it is.
pub struct Drawing {
    /// For the painter.
    pub callback: egui::PaintCallback,
    /// Whether no pixel is left out.
    pub is_whole: bool,
}

impl Fields {
    /// Takes over the window's device.
    pub fn attach(&mut self, device: CanvasDevice) {
        *self = Self { device: Some(device), ..Self::default() };
    }

    /// Whether it draws what a pane of this canvas shows, enlarged.
    pub fn draws(&self, canvas: &Canvas, subject: &Subject) -> bool {
        let is_fast = |opened: &Opened| opened.secs_per_sample * canvas.size.area() as f64 <= FRAME_SECS;
        let is_own = self.subject.is_some_and(|(picture, by)| subject.picture == picture && subject.is_shown_by(by));
        is_own && subject.recipe.is_neural() && self.opened.as_ref().is_some_and(is_fast)
    }

    /// Whether in the last frame all of what is shown was drawn here.
    pub fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// How many feature tiles it can draw.
    pub fn tiles(&self) -> usize {
        self.slots.len()
    }

    /// Takes over what is shown, and by what.
    pub fn follow(&mut self, ctx: &egui::Context, shown: Option<&Shown>, model: Option<&Arc<LoadedModel>>) {
        self.is_whole = false;
        self.model = model.cloned();
        // Colours of other profiles are changed behind the field: that is the tiles' work.
        let shown = shown.filter(|shown| shown.picture.color.is_srgb());
        let subject = shown.zip(self.model.as_ref()).map(|(shown, model)| (shown.picture.id, model.key()));
        if subject != self.subject {
            self.slots.clear();
            self.subject = subject;
        }
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

    fn take_over(&mut self, opened: Option<Opened>) {
        self.opening = None;
        self.is_unfit = opened.is_none();
        self.slots.resize(opened.as_ref().map_or(0, |opened| opened.atlas.slots()));
        self.opened = opened;
    }

    /// Opens an atlas for the model, if there is none that suits it. Shaders are compiled on a thread.
    fn open(&mut self, ctx: &egui::Context) {
        let Some((device, model)) = self.device.as_ref().zip(self.model.as_ref()) else { return };
        let suits = |opened: &Opened| model.field_params().is_some_and(|params| opened.atlas.suits(params));
        if self.is_unfit || self.opened.as_ref().is_some_and(suits) {
            return;
        }
        let (device, model) = (device.clone(), model.clone());
        // Without a thread it stays as it is: tiles.
        self.opening = OneShot::start("canvas", ctx, move || device.open(&model)).ok();
        self.is_unfit = self.opening.is_none();
    }

    /// Takes in a field. What is not drawn any more is dropped.
    pub fn take(&mut self, field: RenderedField) {
        if self.subject == Some((field.picture, field.by)) {
            self.slots.take(field.cells);
        }
    }

    /// The fields that are missing where a view comes to rest, with a margin around it; `focus` is the position on the
    /// canvas that matters most.
    pub fn missing(&self, canvas: &Canvas, shown: &Shown, focus: [f64; 2]) -> FieldRequest {
        let view = shown.motion.goal();
        let (seen, ahead) = place::wanted(&view, canvas, shown.picture.size, focus);
        let center = view.image_from_screen(focus);
        let by = self.subject.map(|(_, by)| by);
        FieldRequest { by, ..self.slots.request(seen, ahead, center) }
    }

    /// Draws a pane of the canvas, if anything of it can be drawn here.
    pub fn drawing(&mut self, canvas: &Canvas, shown: &Shown, pane: &Pane, view: &View) -> Option<Drawing> {
        let model = self.model.clone()?;
        let subject = pane.subject;
        if !self.draws(canvas, &subject) || view.zoom <= 1.0 {
            return None;
        }
        let (area, grid) = samples_of(pane.area, view, shown)?;
        let [x, y] = [0, 1].map(|i| canvas.origin_in_window[i] as u32);
        let strength = subject.recipe.stages().map(|Stage::Strength(strength)| strength.share()).product();
        let view = CanvasView {
            grid,
            picture: shown.picture.size,
            strength,
            deviation: model.config.normalization.std,
            at: [x + area.x as u32, y + area.y as u32],
        };
        let tiles = feature_tiles_over(view.pixels());
        self.slots.look_at(tiles);
        let is_whole = self.slots.has_all(tiles);
        self.is_whole = is_whole;
        let frame = self.frame(&model, view);
        let opened = self.opened.as_ref()?;
        let far = [area.right() as f64, area.bottom() as f64];
        let near = [area.x as f64, area.y as f64];
        let rect = egui::Rect::from_min_max(canvas.points_from_screen(near), canvas.points_from_screen(far));
        let paint = FieldPaint { atlas: opened.atlas.clone(), pane: pane.area.x, frame };
        Some(Drawing { callback: Callback::new_paint_callback(rect, paint), is_whole })
    }

    /// Brings what has arrived to the device, some of it in each frame: to be painted before what is drawn.
    pub fn uploads(&mut self, canvas: &Canvas) -> Option<egui::PaintCallback> {
        let opened = self.opened.as_ref().filter(|_| self.slots.are_waiting())?;
        let cells = self.slots.uploads(opened.atlas.slot_bytes(), UPLOAD_BYTES);
        let upload = FieldUpload { atlas: opened.atlas.clone(), cells };
        let corner = egui::Rect::from_min_max(canvas.points_from_screen([0.0; 2]), canvas.points_from_screen([1.0; 2]));
        Some(Callback::new_paint_callback(corner, upload))
    }

    /// The tables of a view: those of the last frames, if nothing has changed.
    fn frame(&mut self, model: &LoadedModel, view: CanvasView) -> Arc<FieldFrame> {
        let state = self.slots.state();
        if let Some((.., frame)) = self.frames.iter().find(|(known, at, _)| *known == view && *at == state) {
            return frame.clone();
        }
        let params = model.field_params().expect("only those of live networks are drawn");
        let frame = Arc::new(FieldFrame::new(params, &view, |place| self.slots.slot(place)));
        // One for each pane of a comparison.
        self.frames.truncate(1);
        self.frames.insert(0, (view, state, frame.clone()));
        frame
    }

    /// Whether uploads wait for the next frames.
    pub fn are_waiting(&self) -> bool {
        self.slots.are_waiting()
    }
}
