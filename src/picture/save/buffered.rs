//! Formats whose encoders want the whole picture: JPEG, lossless WebP, BMP. All have 8 bits.

use super::{SaveOptions, Sink};
use crate::atomic::describe_io;
use crate::picture::Raster;
use image::codecs::bmp::BmpEncoder;
use image::codecs::jpeg::{JpegEncoder, PixelDensity};
use image::codecs::webp::WebPEncoder;
use image::{ExtendedColorType, ImageEncoder, ImageError, ImageResult};
use std::fs::File;
use std::io::{BufWriter, Write};

/// The longest EXIF block that fits into a JPEG segment beside its length and signature.
const MAX_JPEG_EXIF_BYTES: usize = 65_533 - 6;

/// The longest profile that the 255 segments of a JPEG can hold.
const MAX_JPEG_PROFILE_BYTES: usize = 255 * 65_519;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Codec {
    Jpeg,
    WebP,
    Bmp,
}

pub(super) struct BufferedSink {
    codec: Codec,
    file: BufWriter<File>,
    samples: Vec<u8>,
    options: SaveOptions,
}

impl BufferedSink {
    pub(super) fn start(codec: Codec, file: File, options: &SaveOptions) -> Result<Self, String> {
        let mut options = options.clone();
        if codec == Codec::Jpeg {
            options.channels = 3;
        }
        let mut samples = Vec::new();
        samples
            .try_reserve_exact(options.size.area() * options.channels)
            .map_err(|_| format!("there is not enough memory for {}; use .png or .tif", options.size))?;
        Ok(Self { codec, file: BufWriter::new(file), samples, options })
    }

    fn encode(&mut self) -> ImageResult<()> {
        match self.codec {
            Codec::Jpeg => {
                let quality = self.options.quality.clamp(1, 100);
                let mut options = self.options.clone();
                options.metadata.exif.take_if(|exif| exif.len() > MAX_JPEG_EXIF_BYTES);
                options.metadata.icc_profile.take_if(|profile| profile.len() > MAX_JPEG_PROFILE_BYTES);
                let mut encoder = JpegEncoder::new_with_quality(&mut self.file, quality);
                if let Some(dpi) = options.dpi {
                    encoder.set_pixel_density(PixelDensity::dpi(dpi.round().clamp(1.0, 65_535.0) as u16));
                }
                write(encoder, &self.samples, options)
            }
            Codec::WebP => write(WebPEncoder::new_lossless(&mut self.file), &self.samples, self.options.clone()),
            Codec::Bmp => write(BmpEncoder::new(&mut self.file), &self.samples, self.options.clone()),
        }
    }
}

fn write(mut encoder: impl ImageEncoder, samples: &[u8], options: SaveOptions) -> ImageResult<()> {
    // BMP holds neither; that is no reason to fail.
    if let Some(profile) = options.metadata.icc_profile {
        let _ = encoder.set_icc_profile(profile);
    }
    if let Some(exif) = options.metadata.exif {
        let _ = encoder.set_exif_metadata(exif);
    }
    let color = if options.channels == 4 { ExtendedColorType::Rgba8 } else { ExtendedColorType::Rgb8 };
    encoder.write_image(samples, options.size.width as u32, options.size.height as u32, color)
}

impl Sink for BufferedSink {
    fn write(&mut self, band: &Raster) -> Result<(), String> {
        let is_flattened = band.channels > self.options.channels;
        self.samples.extend(if is_flattened { on_white(band).to_u8() } else { band.to_u8() });
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), String> {
        self.encode().map_err(|error| match error {
            ImageError::IoError(error) => describe_io(&error),
            other => format!("its encoder failed ({other})"),
        })?;
        self.file.flush().map_err(|error| describe_io(&error))
    }
}

/// JPEG has no opacity: what shines through is white paper.
fn on_white(band: &Raster) -> Raster {
    let blend = |[r, g, b, a]: &[f32; 4]| [r, g, b].map(|v| v * a + (1.0 - a));
    Raster { size: band.size, channels: 3, data: band.data.as_chunks().0.iter().flat_map(blend).collect() }
}
