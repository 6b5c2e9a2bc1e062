//! Channels-last, in blocks: the nine neighbours of a pixel are three stretches of three consecutive pixels, so that a
//! padded band of rows is the left matrix of a product as it lies.
//!
//! A band of rows goes through together: narrowed to the arithmetic's numbers, with a column of zeros on either side,
//! in the L2 cache. The pixels of all its rows are one sequence, which the columns of zeros interrupt; what is computed
//! there is thrown away, and no block ends early at the end of a row.
#![expect(unsafe_code, reason = "results are written to fresh memory, whose initialisation is told afterwards")]

use super::{After, Image, Order};
use crate::kernel::block::{self, Finish, Multiplier, Rows, Sums};
use crate::kernel::lines::Buffer;
use crate::kernel::panels::{BLOCK_COLUMNS, Panels};
use crate::kernel::precision::Precision;
use rayon::prelude::*;
use std::mem::MaybeUninit;

/// Below this many input channels the convolution stays in single precision.
pub(super) const MIN_BF16_CHANNELS: usize = 16;

/// Pixels of a band: with 64 channels about half of a 1 MiB cache in bfloat16.
const BAND_PIXELS: usize = 4096;

/// Weights packed for blocks.
#[derive(Clone)]
pub(super) struct Direct {
    precision: Precision,
    panels: Panels,
    in_channels: usize,
    /// Words of a pixel in a band.
    words: usize,
}

/// A band of output rows, and what it is made of.
struct Band<'a> {
    image: Image<'a>,
    rows: std::ops::Range<usize>,
    bias: &'a [f32],
    after: After<'a>,
}

impl Direct {
    pub(super) fn new(weight: &[f32], in_channels: usize, out_channels: usize, precision: Precision) -> Self {
        // Tiles multiply whole lines; pairs need an even number.
        let granule = if precision.is_bf16() { 32 } else { 1 };
        let padded = in_channels.next_multiple_of(granule);
        let panels = Panels::pack(9 * padded, out_channels, precision, |k, output| {
            let (tap, channel) = (k / padded, k % padded);
            if channel < in_channels { weight[(output * in_channels + channel) * 9 + tap] } else { 0.0 }
        });
        Self { precision, panels, in_channels, words: padded / precision.values_per_word() }
    }

    pub(super) fn precision(&self) -> Precision {
        self.precision
    }

    /// `[height, width, out_channels]`.
    pub(super) fn forward(&self, image: Image<'_>, bias: &[f32], after: After<'_>) -> Vec<f32> {
        let row = image.width * bias.len();
        let len = image.height * row;
        let mut output = Vec::with_capacity(len);
        let band_rows = band_rows(image);
        let bands = output.spare_capacity_mut()[..len].par_chunks_mut((band_rows * row).max(1)).enumerate();
        bands.for_each_init(Buffer::default, |buffer, (i, out)| {
            let rows = i * band_rows..((i + 1) * band_rows).min(image.height);
            self.convolve_band(&Band { image, rows, bias, after }, buffer, out);
        });
        // SAFETY: the bands cover all rows, and `convolve_band` writes every value of its rows.
        unsafe { output.set_len(len) };
        output
    }

    fn convolve_band(&self, band: &Band<'_>, buffer: &mut Buffer, out: &mut [MaybeUninit<f32>]) {
        let line = band.image.width + 2;
        // The last pixel's neighbourhood ends the padded band, so its last two positions are no pixels.
        let count = band.rows.len() * line - 2;
        let padded = (block::rows_read(self.precision, count) + 2 + 2 * line) * self.words;
        let data = buffer.words(padded);
        self.gather(band, data);
        let rows = Rows { data, stride: self.words, runs: 3, pitch: line * self.words, words: 3 * self.words };
        let multiplier = Multiplier::new(self.precision);
        let mut sums = Sums::zero();
        for index in 0..self.panels.blocks() {
            for first in (0..count).step_by(multiplier.rows_of_block()) {
                let block = (count - first).min(multiplier.rows_of_block());
                multiplier.multiply(rows.from(first), block, &self.panels, index, &mut sums);
                store(band, first, &sums.0[..block], index * BLOCK_COLUMNS, out);
            }
        }
    }

    /// The band's rows and one more on either side, each between two pixels of zeros.
    fn gather(&self, band: &Band<'_>, data: &mut [u32]) {
        let Image { height, width, .. } = band.image;
        let mut pixels = Vec::new();
        for (row, line) in (band.rows.start..band.rows.end + 2).zip(data.chunks_exact_mut((width + 2) * self.words)) {
            match row.checked_sub(1).filter(|y| *y < height) {
                Some(y) => {
                    let (left, rest) = line.split_at_mut(self.words);
                    let (inside, right) = rest.split_at_mut(width * self.words);
                    left.fill(0);
                    right.fill(0);
                    self.narrow_row(self.row(band.image, y, &mut pixels), inside);
                }
                None => line.fill(0),
            }
        }
    }

    /// Row `y` as `[width, in_channels]`, put together in `pixels` unless it lies so.
    fn row<'a>(&self, image: Image<'a>, y: usize, pixels: &'a mut Vec<f32>) -> &'a [f32] {
        let (channels, width) = (self.in_channels, image.width);
        if image.order == Order::ChannelsLast {
            return &image.values[y * width * channels..][..width * channels];
        }
        pixels.resize(width * channels, 0.0);
        for (channel, plane) in image.values.chunks_exact(image.height * width).enumerate() {
            let row = &plane[y * width..][..width];
            pixels[channel..].iter_mut().step_by(channels).zip(row).for_each(|(to, from)| *to = *from);
        }
        pixels
    }

    fn narrow_row(&self, pixels: &[f32], words: &mut [u32]) {
        if self.words * self.precision.values_per_word() == self.in_channels {
            return block::narrow(self.precision, pixels, words);
        }
        for (pixel, words) in pixels.chunks_exact(self.in_channels).zip(words.chunks_exact_mut(self.words)) {
            block::narrow(self.precision, pixel, words);
        }
    }
}

/// Rows of a band: enough to be worth its halo, few enough for the cache and for all threads to have some.
fn band_rows(image: Image<'_>) -> usize {
    let for_cache = BAND_PIXELS / image.width.max(1);
    let for_threads = image.height.div_ceil(4 * rayon::current_num_threads());
    for_cache.min(for_threads).clamp(1, image.height.max(1))
}

/// Writes the sums of positions `first ..` of the band, from output channel `column` on, to the pixels that they belong
/// to: a stretch of pixels at a time, none for the columns of zeros.
fn store(band: &Band<'_>, first: usize, sums: &[[f32; BLOCK_COLUMNS]], column: usize, out: &mut [MaybeUninit<f32>]) {
    let (width, stride) = (band.image.width, band.bias.len());
    let bias = &band.bias[column..(column + BLOCK_COLUMNS).min(stride)];
    let start = band.rows.start * width * stride;
    let mut done = 0;
    while done < sums.len() {
        let (y, x) = ((first + done) / (width + 2), (first + done) % (width + 2));
        let stretch = (width + 2 - x).min(sums.len() - done);
        let pixels = width.saturating_sub(x).min(stretch);
        if pixels > 0 {
            let at = (y * width + x) * stride + column;
            let residual = band.after.residual.map(|residual| &residual[start + at..]);
            let finish = Finish { bias, relu: band.after.relu, residual, stride };
            block::to_pixels(&sums[done..done + pixels], finish, &mut out[at..]);
        }
        done += stretch;
    }
}
