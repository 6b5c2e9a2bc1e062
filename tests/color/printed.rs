//! Inks in JPEG 2000: their profile counts, as it does in TIFF.

use crate::inks;
use crate::modern_files::{JP2_RGBA, boxed, bytes};
use crate::tiff_writer::{Tiff, Value};
use std::path::Path;
use zoomfield::picture::{Picture, Samples};

fn opened(folder: &Path, name: &str, bytes: &[u8]) -> Picture {
    std::fs::write(folder.join(name), bytes).unwrap();
    Picture::open(&folder.join(name)).unwrap()
}

#[test]
fn inks_in_jpeg_2000_are_shown_by_their_profile() {
    let folder = tempfile::tempdir().unwrap();
    let file = bytes(JP2_RGBA);
    let code_at = file.windows(4).position(|bytes| bytes == b"jp2c").unwrap() - 4;
    // The same four channels, which are called inks.
    let printed = |profile: Option<&[u8]>| {
        let channels = boxed(b"ihdr", &[0, 0, 0, 2, 0, 0, 0, 3, 0, 4, 7, 7, 0, 0]);
        let colors = match profile {
            Some(profile) => boxed(b"colr", &[&[2, 0, 0][..], profile].concat()),
            None => boxed(b"colr", &[1, 0, 0, 0, 0, 0, 12]),
        };
        [&file[..32], &boxed(b"jp2h", &[channels, colors].concat()), &file[code_at..]].concat()
    };
    let plain = opened(folder.path(), "plain.jp2", &file);
    let (Samples::U8(rgb), Some(Samples::U8(alpha))) = (&plain.rgb, &plain.alpha) else { panic!("8 bits and opacity") };
    let stored: Vec<u64> =
        rgb.chunks(3).zip(alpha).flat_map(|(rgb, last)| [rgb[0], rgb[1], rgb[2], *last].map(u64::from)).collect();
    let profile = inks::bytes("CMYK");
    let tiff = Tiff::new((3, 2), 8, 4, 5).with(34_675, Value::Bytes(profile.clone()));
    let expected = opened(folder.path(), "inks.tif", &tiff.file(&stored));
    let seen = opened(folder.path(), "inks.jp2", &printed(Some(&profile)));
    assert_eq!((&seen.rgb, seen.metadata.icc_profile.is_none()), (&expected.rgb, true));
    // Without it they are multiplied, which is something else.
    let multiplied = opened(folder.path(), "none.jp2", &printed(None));
    let of = |i: usize, c: usize| (255 - stored[4 * i + c]) * (255 - stored[4 * i + 3]);
    let most = (0..18).map(|i| multiplied.rgb.as_bytes()[i].abs_diff(((of(i / 3, i % 3) + 127) / 255) as u8)).max();
    assert!(most <= Some(1) && multiplied.rgb != expected.rgb, "{most:?}");
}
