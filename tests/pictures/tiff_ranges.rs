//! What is told of a TIFF whose values are scaled: which it has, and which are black and white.

use crate::tiff::{layouts, most, open};
use crate::tiff_writer::{Tiff, Value};
use zoomfield::picture::Picture;
use zoomfield::task::NEVER;

/// Three by two pixels, which fill no tile.
const SIZE: (usize, usize) = (3, 2);

fn float(value: f32) -> u64 {
    u64::from(value.to_bits())
}

#[test]
fn floating_point_values_beyond_black_and_white_are_told() {
    let formats = |samples: usize| Value::Short(vec![3; samples]);
    let samples = [0.5, -0.25, 1.0, 7.5, f32::NAN, 0.125].map(float);
    let said = "its values go from -0.25 to 7.5, and are shown as linear light from 0, black, to 1, white, and cut off \
                beyond; an exposure of -3.0 stops shows the brightest";
    for tiff in layouts(&Tiff::new(SIZE, 32, 1, 1).with(339, formats(1))) {
        let picture = open(&tiff.file(&samples));
        assert_eq!(picture.notice.as_deref(), Some(said), "{:?} {}", tiff.tile, tiff.is_little);
    }
    let inside = Tiff::new(SIZE, 32, 1, 1).with(339, formats(1));
    assert_eq!(open(&inside.file(&[0.5, 0.0, 1.0, 0.75, 0.25, 0.125].map(float))).notice, None);
    // What is no colour does not count.
    let pixels = [0.5, 99.0].map(float);
    let with_opacity = Tiff::new((1, 1), 32, 2, 1).with(339, formats(2)).with(338, Value::Short(vec![0]));
    assert_eq!(open(&with_opacity.file(&pixels)).notice, None);
}

#[test]
fn long_and_signed_numbers_are_told_with_the_ends_of_their_type() {
    let samples = [700, 12, 4811, 100, 13, 14];
    for (photometric, ends) in [(1, ["black", "white"]), (0, ["white", "black"])] {
        for tiff in layouts(&Tiff::new(SIZE, 32, 1, photometric)) {
            let [from, to] = ends;
            let said = format!("its values go from 12 to 4811, and are shown from 0, {from}, to {}, {to}", most(32));
            assert_eq!(open(&tiff.file(&samples)).notice, Some(said));
        }
    }
    let signed = samples.map(|v| v.wrapping_sub(700) & most(16));
    let tiff = Tiff::new(SIZE, 16, 1, 1).with(339, Value::Short(vec![2]));
    let said = "its values go from -688 to 4111, and are shown from -32768, black, to 32767, white";
    assert_eq!(open(&tiff.file(&signed)).notice.as_deref(), Some(said));
    // Everyone knows what 8 and 16 bits are.
    assert_eq!(open(&Tiff::new(SIZE, 16, 1, 1).file(&samples)).notice, None);
}

#[test]
fn of_a_picture_that_is_read_by_rectangles_the_rule_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tif");
    std::fs::write(&path, Tiff::new(SIZE, 32, 1, 1).file(&[5; 6])).unwrap();
    let picture = Picture::open_within(&path, 0, 0, NEVER).unwrap();
    assert!(picture.regions.is_some());
    assert_eq!(picture.notice.as_deref(), Some("its values are shown from 0, black, to 4294967295, white"));
}
