//! Rendering any amount of pixels in bands, in memory that does not grow with them.

use super::band::{Band, Depth};
use super::check_size;
use super::plan::{BLOCK_ROWS, Plan};
use crate::error::Result;
use crate::geometry::{FEATURE_TILE, SampleGrid};
use crate::picture::{Picture, Raster};
use crate::recipe::{Ensemble, Recipe};
use crate::render::{FeatureStore, InventionLayer, LoadedModel, RenderOptions, Renderer};
use crate::task::Gate;
use std::ops::Range;

/// Who takes the blocks of a scene, band by band from top to bottom.
pub(super) trait Blocks {
    /// Takes a block, by its first row and column in the whole.
    fn block(&mut self, row: usize, column: usize, block: Raster);

    /// All blocks of these rows were given.
    ///
    /// # Errors
    /// Whatever ends the export.
    fn end_band(&mut self, rows: Range<usize>) -> Result<()>;
}

/// What is made of a scene.
#[derive(Clone, Copy)]
pub(super) enum Made {
    /// The picture, 3 channels or 4 with opacity.
    Picture,
    /// A layer of its invention map, in colours, 3 channels.
    Map(InventionLayer),
}

/// Everything in memory.
struct Whole(Band);

impl Blocks for Whole {
    fn block(&mut self, row: usize, column: usize, block: Raster) {
        self.0.put(row, column, &block);
    }

    fn end_band(&mut self, _: Range<usize>) -> Result<()> {
        Ok(())
    }
}

/// What to render: an export without its file.
#[derive(Clone, Copy)]
pub struct RenderScene<'a> {
    /// Of which picture.
    pub picture: &'a Picture,
    /// By which model.
    pub model: &'a LoadedModel,
    /// Which samples.
    pub grid: &'a SampleGrid,
    /// How its pixels are made.
    pub recipe: Recipe,
    /// Where features are looked up.
    pub features: &'a FeatureStore,
}

impl RenderScene<'_> {
    /// Renders everything into memory, 3 channels or 4 with opacity.
    ///
    /// # Errors
    /// [`crate::error::Error::Request`] (too large), [`crate::error::Error::Device`],
    /// [`crate::error::Error::Cancelled`].
    pub fn render(&self, gate: &Gate) -> Result<Raster> {
        let size = self.grid.size();
        check_size(size)?;
        let mut whole = Whole(Band::new(size, self.picture.channels(), Depth::F32));
        self.render_blocks(&self.plan(Made::Picture, Depth::F32), Made::Picture, gate, &mut whole)?;
        Ok(whole.0.into_raster())
    }

    /// How it is made, if bands are held in `depth`.
    pub(super) fn plan(&self, made: Made, depth: Depth) -> Plan {
        let codes = FEATURE_TILE * FEATURE_TILE * self.model.config.encoder.features();
        let tile_bytes = if self.is_neural() { codes * size_of::<half::f16>() } else { 0 };
        let (channels, ensemble) = match made {
            Made::Picture => (self.picture.channels(), self.recipe.ensemble()),
            Made::Map(_) => (3, Ensemble::Eight),
        };
        // The features of every member are held.
        let tile_bytes = tile_bytes * ensemble.members();
        Plan::new(self.grid, channels * depth.bytes(), tile_bytes, self.picture.most_rows_kept())
    }

    /// Whether the network makes its pixels.
    fn is_neural(&self) -> bool {
        self.model.makes(self.grid, self.recipe)
    }

    /// Renders block by block.
    pub(super) fn render_blocks(&self, plan: &Plan, made: Made, gate: &Gate, to: &mut dyn Blocks) -> Result<()> {
        let options = RenderOptions { feature_budget_bytes: plan.feature_bytes, ..RenderOptions::EXPORT };
        let mut renderer = Renderer::sharing(self.features.clone(), options).passing(gate.clone());
        let width = self.grid.x.len;
        for band in &plan.bands {
            let chunk = plan.chunk.unwrap_or(width);
            for start in (0..width).step_by(chunk) {
                let columns = start..(start + chunk).min(width);
                if self.is_neural() {
                    let part = self.grid.slice(plan.encoded_with(band, self.grid), columns.clone());
                    self.encode(&mut renderer, made, &part, gate)?;
                }
                self.render_chunk(&mut renderer, (made, plan.block), (band.clone(), columns), gate, to)?;
            }
            to.end_band(band.clone())?;
        }
        Ok(())
    }

    fn render_chunk(
        &self,
        renderer: &mut Renderer,
        (made, width): (Made, usize),
        (rows, columns): (Range<usize>, Range<usize>),
        gate: &Gate,
        to: &mut dyn Blocks,
    ) -> Result<()> {
        for column in columns.clone().step_by(width) {
            for row in rows.clone().step_by(BLOCK_ROWS) {
                gate.pass()?;
                let ends = [(row + BLOCK_ROWS).min(rows.end), (column + width).min(columns.end)];
                let grid = self.grid.slice(row..ends[0], column..ends[1]);
                to.block(row, column, self.block(renderer, made, &grid, gate)?);
            }
        }
        Ok(())
    }

    /// Encodes what `grid` takes of every model that has a part in it.
    fn encode(&self, renderer: &mut Renderer, made: Made, grid: &SampleGrid, gate: &Gate) -> Result<()> {
        let Self { picture, model, recipe, .. } = *self;
        match made {
            Made::Picture => renderer.encode_for(picture, model, grid, recipe, &|| gate.is_stopped()),
            Made::Map(_) => renderer.encode_for_invention(picture, model, grid, recipe, &|| gate.is_stopped()),
        }?;
        picture.check_read()
    }

    fn block(&self, renderer: &mut Renderer, made: Made, grid: &SampleGrid, gate: &Gate) -> Result<Raster> {
        let Self { picture, model, recipe, .. } = *self;
        let block = match made {
            Made::Picture => renderer.render(picture, model, grid, recipe, &|| gate.is_stopped())?,
            Made::Map(layer) => {
                let map = renderer.invention(picture, model, grid, recipe, &|| gate.is_stopped())?;
                map.colors(layer)
            }
        };
        // What could not be read is black in it.
        picture.check_read().map(|()| block)
    }
}
