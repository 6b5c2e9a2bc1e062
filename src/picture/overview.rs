//! The smallest version of a picture that is not in memory, which is: what a window shows of the whole of it.
//!
//! It is a smaller version of the file's own, or made of the picture: of all strips and tiles, or of as many as can be read in
//! a given time, spread over it. Between those it shows the nearest.

use super::open::covered;
use super::regions::{Chunk, Regions};
use super::{Picture, Samples};
use crate::error::{Error, Result};
use crate::geometry::{PixelRect, Size};
use crate::key::PictureId;
use crate::task::{Interrupt, check};
use rayon::prelude::*;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Longest side of a version in memory, in pixels.
const SIDE: usize = 4096;

/// Shorter versions in files are stamps to choose from, too small to stand for the picture.
const LEAST_SIDE: usize = 1024;

impl Picture {
    /// The picture with a small version of it in memory, made within about so much time, be it of a part of the picture; of
    /// all of it without a limit. A picture in memory stays as it is.
    ///
    /// # Errors
    /// [`Error::Picture`] if a strip or tile cannot be read, [`Error::Cancelled`] if nobody wants it any more.
    pub fn with_overview(self, within: Option<Duration>, interrupt: Interrupt<'_>) -> Result<Self> {
        let Some(regions) = &self.regions else { return Ok(self) };
        let in_file = regions.smaller.iter().filter(|smaller| smaller.regions.is_some());
        let (large, small): (Vec<_>, Vec<_>) = in_file.cloned().partition(|smaller| longest(smaller.size) > SIDE);
        let (overview, part) = match small.first().filter(|smaller| longest(smaller.size) >= LEAST_SIDE) {
            Some(smaller) => (held(smaller)?, 1.0),
            None => sampled(large.last().unwrap_or(&self), within, interrupt)?,
        };
        let smaller = Arc::new(large.into_iter().chain([overview]).collect());
        // What is made of a better overview looks different.
        let is_better = regions.overview_part > 0.0;
        let id = if is_better { PictureId::of([self.id.to_string().as_bytes(), b"overview"]) } else { self.id };
        let regions = Regions { smaller, overview_part: part, ..regions.clone() };
        Ok(Self { id, regions: Some(regions), ..self })
    }

    /// Whether there is nothing left to be read for a small version of it.
    pub fn has_whole_overview(&self) -> bool {
        self.regions.as_ref().is_none_or(|regions| regions.overview_part >= 1.0)
    }
}

fn longest(size: Size) -> usize {
    size.width.max(size.height)
}

/// The same in memory.
fn held(picture: &Picture) -> Result<Picture> {
    let patch = picture.patch(picture.size.rect());
    picture.check_read()?;
    let (rgb, alpha) = (patch.rgb.into_owned(), patch.alpha.map(std::borrow::Cow::into_owned));
    Ok(Picture { rgb, alpha, regions: None, ..picture.clone() })
}

/// A small version made of strips and tiles, and how much of the picture they are.
fn sampled(picture: &Picture, within: Option<Duration>, interrupt: Interrupt<'_>) -> Result<(Picture, f64)> {
    let started = Instant::now();
    let Some(regions) = &picture.regions else { return Ok((picture.clone(), 1.0)) };
    let source = regions.reader.source();
    let times = longest(picture.size).div_ceil(SIDE).max(2);
    let mut overview = Overview::new(picture, times);
    let order = spread(source.over(picture.size.rect()));
    let mut done = 0;
    for indices in order.chunks(rayon::current_num_threads().max(1)) {
        check(interrupt)?;
        if done > 0 && within.is_some_and(|within| started.elapsed() > within) {
            break;
        }
        let read = |index: &usize| source.decode(*index).map(|chunk| overview.cells(&chunk));
        let cells = indices.par_iter().map(read).collect::<Result<Vec<_>, _>>();
        for cells in cells.map_err(|reason| Error::picture(&picture.path, reason))? {
            overview.put(&cells);
        }
        done += indices.len();
    }
    Ok((overview.into_picture(picture), done as f64 / order.len() as f64))
}

/// The same numbers in an order whose every beginning is spread over all of them, and over rows and columns too.
fn spread(indices: Vec<usize>) -> Vec<usize> {
    const GOLDEN: f64 = 0.618_033_988_749_895;
    let n = indices.len();
    let divides = |a: usize, b: usize| {
        let (mut a, mut b) = (a, b);
        while b > 0 {
            (a, b) = (b, a % b);
        }
        a
    };
    let near = ((n as f64 * GOLDEN) as usize).max(1);
    let step = (near..near + n).find(|step| divides(*step, n) == 1).unwrap_or(1);
    (0..n).map(|i| indices[(i * step) % n]).collect()
}

/// Means of a strip or tile: of those squares of the picture whose middle lies in it.
struct Cells {
    /// Counted in squares.
    rect: PixelRect,
    /// Red, green, blue and opacity, of 16 bits.
    rgba: Vec<[u16; 4]>,
}

struct Overview {
    picture: Size,
    size: Size,
    /// Source pixels along a side of a square.
    times: usize,
    rgb: Samples,
    alpha: Option<Samples>,
    /// Zero where nothing is known.
    known: Vec<u8>,
}

impl Overview {
    fn new(picture: &Picture, times: usize) -> Self {
        let size = Size::new(picture.size.width.div_ceil(times), picture.size.height.div_ceil(times));
        let bits = picture.rgb.bits();
        let rgb = Samples::filled(bits, size.area() * 3, 0);
        let alpha = picture.alpha.as_ref().map(|_| Samples::filled(bits, size.area(), u16::MAX));
        Self { picture: picture.size, size, times, rgb, alpha, known: vec![0; size.area()] }
    }

    /// The squares of an axis whose middle lies in a range of its pixels.
    fn within(&self, pixels: Range<usize>, side: usize) -> Range<usize> {
        let middle = |cell: &usize| pixels.contains(&(cell * self.times + self.times / 2).min(side - 1));
        let mut cells = (pixels.start / self.times..pixels.end.div_ceil(self.times)).filter(middle);
        let first = cells.next();
        first.map_or(0..0, |first| first..cells.next_back().unwrap_or(first) + 1)
    }

    fn cells(&self, chunk: &Chunk) -> Cells {
        let columns = self.within(chunk.rect.x..chunk.rect.right(), self.picture.width);
        let rows = self.within(chunk.rect.y..chunk.rect.bottom(), self.picture.height);
        let rect = PixelRect { x: columns.start, y: rows.start, width: columns.len(), height: rows.len() };
        let side = |cell: usize, from: usize, to: usize| {
            (cell * self.times).max(from) - from..((cell + 1) * self.times).min(to) - from
        };
        let mean = |(x, y): (usize, usize)| {
            let columns = side(x, chunk.rect.x, chunk.rect.right());
            let rows = side(y, chunk.rect.y, chunk.rect.bottom());
            mean(chunk, &columns, rows)
        };
        Cells { rect, rgba: rect.places().map(mean).collect() }
    }

    fn put(&mut self, cells: &Cells) {
        for ((x, y), [red, green, blue, opacity]) in cells.rect.places().zip(&cells.rgba) {
            let at = y * self.size.width + x;
            self.known[at] = 1;
            for (c, value) in [red, green, blue].into_iter().enumerate() {
                self.rgb.set(3 * at + c, *value);
            }
            if let Some(alpha) = &mut self.alpha {
                alpha.set(at, *opacity);
            }
        }
    }

    fn into_picture(self, picture: &Picture) -> Picture {
        let rgb = covered(self.size, self.rgb, &Samples::U8(self.known));
        Picture { size: self.size, rgb, alpha: self.alpha, regions: None, ..picture.clone() }
    }
}

/// The mean of some pixels of a strip or tile, colours weighed by opacity, as they are stored.
fn mean(chunk: &Chunk, columns: &Range<usize>, rows: Range<usize>) -> [u16; 4] {
    let (mut sums, mut opacity, count) = ([0_u64; 3], 0_u64, (columns.len() * rows.len()) as u64);
    let most = if chunk.rgb.bits() == 8 { u64::from(u8::MAX) } else { u64::from(u16::MAX) };
    for y in rows {
        for at in y * chunk.rect.width + columns.start..y * chunk.rect.width + columns.end {
            let weight = chunk.alpha.as_ref().map_or(most, |alpha| u64::from(alpha.value(at)));
            (0..3).for_each(|c| sums[c] += u64::from(chunk.rgb.value(3 * at + c)) * weight);
            opacity += weight;
        }
    }
    let rounded = |sum: u64, by: u64| (sum + by / 2).checked_div(by).unwrap_or(0) as u16;
    let [red, green, blue] = sums.map(|sum| rounded(sum, opacity));
    [red, green, blue, rounded(opacity, count)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_beginning_is_spread_over_all() {
        for n in [1, 2, 7, 64, 1000] {
            let mut order = spread((0..n).collect());
            let start = &order[..n.div_ceil(8)];
            let widest = (0..n).map(|i| start.iter().map(|at| at.abs_diff(i)).min().unwrap()).max().unwrap();
            assert!(widest <= 10.max(n / 32), "{n}: {widest}");
            order.sort_unstable();
            assert_eq!(order, (0..n).collect::<Vec<_>>());
        }
    }
}
