//! JPEG XL, lossless, of 8 or 16 bits: coded by `zune-jpegxl`, in the boxes of ISO/IEC 18181-2. The encoder knows sRGB alone.

use super::SaveOptions;
use crate::picture::boxes::boxed;
use zune_core::bit_depth::BitDepth;
use zune_core::colorspace::ColorSpace;
use zune_core::options::EncoderOptions;
use zune_jpegxl::JxlSimpleEncoder;

/// Bytes that encoding takes beside the samples, per byte of them: what the parts are written into, and their code put together.
pub(super) const ENCODER_FACTOR: u64 = 3;

/// The shortest side that the encoder takes.
pub(super) const LEAST_SIDE: usize = 2;

/// The file for samples of 8 bits, or of 16 in the order of this machine.
pub(super) fn encode(samples: &[u8], options: &SaveOptions) -> Result<Vec<u8>, String> {
    let (size, metadata) = (options.size, &options.metadata);
    let colors = if options.channels == 4 { ColorSpace::RGBA } else { ColorSpace::RGB };
    let depth = if options.bits == 16 { BitDepth::Sixteen } else { BitDepth::Eight };
    let encoder = JxlSimpleEncoder::new(samples, EncoderOptions::new(size.width, size.height, colors, depth));
    let mut code = Vec::new();
    encoder.encode(&mut code).map_err(|error| format!("its encoder failed ({error:?})"))?;
    let mut file = boxed(*b"JXL ", b"\r\n\x87\n");
    file.extend(boxed(*b"ftyp", b"jxl \0\0\0\0jxl "));
    if let Some(exif) = options.exif_with_resolution() {
        // First, where the block begins behind these four bytes.
        file.extend(boxed(*b"Exif", &[&[0; 4], exif.as_slice()].concat()));
    }
    if let Some(packet) = &metadata.xmp {
        file.extend(boxed(*b"xml ", packet));
    }
    // The last box reaches to the end, however long.
    file.extend(b"\0\0\0\0jxlc");
    file.extend(code);
    Ok(file)
}
