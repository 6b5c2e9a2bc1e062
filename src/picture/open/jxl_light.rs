//! JPEG XL that holds light: on the curves of HDR, or in floating-point numbers that are linear.

use crate::picture::hdr::{Hdr, WHITE};
use jxl_oxide::color::{ColourEncoding, ColourSpace, Primaries, TransferFunction, WhitePoint};
use jxl_oxide::image::BitDepth;
use jxl_oxide::{EnumColourEncoding, ImageStream, JxlImage, RenderingIntent};

/// The brightness of 1 that no header names, in candela a square metre: such pictures are those of ordinary screens.
const USUAL_TARGET: f32 = 255.0;

/// What the decoder's numbers are to light.
pub(super) struct JxlLight {
    hdr: Hdr,
    /// The colours to ask the decoder for; nothing for the file's own.
    pub(super) wanted: Option<EnumColourEncoding>,
}

impl JxlLight {
    /// Those of an image; nothing if it holds no light, or its colours are named by a profile or by primaries of their own.
    pub(super) fn of(image: &JxlImage) -> Option<Self> {
        let metadata = &image.image_header().metadata;
        let ColourEncoding::Enum(own) = &metadata.colour_encoding else { return None };
        let target = metadata.tone_mapping.intensity_target;
        let is_usual = target <= USUAL_TARGET;
        // Lossy code says how bright a pixel is: asked for in sRGB's primaries, nothing of it is cut off on the way.
        let is_lossy = metadata.xyb_encoded;
        let primaries = match own.primaries {
            _ if is_lossy || own.colour_space == ColourSpace::Grey => 1,
            Primaries::Srgb => 1,
            Primaries::Bt2100 => 9,
            Primaries::P3 => 12,
            Primaries::Custom { .. } => return None,
        };
        let is_float = matches!(metadata.bit_depth, BitDepth::FloatSample { .. });
        let hdr = match own.tf {
            _ if own.white_point != WhitePoint::D65 => None,
            TransferFunction::Linear if !is_float => None,
            TransferFunction::Linear if is_usual => Hdr::linear(primaries, 1.0),
            TransferFunction::Linear if !is_lossy => Hdr::linear(primaries, target / WHITE),
            TransferFunction::Linear | TransferFunction::Pq => Hdr::of(primaries, 16),
            // On its own curve, since many an encoder leaves out how bright its screen is.
            TransferFunction::Hlg => Hdr::of(primaries, 18),
            _ => None,
        }?;
        let tf = match own.tf {
            TransferFunction::Linear if !is_usual => TransferFunction::Pq,
            own => own,
        };
        let wanted = is_lossy.then(|| EnumColourEncoding {
            colour_space: own.colour_space,
            tf,
            ..EnumColourEncoding::srgb_linear(RenderingIntent::Relative)
        });
        Some(Self { hdr, wanted })
    }

    /// Writes the light of every pixel, red, green, blue and its opacity, if it has some, in native floating-point numbers.
    pub(super) fn write(&self, mut stream: ImageStream<'_>, has_alpha: bool, out: &mut [u8]) {
        let (width, channels) = (stream.width() as usize, stream.channels() as usize);
        let mut row = vec![0.0_f32; width * channels];
        let colors = channels - usize::from(has_alpha);
        let numbers = 3 + usize::from(has_alpha);
        for to in out.chunks_exact_mut(width * numbers * size_of::<f32>()) {
            stream.write_to_buffer(&mut row);
            for (pixel, to) in row.chunks_exact(channels).zip(to.chunks_exact_mut(numbers * size_of::<f32>())) {
                let light = self.hdr.light([0, 1, 2].map(|c| pixel[c.min(colors - 1)]));
                let values = light.iter().chain(has_alpha.then(|| &pixel[channels - 1]));
                let to = to.as_chunks_mut::<4>().0.iter_mut();
                to.zip(values).for_each(|(to, value)| *to = value.to_ne_bytes());
            }
        }
    }
}
