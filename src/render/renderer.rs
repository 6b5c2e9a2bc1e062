//! Any region of a picture at any scale, now.

use super::color;
use super::ensemble::{FindFeatures, Function};
use super::lock::{self, Locked, Locks};
use super::model::LoadedModel;
use super::sample;
use super::schedule;
use super::source::render_source;
use super::store::{FeatureAccess, FeatureStore, FoundFeatures, Keeping};
use crate::decode::KnownPoints;
use crate::error::Result;
use crate::feature::{FeaturePrecision, FeatureTile};
use crate::geometry::{PixelRect, SampleGrid, Size, feature_tiles_over, merge_tiles};
use crate::key::{DecodedBy, FeatureKey, PictureId};
use crate::lru::ByteLru;
use crate::picture::{Picture, Raster};
use crate::recipe::{Ensemble, Recipe, Sampling, Source, Strength};
use crate::task::{Gate, Interrupt};
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How a renderer works; of its pixels only `precision` changes anything.
#[derive(Clone, Copy, Debug)]
pub struct RenderOptions {
    /// For whom features are kept.
    pub keeping: Keeping,
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
        keeping: Keeping::View,
        feature_budget_bytes: 512 << 20,
        decoded_budget_bytes: 96 << 20,
        max_encode_side: 256,
        precision: FeaturePrecision::Half,
    };

    /// For export: larger rectangles waste less on halos, a smaller budget leaves room for their activations.
    pub const EXPORT: Self = Self {
        keeping: Keeping::Beside,
        feature_budget_bytes: 256 << 20,
        decoded_budget_bytes: 0,
        max_encode_side: 320,
        ..Self::VIEW
    };
}

/// The feature tiles, counted in tiles, that `grid` of a picture of `size` needs of a recipe; none if the network makes none
/// of its pixels.
pub fn features_for(model: &LoadedModel, size: Size, grid: &SampleGrid, recipe: Recipe) -> Option<PixelRect> {
    let sampling = recipe.source().sampling().filter(|_| model.makes(grid, recipe))?;
    let pixels = match recipe.lock() {
        Strength::NONE => sample::pixels_for(model, size, grid, sampling),
        // Its samples lie around all others.
        _ => lock::pixels_for(model, size, grid),
    };
    Some(feature_tiles_over(pixels))
}

/// What decoded colours depend on: everything but the stages behind them.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct DecodedKey {
    picture: PictureId,
    by: DecodedBy,
    ensemble: Ensemble,
    sampling: Sampling,
    /// Bits of the pixel that the network is told.
    cell: [u64; 2],
    /// Bits of origin and pitch, and the length, in y and x.
    grid: [(u64, u64, usize); 2],
}

/// What rendering takes besides the picture, looked up or encoded.
pub(super) enum Gathered {
    /// Nothing: source pixels are enough.
    Nothing,
    /// The function's own colours, decoded before.
    Colors(Arc<Raster>),
    /// Features that cover what is evaluated.
    Features(Vec<Arc<FeatureTile>>),
}

/// Renders on the calling thread (and rayon's), keeping features for the next call.
pub struct Renderer {
    options: RenderOptions,
    features: FeatureAccess,
    decoded: Mutex<ByteLru<DecodedKey, Arc<Raster>>>,
    locks: Locks,
    gate: Gate,
}

impl Renderer {
    /// A renderer with features of its own, none yet.
    pub fn new(options: RenderOptions) -> Self {
        Self::sharing(FeatureStore::default(), options)
    }

    /// A renderer that uses the features of a store, and keeps its own there.
    pub fn sharing(store: FeatureStore, options: RenderOptions) -> Self {
        Self {
            options,
            features: FeatureAccess::new(store, options.keeping, options.feature_budget_bytes),
            decoded: Mutex::new(ByteLru::new(options.decoded_budget_bytes)),
            locks: Locks::default(),
            gate: Gate::default(),
        }
    }

    /// The same, passing a gate before every block that it encodes.
    #[must_use]
    pub fn passing(self, gate: Gate) -> Self {
        Self { gate, ..self }
    }

    /// Takes over another budget for features.
    pub fn set_feature_budget(&mut self, budget_bytes: usize) {
        self.features.set_budget(budget_bytes);
    }

    /// The feature tiles (column, row) of a picture that are ready for a model's view, and the bytes that all features take.
    pub fn ready_features(&self, picture: PictureId, model: &LoadedModel) -> (Vec<(usize, usize)>, usize) {
        let mut tiles = self.features.of_view(picture, &model.readable(self.options.precision));
        tiles.sort_unstable();
        tiles.dedup();
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
        let gathered = self.gather(picture, model, grid, recipe, &|_| interrupt())?;
        self.render_gathered(gathered, picture, model, grid, recipe, interrupt)
    }

    /// Looks up what [`Self::render`] takes, and encodes what is missing, in blocks (counted in feature tiles). Each is
    /// given up once `is_stale` says so of it.
    ///
    /// # Errors
    /// As [`Self::render`].
    pub(super) fn gather(
        &self,
        picture: &Picture,
        model: &LoadedModel,
        grid: &SampleGrid,
        recipe: Recipe,
        is_stale: &(dyn Fn(PixelRect) -> bool + Sync),
    ) -> Result<Gathered> {
        let (Some(tiles), Some(function)) =
            (features_for(model, picture.size, grid, recipe), Function::of_recipe(picture, model, grid, recipe))
        else {
            return Ok(Gathered::Nothing);
        };
        let decoded = self.lock_decoded().get(&self.decoded_key(function, grid)).cloned();
        if let Some(colors) = decoded {
            return Ok(Gathered::Colors(colors));
        }
        self.features_of(picture, model, tiles, is_stale).map(Gathered::Features)
    }

    /// Encodes what is missing of `needed` (counted in feature tiles, as everything here) together with more of what a view
    /// takes, in few blocks: that is faster by far. `focus` is what the view needs first.
    ///
    /// # Errors
    /// As [`Self::render`].
    pub(super) fn encode_around(
        &self,
        picture: &Picture,
        model: &LoadedModel,
        [needed, focus]: [PixelRect; 2],
        view: impl Iterator<Item = PixelRect>,
        is_stale: &(dyn Fn(PixelRect) -> bool + Sync),
    ) -> Result<()> {
        let names = model.readable(self.options.precision);
        if self.features.missing(picture.id, &names, needed.places()).is_empty() {
            return Ok(());
        }
        let tiles: BTreeSet<_> = view.chain([needed]).flat_map(PixelRect::places).collect();
        let missing = self.features.missing(picture.id, &names, tiles.into_iter());
        let together = schedule::together(&missing, needed, focus, self.most_tiles(model));
        for block in self.blocks(model, &together) {
            self.encode(picture, model, block, &|| is_stale(block))?;
        }
        Ok(())
    }

    /// Encodes what rendering `grid` takes of every member and is not there yet, in as few blocks as possible.
    ///
    /// # Errors
    /// As [`Self::render`].
    pub fn encode_for(
        &mut self,
        picture: &Picture,
        model: &LoadedModel,
        grid: &SampleGrid,
        recipe: Recipe,
        interrupt: Interrupt<'_>,
    ) -> Result<()> {
        let others = model.others(recipe.ensemble().members() - 1)?;
        let mut members = std::iter::once(model).chain(others);
        members.try_for_each(|member| self.gather(picture, member, grid, recipe, &|_| interrupt()).map(drop))
    }

    /// The rest of [`Self::render`].
    ///
    /// # Errors
    /// As [`Self::render`].
    pub(super) fn render_gathered(
        &self,
        gathered: Gathered,
        picture: &Picture,
        model: &LoadedModel,
        grid: &SampleGrid,
        recipe: Recipe,
        interrupt: Interrupt<'_>,
    ) -> Result<Raster> {
        let (function, decoded, held) = match (gathered, Function::of_recipe(picture, model, grid, recipe)) {
            (Gathered::Colors(colors), Some(function)) => (function, Some(colors), Vec::new()),
            (Gathered::Features(features), Some(function)) => (function, None, features),
            (Gathered::Nothing, _) | (_, None) => return Ok(render_source(picture, grid, recipe.source())),
        };
        let find = |member: &LoadedModel, pixels| {
            let is_held = std::ptr::eq(member, model) && !held.is_empty();
            if is_held { Ok(held.clone()) } else { self.find(picture, member, pixels, interrupt) }
        };
        let decode = |rows: Range<usize>, known: Option<KnownPoints<'_>>| {
            if let Some(colors) = &decoded {
                return Ok(colors.rows(rows));
            }
            let part = grid.slice(rows, 0..grid.x.len);
            self.decode(Function { known, ..function }, &part, &find, interrupt).map(Arc::unwrap_or_clone)
        };
        let mut colors = if recipe.lock() == Strength::NONE {
            decode(0..grid.y.len, None)?
        } else {
            let locked = Locked { function, grid, precision: self.options.precision };
            self.locks.colors(locked, recipe.lock(), (&find, interrupt), &decode)?
        };
        color::within_range(&mut colors, picture.is_grey);
        if recipe.strength() != Strength::FULL {
            color::mix(&mut colors, &render_source(picture, grid, Source::Bicubic), recipe.strength().share());
        }
        Ok(colors)
    }

    /// The function's own colours on `grid`, not clamped.
    fn decode(
        &self,
        function: Function<'_>,
        grid: &SampleGrid,
        find: FindFeatures<'_>,
        interrupt: Interrupt<'_>,
    ) -> Result<Arc<Raster>> {
        let Function { picture, model, .. } = function;
        let key = self.decoded_key(function, grid);
        let colors = function.colors(grid, find, interrupt)?;
        let raster = Arc::new(color::with_opacity(picture, grid, colors));
        // Where a graphics device was lost, or came back, in the middle, the name is not what made them.
        let is_by_its_name = key == self.decoded_key(function, grid);
        // A field's colours are made again as fast as they are copied.
        let is_dear = !model.is_live() || function.ensemble != Ensemble::One;
        if self.options.decoded_budget_bytes > 0 && is_by_its_name && is_dear {
            let evicted = self.lock_decoded().insert(key, raster.clone(), raster.data.len() * size_of::<f32>());
            drop(evicted);
        }
        Ok(raster)
    }

    fn lock_decoded(&self) -> MutexGuard<'_, ByteLru<DecodedKey, Arc<Raster>>> {
        // Whoever panics while holding it has put in a whole raster, or none.
        self.decoded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn decoded_key(&self, function: Function<'_>, grid: &SampleGrid) -> DecodedKey {
        let Function { picture, model, ensemble, sampling, cell, .. } = function;
        let grid = [grid.y, grid.x].map(|axis| (axis.origin.to_bits(), axis.pitch.to_bits(), axis.len));
        DecodedKey {
            picture: picture.id,
            by: model.decoded_by(self.options.precision),
            ensemble,
            sampling,
            cell: cell.map(f64::to_bits),
            grid,
        }
    }

    /// What the model's decoder answers at every sample, `[grid.y.len, grid.x.len, 3]`, not clamped
    /// ([`crate::decode::Decoder::query`]): of LIIF normalised RGB.
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
        let features = self.find(picture, model, sample::pixels_for(model, picture.size, grid, sampling), interrupt)?;
        sample::query_rgb(model, picture.size, grid, sampling, &features, interrupt)
    }

    /// Whether rendering `grid` by a recipe needs nothing encoded.
    pub fn is_ready(&self, picture: &Picture, model: &LoadedModel, grid: &SampleGrid, recipe: Recipe) -> bool {
        let needed =
            features_for(model, picture.size, grid, recipe).zip(Function::of_recipe(picture, model, grid, recipe));
        needed.is_none_or(|(tiles, function)| {
            let names = model.readable(self.options.precision);
            // What is locked looks up features for samples of its own.
            (recipe.lock() == Strength::NONE && self.lock_decoded().contains(&self.decoded_key(function, grid)))
                || self.features.missing(picture.id, &names, tiles.places()).is_empty()
        })
    }

    /// Whether a feature tile (column, row) is there.
    #[cfg(feature = "gpu")]
    pub(super) fn has_features(&self, picture: PictureId, model: &LoadedModel, tile: (usize, usize)) -> bool {
        self.features.missing(picture, &model.readable(self.options.precision), std::iter::once(tile)).is_empty()
    }

    /// The features of source pixels, as [`Self::features_of`] their tiles.
    pub(super) fn find(
        &self,
        picture: &Picture,
        model: &LoadedModel,
        pixels: PixelRect,
        interrupt: Interrupt<'_>,
    ) -> Result<Vec<Arc<FeatureTile>>> {
        self.features_of(picture, model, feature_tiles_over(pixels), &|_| interrupt())
    }

    /// The feature tiles of a rectangle (`tiles` counts in tiles), encoded now unless kept from before. They are held by
    /// the caller, so a budget smaller than the rectangle costs time, never pixels.
    pub(super) fn features_of(
        &self,
        picture: &Picture,
        model: &LoadedModel,
        tiles: PixelRect,
        is_stale: &(dyn Fn(PixelRect) -> bool + Sync),
    ) -> Result<Vec<Arc<FeatureTile>>> {
        let names = model.readable(self.options.precision);
        let FoundFeatures { tiles: mut found, missing } = self.features.find(picture.id, &names, tiles.places());
        for block in self.blocks(model, &missing) {
            found.extend(self.encode(picture, model, block, &|| is_stale(block))?);
        }
        Ok(found)
    }

    /// Encodes a block of feature tiles.
    fn encode(
        &self,
        picture: &Picture,
        model: &LoadedModel,
        block: PixelRect,
        interrupt: Interrupt<'_>,
    ) -> Result<Vec<Arc<FeatureTile>>> {
        self.gate.pass()?;
        let (tiles, by) = model.encode_tiles(picture, block, self.options.precision, interrupt)?;
        let named = |(tile, features)| (FeatureKey { picture: picture.id, by, tile }, Arc::new(features));
        let encoded: Vec<_> = tiles.into_iter().map(named).collect();
        let features = encoded.iter().map(|(_, features)| features.clone()).collect();
        self.features.keep(encoded.into_iter());
        Ok(features)
    }

    /// Missing feature tiles, in blocks to be encoded in one go.
    fn blocks(&self, model: &LoadedModel, missing: &[(usize, usize)]) -> Vec<PixelRect> {
        merge_tiles(missing, self.most_tiles(model))
    }

    /// The longest side of such a block.
    fn most_tiles(&self, model: &LoadedModel) -> usize {
        schedule::most_tiles(model.config.encoder.radius(), self.options.max_encode_side)
    }
}
