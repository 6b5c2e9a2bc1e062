//! Any region of a picture at any scale, now.

use super::cache::ByteLru;
use super::model::LoadedModel;
use crate::decode::{self, Sampling};
use crate::error::Result;
use crate::feature::{FeaturePrecision, FeatureTile, FeatureWindow};
use crate::geometry::{FEATURE_TILE, PixelRect, SampleGrid, codes_for, feature_tiles_over, merge_tiles};
use crate::key::{FeatureKey, Quality};
use crate::picture::{Picture, Raster, resample};
use crate::task::Interrupt;
use std::sync::Arc;

/// How a renderer works; the pixels do not depend on it, apart from the features' precision.
#[derive(Clone, Copy, Debug)]
pub struct RenderOptions {
    /// Memory for features.
    pub feature_budget_bytes: usize,
    /// The largest side that is encoded at once, in source pixels without the halo.
    pub max_encode_side: usize,
    /// How features are kept.
    pub precision: FeaturePrecision,
    /// Where the function is evaluated.
    pub sampling: Sampling,
}

impl RenderOptions {
    /// For the window: small rectangles, so that the newest view never waits long.
    pub const VIEW: Self = Self {
        feature_budget_bytes: 512 << 20,
        max_encode_side: 256,
        precision: FeaturePrecision::Half,
        sampling: Sampling::Lattice,
    };

    /// For export: larger rectangles waste less on halos, a smaller budget leaves room for their activations.
    pub const EXPORT: Self = Self { feature_budget_bytes: 256 << 20, max_encode_side: 384, ..Self::VIEW };
}

/// Renders on the calling thread (and rayon's), keeping features for the next call.
pub struct Renderer {
    options: RenderOptions,
    features: ByteLru<FeatureKey, Arc<FeatureTile>>,
}

impl Renderer {
    /// A renderer without any features yet.
    pub fn new(options: RenderOptions) -> Self {
        Self { options, features: ByteLru::new(options.feature_budget_bytes) }
    }

    /// The picture on `grid`: the continuous function for [`Quality::Neural`], unless nothing is enlarged; else the
    /// resampled source. 3 channels, 4 if the picture has opacity.
    ///
    /// # Errors
    /// [`crate::error::Error::Cancelled`] if interrupted, [`crate::error::Error::Device`] if the encoder fails.
    pub fn render(
        &mut self,
        picture: &Picture,
        model: &LoadedModel,
        grid: &SampleGrid,
        quality: Quality,
        interrupt: Interrupt<'_>,
    ) -> Result<Raster> {
        if quality == Quality::Resampled || grid.is_reduction() {
            return Ok(resample::resample_region(picture, grid));
        }
        let mut rgb = self.query_rgb(picture, model, grid, interrupt)?;
        model.decoder.denormalize(&mut rgb);
        let opaque = Raster { size: grid.size(), channels: 3, data: rgb };
        Ok(match resample::alpha_region(picture, grid) {
            Some(alpha) => opaque.with_alpha(&alpha),
            None => opaque,
        })
    }

    /// Normalised RGB of the continuous function, `[grid.y.len, grid.x.len, 3]`, not clamped: what
    /// [`crate::model::Liif::query_rgb`] answers.
    ///
    /// # Errors
    /// As [`Self::render`].
    pub fn query_rgb(
        &mut self,
        picture: &Picture,
        model: &LoadedModel,
        grid: &SampleGrid,
        interrupt: Interrupt<'_>,
    ) -> Result<Vec<f32>> {
        let margin = model.decoder.margin();
        let codes = self.codes(picture, grid);
        let needed = feature_tiles_over(codes.grown_within(margin, picture.size));
        let tiles = self.features_of(picture, model, needed, interrupt)?;
        let window = FeatureWindow::assemble(&tiles, codes, margin);
        decode::query_rgb(&model.decoder, &window, picture.size, grid, self.options.sampling, interrupt)
    }

    /// The codes that decoding `grid` asks.
    fn codes(&self, picture: &Picture, grid: &SampleGrid) -> PixelRect {
        codes_for(&decode::sample_points(grid, self.options.sampling), picture.size)
    }

    /// Whether everything that decoding `grid` needs is encoded.
    pub fn is_ready(&self, picture: &Picture, model: &LoadedModel, grid: &SampleGrid) -> bool {
        let codes = self.codes(picture, grid).grown_within(model.decoder.margin(), picture.size);
        grid.is_reduction() || keys(picture, model, feature_tiles_over(codes)).all(|key| self.features.contains(&key))
    }

    /// The feature tiles of a block (`tiles` counts in tiles), encoded now unless kept from before. They are held by
    /// the caller, so a budget smaller than the block costs time, never pixels.
    fn features_of(
        &mut self,
        picture: &Picture,
        model: &LoadedModel,
        tiles: PixelRect,
        interrupt: Interrupt<'_>,
    ) -> Result<Vec<Arc<FeatureTile>>> {
        let (mut found, mut missing) = (Vec::new(), Vec::new());
        for key in keys(picture, model, tiles) {
            match self.features.get(&key) {
                Some(tile) => found.push(tile.clone()),
                None => missing.push(key.tile),
            }
        }
        // A deep encoder keeps many maps of a block at a time and has a wide halo: it goes tile by tile.
        let is_deep = model.config.encoder.radius() > FEATURE_TILE / 2;
        let most = if is_deep { 1 } else { (self.options.max_encode_side / FEATURE_TILE).max(1) };
        for block in merge_tiles(&missing, most) {
            for (tile, features) in model.encoder.encode_tiles(picture, block, self.options.precision, interrupt)? {
                let (bytes, features) = (features.byte_len(), Arc::new(features));
                found.push(features.clone());
                self.features.insert(FeatureKey { picture: picture.id, model: model.id, tile }, features, bytes);
            }
        }
        Ok(found)
    }
}

fn keys(picture: &Picture, model: &LoadedModel, tiles: PixelRect) -> impl Iterator<Item = FeatureKey> + use<> {
    let (picture, model) = (picture.id, model.id);
    (tiles.y..tiles.bottom()).flat_map(move |row| {
        (tiles.x..tiles.right()).map(move |column| FeatureKey { picture, model, tile: (column, row) })
    })
}
