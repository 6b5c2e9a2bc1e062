//! The bicubic resize is Pillow's, to the bit: benchmark inputs and training pairs depend on it.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests may")]

use std::path::{Path, PathBuf};
use zoomfield::geometry::Size;
use zoomfield::picture::resample::resize_bicubic_u8;
use zoomfield::picture::{Picture, Samples};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn open(name: &str) -> (Size, Vec<u8>) {
    let picture = Picture::open(&fixture(name)).unwrap();
    match picture.rgb {
        Samples::U8(values) => (picture.size, values),
        Samples::U16(_) => panic!("{name} should have 8 bits"),
    }
}

#[test]
fn every_size_equals_pillow() {
    let (from, source) = open("pillow_src_97x75.png");
    for (width, height) in [(194, 150), (24, 19), (33, 75), (48, 37), (61, 59), (97, 20)] {
        let (to, expected) = open(&format!("pillow_bicubic_{width}x{height}.png"));
        assert_eq!(to, Size::new(width, height));
        let resized = resize_bicubic_u8(&source, 3, from, to);
        let differing = resized.iter().zip(&expected).filter(|(a, b)| a != b).count();
        assert_eq!(differing, 0, "{to}: {differing} samples differ");
    }
}

#[test]
fn channels_do_not_mix() {
    let (from, source) = open("pillow_src_97x75.png");
    let to = Size::new(40, 33);
    let together = resize_bicubic_u8(&source, 3, from, to);
    for channel in 0..3 {
        let plane: Vec<u8> = source.iter().skip(channel).step_by(3).copied().collect();
        let expected: Vec<u8> = together.iter().skip(channel).step_by(3).copied().collect();
        assert_eq!(resize_bicubic_u8(&plane, 1, from, to), expected);
    }
}
