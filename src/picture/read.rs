//! Pixels of a picture by rectangles, wherever they are.

use super::regions::{CHUNK_BUDGET_BYTES, Regions};
use super::{Patch, Picture};
use crate::error::{Error, Result};
use crate::geometry::{AxisGrid, PixelRect, SampleGrid, Size};
use crate::key::PictureId;
use std::borrow::Cow;

impl Picture {
    /// Pixels that cover `rect`, which lies inside the picture: all of a picture in memory, else what is read now. What
    /// cannot be read is black, and [`Self::check_read`] says so.
    pub fn patch(&self, rect: PixelRect) -> Patch<'_> {
        match &self.regions {
            Some(regions) => regions.reader.read(rect, self.rgb.bits(), self.alpha.is_some()),
            None => Patch {
                rect: self.size.rect(),
                rgb: Cow::Borrowed(&self.rgb),
                alpha: self.alpha.as_ref().map(Cow::Borrowed),
            },
        }
    }

    /// The RGB of `rect` as planes `[3, height, width]`, scaled to [0, 1].
    pub fn planes(&self, rect: PixelRect) -> Vec<f32> {
        let patch = self.patch(rect);
        let mut planes = vec![0.0; 3 * rect.area()];
        let mut row = vec![0.0; rect.width * 3];
        for y in 0..rect.height {
            let pixels = patch.pixels(rect.y + y, rect.x..rect.right());
            patch.rgb.read_unit(3 * pixels.start..3 * pixels.end, &mut row);
            for (x, pixel) in row.as_chunks::<3>().0.iter().enumerate() {
                for (channel, value) in pixel.iter().enumerate() {
                    planes[channel * rect.area() + y * rect.width + x] = *value;
                }
            }
        }
        planes
    }

    /// The file's own values of the pixel at a column and row, of 8 or 16 bits; nothing if they are not in memory. Never
    /// waits.
    pub fn known_pixel(&self, at: (usize, usize)) -> Option<[u16; 3]> {
        match &self.regions {
            Some(regions) => regions.reader.known_pixel(at),
            None => Some([0, 1, 2].map(|c| self.rgb.value(3 * (at.1 * self.size.width + at.0) + c))),
        }
    }

    /// The same for people: of a picture of light, linear light as its file has it, however it is exposed.
    pub fn known_values(&self, at: (usize, usize)) -> Option<[String; 3]> {
        let known = self.known_pixel(at)?;
        Some(known.map(|value| match self.exposure {
            Some(exposure) => exposure.light_text(value),
            None => value.to_string(),
        }))
    }

    /// How many whole rows can be kept while parts of them are read again; no limit for a picture in memory.
    pub fn most_rows_kept(&self) -> Option<usize> {
        let row = self.size.width * self.channels() * usize::from(self.rgb.bits() / 8);
        // Half of the memory: strips reach beyond the rows that are asked for.
        self.regions.as_ref().map(|_| (CHUNK_BUDGET_BYTES / 2 / row.max(1)).max(1))
    }

    /// Whether everything that was read of it could be read: to be asked when pixels were made.
    ///
    /// # Errors
    /// [`Error::Picture`] with what went wrong first.
    pub fn check_read(&self) -> Result<()> {
        let Some(Regions { reader, smaller, .. }) = &self.regions else { return Ok(()) };
        match reader.fault() {
            Some(reason) => Err(Error::picture(&self.path, reason)),
            None => smaller.iter().try_for_each(Self::check_read),
        }
    }

    /// What its pixels are known by in what is made of them: those of a picture in memory by themselves, else its file by
    /// length and ends, so that a copy of it is the same picture.
    pub fn content(&self) -> PictureId {
        self.regions.as_ref().map_or(self.id, |regions| regions.content)
    }

    /// A smaller version of the picture that is fine enough for a grid that reduces it, with the same samples there;
    /// nothing if there is none. It is nearly the same: what is to be exact is made of the picture itself.
    pub fn smaller_for(&self, grid: &SampleGrid) -> Option<(&Self, SampleGrid)> {
        // Sides are rounded when they are divided.
        const ROUNDING: f64 = 1.01;
        let pitch = grid.x.pitch.min(grid.y.pitch);
        let is_fine = |smaller: &&Self| {
            let [x, y] = self.times(smaller.size);
            x.max(y) <= pitch * ROUNDING
        };
        let smaller = self.regions.as_ref()?.smaller.iter().rfind(is_fine)?;
        let [x, y] = self.times(smaller.size);
        let axis =
            |axis: AxisGrid, times: f64| AxisGrid { origin: axis.origin / times, pitch: axis.pitch / times, ..axis };
        Some((smaller, SampleGrid { y: axis(grid.y, y), x: axis(grid.x, x) }))
    }

    /// How many times a smaller size goes into its own, along x and y.
    fn times(&self, smaller: Size) -> [f64; 2] {
        [self.size.width as f64 / smaller.width as f64, self.size.height as f64 / smaller.height as f64]
    }

    /// The smallest version of it, or itself: always in memory once there is an overview.
    pub fn smallest(&self) -> &Self {
        self.regions.as_ref().and_then(|regions| regions.smaller.last()).unwrap_or(self)
    }
}
