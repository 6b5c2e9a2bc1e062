//! Channels-last in single precision, with fewer products than the definition (Winograd; see `tiling`).
//!
//! The picture is cut into tiles of results, each made from a tile of values that is larger by two. Transformed, these
//! are as many independent matrix products over the channels as a tile has values, of as many rows as there are tiles.
//! Transforms add and scale only, and cost little beside the products because channels lie together.
#![expect(unsafe_code, reason = "vectors are read and written through pointers; every extent is asserted before")]

use super::tiling::{self, POINTS, RESULTS, SIDE, chunk};
use super::{After, Image, Joined, RowBand};
use crate::kernel::activation::{Activation, silu};
use crate::kernel::block::{Product, Rows};
use crate::kernel::instructions::Instructions;
use crate::kernel::lines::{Buffer, LINE_WORDS};
use crate::kernel::panels::{BLOCK_COLUMNS, PANEL, Panels};
use crate::kernel::simd::{self, Simd, Work};
use rayon::prelude::*;
use std::cell::RefCell;
use std::mem::MaybeUninit;

/// Below this many channels on either side the transforms cost more than they save.
const FEWEST_CHANNELS: usize = 8;

/// Transformed weights.
#[derive(Clone)]
pub(super) struct Winograd {
    /// For every point `[in_channels, out_channels]`.
    panels: Vec<Panels>,
    in_channels: usize,
    instructions: Instructions,
}

/// Buffers of one thread: values before and after the products, `[point][tile][channel]`.
#[derive(Default)]
pub(super) struct WinogradScratch {
    before: Buffer,
    after: Buffer,
}

thread_local! {
    /// A thread's, kept from layer to layer.
    static SCRATCH: RefCell<WinogradScratch> = RefCell::default();
}

/// Whether it suits these channels.
pub(super) fn suits(in_channels: usize, out_channels: usize) -> bool {
    in_channels.min(out_channels) >= FEWEST_CHANNELS
}

impl Winograd {
    /// Of `weight [out_channels, in_channels, 3, 3]`.
    pub(super) fn new(weight: &[f32], in_channels: usize, out_channels: usize, instructions: Instructions) -> Self {
        let mut panels = vec![Panels::zero(in_channels, out_channels); POINTS];
        let kernels = weight.as_chunks::<9>().0;
        for (channel, output) in (0..in_channels).flat_map(|channel| (0..out_channels).map(move |o| (channel, o))) {
            let points = transform_weight(&kernels[output * in_channels + channel]);
            panels.iter_mut().zip(points).for_each(|(panels, value)| panels.set(channel, output, value));
        }
        Self { panels, in_channels, instructions }
    }

    pub(super) fn instructions(&self) -> Instructions {
        self.instructions
    }

    /// `[height, width, out_channels]` of channels-last images: one, or several of whole panels.
    pub(super) fn forward(&self, image: Joined<'_>, bias: &[f32], after: After<'_>, room: Vec<f32>) -> Vec<f32> {
        let row = image.width * bias.len();
        let len = image.height * row;
        let mut output = room;
        output.clear();
        output.reserve_exact(len);
        let tile_rows = image.height.div_ceil(RESULTS);
        let band_rows = tile_rows.div_ceil(8 * rayon::current_num_threads()).max(1);
        let bands = output.spare_capacity_mut()[..len].par_chunks_mut((RESULTS * band_rows * row).max(1));
        bands.enumerate().for_each(|(i, out)| {
            let rows = i * band_rows..((i + 1) * band_rows).min(tile_rows);
            let band = RowBand { input: image, rows, bias, after };
            SCRATCH.with_borrow_mut(|scratch| self.convolve_band(&band, scratch, out));
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
        let rows = 0..image.height.div_ceil(RESULTS);
        // SAFETY: values that are there may be taken for ones that may not be, as long as only values are written.
        let out = unsafe { &mut *(std::ptr::from_mut(out) as *mut [MaybeUninit<f32>]) };
        let parts = [image.values];
        self.convolve_band(&RowBand { input: Joined::new(&parts, image), rows, bias, after }, scratch, out);
    }

    fn convolve_band(&self, band: &RowBand<'_>, scratch: &mut WinogradScratch, out: &mut [MaybeUninit<f32>]) {
        simd::run(self.instructions, BandWork { winograd: self, band, scratch, out });
    }
}

/// `G g Gᵀ` of a 3×3 kernel.
fn transform_weight(kernel: &[f32; 9]) -> [f32; POINTS] {
    let at = |i: usize| f64::from(kernel[i]);
    let columns = [0, 1, 2].map(|x| tiling::from_kernel([at(x), at(x + 3), at(x + 6)]));
    let mut points = [0.0; POINTS];
    for y in 0..SIDE {
        let row = tiling::from_kernel([columns[0][y], columns[1][y], columns[2][y]]);
        (0..SIDE).for_each(|x| points[SIDE * y + x] = row[x] as f32);
    }
    points
}

/// Values from one point to the next, where each has `tiles` rows of `stride` values: one line more, since points that
/// lie a power of two apart would share the same few lines of the cache.
pub(super) fn point_step(tiles: usize, stride: usize) -> usize {
    tiles * stride + LINE_WORDS
}

/// A band of rows of tiles.
struct BandWork<'a> {
    winograd: &'a Winograd,
    band: &'a RowBand<'a>,
    scratch: &'a mut WinogradScratch,
    out: &'a mut [MaybeUninit<f32>],
}

impl Work for BandWork<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { winograd, band, scratch, out } = self;
        let (Joined { height, width, .. }, chunk) = (band.input, chunk::<S>());
        let (inputs, outputs) =
            (winograd.in_channels.next_multiple_of(PANEL), band.bias.len().next_multiple_of(BLOCK_COLUMNS));
        let (step_before, step_after) = (point_step(chunk, inputs), point_step(chunk, outputs));
        let columns = width.div_ceil(RESULTS);
        let tiles = band.rows.len() * columns;
        let before: &mut [f32] = bytemuck::cast_slice_mut(scratch.before.words(POINTS * step_before));
        let after: &mut [f32] = bytemuck::cast_slice_mut(scratch.after.words(POINTS * step_after));
        for first in (0..tiles).step_by(chunk) {
            let count = (tiles - first).min(chunk);
            for i in 0..count {
                let tile = (band.rows.start + (first + i) / columns, (first + i) % columns);
                let mut channel = i * inputs;
                for part in band.input.parts {
                    let source =
                        TransformInput { values: part, channels: band.input.channels(part), step: step_before };
                    transform_tile(simd, source, [height, width], tile, &mut before[channel..]);
                    channel += source.channels;
                }
            }
            for (point, panels) in winograd.panels.iter().enumerate() {
                let rows =
                    Rows::of_matrix(&before[point * step_before..][..chunk * inputs], inputs, winograd.in_channels);
                let out = &mut after[point * step_after..][..chunk * outputs];
                let (bias, relu, stride) = (None, false, outputs);
                Product { rows, count, panels, panel: 0, outputs: band.bias.len(), bias, relu, out, stride }
                    .compute(simd);
            }
            for i in 0..count {
                let tile = (band.rows.start + (first + i) / columns, (first + i) % columns);
                finish_tile(simd, band, tile, Sums { values: &after[i * outputs..], step: step_after }, out);
            }
        }
    }
}

/// One of the images that go in, and the distance of a point from the next where it goes.
#[derive(Clone, Copy)]
pub(super) struct TransformInput<'a> {
    pub(super) values: &'a [f32],
    pub(super) channels: usize,
    pub(super) step: usize,
}

/// `Bᵀ d B` of the values around tile (row, column) of an image of this size (rows, columns), zero outside; point `p`
/// goes to `out[p * step ..]`, in whole vectors.
#[inline(always)]
pub(super) fn transform_tile<S: Simd>(
    simd: S,
    source: TransformInput<'_>,
    [height, width]: [usize; 2],
    tile: (usize, usize),
    out: &mut [f32],
) {
    let TransformInput { values, channels, step } = source;
    let (top, left) = ((RESULTS * tile.0).wrapping_sub(1), (RESULTS * tile.1).wrapping_sub(1));
    let is_within = |start: usize, size: usize| start < size && SIDE <= size - start;
    let is_inside = is_within(top, height) && is_within(left, width);
    let corner = if is_inside { (top * width + left) * channels } else { 0 };
    let last = ((SIDE - 1) * width + SIDE) * channels;
    assert!(!is_inside || corner + last <= values.len(), "the image does not fit its shape");
    assert!((POINTS - 1) * step + channels.next_multiple_of(PANEL) <= out.len(), "no room for a tile");
    for channel in (0..channels).step_by(S::LANES) {
        let is_whole = channel + S::LANES <= channels;
        let mut rows = [[simd.zero(); SIDE]; SIDE];
        for j in 0..SIDE {
            let mut column = [simd.zero(); SIDE];
            if is_inside && is_whole {
                for i in 0..SIDE {
                    let at = corner + (i * width + j) * channels + channel;
                    // SAFETY: a vector of a pixel of the tile, all of which was asserted to be there.
                    column[i] = unsafe { simd.load(values.as_ptr().add(at)) };
                }
            } else {
                for i in 0..SIDE {
                    let (y, x) = (top.wrapping_add(i), left.wrapping_add(j));
                    if y < height && x < width {
                        column[i] = simd.get(&values[(y * width + x) * channels..][channel..channels]);
                    }
                }
            }
            let column = tiling::from_image(simd, column);
            for i in 0..SIDE {
                rows[i][j] = column[i];
            }
        }
        for i in 0..SIDE {
            let row = tiling::from_image(simd, rows[i]);
            for j in 0..SIDE {
                let at = (SIDE * i + j) * step + channel;
                // SAFETY: there is room for the channels of every point, rounded up to whole vectors.
                unsafe { simd.store(row[j], out.as_mut_ptr().add(at)) };
            }
        }
    }
}

/// The sums of a tile: those of point `p` from `values[p * step]` on.
#[derive(Clone, Copy)]
struct Sums<'a> {
    values: &'a [f32],
    step: usize,
}

/// `Aᵀ m A` of a tile's sums, then bias, ReLU and residual, to those of its pixels that exist.
#[inline(always)]
fn finish_tile<S: Simd>(
    simd: S,
    band: &RowBand<'_>,
    tile: (usize, usize),
    sums: Sums<'_>,
    out: &mut [MaybeUninit<f32>],
) {
    let Joined { height, width, .. } = band.input;
    let channels = band.bias.len();
    let is_silu = band.after.activation == Activation::Silu;
    let floor = simd.splat(if band.after.activation == Activation::Relu { 0.0 } else { f32::NEG_INFINITY });
    let start = RESULTS * band.rows.start * width * channels;
    let (top, left) = (RESULTS * tile.0, RESULTS * tile.1);
    let (down, across) = (RESULTS.min(height - top), RESULTS.min(width - left));
    let end = ((top + down - 1) * width + left + across) * channels;
    assert!((POINTS - 1) * sums.step + channels.next_multiple_of(PANEL) <= sums.values.len(), "too few sums");
    assert!(end - start <= out.len(), "the result does not fit its shape");
    assert!(band.after.residual.is_none_or(|residual| end <= residual.len()), "the residual does not fit its shape");
    for channel in (0..channels).step_by(S::LANES) {
        let bias = simd.get(&band.bias[channel..]);
        let mut rows = [[simd.zero(); SIDE]; RESULTS];
        for j in 0..SIDE {
            let mut column = [simd.zero(); SIDE];
            for i in 0..SIDE {
                let at = (SIDE * i + j) * sums.step + channel;
                // SAFETY: every point has sums of all channels, rounded up to whole vectors.
                column[i] = unsafe { simd.load(sums.values.as_ptr().add(at)) };
            }
            let column = tiling::to_results(simd, column);
            for i in 0..RESULTS {
                rows[i][j] = column[i];
            }
        }
        let count = S::LANES.min(channels - channel);
        for i in 0..down {
            let mut row = tiling::to_results(simd, rows[i]);
            for j in 0..RESULTS {
                let sum = simd.add(row[j], bias);
                row[j] = if is_silu { silu(simd, sum) } else { simd.max(floor, sum) };
            }
            for (j, mut value) in row.into_iter().enumerate().take(across) {
                let at = ((top + i) * width + left + j) * channels + channel;
                if count == S::LANES {
                    // SAFETY: a whole vector of one of the tile's pixels, in residual and result.
                    unsafe {
                        if let Some(residual) = band.after.residual {
                            value = simd.add(value, simd.load(residual.as_ptr().add(at)));
                        }
                        simd.store(value, out.as_mut_ptr().add(at - start).cast());
                    }
                } else {
                    if let Some(residual) = band.after.residual {
                        value = simd.add(value, simd.get(&residual[at..][..count]));
                    }
                    simd.put_new(value, &mut out[at - start..][..count]);
                }
            }
        }
    }
}
