//! Channels-last in single precision, with four products where the definition has nine (Winograd's F(2×2, 3×3);
//! Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", CVPR 2016).
//!
//! The picture is cut into tiles of 2×2 results, each made from 4×4 values. Transformed, these are sixteen independent
//! matrix products over the channels, of as many rows as there are tiles. Transforms add and subtract only, and cost
//! little beside the products because channels lie together; the rounding error grows two- to threefold (4·10⁻⁶ over the whole network).
#![expect(unsafe_code, reason = "fresh memory is written before it is read, and vectors are loaded from arrays")]

use super::{After, Image, Joined, RowBand};
use crate::kernel::block::{self, Out, Rows};
use crate::kernel::lines::Buffer;
use crate::kernel::panels::{BLOCK_COLUMNS, PANEL, Panels};
use crate::kernel::precision::Precision;
use rayon::prelude::*;
use std::arch::x86_64::{__m512, _mm512_add_ps, _mm512_max_ps, _mm512_set1_ps, _mm512_sub_ps};
use std::mem::{MaybeUninit, transmute};

/// Values of a transformed tile.
pub(super) const POINTS: usize = 16;

/// Tiles that go through together: four strips of rows, whose values before and after the products fit the cache.
pub(super) const CHUNK: usize = 56;

/// Sixteen channels.
pub(super) type Lanes = [f32; PANEL];

/// Transformed weights.
#[derive(Clone)]
pub(super) struct Winograd {
    /// For every point `[in_channels, out_channels]`.
    panels: Vec<Panels>,
    in_channels: usize,
}

/// Buffers of one thread: values before and after the products, `[point][tile][channel]`.
#[derive(Default)]
pub(super) struct WinogradScratch {
    before: Buffer,
    after: Buffer,
}

impl Winograd {
    /// Whether it suits these channels, on this processor.
    pub(super) fn suits(in_channels: usize, out_channels: usize) -> bool {
        let has_blocks = block::is_blocked(Precision::F32);
        has_blocks && in_channels.is_multiple_of(PANEL) && out_channels.is_multiple_of(BLOCK_COLUMNS)
    }

    /// # Panics
    /// If it does not suit.
    pub(super) fn new(weight: &[f32], in_channels: usize, out_channels: usize) -> Self {
        assert!(Self::suits(in_channels, out_channels), "not for these channels, or not on this processor");
        let transformed: Vec<[f32; POINTS]> = weight.as_chunks::<9>().0.iter().map(transform_weight).collect();
        let pack = |point: usize| {
            let at = |channel: usize, output: usize| transformed[output * in_channels + channel][point];
            Panels::pack(in_channels, out_channels, Precision::F32, at)
        };
        Self { panels: (0..POINTS).map(pack).collect(), in_channels }
    }

    /// `[height, width, out_channels]` of channels-last images of whole panels.
    pub(super) fn forward(&self, image: Joined<'_>, bias: &[f32], after: After<'_>) -> Vec<f32> {
        let row = image.width * bias.len();
        let len = image.height * row;
        let mut output = Vec::with_capacity(len);
        let tile_rows = image.height.div_ceil(2);
        let band_rows = tile_rows.div_ceil(8 * rayon::current_num_threads()).max(1);
        let bands = output.spare_capacity_mut()[..len].par_chunks_mut((2 * band_rows * row).max(1)).enumerate();
        bands.for_each_init(WinogradScratch::default, |scratch, (i, out)| {
            let rows = i * band_rows..((i + 1) * band_rows).min(tile_rows);
            self.convolve_band(&RowBand { input: image, rows, bias, after }, scratch, out);
        });
        // SAFETY: the bands cover all rows, and every tile writes those of its pixels that exist.
        unsafe { output.set_len(len) };
        output
    }

    /// The same on this thread, into `out`: in a batch, whole images are what threads share out.
    pub(super) fn forward_into(
        &self,
        image: Image<'_>,
        bias: &[f32],
        after: After<'_>,
        scratch: &mut WinogradScratch,
        out: &mut [f32],
    ) {
        assert_eq!(out.len(), image.height * image.width * bias.len(), "result does not fit its shape");
        let rows = 0..image.height.div_ceil(2);
        // SAFETY: values that are there may be taken for ones that may not be, as long as only values are written.
        let out = unsafe { &mut *(std::ptr::from_mut(out) as *mut [MaybeUninit<f32>]) };
        let parts = [image.values];
        self.convolve_band(&RowBand { input: Joined::new(&parts, image), rows, bias, after }, scratch, out);
    }

    fn convolve_band(&self, band: &RowBand<'_>, scratch: &mut WinogradScratch, out: &mut [MaybeUninit<f32>]) {
        let (inputs, outputs) = (self.in_channels, band.bias.len());
        let columns = band.input.width.div_ceil(2);
        let tiles = band.rows.len() * columns;
        for first in (0..tiles).step_by(CHUNK) {
            let count = (tiles - first).min(CHUNK);
            let tile_at = |i: usize| (band.rows.start + (first + i) / columns, (first + i) % columns);
            let before: &mut [f32] = bytemuck::cast_slice_mut(scratch.before.words(POINTS * CHUNK * inputs));
            for i in 0..count {
                let mut first = i * inputs;
                let size = [band.input.height, band.input.width];
                for part in band.input.parts {
                    let source =
                        TransformInput { values: part, channels: band.input.channels(part), step: CHUNK * inputs };
                    // SAFETY: blocks in single precision exist only where AVX-512 does (`suits`).
                    unsafe { transform_tile(source, size, tile_at(i), &mut before[first..]) }
                    first += source.channels;
                }
            }
            let sums: &mut [f32] = bytemuck::cast_slice_mut(scratch.after.words(POINTS * CHUNK * outputs));
            for (point, panels) in self.panels.iter().enumerate() {
                let data = bytemuck::cast_slice(&before[point * CHUNK * inputs..][..CHUNK * inputs]);
                let rows = Rows { data, stride: inputs, runs: 1, pitch: 0, words: inputs };
                for index in 0..panels.blocks() {
                    let values =
                        &mut sums[point * CHUNK * outputs + index * BLOCK_COLUMNS..(point + 1) * CHUNK * outputs];
                    block::multiply_into(rows, count, panels, index, Out { values, stride: outputs });
                }
            }
            for i in 0..count {
                // SAFETY: as above.
                unsafe { finish_tile(band, tile_at(i), &sums[i * outputs..], out) }
            }
        }
    }
}

/// `G g Gᵀ` of a 3×3 kernel.
fn transform_weight(kernel: &[f32; 9]) -> [f32; POINTS] {
    let line = |a: f64, b: f64, c: f64| [a, 0.5 * (a + b + c), 0.5 * (a - b + c), c];
    let at = |i: usize| f64::from(kernel[i]);
    let columns = [0, 1, 2].map(|x| line(at(x), at(x + 3), at(x + 6)));
    let mut points = [0.0; POINTS];
    for y in 0..4 {
        let row = line(columns[0][y], columns[1][y], columns[2][y]);
        (0..4).for_each(|x| points[4 * y + x] = row[x] as f32);
    }
    points
}

/// One of the images that go in, and the distance of a point from the next where it goes.
#[derive(Clone, Copy)]
pub(super) struct TransformInput<'a> {
    pub(super) values: &'a [f32],
    pub(super) channels: usize,
    pub(super) step: usize,
}

/// `Bᵀ d B` of the 4×4 pixels around tile (row, column) of an image of this size (rows, columns), zero outside; point `p` goes
/// to `out[p * step ..]`.
#[target_feature(enable = "avx512f")]
pub(super) fn transform_tile(source: TransformInput<'_>, size: [usize; 2], tile: (usize, usize), out: &mut [f32]) {
    const NOTHING: Lanes = [0.0; PANEL];
    let TransformInput { values: own, channels, step } = source;
    let [height, width] = size;
    // Plain loops: closures of the standard library are not compiled for these vectors, and so not inlined.
    let mut pixels: [Option<&[f32]>; POINTS] = [None; POINTS];
    for (i, pixel) in pixels.iter_mut().enumerate() {
        let (y, x) = ((2 * tile.0 + i / 4).wrapping_sub(1), (2 * tile.1 + i % 4).wrapping_sub(1));
        if y < height && x < width {
            *pixel = Some(&own[(y * width + x) * channels..][..channels]);
        }
    }
    for channel in (0..channels).step_by(PANEL) {
        let mut d = [vector(&NOTHING); POINTS];
        for i in 0..POINTS {
            if let Some(pixel) = pixels[i] {
                d[i] = vector(lanes_at(pixel, channel));
            }
        }
        for x in 0..4 {
            [d[x], d[4 + x], d[8 + x], d[12 + x]] = transform_line(d[x], d[4 + x], d[8 + x], d[12 + x]);
        }
        for y in 0..4 {
            let row = transform_line(d[4 * y], d[4 * y + 1], d[4 * y + 2], d[4 * y + 3]);
            for (x, point) in row.into_iter().enumerate() {
                let at = (4 * y + x) * step + channel;
                *out[at..].first_chunk_mut().expect("sixteen channels") = values(point);
            }
        }
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn transform_line(a: __m512, b: __m512, c: __m512, d: __m512) -> [__m512; 4] {
    [_mm512_sub_ps(a, c), _mm512_add_ps(b, c), _mm512_sub_ps(c, b), _mm512_sub_ps(b, d)]
}

/// `Aᵀ m A` of a tile's sums, then bias, ReLU and residual, to those of its four pixels that exist.
#[target_feature(enable = "avx512f")]
fn finish_tile(band: &RowBand<'_>, tile: (usize, usize), sums: &[f32], out: &mut [MaybeUninit<f32>]) {
    let Joined { height, width, .. } = band.input;
    let channels = band.bias.len();
    let floor = _mm512_set1_ps(if band.after.relu { 0.0 } else { f32::NEG_INFINITY });
    let start = 2 * band.rows.start * width * channels;
    for channel in (0..channels).step_by(PANEL) {
        let bias = vector(lanes_at(band.bias, channel));
        let mut m = [bias; POINTS];
        for (point, m) in m.iter_mut().enumerate() {
            *m = vector(lanes_at(sums, point * CHUNK * channels + channel));
        }
        for x in 0..4 {
            [m[x], m[4 + x]] = finish_line(m[x], m[4 + x], m[8 + x], m[12 + x]);
        }
        for i in 0..2.min(height - 2 * tile.0) {
            let row = finish_line(m[4 * i], m[4 * i + 1], m[4 * i + 2], m[4 * i + 3]);
            for (j, sum) in row.into_iter().enumerate().take(width - 2 * tile.1) {
                let at = ((2 * tile.0 + i) * width + 2 * tile.1 + j) * channels + channel;
                let mut value = _mm512_max_ps(_mm512_add_ps(sum, bias), floor);
                if let Some(residual) = band.after.residual {
                    value = _mm512_add_ps(value, vector(lanes_at(residual, at)));
                }
                let to: &mut [MaybeUninit<f32>; PANEL] = out[at - start..].first_chunk_mut().expect("sixteen channels");
                to.write_copy_of_slice(&values(value));
            }
        }
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn finish_line(a: __m512, b: __m512, c: __m512, d: __m512) -> [__m512; 2] {
    [_mm512_add_ps(_mm512_add_ps(a, b), c), _mm512_sub_ps(_mm512_sub_ps(b, c), d)]
}

#[inline]
pub(super) fn lanes_at(values: &[f32], at: usize) -> &Lanes {
    values[at..].first_chunk().expect("sixteen channels")
}

#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn vector(lanes: &Lanes) -> __m512 {
    // SAFETY: both are sixteen numbers.
    unsafe { transmute::<Lanes, __m512>(*lanes) }
}

#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn values(vector: __m512) -> Lanes {
    // SAFETY: both are sixteen numbers.
    unsafe { transmute::<__m512, Lanes>(vector) }
}
