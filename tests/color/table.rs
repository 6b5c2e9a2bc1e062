//! ICC profiles that say what colours are by a table instead of a matrix, written by hand after ICC.1:2010: 10.10
//! (`mft2`) and 10.12 (`mAB `). The table holds what a matrix profile says of a grid of colours, in CIELAB.

use crate::icc::{D50, assemble, white};
use crate::profile::Profile;

/// Colours along each axis of the table.
const GRID: u8 = 25;

/// How the table is stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    /// `lut16Type`, of version 2.
    Mft2,
    /// `lutAToBType`, of version 4.
    MAb,
}

/// The profile of the same colours with a table.
pub(crate) fn bytes(profile: &Profile, kind: Kind) -> Vec<u8> {
    let [version, tag] = match kind {
        Kind::Mft2 => [[2, 0x40, 0, 0].to_vec(), mft2(profile)],
        Kind::MAb => [[4, 0x20, 0, 0].to_vec(), mab(profile)],
    };
    let name = if kind == Kind::Mft2 { profile.description() } else { localized(profile.name) };
    let tags = vec![(*b"desc", name), white(), (*b"A2B0", tag)];
    assemble([version[0], version[1], version[2], version[3]], *b"RGB ", *b"Lab ", tags)
}

/// The table, in the order of ICC: the last channel changes fastest.
fn table(profile: &Profile, encode: impl Fn([f64; 3]) -> [f64; 3]) -> Vec<u8> {
    table_of(GRID, |color| encode(lab(profile.to_xyz(color))))
}

/// What a function makes of places in [0, 1], in 65535ths.
pub(crate) fn table_of(grid: u8, of: impl Fn([f64; 3]) -> [f64; 3]) -> Vec<u8> {
    let n = usize::from(grid);
    let level = |i: usize| i as f64 / (n - 1) as f64;
    let place = |i: usize| [level(i / n / n), level(i / n % n), level(i % n)];
    let number = |v: f64| (v.round().clamp(0.0, 65535.0) as u16).to_be_bytes();
    (0..n * n * n).flat_map(|i| of(place(i)).map(number)).flatten().collect()
}

pub(crate) fn lab(xyz: [f64; 3]) -> [f64; 3] {
    let part = |i: usize| {
        let t = xyz[i] / D50[i];
        if t > (6.0_f64 / 29.0).powi(3) { t.cbrt() } else { t * (29.0_f64 / 6.0).powi(2) / 3.0 + 4.0 / 29.0 }
    };
    let [x, y, z] = [0, 1, 2].map(part);
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

/// Curves of two entries each that change nothing.
pub(crate) fn straight_tables(count: usize) -> Vec<u8> {
    [0, 0, 0xff, 0xff].repeat(count)
}

/// 100 is 0xff00 there.
pub(crate) fn mft2(profile: &Profile) -> Vec<u8> {
    lut16(GRID, &table(profile, |[l, a, b]| [l * 652.8, (a + 128.0) * 256.0, (b + 128.0) * 256.0]))
}

pub(crate) fn lut16(grid: u8, table: &[u8]) -> Vec<u8> {
    let mut bytes = b"mft2\0\0\0\0".to_vec();
    bytes.extend([3, 3, grid, 0]);
    let identity = [1, 0, 0, 0, 1, 0, 0, 0, 1].map(|v: i32| (v * 65536).to_be_bytes());
    bytes.extend(identity.concat());
    bytes.extend([0, 2, 0, 2]); // entries of the curves before and behind the table
    let straight = straight_tables(3);
    bytes.extend(&straight);
    bytes.extend(table);
    bytes.extend(straight);
    bytes
}

/// Straight curves, table, straight curves. 100 is 0xffff.
fn mab(profile: &Profile) -> Vec<u8> {
    let straight = b"curv\0\0\0\0\0\0\0\0".repeat(3);
    let mut clut = vec![0; 16];
    clut[..3].fill(GRID);
    clut.extend([2, 0, 0, 0]);
    clut.extend(table(profile, |[l, a, b]| [l * 655.35, (a + 128.0) * 257.0, (b + 128.0) * 257.0]));
    clut.resize(clut.len().next_multiple_of(4), 0);
    let mut bytes = b"mAB \0\0\0\0\x03\x03\0\0".to_vec();
    let (behind, clut_at) = (32, 32 + straight.len());
    for offset in [behind, 0, 0, clut_at, clut_at + clut.len()] {
        bytes.extend((offset as u32).to_be_bytes());
    }
    [bytes, straight.clone(), clut, straight].concat()
}

/// A name as version 4 has it.
fn localized(name: &str) -> Vec<u8> {
    let text: Vec<u8> = name.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let mut bytes = b"mluc\0\0\0\0\0\0\0\x01\0\0\0\x0cenUS".to_vec();
    bytes.extend((text.len() as u32).to_be_bytes());
    bytes.extend(28_u32.to_be_bytes());
    bytes.extend(text);
    bytes
}
