//! Which format an ending stands for, and what it can hold.

use super::buffered::{BufferedSink, Codec, MAX_JPEG_XMP_BYTES};
use super::pyramid::{self, PyramidSink};
use super::{SaveOptions, Sink, avif, jxl, png, tiff};
use crate::geometry::Size;
use std::fs::File;
use std::path::Path;

/// The endings of files that work, in the order in which to offer them. Beside them `dzi` writes a Deep Zoom pyramid, a
/// small file and a folder of tiles.
pub fn formats() -> &'static [&'static str] {
    &["png", "tif", "tiff", "jpg", "jpeg", "webp", "avif", "jxl", "bmp"]
}

/// Whether the format that the ending of `path` names can say what its colours mean.
pub fn holds_profiles(path: &Path) -> bool {
    !matches!(Format::of(path), Ok(Format::Bmp | Format::DeepZoom | Format::Jxl))
}

/// The longest XMP packet, in bytes, for which the format has room that the ending of `path` names.
pub fn most_xmp_bytes(path: &Path) -> usize {
    match Format::of(path) {
        Ok(Format::Jpeg) => MAX_JPEG_XMP_BYTES,
        Ok(Format::Bmp | Format::DeepZoom) | Err(_) => 0,
        Ok(_) => u32::MAX as usize / 2,
    }
}

/// The bits a sample that are written where `bits` are asked for, in the format that the ending of `path` names: AVIF rounds 16 to
/// its own 10.
pub fn written_bits(path: &Path, channels: usize, bits: u8) -> u8 {
    Format::of(path).map_or(bits, |format| format.written_bits(channels, bits))
}

/// What is held of a picture until its end, in bytes, where the format that the ending of `path` names is not written band by
/// band; with what its encoder takes.
pub fn gathered_bytes(path: &Path, size: Size, channels: usize, bits: u8) -> u64 {
    let Ok(format) = Format::of(path) else { return 0 };
    // Its encoder makes a copy with opacity, and its own.
    let copies = if format == Format::WebP { (size.area() as u64).saturating_mul(8) } else { 0 };
    format.held_bytes(size, channels, bits).saturating_add(copies)
}

/// The most memory that a format without streaming may gather.
const MAX_BUFFER_BYTES: u64 = 2 << 30;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Png,
    Tiff,
    Jpeg,
    WebP,
    Avif,
    Jxl,
    Bmp,
    DeepZoom,
}

impl Format {
    /// The format that the ending of `path` names.
    pub(super) fn of(path: &Path) -> Result<Self, String> {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        match ending.as_deref() {
            Some("png") => Ok(Self::Png),
            Some("tif" | "tiff") => Ok(Self::Tiff),
            Some("jpg" | "jpeg") => Ok(Self::Jpeg),
            Some("webp") => Ok(Self::WebP),
            Some("avif") => Ok(Self::Avif),
            Some("jxl") => Ok(Self::Jxl),
            Some("bmp") => Ok(Self::Bmp),
            Some("dzi") => Ok(Self::DeepZoom),
            Some(other) => Err(format!("files ending in .{other} cannot be written; use one of {}", list_endings())),
            None => Err(format!("the name has no ending to tell the format by; use one of {}", list_endings())),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Png => "PNG",
            Self::Tiff => "TIFF",
            Self::Jpeg => "JPEG",
            Self::WebP => "WebP",
            Self::Avif => "AVIF",
            Self::Jxl => "JPEG XL",
            Self::Bmp => "BMP",
            Self::DeepZoom => "Deep Zoom",
        }
    }

    fn largest_side(self) -> usize {
        match self {
            Self::Png | Self::Bmp | Self::DeepZoom => i32::MAX as usize,
            Self::Avif => avif::MOST_SIDE,
            Self::Jxl => 1 << 30,
            Self::Tiff => u32::MAX as usize,
            Self::Jpeg => 65_535,
            Self::WebP => 16_383,
        }
    }

    /// Whether the format can hold what is asked for.
    pub(super) fn check(self, options: &SaveOptions) -> Result<(), String> {
        let (size, name) = (options.size, self.name());
        if size.width == 0 || size.height == 0 {
            return Err("a picture without pixels cannot be written".into());
        }
        if !matches!(options.channels, 3 | 4) || !matches!(options.bits, 8 | 16) {
            let (channels, bits) = (options.channels, options.bits);
            return Err(format!("{channels} channels of {bits} bits are not a picture; use 3 or 4 of 8 or 16"));
        }
        let side = self.largest_side();
        if size.width > side || size.height > side {
            return Err(format!("{name} holds at most {side} pixels a side and this is {size}; use .png or .tif"));
        }
        if self == Self::Jxl && size.width.min(size.height) < jxl::LEAST_SIDE {
            return Err(format!("{name} is written from 2 pixels a side on and this is {size}; use .png or .tif"));
        }
        if self == Self::DeepZoom && pyramid::held_bytes(size, options.channels) > MAX_BUFFER_BYTES {
            return Err(format!(
                "{size} is too wide for a pyramid of tiles, of which two rows are held; use .png or .tif"
            ));
        }
        if self.held_bytes(size, options.channels, options.bits) > MAX_BUFFER_BYTES {
            return Err(format!("{size} is too large for {name}, which must be gathered in memory; use .png or .tif"));
        }
        Ok(())
    }

    fn written_bits(self, channels: usize, bits: u8) -> u8 {
        match self {
            Self::Png | Self::Tiff => bits,
            Self::Avif => 16,
            // Of opacity its encoder says in the file that it has 8.
            Self::Jxl if channels < 4 => bits,
            Self::Jpeg | Self::WebP | Self::Jxl | Self::Bmp | Self::DeepZoom => 8,
        }
    }

    /// What is gathered of a picture before it is written.
    fn held_bytes(self, size: Size, channels: usize, bits: u8) -> u64 {
        let area = (size.width as u64).saturating_mul(size.height as u64);
        let samples = |bytes: usize| area.saturating_mul(bytes as u64);
        match self {
            // It has no opacity.
            Self::Jpeg => samples(3),
            Self::WebP | Self::Bmp => samples(channels),
            Self::Jxl => {
                let bytes = channels * usize::from(self.written_bits(channels, bits) / 8);
                samples(bytes).saturating_mul(1 + jxl::ENCODER_FACTOR)
            }
            Self::Avif => avif::held_bytes(size, channels),
            Self::Png | Self::Tiff | Self::DeepZoom => 0,
        }
    }

    /// Starts the file that will be at `path`.
    pub(super) fn start(self, file: File, path: &Path, options: &SaveOptions) -> Result<Box<dyn Sink>, String> {
        let bits = self.written_bits(options.channels, options.bits);
        let options = &SaveOptions { bits, ..options.clone() };
        Ok(match self {
            Self::Png => Box::new(png::PngSink::start(file, options)?),
            Self::Tiff => Box::new(tiff::TiffSink::start(file, options)?),
            Self::Jpeg => Box::new(BufferedSink::start(Codec::Jpeg, file, options)?),
            Self::WebP => Box::new(BufferedSink::start(Codec::WebP, file, options)?),
            Self::Avif => Box::new(avif::AvifSink::start(file, options)?),
            Self::Jxl => Box::new(BufferedSink::start(Codec::Jxl, file, options)?),
            Self::Bmp => Box::new(BufferedSink::start(Codec::Bmp, file, options)?),
            Self::DeepZoom => Box::new(PyramidSink::start(file, path, options)?),
        })
    }
}

fn list_endings() -> String {
    formats().iter().chain(&["dzi"]).map(|ending| format!(".{ending}")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_offered_ending_is_a_format() {
        for ending in formats() {
            assert!(Format::of(Path::new(&format!("a.{}", ending.to_uppercase()))).is_ok());
        }
        assert!(Format::of(Path::new("a.gif")).unwrap_err().contains(".png, .tif"));
        assert!(Format::of(Path::new("a")).is_err());
    }
}
