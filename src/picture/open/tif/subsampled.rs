//! YCbCr whose colours are coarser than its brightness: blocks of several brightness samples and one pair of colours.

use super::Failure;
use super::entries::{self as tag, Entries};

/// Pixels that share one pair of colour samples, across and down.
pub(super) fn factors(entries: &Entries) -> Result<(usize, usize), Failure> {
    let is_known = |factor: &u64| matches!(factor, 1 | 2 | 4);
    match entries.numbers(tag::YCBCR_SUBSAMPLING).as_deref() {
        None => Ok((2, 2)),
        Some([across, down]) if is_known(across) && is_known(down) => Ok((*across as usize, *down as usize)),
        Some(_) => Err(Failure::Damaged("it does not say how coarse its colours are")),
    }
}

/// Bytes of a strip or tile of so many rows.
pub(super) fn chunk_bytes(factors: (usize, usize), width: usize, rows: usize) -> usize {
    block_row_bytes(factors, width) * rows.div_ceil(factors.1)
}

fn block_row_bytes((across, down): (usize, usize), width: usize) -> usize {
    width.div_ceil(across) * (across * down + 2)
}

/// The samples of one row, three a pixel.
pub(super) fn row(factors: (usize, usize), width: usize, bytes: &[u8], y: usize, samples: &mut [u64]) {
    let (across, down) = factors;
    let block_bytes = across * down + 2;
    let blocks = &bytes[y / down * block_row_bytes(factors, width)..];
    for (x, pixel) in samples.as_chunks_mut::<3>().0.iter_mut().enumerate() {
        let block = &blocks[x / across * block_bytes..][..block_bytes];
        let [.., blue, red] = *block else { return };
        *pixel = [block[y % down * across + x % across], blue, red].map(u64::from);
    }
}
