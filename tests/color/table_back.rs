//! Profiles of screens that have tables for both ways (ICC.1:2010, 10.10).

use crate::icc::{D50, assemble, white};
use crate::profile::Profile;
use crate::table::{lut16, mft2, table_of};

/// Colours along each axis of the table that leads back.
const GRID: u8 = 65;

/// The profile of a screen of these colours with tables there and back, for relative colorimetry alone.
pub(crate) fn both_ways(profile: &Profile) -> Vec<u8> {
    let tags = vec![
        (*b"desc", profile.description()),
        white(),
        (*b"A2B1", mft2(profile)),
        (
            *b"B2A1",
            lut16(
                GRID,
                &table_of(GRID, |at| {
                    let [l, a, b] = at.map(|v| v * 65535.0);
                    profile.of_xyz(xyz([l / 652.8, a / 256.0 - 128.0, b / 256.0 - 128.0])).map(|v| v * 65535.0)
                }),
            ),
        ),
    ];
    assemble([2, 0x40, 0, 0], *b"RGB ", *b"Lab ", tags)
}

/// The way back from [`lab`].
fn xyz([l, a, b]: [f64; 3]) -> [f64; 3] {
    let y = (l + 16.0) / 116.0;
    let part = |t: f64| if t > 6.0 / 29.0 { t.powi(3) } else { 3.0 * (6.0_f64 / 29.0).powi(2) * (t - 4.0 / 29.0) };
    let [x, y, z] = [y + a / 500.0, y, y - b / 200.0].map(part);
    [x * D50[0], y * D50[1], z * D50[2]]
}
