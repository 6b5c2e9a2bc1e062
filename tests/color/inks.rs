//! A profile of four inks, written by hand after ICC.1:2010: 10.10 (`mft2`). Its inks take light away by a simple law of ours,
//! with colours inside and outside of sRGB.

use crate::icc::{assemble, white};
use crate::profile::{DISPLAY_P3, Profile};
use crate::table::{lab, straight_tables};

/// Levels along each axis: another number than libraries resample to.
const GRID: u8 = 7;

/// What is left of red, green and blue light under all of an ink.
const LEFT: [[f64; 3]; 4] = [[0.01, 0.45, 0.80], [0.75, 0.03, 0.30], [0.98, 0.85, 0.02], [0.02, 0.02, 0.025]];

/// XYZ of inks, under D50.
fn xyz(inks: [f64; 4]) -> [f64; 3] {
    let light = |c: usize| (0..4).map(|i| 1.0 - inks[i].powf(0.8) * (1.0 - LEFT[i][c])).product::<f64>();
    let light = [0, 1, 2].map(light);
    [0, 1, 2].map(|row| (0..3).map(|c| DISPLAY_P3[c][row] * light[c]).sum())
}

/// The profile.
pub(crate) fn bytes(name: &'static str) -> Vec<u8> {
    let n = usize::from(GRID);
    let level = |i: usize| i as f64 / (n - 1) as f64;
    let inks = |i: usize| [level(i / n / n / n), level(i / n / n % n), level(i / n % n), level(i % n)];
    let number = |v: f64| (v.round().clamp(0.0, 65535.0) as u16).to_be_bytes();
    // 100 is 0xff00 there.
    let encode = |[l, a, b]: [f64; 3]| [l * 652.8, (a + 128.0) * 256.0, (b + 128.0) * 256.0].map(number);
    let table: Vec<u8> = (0..n.pow(4)).flat_map(|i| encode(lab(xyz(inks(i))))).flatten().collect();
    let mut tag = b"mft2\0\0\0\0".to_vec();
    tag.extend([4, 3, GRID, 0]);
    tag.extend([1, 0, 0, 0, 1, 0, 0, 0, 1].map(|v: i32| (v * 65536).to_be_bytes()).concat());
    tag.extend([0, 2, 0, 2]);
    tag.extend(straight_tables(4));
    tag.extend(table);
    tag.extend(straight_tables(3));
    let name = Profile::rgb(name, DISPLAY_P3, crate::profile::Curve::Srgb).description();
    let mut bytes = assemble([2, 0x40, 0, 0], *b"CMYK", *b"Lab ", vec![(*b"desc", name), white(), (*b"A2B0", tag)]);
    bytes[12..16].copy_from_slice(b"prtr");
    bytes
}
