//! Formats whose encoders want the whole picture: JPEG, lossless WebP, BMP, all of 8 bits, and JPEG XL.

use super::{SaveOptions, Sink, jxl};
use crate::atomic::describe_io;
use crate::picture::Raster;
use crate::picture::metadata::iptc;
use crate::picture::metadata::xmp::JPEG_NAME;
use image::codecs::bmp::BmpEncoder;
use image::codecs::jpeg::{JpegEncoder, PixelDensity};
use image::{ExtendedColorType, ImageEncoder, ImageError, ImageResult};
use std::fs::File;
use std::io::{BufWriter, Write};

/// The longest EXIF block that fits into a JPEG segment beside its length and signature.
const MAX_JPEG_EXIF_BYTES: usize = 65_533 - 6;

/// The longest packet that fits into a JPEG segment beside its length and name.
pub(super) const MAX_JPEG_XMP_BYTES: usize = 65_533 - JPEG_NAME.len();

/// The longest profile that the 255 segments of a JPEG can hold.
const MAX_JPEG_PROFILE_BYTES: usize = 255 * 65_519;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Codec {
    Jpeg,
    WebP,
    Jxl,
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
            .try_reserve_exact(options.size.area() * options.channels * usize::from(options.bits / 8))
            .map_err(|_| format!("there is not enough memory for {}; use .png or .tif", options.size))?;
        Ok(Self { codec, file: BufWriter::new(file), samples, options })
    }

    fn encode(&mut self) -> Result<(), String> {
        match self.codec {
            Codec::Jpeg => self.encode_jpeg().map_err(describe),
            Codec::WebP => self.encode_webp(),
            Codec::Jxl => {
                let file = jxl::encode(&self.samples, &self.options)?;
                self.file.write_all(&file).map_err(|error| describe_io(&error))
            }
            Codec::Bmp => write(BmpEncoder::new(&mut self.file), &self.samples, &self.options).map_err(describe),
        }
    }

    fn encode_jpeg(&mut self) -> ImageResult<()> {
        let metadata = &mut self.options.metadata;
        metadata.exif.take_if(|exif| exif.len() > MAX_JPEG_EXIF_BYTES);
        metadata.icc_profile.take_if(|profile| profile.len() > MAX_JPEG_PROFILE_BYTES);
        let packet = metadata.xmp.take_if(|packet| packet.len() <= MAX_JPEG_XMP_BYTES);
        let records = metadata.iptc.take_if(|records| records.len() <= iptc::MAX_JPEG_BYTES);
        let mut bytes = Vec::new();
        let mut encoder = JpegEncoder::new_with_quality(&mut bytes, self.options.quality.clamp(1, 100));
        if let Some(dpi) = self.options.dpi {
            encoder.set_pixel_density(PixelDensity::dpi(dpi.round().clamp(1.0, 65_535.0) as u16));
        }
        write(encoder, &self.samples, &self.options)?;
        if let Some(packet) = packet {
            insert_segment(&mut bytes, xmp_segment(&packet));
        }
        if let Some(records) = records {
            insert_segment(&mut bytes, iptc::jpeg_segment(&records));
        }
        Ok(self.file.write_all(&bytes)?)
    }

    /// By the library behind `image`, which alone takes XMP.
    fn encode_webp(&mut self) -> Result<(), String> {
        let (size, metadata) = (self.options.size, self.options.metadata.clone());
        let mut encoder = image_webp::WebPEncoder::new(&mut self.file);
        metadata.icc_profile.into_iter().for_each(|profile| encoder.set_icc_profile(profile));
        if let Some(exif) = self.options.exif_with_resolution() {
            encoder.set_exif_metadata(exif);
        }
        metadata.xmp.into_iter().for_each(|packet| encoder.set_xmp_metadata(packet));
        let color = if self.options.channels == 4 { image_webp::ColorType::Rgba8 } else { image_webp::ColorType::Rgb8 };
        encoder.encode(&self.samples, size.width as u32, size.height as u32, color).map_err(|error| match error {
            image_webp::EncodingError::IoError(error) => describe_io(&error),
            other => format!("its encoder failed ({other})"),
        })
    }
}

fn write(mut encoder: impl ImageEncoder, samples: &[u8], options: &SaveOptions) -> ImageResult<()> {
    // BMP holds neither; that is no reason to fail.
    if let Some(profile) = options.metadata.icc_profile.clone() {
        let _ = encoder.set_icc_profile(profile);
    }
    if let Some(exif) = options.metadata.exif.clone() {
        let _ = encoder.set_exif_metadata(exif);
    }
    let color = if options.channels == 4 { ExtendedColorType::Rgba8 } else { ExtendedColorType::Rgb8 };
    encoder.write_image(samples, options.size.width as u32, options.size.height as u32, color)
}

fn xmp_segment(packet: &[u8]) -> Vec<u8> {
    let len = (2 + JPEG_NAME.len() + packet.len()) as u16;
    [&[0xff, 0xe1], &len.to_be_bytes()[..], JPEG_NAME, packet].concat()
}

/// Puts a segment into a JPEG that was just written, behind the segments that must be first (JFIF, EXIF, XMP).
fn insert_segment(jpeg: &mut Vec<u8>, segment: Vec<u8>) {
    let mut at = 2;
    while let Some([0xff, 0xe0 | 0xe1, high, low]) = jpeg.get(at..at + 4) {
        at += 2 + usize::from(u16::from_be_bytes([*high, *low]));
    }
    jpeg.splice(at..at, segment);
}

fn describe(error: ImageError) -> String {
    match error {
        ImageError::IoError(error) => describe_io(&error),
        other => format!("its encoder failed ({other})"),
    }
}

impl Sink for BufferedSink {
    fn write(&mut self, band: &Raster) -> Result<(), String> {
        let is_flattened = band.channels > self.options.channels;
        match self.options.bits {
            16 => self.samples.extend_from_slice(bytemuck::cast_slice(&band.to_u16())),
            _ if is_flattened => self.samples.extend(on_white(band).to_u8()),
            _ => self.samples.extend(band.to_u8()),
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<u64, String> {
        self.encode()?;
        self.file.flush().map(|()| 0).map_err(|error| describe_io(&error))
    }
}

/// JPEG has no opacity: what shines through is white paper.
fn on_white(band: &Raster) -> Raster {
    let blend = |[r, g, b, a]: &[f32; 4]| [r, g, b].map(|v| v * a + (1.0 - a));
    Raster { size: band.size, channels: 3, data: band.data.as_chunks().0.iter().flat_map(blend).collect() }
}
