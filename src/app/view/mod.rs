//! Where one looks, and what is there.

mod apply;
pub mod canvas;
pub mod command;
pub mod fields;
pub mod frame;
pub mod inquiry;
pub mod look;
pub mod loupe;
pub mod maps;
pub mod motion;
pub mod panels;
pub mod rate;
mod requests;
pub mod scene;
pub mod textures;
pub mod tiles;
pub mod tools;
pub mod zoom;

pub use command::Command;
pub use tools::Tool;

use crate::feature::FeaturePrecision;
use crate::geometry::{Size, View};
use crate::picture::Picture;
use crate::recipe::Strength;
use crate::render::{FeatureReport, FeatureStore, LoadedModel, Probe};
use canvas::Canvas;
use egui::{Pos2, TextureHandle};
use inquiry::Inquiry;
use motion::Motion;
use panels::zoom::ZoomForm;
use rate::Rate;
use std::sync::Arc;

/// The picture on the canvas.
pub struct Shown {
    /// The picture.
    pub picture: Arc<Picture>,
    /// The view of it.
    pub motion: Motion,
    /// The whole of it, small.
    pub preview: TextureHandle,
    /// The same with hard edges, once squares are wanted and only if it is not reduced.
    pub squares: Option<TextureHandle>,
    /// What transparent parts are shown over.
    pub checker: TextureHandle,
    /// Whether it looks like pixel art or a screenshot rather than a photograph.
    pub suits_nearest: bool,
}

/// What is under the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The source pixel (x, y).
    pub pixel: (usize, usize),
    /// The colour that the screen shows there, once it is the final one.
    pub shown: Option<[u8; 3]>,
    /// The output pixel there, if a network makes it.
    pub made: Option<Probe>,
}

/// How near the canvas is to what an export would write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sharpness {
    /// Moving, waiting for tiles, or fading them in.
    #[default]
    Sharpening,
    /// Every pixel is a live network's, which stands in for a larger one.
    Live,
    /// Every pixel is the continuous function, as an export would write it.
    Exact,
    /// Every pixel is resampled from the source, which is all there is at ×1 and below.
    Resampled,
    /// The renderer has given up on this view.
    Failed,
}

/// What is looked at, and how far it is.
pub struct State {
    /// Where the picture is shown.
    pub canvas: Canvas,
    /// The picture, if there is one.
    pub shown: Option<Shown>,
    /// How much of the network's detail is shown.
    pub strength: Strength,
    /// What a drag on the canvas does.
    pub tool: Tool,
    /// Where the selection that is being drawn began, in source pixels.
    pub selecting: Option<[f64; 2]>,
    /// The zoom that is typed in the panel for it.
    pub form: ZoomForm,
    /// Where the features are, which exports, copies and previews use too.
    pub store: FeatureStore,
    /// Which features are ready, by model.
    pub features: Vec<FeatureReport>,
    /// How fast the view is computed.
    pub rate: Rate,
    /// The part of the view's final tiles that is there, in [0, 1].
    pub part_there: f32,
    /// Whether pixels of the network are on the canvas, at the view's goal.
    pub has_neural: bool,
    /// What is under the cursor.
    pub reading: Option<Reading>,
    /// What is to be known of the network's own share, and what is known.
    pub inquiry: Inquiry,
    /// Memory that tiles take, in bytes.
    pub tile_bytes: usize,
    /// How near the canvas is to the final picture.
    pub sharpness: Sharpness,
}

impl Default for State {
    fn default() -> Self {
        let canvas = Canvas { origin_in_window: [0.0, 0.0], size: Size::new(1280, 780), pixels_per_point: 1.0 };
        Self {
            canvas,
            shown: None,
            strength: Strength::FULL,
            tool: Tool::default(),
            selecting: None,
            form: ZoomForm::default(),
            store: FeatureStore::default(),
            features: Vec::new(),
            rate: Rate::default(),
            part_there: 0.0,
            has_neural: false,
            reading: None,
            inquiry: Inquiry::default(),
            tile_bytes: 0,
            sharpness: Sharpness::default(),
        }
    }
}

impl State {
    /// The view at a moment, if there is a picture.
    pub fn view(&self, now_secs: f64) -> Option<View> {
        self.shown.as_ref().map(|shown| shown.motion.view(now_secs))
    }

    /// Takes over which features are ready.
    pub(super) fn take_features(&mut self, report: FeatureReport) {
        self.features.retain(|known| known.by != report.by && known.picture == report.picture);
        self.features.push(report);
    }

    /// Which features of a model are ready, as far as that was told.
    pub fn features_of(&self, model: &LoadedModel) -> Option<&FeatureReport> {
        let by = model.encoded_by(FeaturePrecision::Half);
        self.features.iter().find(|report| report.by == by)
    }

    /// The source pixel under a position in points, if it is on the canvas and on the picture.
    pub fn source_pixel_at(&self, at: Pos2, now_secs: f64) -> Option<(usize, usize)> {
        let shown = self.shown.as_ref().filter(|_| self.canvas.rect_in_points().contains(at))?;
        let [x, y] = shown.motion.view(now_secs).image_from_screen(self.canvas.screen_from_points(at));
        let Size { width, height } = shown.picture.size;
        let is_inside = x >= 0.0 && y >= 0.0 && x < width as f64 && y < height as f64;
        is_inside.then_some((x as usize, y as usize))
    }
}
