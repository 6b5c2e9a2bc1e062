//! Channels-last, in blocks, 3×3 or 1×1: the nine neighbours of a pixel are three stretches of three consecutive pixels, so that a
//! padded band of rows is the left matrix of a product as it lies.
//!
//! A band of rows goes through together: narrowed to the arithmetic's numbers, with a column of zeros on either side,
//! in the L2 cache. The pixels of all its rows are one sequence, which the columns of zeros interrupt; what is computed
//! there is thrown away, and no block ends early at the end of a row.
#![expect(unsafe_code, reason = "results are written to fresh memory, whose initialisation is told afterwards")]

use super::{After, Joined, Order, RowBand};
use crate::kernel::block::{self, Finish, Multiplier, Rows, Sums};
use crate::kernel::instructions::Instructions;
use crate::kernel::lines::Buffer;
use crate::kernel::panels::{BLOCK_COLUMNS, Panels};
use crate::kernel::precision::Precision;
use rayon::prelude::*;
use std::cell::RefCell;
use std::mem::MaybeUninit;

/// Below this many input channels the convolution stays in single precision.
pub(super) const MIN_BF16_CHANNELS: usize = 16;

/// Pixels of a band: with 64 channels about half of a 1 MiB cache in bfloat16.
const BAND_PIXELS: usize = 4096;

thread_local! {
    /// A thread's, kept from layer to layer.
    static BUFFER: RefCell<Buffer> = RefCell::default();
}

/// Weights packed for blocks.
#[derive(Clone)]
pub(super) struct Direct {
    precision: Precision,
    instructions: Instructions,
    panels: Panels,
    in_channels: usize,
    /// Of the kernel: 3 or 1.
    side: usize,
    /// Words of a pixel in a band.
    words: usize,
}

impl Direct {
    /// Of `weight [out_channels, in_channels, side, side]`.
    pub(super) fn new(
        weight: &[f32],
        in_channels: usize,
        out_channels: usize,
        side: usize,
        precision: Precision,
        instructions: Instructions,
    ) -> Self {
        // Tiles multiply whole lines; pairs need an even number.
        let granule = if precision.is_bf16() { 32 } else { 1 };
        let padded = in_channels.next_multiple_of(granule);
        let taps = side * side;
        let panels = Panels::pack(taps * padded, out_channels, precision, |k, output| {
            let (tap, channel) = (k / padded, k % padded);
            if channel < in_channels { weight[(output * in_channels + channel) * taps + tap] } else { 0.0 }
        });
        Self { precision, instructions, panels, in_channels, side, words: padded / precision.values_per_word() }
    }

    pub(super) fn precision(&self) -> Precision {
        self.precision
    }

    /// `[height, width, out_channels]`.
    pub(super) fn forward(&self, input: Joined<'_>, bias: &[f32], after: After<'_>, room: Vec<f32>) -> Vec<f32> {
        if input.parts.len() == 1 {
            return self.convolve(input, bias, after, room);
        }
        input.channels_last(|input| self.convolve(input, bias, after, room))
    }

    /// Of one part in any order, or of channels-last parts of whole panels.
    fn convolve(&self, input: Joined<'_>, bias: &[f32], after: After<'_>, room: Vec<f32>) -> Vec<f32> {
        let row = input.width * bias.len();
        let len = input.height * row;
        let mut output = room;
        output.clear();
        output.reserve_exact(len);
        let band_rows = band_rows(input);
        let bands = output.spare_capacity_mut()[..len].par_chunks_mut((band_rows * row).max(1)).enumerate();
        bands.for_each(|(i, out)| {
            let rows = i * band_rows..((i + 1) * band_rows).min(input.height);
            let band = RowBand { input, rows, bias, after };
            BUFFER.with_borrow_mut(|buffer| self.convolve_band(&band, buffer, out));
        });
        // SAFETY: the bands cover all rows, and `convolve_band` writes every value of its rows.
        unsafe { output.set_len(len) };
        output
    }

    fn convolve_band(&self, band: &RowBand<'_>, buffer: &mut Buffer, out: &mut [MaybeUninit<f32>]) {
        let (side, around) = (self.side, self.side - 1);
        let line = band.input.width + around;
        // The last pixel's neighbourhood ends the padded band, so its last two positions are no pixels.
        let count = band.rows.len() * line - around;
        let padded = (block::rows_read(self.precision, count) + around + around * line) * self.words;
        let data = buffer.words(padded);
        self.gather(band, data);
        let rows = Rows { data, stride: self.words, runs: side, pitch: line * self.words, words: side * self.words };
        let multiplier = Multiplier::new(self.precision, self.instructions);
        let mut sums = Sums::zero();
        for index in 0..self.panels.blocks() {
            for first in (0..count).step_by(multiplier.rows_of_block()) {
                let block = (count - first).min(multiplier.rows_of_block());
                multiplier.multiply(rows.from(first), block, &self.panels, index, &mut sums);
                let place = SumsPlace { line, first, column: index * BLOCK_COLUMNS };
                store(band, place, &sums.0[..block], out);
            }
        }
    }

    /// The band's rows and those that its neighbourhoods reach on either side, each between as many pixels of zeros.
    fn gather(&self, band: &RowBand<'_>, data: &mut [u32]) {
        let (Joined { height, width, .. }, reach) = (band.input, self.side / 2);
        let mut pixels = Vec::new();
        let lines = data.chunks_exact_mut((width + 2 * reach) * self.words);
        for (row, line) in (band.rows.start..band.rows.end + 2 * reach).zip(lines) {
            match row.checked_sub(reach).filter(|y| *y < height) {
                Some(y) => {
                    let (left, rest) = line.split_at_mut(reach * self.words);
                    let (inside, right) = rest.split_at_mut(width * self.words);
                    left.fill(0);
                    right.fill(0);
                    self.gather_row(band.input, y, &mut pixels, inside);
                }
                None => line.fill(0),
            }
        }
    }

    /// Row `y`, narrowed, pixel by pixel.
    fn gather_row(&self, input: Joined<'_>, y: usize, pixels: &mut Vec<f32>, words: &mut [u32]) {
        let width = input.width;
        let &[only] = input.parts else {
            let mut first = 0;
            for part in input.parts {
                let channels = input.channels(part);
                let row = &part[y * width * channels..][..width * channels];
                self.narrow_part(row, channels, first, words);
                first += channels;
            }
            return;
        };
        let row = match input.order {
            Order::ChannelsLast => &only[y * width * self.in_channels..][..width * self.in_channels],
            Order::Planes => {
                pixels.resize(width * self.in_channels, 0.0);
                for (channel, plane) in only.chunks_exact(input.area()).enumerate() {
                    let row = &plane[y * width..][..width];
                    pixels[channel..].iter_mut().step_by(self.in_channels).zip(row).for_each(|(to, from)| *to = *from);
                }
                pixels
            }
        };
        if self.words * self.precision.values_per_word() == self.in_channels {
            return block::narrow(self.precision, row, words);
        }
        self.narrow_part(row, self.in_channels, 0, words);
    }

    /// Channels `first ..` of every pixel of a row; the last ones are followed by zeros.
    fn narrow_part(&self, row: &[f32], channels: usize, first: usize, words: &mut [u32]) {
        let per_word = self.precision.values_per_word();
        let is_last = first + channels == self.in_channels;
        let end = if is_last { self.words } else { (first + channels) / per_word };
        for (pixel, words) in row.chunks_exact(channels).zip(words.chunks_exact_mut(self.words)) {
            block::narrow(self.precision, pixel, &mut words[first / per_word..end]);
        }
    }
}

/// Rows of a band: enough to be worth its halo, few enough for the cache and for all threads to have some.
fn band_rows(input: Joined<'_>) -> usize {
    let for_cache = BAND_PIXELS / input.width.max(1);
    let for_threads = input.height.div_ceil(4 * rayon::current_num_threads());
    for_cache.min(for_threads).clamp(1, input.height.max(1))
}

/// Where sums belong: to positions `first ..` of a band whose lines have `line` of them, from output channel `column` on.
#[derive(Clone, Copy)]
struct SumsPlace {
    line: usize,
    first: usize,
    column: usize,
}

/// Writes sums to the pixels that they belong to: a stretch of pixels at a time, none for the columns of zeros.
fn store(
    band: &RowBand<'_>,
    SumsPlace { line, first, column }: SumsPlace,
    sums: &[[f32; BLOCK_COLUMNS]],
    out: &mut [MaybeUninit<f32>],
) {
    let (width, stride) = (band.input.width, band.bias.len());
    let bias = &band.bias[column..(column + BLOCK_COLUMNS).min(stride)];
    let start = band.rows.start * width * stride;
    let mut done = 0;
    while done < sums.len() {
        let (y, x) = ((first + done) / line, (first + done) % line);
        let stretch = (line - x).min(sums.len() - done);
        let pixels = width.saturating_sub(x).min(stretch);
        if pixels > 0 {
            let at = (y * width + x) * stride + column;
            let residual = band.after.residual.map(|residual| &residual[start + at..]);
            let finish = Finish { bias, activation: band.after.activation, residual, stride };
            block::to_pixels(&sums[done..done + pixels], finish, &mut out[at..]);
        }
        done += stretch;
    }
}
