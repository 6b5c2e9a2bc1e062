//! Any region of a picture at any scale, now.

use super::cache::ByteLru;
use super::model::LoadedModel;
use super::source::render_source;
use crate::decode;
use crate::error::Result;
use crate::feature::{FeaturePrecision, FeatureTile, FeatureWindow};
use crate::geometry::{
    AxisGrid, FEATURE_TILE, PixelRect, SampleGrid, Size, VIEW_TILE, codes_for, feature_tiles_over, merge_tiles,
};
use crate::key::{FeatureKey, ModelId, PictureId};
use crate::picture::{Picture, Raster, resample};
use crate::recipe::{Recipe, Sampling, Source, Stage};
use crate::task::{Gate, Interrupt};
use std::sync::Arc;

/// How a renderer works; of its pixels only `precision` changes anything.
#[derive(Clone, Copy, Debug)]
pub struct RenderOptions {
    /// Memory for features.
    pub feature_budget_bytes: usize,
    /// Memory for decoded colours, which make another strength a matter of mixing. None are kept with 0.
    pub decoded_budget_bytes: usize,
    /// The largest side that is encoded at once, in source pixels without the halo.
    pub max_encode_side: usize,
    /// How features are kept.
    pub precision: FeaturePrecision,
}

impl RenderOptions {
    /// For the window: small rectangles, so that the newest view never waits long.
    pub const VIEW: Self = Self {
        feature_budget_bytes: 512 << 20,
        decoded_budget_bytes: 96 << 20,
        max_encode_side: 256,
        precision: FeaturePrecision::Half,
    };

    /// For export: larger rectangles waste less on halos, a smaller budget leaves room for their activations.
    pub const EXPORT: Self =
        Self { feature_budget_bytes: 256 << 20, decoded_budget_bytes: 0, max_encode_side: 384, ..Self::VIEW };
}

/// The feature tiles, counted in tiles, that `grid` of a picture of `size` needs of a recipe; none if the network makes none
/// of its pixels.
pub fn features_for(model: &LoadedModel, size: Size, grid: &SampleGrid, recipe: Recipe) -> Option<PixelRect> {
    let sampling = recipe.source().sampling().filter(|_| !grid.is_reduction())?;
    Some(tiles_of(model, size, grid, sampling))
}

fn tiles_of(model: &LoadedModel, size: Size, grid: &SampleGrid, sampling: Sampling) -> PixelRect {
    let codes = codes_for(&decode::sample_points(grid, sampling), size);
    feature_tiles_over(codes.grown_within(model.decoder.margin(), size))
}

/// What decoded colours depend on: everything but the strength.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct DecodedKey {
    picture: PictureId,
    model: ModelId,
    sampling: Sampling,
    /// Bits of origin and pitch, and the length, in y and x.
    grid: [(u64, u64, usize); 2],
}

impl DecodedKey {
    fn new(picture: &Picture, model: &LoadedModel, grid: &SampleGrid, sampling: Sampling) -> Self {
        let grid = [grid.y, grid.x].map(|axis| (axis.origin.to_bits(), axis.pitch.to_bits(), axis.len));
        Self { picture: picture.id, model: model.key, sampling, grid }
    }
}

/// Renders on the calling thread (and rayon's), keeping features for the next call.
pub struct Renderer {
    options: RenderOptions,
    features: ByteLru<FeatureKey, Arc<FeatureTile>>,
    decoded: ByteLru<DecodedKey, Arc<Raster>>,
    gate: Gate,
}

impl Renderer {
    /// A renderer without any features yet.
    pub fn new(options: RenderOptions) -> Self {
        Self {
            options,
            features: ByteLru::new(options.feature_budget_bytes),
            decoded: ByteLru::new(options.decoded_budget_bytes),
            gate: Gate::default(),
        }
    }

    /// The same, passing a gate before every block that it encodes.
    #[must_use]
    pub fn passing(self, gate: Gate) -> Self {
        Self { gate, ..self }
    }

    /// How it works.
    pub fn options(&self) -> &RenderOptions {
        &self.options
    }

    /// Takes over another budget for features.
    pub fn set_feature_budget(&mut self, budget_bytes: usize) {
        drop(self.features.set_budget(budget_bytes));
    }

    /// The feature tiles (column, row) of a picture that are ready, and the bytes that all features take.
    pub fn ready_features(&self, picture: PictureId, model: ModelId) -> (Vec<(usize, usize)>, usize) {
        let is_of = |key: &&FeatureKey| key.picture == picture && key.model == model;
        let tiles = self.features.iter().map(|(key, _)| key).filter(is_of).map(|key| key.tile).collect();
        (tiles, self.features.used_bytes())
    }

    /// The picture on `grid`: the continuous function where `recipe` asks for it and something is enlarged, mixed with
    /// the bicubic picture below full strength; else source pixels alone. 3 channels, 4 if the picture has opacity.
    ///
    /// # Errors
    /// [`crate::error::Error::Cancelled`] if interrupted, [`crate::error::Error::Device`] if the encoder fails.
    pub fn render(
        &mut self,
        picture: &Picture,
        model: &LoadedModel,
        grid: &SampleGrid,
        recipe: impl Into<Recipe>,
        interrupt: Interrupt<'_>,
    ) -> Result<Raster> {
        let recipe = recipe.into();
        let sampling = match recipe.source() {
            Source::Liif(sampling) if !grid.is_reduction() => sampling,
            source => return Ok(render_source(picture, grid, source)),
        };
        let decoded = self.decode(picture, model, grid, sampling, interrupt)?;
        let mut colors = Arc::unwrap_or_clone(decoded);
        for stage in recipe.stages() {
            match stage {
                Stage::Strength(strength) => {
                    mix(&mut colors, &render_source(picture, grid, Source::Bicubic), strength.share());
                }
            }
        }
        Ok(colors)
    }

    /// The function's own colours on `grid`, kept from before or decoded now.
    fn decode(
        &mut self,
        picture: &Picture,
        model: &LoadedModel,
        grid: &SampleGrid,
        sampling: Sampling,
        interrupt: Interrupt<'_>,
    ) -> Result<Arc<Raster>> {
        let key = DecodedKey::new(picture, model, grid, sampling);
        if let Some(raster) = self.decoded.get(&key) {
            return Ok(raster.clone());
        }
        let mut rgb = self.query_rgb(picture, model, grid, sampling, interrupt)?;
        model.decoder.denormalize(&mut rgb);
        let opaque = Raster { size: grid.size(), channels: 3, data: rgb };
        let raster = Arc::new(match resample::alpha_region(picture, grid) {
            Some(alpha) => opaque.with_alpha(&alpha),
            None => opaque,
        });
        if self.options.decoded_budget_bytes > 0 {
            self.decoded.insert(key, raster.clone(), raster.data.len() * size_of::<f32>());
        }
        Ok(raster)
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
        sampling: Sampling,
        interrupt: Interrupt<'_>,
    ) -> Result<Vec<f32>> {
        let margin = model.decoder.margin();
        let codes = codes_for(&decode::sample_points(grid, sampling), picture.size);
        let needed = feature_tiles_over(codes.grown_within(margin, picture.size));
        let tiles = self.features_of(picture, model, needed, interrupt)?;
        let window = FeatureWindow::assemble(&tiles, codes, margin);
        model.query_rgb(&window, picture.size, grid, sampling, interrupt)
    }

    /// Whether rendering `grid` by a recipe needs nothing encoded.
    pub fn is_ready(&self, picture: &Picture, model: &LoadedModel, grid: &SampleGrid, recipe: Recipe) -> bool {
        self.missing_features(picture, model, grid, recipe).is_empty()
    }

    /// What rendering `grid` by a recipe needs encoded: blocks, counted in feature tiles, each to be encoded in one
    /// go. Nothing where the colours themselves are kept.
    pub fn missing_features(
        &self,
        picture: &Picture,
        model: &LoadedModel,
        grid: &SampleGrid,
        recipe: Recipe,
    ) -> Vec<PixelRect> {
        let Some(sampling) = recipe.source().sampling() else { return Vec::new() };
        let is_kept = self.decoded.contains(&DecodedKey::new(picture, model, grid, sampling));
        let needed = features_for(model, picture.size, grid, recipe).filter(|_| !is_kept);
        needed.map_or_else(Vec::new, |tiles| self.blocks(picture, model, tiles))
    }

    /// Encodes a block of feature tiles.
    ///
    /// # Errors
    /// As [`Self::render`].
    pub fn encode(
        &mut self,
        picture: &Picture,
        model: &LoadedModel,
        block: PixelRect,
        interrupt: Interrupt<'_>,
    ) -> Result<Vec<Arc<FeatureTile>>> {
        self.gate.pass()?;
        let mut encoded = Vec::new();
        for (tile, features) in model.encode_tiles(picture, block, self.options.precision, interrupt)? {
            let (bytes, features) = (features.byte_len(), Arc::new(features));
            encoded.push(features.clone());
            self.features.insert(FeatureKey { picture: picture.id, model: model.key, tile }, features, bytes);
        }
        Ok(encoded)
    }

    /// The feature tiles of a rectangle (`tiles` counts in tiles), encoded now unless kept from before. They are held by
    /// the caller, so a budget smaller than the rectangle costs time, never pixels.
    fn features_of(
        &mut self,
        picture: &Picture,
        model: &LoadedModel,
        tiles: PixelRect,
        interrupt: Interrupt<'_>,
    ) -> Result<Vec<Arc<FeatureTile>>> {
        let blocks = self.blocks(picture, model, tiles);
        let mut found: Vec<_> =
            keys(picture, model, tiles).filter_map(|key| self.features.get(&key).cloned()).collect();
        for block in blocks {
            found.extend(self.encode(picture, model, block, interrupt)?);
        }
        Ok(found)
    }

    /// What is missing of a rectangle of feature tiles, in blocks to be encoded in one go.
    fn blocks(&self, picture: &Picture, model: &LoadedModel, tiles: PixelRect) -> Vec<PixelRect> {
        let missing: Vec<_> =
            keys(picture, model, tiles).filter(|key| !self.features.contains(key)).map(|key| key.tile).collect();
        // A deep encoder keeps many maps of a block at a time and has a wide halo: it goes tile by tile.
        let is_deep = model.config.encoder.radius() > FEATURE_TILE / 2;
        let most = if is_deep { 1 } else { (self.options.max_encode_side / FEATURE_TILE).max(1) };
        merge_tiles(&missing, most)
    }
}

/// Whether a coarse pass costs at most half of what the default one costs at a zoom, so that it is worth being made.
pub fn coarse_saves(zoom: f64) -> bool {
    let axis = AxisGrid { origin: 0.0, pitch: 1.0 / zoom, len: VIEW_TILE };
    let samples = |sampling| decode::sample_points(&SampleGrid { y: axis, x: axis }, sampling).size().area();
    2 * samples(Sampling::Coarse) <= samples(Sampling::Lattice)
}

/// Draws colours towards those of `plain`, of the same size and channels; `share` of them stays.
fn mix(colors: &mut Raster, plain: &Raster, share: f32) {
    colors.data.iter_mut().zip(&plain.data).for_each(|(own, plain)| *own = plain + (*own - plain) * share);
}

fn keys(picture: &Picture, model: &LoadedModel, tiles: PixelRect) -> impl Iterator<Item = FeatureKey> + use<> {
    let (picture, model) = (picture.id, model.key);
    (tiles.y..tiles.bottom()).flat_map(move |row| {
        (tiles.x..tiles.right()).map(move |column| FeatureKey { picture, model, tile: (column, row) })
    })
}
