//! Rendering any amount of pixels in bands, in memory that does not grow with them.

use super::band::{Band, Depth};
use super::check_size;
use super::plan::{BLOCK_ROWS, Plan};
use crate::error::Result;
use crate::geometry::{FEATURE_TILE, SampleGrid};
use crate::picture::{Picture, Raster};
use crate::recipe::Recipe;
use crate::render::{FeatureStore, LoadedModel, RenderOptions, Renderer};
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
        self.render_blocks(&self.plan(Depth::F32), gate, &mut whole)?;
        Ok(whole.0.into_raster())
    }

    /// How it is made, if bands are held in `depth`.
    pub(super) fn plan(&self, depth: Depth) -> Plan {
        let codes = FEATURE_TILE * FEATURE_TILE * self.model.config.encoder.features();
        let tile_bytes = if self.is_neural() { codes * size_of::<half::f16>() } else { 0 };
        Plan::new(self.grid, self.picture.channels() * depth.bytes(), tile_bytes)
    }

    /// Whether the network makes its pixels.
    fn is_neural(&self) -> bool {
        self.model.makes(self.grid, self.recipe)
    }

    /// Renders block by block.
    pub(super) fn render_blocks(&self, plan: &Plan, gate: &Gate, to: &mut dyn Blocks) -> Result<()> {
        let mut renderer = Renderer::sharing(self.features.clone(), RenderOptions::EXPORT).passing(gate.clone());
        let width = self.grid.x.len;
        for band in &plan.bands {
            let chunk = plan.chunk.unwrap_or(width);
            for start in (0..width).step_by(chunk) {
                let columns = start..(start + chunk).min(width);
                if self.is_neural() {
                    let part = self.grid.slice(plan.encoded_with(band, self.grid), columns.clone());
                    renderer.encode_for(self.picture, self.model, &part, self.recipe, &|| gate.is_stopped())?;
                }
                self.render_chunk(&mut renderer, plan.block, (band.clone(), columns), gate, to)?;
            }
            to.end_band(band.clone())?;
        }
        Ok(())
    }

    fn render_chunk(
        &self,
        renderer: &mut Renderer,
        width: usize,
        (rows, columns): (Range<usize>, Range<usize>),
        gate: &Gate,
        to: &mut dyn Blocks,
    ) -> Result<()> {
        for column in columns.clone().step_by(width) {
            for row in rows.clone().step_by(BLOCK_ROWS) {
                gate.pass()?;
                let ends = [(row + BLOCK_ROWS).min(rows.end), (column + width).min(columns.end)];
                let grid = self.grid.slice(row..ends[0], column..ends[1]);
                let block = renderer.render(self.picture, self.model, &grid, self.recipe, &|| gate.is_stopped())?;
                to.block(row, column, block);
            }
        }
        Ok(())
    }
}
