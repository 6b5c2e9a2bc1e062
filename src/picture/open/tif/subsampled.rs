//! YCbCr whose colours are coarser than its brightness: blocks of several brightness samples and one pair of colours.

use super::Failure;
use super::color::Conversion;
use super::entries::{self as tag, Entries};
use super::layout::Layout;

/// Pixels that share one pair of colour samples, across and down.
pub(super) fn factors(entries: &Entries, conversion: &Conversion) -> Result<(usize, usize), Failure> {
    if !conversion.is_ycbcr() {
        return Ok((1, 1));
    }
    let factors = match entries.numbers(tag::YCBCR_SUBSAMPLING).as_deref() {
        None => (2, 2),
        Some([across, down]) => (*across as usize, *down as usize),
        Some(_) => return Err(Failure::Damaged("it does not say how coarse its colours are")),
    };
    let is_known = |factor| matches!(factor, 1 | 2 | 4);
    if !is_known(factors.0) || !is_known(factors.1) || conversion.samples != 3 || conversion.bits != 8 {
        let is_plain = factors == (1, 1);
        return if is_plain {
            Ok(factors)
        } else {
            Err(Failure::Unsupported("its colours are coarser in an odd way".into()))
        };
    }
    Ok(factors)
}

pub(super) fn chunk_bytes(layout: &Layout, rows: usize) -> usize {
    block_row_bytes(layout) * rows.div_ceil(layout.subsampling.1)
}

fn block_row_bytes(layout: &Layout) -> usize {
    let (across, down) = layout.subsampling;
    layout.chunk_width.div_ceil(across) * (across * down + 2)
}

/// The samples of one row, three a pixel.
pub(super) fn row(layout: &Layout, bytes: &[u8], y: usize, samples: &mut [u64]) {
    let (across, down) = layout.subsampling;
    let block_bytes = across * down + 2;
    let blocks = &bytes[y / down * block_row_bytes(layout)..];
    for (x, pixel) in samples.as_chunks_mut::<3>().0.iter_mut().enumerate() {
        let block = &blocks[x / across * block_bytes..][..block_bytes];
        let [.., blue, red] = *block else { return };
        *pixel = [block[y % down * across + x % across], blue, red].map(u64::from);
    }
}
