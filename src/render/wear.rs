//! Which live network suits a picture: whether it is as clean as what `live` has learnt from, or carries the blocks and the
//! noise that `photo` undoes.

use crate::geometry::{PixelRect, Size};
use crate::picture::Picture;
use crate::weights::Builtin;
use std::fmt;

/// Sides of the patches that are looked at: whole blocks of JPEG's eight pixels.
const PATCH: usize = 128;

/// Patches along each side, spread over the picture.
const PATCHES: usize = 6;

/// JPEG's blocks.
const BLOCK: usize = 8;

/// From this on edges of blocks are seen: 96 % of pictures at quality 85 and 79 % at 90 lie above, 4 of 5 without blocks below.
const BLOCKY: f64 = 1.06;

/// The same in a JPEG file, where blocks are likely.
const BLOCKY_IN_JPEG: f64 = 1.03;

/// Noise (of 255) that is worth being undone.
const NOISY: f64 = 2.5;

/// From this on what is left in the smoothest places is noise, not texture: white noise has 2, texture less than 1.
const GRAINY: f64 = 1.1;

/// What a picture went through before it was opened, as far as its pixels tell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wear {
    /// Steps across the edges of blocks, as a multiple of those elsewhere: 1 where there are no blocks.
    pub blocks: f64,
    /// Root mean square of the finest diagonal detail in the smoothest places, of 255.
    pub noise: f64,
    /// That as a multiple of the coarser detail there.
    pub grain: f64,
    is_jpeg: bool,
}

/// A live network, and why that one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suited {
    /// The network.
    pub model: Builtin,
    /// Why, in a word.
    pub reason: &'static str,
}

impl fmt::Display for Suited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.model.title(), self.reason)
    }
}

impl Wear {
    /// Of at most 36 patches of a picture.
    pub fn of(picture: &Picture) -> Self {
        let (mut steps, mut places) = (Steps::default(), Vec::new());
        for rect in patches(picture.size) {
            let luma = luma(picture, rect);
            steps.add(&luma, rect.width, 1);
            steps.add(&luma, rect.width, rect.width);
            places.extend(smoothness(&luma, rect.width));
        }
        places.sort_unstable_by(|a, b| a.coarse.total_cmp(&b.coarse));
        places.truncate((places.len() / 10).max(4));
        let median = |of: &dyn Fn(&Place) -> f64| {
            let mut values: Vec<f64> = places.iter().map(of).collect();
            values.sort_unstable_by(f64::total_cmp);
            values.get(values.len() / 2).copied().unwrap_or(0.0)
        };
        Self {
            blocks: steps.blocks(),
            noise: median(&|place| place.fine),
            grain: median(&|place| place.fine / (place.coarse + 0.05)),
            is_jpeg: picture.format == "JPEG",
        }
    }

    /// The live network for such a picture.
    pub fn suited(self) -> Suited {
        let (model, reason) = if self.blocks >= if self.is_jpeg { BLOCKY_IN_JPEG } else { BLOCKY } {
            (Builtin::Photo, "the picture shows JPEG blocks")
        } else if self.noise >= NOISY && self.grain >= GRAINY {
            (Builtin::Photo, "the picture is noisy")
        } else {
            (Builtin::Live, "the picture is clean")
        };
        Suited { model, reason }
    }
}

/// Patches that begin where JPEG's blocks do, spread over a picture.
fn patches(size: Size) -> Vec<PixelRect> {
    let starts = |n: usize| {
        let most = n.saturating_sub(PATCH) / BLOCK;
        let count = (n / PATCH).clamp(1, PATCHES);
        (0..count).map(move |i| most * i / (count - 1).max(1) * BLOCK)
    };
    let rect = |(y, x)| PixelRect { x, y, width: PATCH, height: PATCH }.intersection(size.rect());
    starts(size.height).flat_map(|y| starts(size.width).map(move |x| (y, x))).filter_map(rect).collect()
}

/// Brightness, of 255.
fn luma(picture: &Picture, rect: PixelRect) -> Vec<f32> {
    let planes = picture.planes(rect);
    let area = rect.area();
    (0..area).map(|i| 255.0 * (0.299 * planes[i] + 0.587 * planes[area + i] + 0.114 * planes[2 * area + i])).collect()
}

/// Third differences between neighbours, by their place within a block.
#[derive(Default)]
struct Steps {
    sums: [f64; BLOCK],
    counts: [f64; BLOCK],
}

impl Steps {
    /// Those along rows (`stride` 1) or columns (`stride` the width) of a patch.
    fn add(&mut self, luma: &[f32], width: usize, stride: usize) {
        let height = luma.len() / width;
        for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
            let (along, length) = if stride == 1 { (x, width) } else { (y, height) };
            if along + 3 < length {
                let at = |i: usize| f64::from(luma[y * width + x + i * stride]);
                // A real edge is no block's.
                let step = (at(3) - 3.0 * at(2) + 3.0 * at(1) - at(0)).abs().min(20.0);
                self.sums[(along + 2) % BLOCK] += step;
                self.counts[(along + 2) % BLOCK] += 1.0;
            }
        }
    }

    fn blocks(&self) -> f64 {
        let mean = |i: usize| self.sums[i] / self.counts[i].max(1.0);
        let mut within: Vec<f64> = (1..BLOCK).map(mean).collect();
        within.sort_unstable_by(f64::total_cmp);
        mean(0) / (within[BLOCK / 2 - 1] + 0.25)
    }
}

/// A place of 16×16 pixels: root mean squares of its finest diagonal detail, and of what is coarser.
struct Place {
    fine: f64,
    coarse: f64,
}

/// All places of a patch that are neither black nor white.
fn smoothness(luma: &[f32], width: usize) -> Vec<Place> {
    let side = 2 * BLOCK;
    let height = luma.len() / width;
    let corners = (0..height / side).flat_map(|y| (0..width / side).map(move |x| (y * side, x * side)));
    let place = |(top, left): (usize, usize)| {
        let (mut fine, mut sum, mut squares) = (0.0, 0.0, 0.0);
        for (y, x) in (0..BLOCK).flat_map(|y| (0..BLOCK).map(move |x| (top + 2 * y, left + 2 * x))) {
            let at = |dy: usize, dx: usize| f64::from(luma[(y + dy) * width + x + dx]);
            fine += (0.5 * (at(0, 0) - at(0, 1) - at(1, 0) + at(1, 1))).powi(2);
            let mean = (at(0, 0) + at(0, 1) + at(1, 0) + at(1, 1)) / 4.0;
            sum += mean;
            squares += mean * mean;
        }
        let count = (BLOCK * BLOCK) as f64;
        let mean = sum / count;
        let coarse = (squares / count - mean * mean).max(0.0).sqrt();
        (16.0..239.0).contains(&mean).then(|| Place { fine: (fine / count).sqrt(), coarse })
    };
    corners.filter_map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::save::{Chroma, through_jpeg};

    fn cat() -> (Vec<u8>, Size) {
        let cat = Picture::open("assets/chelsea.png".as_ref()).unwrap();
        let rgb = (0..cat.size.area() * 3).map(|i| (cat.rgb.unit(i) * 255.0).round() as u8).collect();
        (rgb, cat.size)
    }

    fn suited(rgb: Vec<u8>, size: Size) -> Suited {
        Wear::of(&Picture::from_rgb8(size, rgb)).suited()
    }

    #[test]
    fn a_clean_picture_is_for_live() {
        let (rgb, size) = cat();
        assert_eq!(suited(rgb, size).model, Builtin::Live);
    }

    #[test]
    fn blocks_are_for_photo_as_far_as_they_are_seen() {
        let (rgb, size) = cat();
        for quality in [40, 60, 75, 85] {
            let found = suited(through_jpeg(&rgb, size, quality, Chroma::Full).unwrap(), size);
            assert_eq!(found.reason, "the picture shows JPEG blocks", "quality {quality}");
        }
    }

    #[test]
    fn noise_is_for_photo_and_texture_is_not_noise() {
        let noisy = |i: usize, v: u8, most: i32| {
            // Four dice make nearly a bell.
            let die = |k: usize| {
                let mut bits = (i * 4 + k) as u32;
                for factor in [0x7feb_352d_u32, 0x846c_a68b] {
                    bits = (bits ^ (bits >> 16)).wrapping_mul(factor);
                }
                ((bits ^ (bits >> 16)) % (2 * most as u32 + 1)) as i32 - most
            };
            (i32::from(v) + (0..4).map(die).sum::<i32>() / 2).clamp(0, 255) as u8
        };
        let sky: Vec<u8> = (0..256 * 256 * 3).map(|i| (70 + i / 3 / 256 / 3 + i / 3 % 256 / 5) as u8).collect();
        let worn = sky.iter().enumerate().map(|(i, v)| noisy(i, *v, 9)).collect();
        assert_eq!(suited(worn, Size::new(256, 256)).reason, "the picture is noisy");
        assert_eq!(suited(sky, Size::new(256, 256)).model, Builtin::Live);
        // A grid of leaves: strong, but coarser than single pixels.
        let leaf = |i: usize| {
            let (y, x) = (i / 3 / 256, i / 3 % 256);
            (128.0 + 60.0 * (y as f64 * 0.9).sin() * (x as f64 * 0.7).cos()) as u8
        };
        assert_eq!(suited((0..256 * 256 * 3).map(leaf).collect(), Size::new(256, 256)).model, Builtin::Live);
    }

    #[test]
    fn tiny_pictures_have_no_wear() {
        for side in [1, 3, 9, 17] {
            let size = Size::new(side, side);
            assert_eq!(suited(vec![90; size.area() * 3], size).model, Builtin::Live);
        }
    }
}
