//! LERC (limited error raster compression) in TIFF, as libtiff and GDAL write it: one blob a strip or tile, which may be
//! packed again. Pixels that its mask takes out are not a number, and black; or the mask is the opacity.

use super::entries::{self as tag, Entries};
use super::samples::{Number, join, mask};
use super::shape::Shape;
use super::{Failure, packed};
use lerc_core::PixelData;
use lerc_reader::{Decoded, decode_first, inspect_first};

/// What a blob may have beside twice its samples.
const MOST_HEADER: usize = 1 << 16;

const CORRUPT: Failure = Failure::Damaged("its LERC data is corrupt");

/// What a blob is packed by.
#[derive(Clone, Copy)]
pub(super) enum Packing {
    None,
    Deflate,
    Zstandard,
}

impl Packing {
    pub(super) fn of(entries: &Entries) -> Result<Self, Failure> {
        match entries.numbers(tag::LERC_PARAMETERS).unwrap_or_default().get(1) {
            None | Some(0) => Ok(Self::None),
            Some(1) => Ok(Self::Deflate),
            Some(2) => Ok(Self::Zstandard),
            Some(other) => {
                Err(Failure::Unsupported(format!("its LERC data is packed in a way with the number {other}")))
            }
        }
    }
}

pub(super) fn unpack(data: Vec<u8>, packing: Packing, shape: &Shape) -> Result<Vec<u8>, Failure> {
    let most = 2 * shape.most_bytes + MOST_HEADER;
    let blob = match packing {
        Packing::None => data,
        Packing::Deflate => packed::deflate(&data, most)?,
        Packing::Zstandard => packed::zstandard(&data, most)?,
    };
    let info = inspect_first(&blob).map_err(|_| CORRUPT)?;
    let channels = info.depth as usize;
    let is_opaque_apart = shape.samples > 1 && channels + 1 == shape.samples;
    let is_whole = channels == shape.samples || is_opaque_apart;
    if !shape.is_covered_by(info.width as usize, info.height as usize) || !is_whole {
        return Err(Failure::Damaged("its LERC data is of another size than it says"));
    }
    let Decoded { pixels, mask: valid, .. } = decode_first(&blob).map_err(|_| CORRUPT)?;
    let (stored, kind) = stored(pixels);
    if kind != (shape.number, shape.bits) {
        return Err(Failure::Damaged("its LERC data is of other numbers than it says"));
    }
    let is_valid = |pixel: usize| valid.as_ref().is_none_or(|valid| valid[pixel] != 0);
    let mut samples = Vec::with_capacity(shape.width * shape.rows * shape.samples);
    for (i, pixel) in stored.chunks_exact(channels).take(shape.width * shape.rows).enumerate() {
        if is_opaque_apart {
            samples.extend_from_slice(pixel);
            samples.push(if is_valid(i) { mask(shape.bits) } else { 0 });
        } else if is_valid(i) {
            samples.extend_from_slice(pixel);
        } else {
            samples.resize(samples.len() + channels, missing(kind, shape.is_little));
        }
    }
    // libtiff takes the bytes of a number for such in the file's order, whatever number that makes.
    Ok(join(&samples, shape.width * shape.samples, shape.bits, true))
}

/// What stands where the mask says that there is nothing.
fn missing(kind: (Number, u32), is_little: bool) -> u64 {
    match (kind, is_little) {
        ((Number::Float, 32), true) => u64::from(f32::NAN.to_bits()),
        ((Number::Float, 32), false) => u64::from(f32::NAN.to_bits().swap_bytes()),
        ((Number::Float, _), true) => f64::NAN.to_bits(),
        ((Number::Float, _), false) => f64::NAN.to_bits().swap_bytes(),
        _ => 0,
    }
}

/// Values by their bits, and what they are.
fn stored(pixels: PixelData) -> (Vec<u64>, (Number, u32)) {
    use Number::{Float, Signed, Unsigned};
    match pixels {
        PixelData::I8(v) => (v.into_iter().map(|v| u64::from(v as u8)).collect(), (Signed, 8)),
        PixelData::U8(v) => (v.into_iter().map(u64::from).collect(), (Unsigned, 8)),
        PixelData::I16(v) => (v.into_iter().map(|v| u64::from(v as u16)).collect(), (Signed, 16)),
        PixelData::U16(v) => (v.into_iter().map(u64::from).collect(), (Unsigned, 16)),
        PixelData::I32(v) => (v.into_iter().map(|v| u64::from(v as u32)).collect(), (Signed, 32)),
        PixelData::U32(v) => (v.into_iter().map(u64::from).collect(), (Unsigned, 32)),
        PixelData::F32(v) => (v.into_iter().map(|v| u64::from(v.to_bits())).collect(), (Float, 32)),
        PixelData::F64(v) => (v.into_iter().map(f64::to_bits).collect(), (Float, 64)),
    }
}
