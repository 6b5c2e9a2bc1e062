//! Which codes each sample reads, as the shader reads it: computed in double precision, once per row and column.

use crate::decode::axis::{Neighbours, neighbours};
use crate::geometry::{PixelRect, SampleGrid, Size};

/// Words of a row's or column's neighbours: two indices, two `rel_coord`s, two weights.
const WORDS: usize = 6;

/// Samples that read the same number of codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Class {
    /// Codes read, side by side and one above the other.
    pub(super) corners: [usize; 2],
    /// The samples, counted in the order of the table.
    pub(super) start: usize,
    pub(super) end: usize,
}

/// The shader's tables, and where their parts begin.
pub(super) struct Tables {
    pub(super) words: Vec<u32>,
    /// Where the neighbours of columns begin, in words.
    pub(super) columns: usize,
    /// Where the samples begin.
    pub(super) samples: usize,
    pub(super) classes: Vec<Class>,
    /// For each sample of the table, which one of the caller's it is.
    pub(super) order: Vec<u32>,
}

impl Tables {
    /// For the samples of `grid` (all, or `some` of them, counted row by row), sorted by the number of codes they read:
    /// on borders and on codes it is less than four.
    pub(super) fn new(grid: &SampleGrid, some: Option<&[usize]>, picture: Size, local_ensemble: bool) -> Self {
        let rows = neighbours(&grid.y, picture.height, local_ensemble);
        let columns = neighbours(&grid.x, picture.width, local_ensemble);
        let mut tables = Self {
            words: rows.iter().chain(&columns).flat_map(words).collect(),
            columns: WORDS * rows.len(),
            samples: WORDS * (rows.len() + columns.len()),
            classes: Vec::new(),
            order: Vec::new(),
        };
        for corners in [[2, 2], [2, 1], [1, 2], [1, 1]] {
            let is_of = |y: usize, x: usize| {
                columns[x].as_slice().len() == corners[0] && rows[y].as_slice().len() == corners[1]
            };
            let start = tables.order.len();
            let mut add = |k: usize, y: usize, x: usize| {
                if is_of(y, x) {
                    tables.words.extend([y as u32, x as u32]);
                    tables.order.push(k as u32);
                }
            };
            let width = columns.len();
            match some {
                None => (0..rows.len() * width).for_each(|i| add(i, i / width, i % width)),
                Some(some) => some.iter().enumerate().for_each(|(k, i)| add(k, i / width, i % width)),
            }
            if tables.order.len() > start {
                tables.classes.push(Class { corners, start, end: tables.order.len() });
            }
        }
        tables
    }

    /// Whether every code that is read lies in `window`.
    pub(super) fn stay_in(&self, window: PixelRect) -> bool {
        let within = |words: &[u32], start: usize, end: usize| {
            words.chunks_exact(WORDS).flat_map(|w| &w[..2]).all(|i| (start..end).contains(&(*i as usize)))
        };
        within(&self.words[..self.columns], window.y, window.bottom())
            && within(&self.words[self.columns..self.samples], window.x, window.right())
    }
}

fn words(neighbours: &Neighbours) -> [u32; WORDS] {
    let codes = neighbours.as_slice();
    let (first, last) = (codes[0], codes[codes.len() - 1]);
    let float = f32::to_bits;
    [
        first.index as u32,
        last.index as u32,
        float(first.rel_coord),
        float(last.rel_coord),
        float(first.weight),
        float(last.weight),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Region;

    #[test]
    fn every_sample_is_in_one_class_and_reads_codes_of_the_picture() {
        let picture = Size::new(5, 4);
        let grid = SampleGrid::spanning(Region::whole(picture), Size::new(15, 13));
        let tables = Tables::new(&grid, None, picture, true);
        let mut order = tables.order.clone();
        order.sort_unstable();
        assert!(order.iter().copied().eq(0..15 * 13));
        assert!(tables.stay_in(picture.rect()));
        assert!(!tables.stay_in(PixelRect { x: 1, width: 4, ..picture.rect() }));
        assert_eq!(tables.classes.iter().map(|class| class.end - class.start).sum::<usize>(), 15 * 13);
        // Columns 1, 4, 7 … lie on codes, columns 0 and 14 beyond the outermost.
        assert_eq!(tables.classes.len(), 4);
        assert_eq!(tables.words.len(), 6 * (15 + 13) + 2 * 15 * 13);
    }

    #[test]
    fn some_samples_keep_their_place() {
        let picture = Size::new(5, 4);
        let grid = SampleGrid::spanning(Region::whole(picture), Size::new(15, 13));
        let tables = Tables::new(&grid, Some(&[190, 16, 17]), picture, true);
        for (at, k) in tables.order.iter().enumerate() {
            let [y, x] = [0, 1].map(|i| tables.words[tables.samples + 2 * at + i] as usize);
            assert_eq!(y * 15 + x, [190, 16, 17][*k as usize]);
        }
    }
}
