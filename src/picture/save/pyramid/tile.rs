//! Tiles as files.

use crate::atomic::describe_io;
use crate::geometry::Size;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder, ImageError};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// The quality at which nothing may be lost.
const LOSSLESS: u8 = 100;

pub(super) struct Tiles {
    channels: usize,
    /// Of JPEG; none for PNG.
    quality: Option<u8>,
    bytes: AtomicU64,
}

impl Tiles {
    pub(super) fn new(channels: usize, quality: u8) -> Self {
        let is_jpeg = channels == 3 && quality < LOSSLESS;
        Self { channels, quality: is_jpeg.then_some(quality.max(1)), bytes: AtomicU64::new(0) }
    }

    pub(super) fn ending(&self) -> &'static str {
        if self.quality.is_some() { "jpg" } else { "png" }
    }

    /// Bytes that were written.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Writes one, of interleaved samples.
    pub(super) fn write(&self, path: &Path, pixels: &[u8], size: Size) -> Result<(), String> {
        let mut bytes = Vec::new();
        let color = if self.channels == 4 { ExtendedColorType::Rgba8 } else { ExtendedColorType::Rgb8 };
        let (width, height) = (size.width as u32, size.height as u32);
        let encoded = match self.quality {
            Some(quality) => {
                JpegEncoder::new_with_quality(&mut bytes, quality).write_image(pixels, width, height, color)
            }
            None => PngEncoder::new(&mut bytes).write_image(pixels, width, height, color),
        };
        encoded.map_err(|error| match error {
            ImageError::IoError(error) => describe_io(&error),
            other => format!("the encoder of its tiles failed ({other})"),
        })?;
        self.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        std::fs::write(path, bytes).map_err(|error| describe_io(&error))
    }
}
