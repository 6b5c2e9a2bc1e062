//! Strips and tiles that are pictures in a format of their own.

use super::Failure;
use super::samples::{Number, join, mask};
use super::shape::Shape;
use crate::picture::open::jpeg2000::stored_samples;
use half::f16;
use image::ImageError;
use jpeg_decoder::{ColorTransform, Decoder, PixelFormat, UnsupportedFeature};
use jxl_oxide::{AllocTracker, JxlImage, JxlThreadPool};
use std::io::ErrorKind;

/// Bytes that a JPEG XL decoder may take, beside as many as below for each one that it makes.
const JPEG_XL_BYTES: usize = 64 << 20;
const JPEG_XL_TIMES: usize = 32;

/// The samples as they are stored, brought to one size: what colours they are is TIFF's to say.
pub(super) fn jpeg(packed: &[u8], tables: Option<&[u8]>, shape: &Shape) -> Result<Vec<u8>, Failure> {
    // Tables are a stream of their own: without their end, and the pixels without their start, they are one.
    let tables = tables.and_then(|tables| tables.strip_suffix(&[0xff, 0xd9]));
    let stream = match tables {
        Some(tables) => [tables, packed.get(2..).unwrap_or_default()].concat(),
        None => packed.to_vec(),
    };
    let mut decoder = Decoder::new(&stream[..]);
    let failed = |error| match error {
        jpeg_decoder::Error::Unsupported(UnsupportedFeature::ArithmeticEntropyCoding) => {
            Failure::Unsupported("its JPEG data is in arithmetic coding".into())
        }
        jpeg_decoder::Error::Unsupported(UnsupportedFeature::SamplePrecision(bits)) => {
            Failure::Unsupported(format!("its JPEG data has {bits} bits a sample"))
        }
        jpeg_decoder::Error::Unsupported(_) => Failure::Unsupported("its JPEG data is of an unusual kind".into()),
        _ => Failure::Damaged("its JPEG data is corrupt"),
    };
    decoder.read_info().map_err(failed)?;
    let info = decoder.info().ok_or(Failure::Damaged("its JPEG data is corrupt"))?;
    let samples = info.pixel_format.pixel_bytes();
    if !shape.is_covered_by(info.width.into(), info.height.into()) || samples != shape.samples || shape.bits != 8 {
        return Err(Failure::Damaged("its JPEG data is of another size than it says"));
    }
    decoder.set_color_transform(match info.pixel_format {
        PixelFormat::RGB24 => ColorTransform::RGB,
        PixelFormat::CMYK32 => ColorTransform::CMYK,
        PixelFormat::L8 | PixelFormat::L16 => ColorTransform::Grayscale,
    });
    let mut bytes = decoder.decode().map_err(failed)?;
    if info.pixel_format == PixelFormat::CMYK32 {
        // The decoder takes inks for inverted, as Photoshop stores them outside of TIFF.
        for byte in &mut bytes {
            *byte = 255 - *byte;
        }
    }
    Ok(bytes)
}

pub(super) fn webp(packed: Vec<u8>, expected: usize) -> Result<Vec<u8>, Failure> {
    let damaged = |_| Failure::Damaged("its WebP data is corrupt");
    let mut decoder = image_webp::WebPDecoder::new(std::io::Cursor::new(packed)).map_err(damaged)?;
    if decoder.output_buffer_size() != Some(expected) {
        return Err(Failure::Damaged("its WebP data is of another size than it says"));
    }
    let mut bytes = vec![0; expected];
    decoder.read_image(&mut bytes).map_err(damaged)?;
    Ok(bytes)
}

/// What its samples mean is TIFF's to say.
pub(super) fn jpeg2000(packed: &[u8], shape: &Shape) -> Result<Vec<u8>, Failure> {
    let is_expected = |width, rows| shape.is_covered_by(width, rows);
    let stored = stored_samples(packed, is_expected, shape.samples);
    let stored = stored.map_err(|error| match error {
        ImageError::IoError(error) => Failure::Io(error),
        ImageError::Unsupported(_) => Failure::Unsupported("its JPEG 2000 data has signs".into()),
        _ => Failure::Damaged("its JPEG 2000 data is corrupt"),
    })?;
    match stored {
        Some((samples, depth)) if depth <= shape.bits && shape.number == Number::Unsigned => {
            Ok(join(&samples, shape.width * shape.samples, shape.bits, shape.is_little))
        }
        _ => Err(Failure::Damaged("its JPEG 2000 data is of another kind than it says")),
    }
}

/// The samples as they are stored; a decoder of its own would turn linear light and HDR into what screens show.
pub(super) fn jpeg_xl(packed: &[u8], shape: &Shape) -> Result<Vec<u8>, Failure> {
    let damaged = |_| Failure::Damaged("its JPEG XL data is corrupt");
    let memory = AllocTracker::with_limit(JPEG_XL_BYTES.saturating_add(JPEG_XL_TIMES.saturating_mul(shape.bytes)));
    let builder = JxlImage::builder().pool(JxlThreadPool::none()).alloc_tracker(memory);
    let image = builder.read(packed).map_err(damaged)?;
    let other = Failure::Damaged("its JPEG XL data is of another kind than it says");
    if !shape.is_covered_by(image.width() as usize, image.height() as usize) {
        return Err(other);
    }
    if image.num_loaded_keyframes() == 0 {
        return Err(Failure::Io(ErrorKind::UnexpectedEof.into()));
    }
    let render = image.render_frame(0).map_err(damaged)?;
    let mut stream = render.stream();
    let most = mask(shape.bits);
    let to_stored: &dyn Fn(f32) -> u64 = match (shape.number, shape.bits) {
        _ if stream.channels() as usize != shape.samples => return Err(other),
        (Number::Unsigned, ..=16) => &|value| (value.clamp(0.0, 1.0) * most as f32).round() as u64,
        (Number::Float, 16) => &|value| u64::from(f16::from_f32(value).to_bits()),
        (Number::Float, 32) => &|value| u64::from(value.to_bits()),
        _ => return Err(Failure::Unsupported("its JPEG XL data is of long or signed numbers".into())),
    };
    let mut values = vec![0f32; shape.width * shape.samples * shape.rows];
    stream.write_to_buffer(&mut values);
    let samples: Vec<u64> = values.into_iter().map(to_stored).collect();
    Ok(join(&samples, shape.width * shape.samples, shape.bits, shape.is_little))
}
