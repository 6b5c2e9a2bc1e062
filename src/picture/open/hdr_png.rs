//! PNG on the curves of HDR (its cICP chunk), decoded to light.

use crate::picture::color_chunks::hdr;
use crate::picture::hdr::Hdr;
use crate::picture::metadata::{Remarks, png_remarks};
use image::{ColorType, DynamicImage, ImageDecoder, ImageResult, Limits};
use rayon::prelude::*;
use std::path::Path;

/// Decodes what another decoder has, to light; its profile says nothing of that.
struct HdrDecoder<'a> {
    inner: Box<dyn ImageDecoder + 'a>,
    hdr: Hdr,
}

/// The same decoder, or one that makes light of what it has, if it is of a PNG that says so.
pub(super) fn with_light<'a>(decoder: Box<dyn ImageDecoder + 'a>, remarks: &Remarks) -> Box<dyn ImageDecoder + 'a> {
    match hdr(&remarks.png_color) {
        Some(hdr) => Box::new(HdrDecoder { inner: decoder, hdr }),
        None => decoder,
    }
}

/// Whether a PNG becomes light.
pub(super) fn is_light(path: &Path) -> bool {
    hdr(&png_remarks(path).png_color).is_some()
}

impl HdrDecoder<'_> {
    fn decode(self, out: &mut [u8]) -> ImageResult<()> {
        let hdr = self.hdr;
        let has_alpha = self.inner.color_type().has_alpha();
        let width = self.inner.dimensions().0 as usize;
        let image = DynamicImage::from_decoder(self.inner)?.into_rgba16();
        let channels = if has_alpha { 4 } else { 3 };
        out.par_chunks_exact_mut(width * channels * size_of::<f32>()).enumerate().for_each(|(y, row)| {
            for (x, pixel) in row.chunks_exact_mut(channels * size_of::<f32>()).enumerate() {
                let [r, g, b, opacity] = image.get_pixel(x as u32, y as u32).0.map(|value| f32::from(value) / 65535.0);
                let [r, g, b] = hdr.light([r, g, b]);
                pixel.chunks_exact_mut(size_of::<f32>()).zip([r, g, b, opacity]).for_each(|(to, value)| {
                    to.copy_from_slice(&value.to_ne_bytes());
                });
            }
        });
        Ok(())
    }
}

impl ImageDecoder for HdrDecoder<'_> {
    fn dimensions(&self) -> (u32, u32) {
        self.inner.dimensions()
    }

    fn color_type(&self) -> ColorType {
        if self.inner.color_type().has_alpha() { ColorType::Rgba32F } else { ColorType::Rgb32F }
    }

    fn exif_metadata(&mut self) -> ImageResult<Option<Vec<u8>>> {
        self.inner.exif_metadata()
    }

    fn xmp_metadata(&mut self) -> ImageResult<Option<Vec<u8>>> {
        self.inner.xmp_metadata()
    }

    fn set_limits(&mut self, limits: Limits) -> ImageResult<()> {
        self.inner.set_limits(limits)
    }

    fn read_image(self, out: &mut [u8]) -> ImageResult<()> {
        self.decode(out)
    }

    fn read_image_boxed(self: Box<Self>, out: &mut [u8]) -> ImageResult<()> {
        (*self).decode(out)
    }
}
