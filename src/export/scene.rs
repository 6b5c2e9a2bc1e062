//! Rendering any amount of pixels in bands, in memory that does not grow with them.

use super::check_size;
use crate::error::Result;
use crate::geometry::{FEATURE_TILE, SampleGrid, Size};
use crate::picture::{Picture, Raster};
use crate::recipe::Recipe;
use crate::render::{FeatureStore, LoadedModel, RenderOptions, Renderer};
use crate::task::Gate;
use std::ops::Range;

/// Samples that a band may hold: 32 MiB of colours.
const BAND_PIXELS: usize = (32 << 20) / 12;

/// Rows and columns that are rendered at once, after which the gate is passed.
const BLOCK_ROWS: usize = 256;
const BLOCK_COLUMNS: usize = 512;

/// What to render: an export without its file.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
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

impl Scene<'_> {
    /// Renders everything into memory, 3 channels or 4 with opacity.
    ///
    /// # Errors
    /// [`crate::error::Error::Request`] (too large), [`crate::error::Error::Device`],
    /// [`crate::error::Error::Cancelled`].
    pub fn render(&self, gate: &Gate) -> Result<Raster> {
        let size = self.grid.size();
        check_size(size)?;
        let channels = self.picture.channels();
        let mut whole = Raster { size, channels, data: Vec::with_capacity(size.area() * channels) };
        self.render_bands(gate, &mut |_| {}, &mut |band| {
            whole.data.extend(band.data);
            Ok(())
        })?;
        Ok(whole)
    }

    /// Renders band by band, from top to bottom. `on_pixels` hears how many pixels were added, several times a band.
    pub(super) fn render_bands(
        &self,
        gate: &Gate,
        on_pixels: &mut dyn FnMut(usize),
        on_band: &mut dyn FnMut(Raster) -> Result<()>,
    ) -> Result<()> {
        let mut renderer = Renderer::sharing(self.features.clone(), self.options()).passing(gate.clone());
        for rows in bands(self.grid) {
            on_band(self.render_band(&mut renderer, rows, gate, on_pixels)?)?;
        }
        Ok(())
    }

    /// A band can need three rows of feature tiles, as wide as the grid: with room for these every tile is encoded once.
    fn options(&self) -> RenderOptions {
        let columns = (self.grid.x.pitch * self.grid.x.len as f64 / FEATURE_TILE as f64) as usize + 2;
        let tile_bytes = FEATURE_TILE * FEATURE_TILE * self.model.config.encoder.features() * size_of::<half::f16>();
        let budget = RenderOptions::EXPORT.feature_budget_bytes.max(3 * columns * tile_bytes);
        RenderOptions { feature_budget_bytes: budget, ..RenderOptions::EXPORT }
    }

    fn render_band(
        &self,
        renderer: &mut Renderer,
        rows: Range<usize>,
        gate: &Gate,
        on_pixels: &mut dyn FnMut(usize),
    ) -> Result<Raster> {
        let width = self.grid.x.len;
        let mut band = Raster::new(Size::new(width, rows.len()), self.picture.channels());
        // A reduced axis reads many source pixels for one output pixel.
        let block = ((BLOCK_COLUMNS as f64 / self.grid.x.pitch.max(1.0)) as usize).max(1);
        for start in (0..width).step_by(block) {
            gate.pass()?;
            let columns = start..(start + block).min(width);
            let grid = self.grid.slice(rows.clone(), columns);
            let block = renderer.render(self.picture, self.model, &grid, self.recipe, &|| gate.is_stopped())?;
            band.copy_columns(&block, start);
            on_pixels(block.size.area());
        }
        Ok(band)
    }
}

/// The most rows of a band that is `width` pixels wide.
pub(super) fn most_rows(width: usize) -> usize {
    (BAND_PIXELS / width.max(1)).clamp(1, BLOCK_ROWS)
}

/// Cuts the rows where the feature tiles change, and where a band would grow too large.
fn bands(grid: &SampleGrid) -> impl Iterator<Item = Range<usize>> {
    let most = most_rows(grid.x.len);
    let per_tile = (FEATURE_TILE as f64 / grid.y.pitch).max(1.0);
    let offset = grid.y.origin / grid.y.pitch;
    let len = grid.y.len;
    let mut start = 0;
    std::iter::from_fn(move || {
        let tile_end = (((start as f64 + offset) / per_tile + 1e-9).floor() + 1.0) * per_tile - offset;
        let end = (tile_end.round() as usize).clamp(start + 1, start + most).min(len);
        (start < len).then(|| std::mem::replace(&mut start, end)..end)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Region;

    #[test]
    fn bands_cover_every_row_once_and_end_at_feature_tiles() {
        for (y, height, len) in [(0.0, 300.0, 900), (90.0, 48.0, 1440), (11.3, 257.0, 77), (0.0, 1.0, 1)] {
            let grid = SampleGrid::spanning(Region { x: 0.0, y, width: 100.0, height }, Size::new(1000, len));
            let bands: Vec<_> = bands(&grid).collect();
            assert_eq!((bands[0].start, bands[bands.len() - 1].end), (0, len));
            assert!(bands.windows(2).all(|pair| pair[0].end == pair[1].start && !pair[0].is_empty()));
        }
        let grid = SampleGrid::spanning(Region { x: 0.0, y: 90.0, width: 48.0, height: 48.0 }, Size::new(1440, 1440));
        assert_eq!(bands(&grid).map(|band| band.end).collect::<Vec<_>>(), [256, 512, 768, 1024, 1140, 1396, 1440]);
    }
}
