//! Strips and tiles that are pictures in a format of their own.

use super::Failure;
use super::codec::Shape;
use jpeg_decoder::{ColorTransform, Decoder, PixelFormat};

/// The samples as they are stored, brought to one size: what colours they are is TIFF's to say.
pub(super) fn jpeg(packed: &[u8], tables: Option<&[u8]>, shape: &Shape) -> Result<Vec<u8>, Failure> {
    // Tables are a stream of their own: without their end, and the pixels without their start, they are one.
    let tables = tables.and_then(|tables| tables.strip_suffix(&[0xff, 0xd9]));
    let stream = match tables {
        Some(tables) => [tables, packed.get(2..).unwrap_or_default()].concat(),
        None => packed.to_vec(),
    };
    let mut decoder = Decoder::new(&stream[..]);
    // The last strip may be stored as high as the others.
    decoder.set_max_decoding_buffer_size(usize::from(u16::MAX) * shape.width * shape.samples);
    let damaged = |_| Failure::Damaged("its JPEG data is corrupt");
    decoder.read_info().map_err(damaged)?;
    let info = decoder.info().ok_or(Failure::Damaged("its JPEG data is corrupt"))?;
    let samples = info.pixel_format.pixel_bytes();
    if (usize::from(info.width), samples) != (shape.width, shape.samples)
        || usize::from(info.height) < shape.rows
        || shape.bits != 8
    {
        return Err(Failure::Damaged("its JPEG data is of another size than it says"));
    }
    decoder.set_color_transform(match info.pixel_format {
        PixelFormat::RGB24 => ColorTransform::RGB,
        PixelFormat::CMYK32 => ColorTransform::CMYK,
        PixelFormat::L8 | PixelFormat::L16 => ColorTransform::Grayscale,
    });
    let mut bytes = decoder.decode().map_err(damaged)?;
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
