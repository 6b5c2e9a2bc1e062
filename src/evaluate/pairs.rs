//! Originals and their small pictures.

use crate::error::{Error, Result};
use crate::geometry::Size;
use crate::picture::resample::resize_bicubic_u8;
use crate::picture::{Picture, Raster, Samples, list_pictures, small_versions};
use std::path::{Path, PathBuf};

/// An original and, if it is not to be made from it, its small picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The original's file name without its ending.
    pub name: String,
    /// The original.
    pub hr: PathBuf,
    /// The small picture.
    pub lr: Option<PathBuf>,
}

/// Pairs the pictures of two folders by their names; without a second folder, the small ones are made.
///
/// # Errors
/// [`Error::Dataset`] if a folder cannot be read or holds no pictures, the two hold different numbers, or a name has no
/// partner.
pub fn pair_folders(hr: &Path, lr: Option<&Path>) -> Result<Vec<Pair>> {
    let originals = list_pictures(hr, false)?;
    let small = lr.map(|lr| small_versions(hr, &originals, lr, false)).transpose()?;
    let pair = |(i, hr): (usize, PathBuf)| Pair {
        name: hr.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        lr: small.as_ref().map(|small| small[i].clone()),
        hr,
    };
    Ok(originals.into_iter().enumerate().map(pair).collect())
}

/// The small picture, and the original cut to what the small one stands for; where the small one is made, the original is
/// cut to multiples of `multiple` pixels first.
pub(super) fn load(pair: &Pair, scale: f64, multiple: usize) -> Result<(Picture, Raster)> {
    let original = Picture::open(&pair.hr)?;
    let Some(lr) = &pair.lr else {
        let whole = |n: usize| n / multiple * multiple;
        let small = reduced(Size::new(whole(original.size.width), whole(original.size.height)), scale);
        if small.area() == 0 {
            let reason = format!("its {} pixels are too few for ×{scale}", original.size);
            return Err(Error::dataset(&pair.hr, reason));
        }
        let cut = enlarged(small, scale);
        let samples = resize_bicubic_u8(&crop_u8(&original, cut), 3, cut, small);
        return Ok((Picture::from_rgb8(small, samples), crop(&original, cut)));
    };
    let mut small = Picture::open(lr)?;
    let cut = enlarged(small.size, scale);
    if !fits(original.size.width, small.size.width, cut.width, scale)
        || !fits(original.size.height, small.size.height, cut.height, scale)
    {
        let reason = format!("its {} pixels are not {} at {} reduced ×{scale}", small.size, pair.name, original.size);
        return Err(Error::dataset(lr, reason));
    }
    if small.alpha.is_some() {
        let path = std::mem::take(&mut small.path);
        small = Picture { path, ..Picture::from_samples(small.size, small.rgb, None) };
    }
    Ok((small, crop(&original, cut)))
}

/// `floor(n / scale)` per axis, forgiving the rounding of the division.
fn reduced(size: Size, scale: f64) -> Size {
    let axis = |n: usize| (n as f64 / scale + 1e-9) as usize;
    Size::new(axis(size.width), axis(size.height))
}

fn enlarged(size: Size, scale: f64) -> Size {
    // Python's `round`, which the reference uses, takes halves to the even side.
    let axis = |n: usize| (n as f64 * scale).round_ties_even() as usize;
    Size::new(axis(size.width), axis(size.height))
}

/// Whether an axis of `original` pixels can have been reduced to `small` by this scale: the enlarged one must lie
/// inside it, and a larger scale must not fit as well.
fn fits(original: usize, small: usize, enlarged: usize, scale: f64) -> bool {
    enlarged <= original && (original as f64) < (scale + 1.0) * small as f64
}

/// The top-left part of a picture, as floating point.
fn crop(picture: &Picture, size: Size) -> Raster {
    let mut raster = Raster::new(size, 3);
    for (y, row) in raster.data.chunks_exact_mut(size.width * 3).enumerate() {
        let start = y * picture.size.width * 3;
        picture.rgb.read_unit(start..start + row.len(), row);
    }
    raster
}

/// The small picture as a network may be compared with it.
pub(super) fn whole(small: &Picture) -> Raster {
    crop(small, small.size)
}

fn crop_u8(picture: &Picture, size: Size) -> Vec<u8> {
    crop(picture, size).to_u8()
}

/// The small picture in 8 bits, enlarged as Pillow does.
pub(super) fn enlarge_bicubic(small: &Picture, size: Size) -> Raster {
    let converted;
    let samples = match &small.rgb {
        Samples::U8(values) => values,
        Samples::U16(_) => {
            converted = crop_u8(small, small.size);
            &converted
        }
    };
    let enlarged = resize_bicubic_u8(samples, 3, small.size, size);
    Raster { size, channels: 3, data: enlarged.into_iter().map(|v| f32::from(v) / 255.0).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_round_like_the_reference() {
        assert_eq!(reduced(Size::new(256, 255), 3.0), Size::new(85, 85));
        assert_eq!(reduced(Size::new(33, 11), 1.1), Size::new(30, 10));
        assert_eq!(enlarged(Size::new(5, 3), 2.5), Size::new(12, 8));
        assert!(fits(257, 64, 256, 4.0) && !fits(255, 64, 256, 4.0) && !fits(512, 64, 256, 4.0));
    }

    #[test]
    fn a_crop_is_the_top_left_part() {
        let picture = Picture::from_rgb8(Size::new(3, 2), (0..18).collect());
        assert_eq!(crop_u8(&picture, Size::new(2, 2)), [0, 1, 2, 3, 4, 5, 9, 10, 11, 12, 13, 14]);
    }
}
