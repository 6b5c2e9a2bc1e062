//! Decoded pictures: opening, resampling, saving.
//!
//! A [`Picture`] holds the file's own encoded RGB, which is what super-resolution models are trained on; colour
//! management belongs to the display. Alpha is kept beside it, never multiplied in.

mod open;
pub mod resample;
pub mod save;

pub use crate::raster::Raster;
pub use open::{MAX_DECODED_BYTES, is_picture_path};

use crate::geometry::{PixelRect, Size};
use crate::key::PictureId;
use std::path::{Path, PathBuf};

/// Interleaved samples, as deep as the file's.
#[derive(Clone, Debug, PartialEq)]
pub enum Samples {
    /// 8 bits each.
    U8(Vec<u8>),
    /// 16 bits each; also what floating-point files become, encoded with the sRGB curve.
    U16(Vec<u16>),
}

impl Samples {
    /// Sample `index`, scaled to [0, 1].
    #[inline]
    pub fn unit(&self, index: usize) -> f32 {
        match self {
            Self::U8(values) => f32::from(values[index]) / 255.0,
            Self::U16(values) => f32::from(values[index]) / 65535.0,
        }
    }

    /// Writes the samples `range` into `out`, scaled to [0, 1].
    pub fn read_unit(&self, range: std::ops::Range<usize>, out: &mut [f32]) {
        match self {
            Self::U8(values) => out.iter_mut().zip(&values[range]).for_each(|(o, v)| *o = f32::from(*v) / 255.0),
            Self::U16(values) => out.iter_mut().zip(&values[range]).for_each(|(o, v)| *o = f32::from(*v) / 65535.0),
        }
    }

    /// Bits of a sample.
    pub fn bits(&self) -> u8 {
        match self {
            Self::U8(_) => 8,
            Self::U16(_) => 16,
        }
    }

    /// Their bytes in memory, for hashing.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::U8(values) => values,
            Self::U16(values) => bytemuck::cast_slice(values),
        }
    }
}

/// What a file carries beside its pixels and an export should carry on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    /// The embedded ICC profile, if it describes the RGB samples that this picture holds.
    pub icc_profile: Option<Vec<u8>>,
    /// The EXIF block with its orientation reset, since the pixels are already upright.
    pub exif: Option<Vec<u8>>,
}

/// A decoded picture, upright, in RGB.
#[derive(Clone, Debug)]
pub struct Picture {
    /// Name of its content.
    pub id: PictureId,
    /// Where it came from; empty if from memory.
    pub path: PathBuf,
    /// Its size after orientation.
    pub size: Size,
    /// RGB, interleaved, row-major: `height * width * 3`.
    pub rgb: Samples,
    /// Opacity, `height * width`, if the file has any pixel that is not opaque.
    pub alpha: Option<Samples>,
    /// The file format, as people call it.
    pub format: &'static str,
    /// What travels with it.
    pub metadata: Metadata,
}

impl Picture {
    /// A picture from samples in memory.
    ///
    /// # Panics
    /// If the number of samples does not fit the size.
    pub fn from_samples(size: Size, rgb: Samples, alpha: Option<Samples>) -> Self {
        let values = rgb.as_bytes().len() * 8 / usize::from(rgb.bits());
        assert_eq!(values, size.area() * 3, "RGB samples do not fit {size}");
        let shape = [size.width as u64, size.height as u64];
        let opacity = alpha.as_ref().map_or(&[][..], Samples::as_bytes);
        Self {
            id: PictureId::of([bytemuck::cast_slice(&shape), rgb.as_bytes(), opacity]),
            path: PathBuf::new(),
            size,
            rgb,
            alpha,
            format: "memory",
            metadata: Metadata::default(),
        }
    }

    /// An opaque 8-bit picture from `height * width * 3` samples in memory.
    pub fn from_rgb8(size: Size, rgb: Vec<u8>) -> Self {
        Self::from_samples(size, Samples::U8(rgb), None)
    }

    /// Opens a picture file: orientation applied, RGB whatever the file's mode, within [`MAX_DECODED_BYTES`].
    ///
    /// # Errors
    /// [`crate::error::Error::Picture`] for a missing, unreadable, damaged, empty, unknown or too large file.
    pub fn open(path: &Path) -> crate::error::Result<Self> {
        open::open(path)
    }

    /// The RGB of `rect` as planes `[3, height, width]`, scaled to [0, 1].
    pub fn planes(&self, rect: PixelRect) -> Vec<f32> {
        let mut planes = vec![0.0; 3 * rect.area()];
        let mut row = vec![0.0; rect.width * 3];
        for y in 0..rect.height {
            let start = ((rect.y + y) * self.size.width + rect.x) * 3;
            self.rgb.read_unit(start..start + row.len(), &mut row);
            for (x, pixel) in row.as_chunks::<3>().0.iter().enumerate() {
                for (channel, value) in pixel.iter().enumerate() {
                    planes[channel * rect.area() + y * rect.width + x] = *value;
                }
            }
        }
        planes
    }

    /// How many bytes its samples occupy.
    pub fn byte_len(&self) -> usize {
        self.rgb.as_bytes().len() + self.alpha.as_ref().map_or(0, |alpha| alpha.as_bytes().len())
    }

    /// The file's name without its folder, for people.
    pub fn name(&self) -> String {
        self.path.file_name().map_or_else(|| "untitled".into(), |name| name.to_string_lossy().into_owned())
    }
}
