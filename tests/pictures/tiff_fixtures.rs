//! TIFF files that other programs made, of scenes that are computed here as well (`tests/fixtures/formats/tiff`).

use crate::{fixture, tiff};
use zoomfield::picture::{Picture, Samples};

const SIZE: (usize, usize) = (37, 23);

fn open(name: &str) -> Picture {
    Picture::open(&fixture("tiff").join(name)).unwrap_or_else(|error| panic!("{error}"))
}

/// A value for each sample of the scenes.
fn values<T>(channels: usize, value: impl Fn(usize, usize, usize) -> T) -> Vec<T> {
    let places = (0..SIZE.0 * SIZE.1 * channels).map(|i| (i / channels % SIZE.0, i / channels / SIZE.0, i % channels));
    places.map(|(x, y, c)| value(x, y, c)).collect()
}

fn rgb8() -> Samples {
    Samples::U8(values(3, |x, y, c| ((x * 5 + y * 9 + c * 85) % 256) as u8))
}

fn rgb16() -> Samples {
    Samples::U16(values(3, |x, y, c| (x * 1021 + y * 409 + c * 20000) as u16))
}

/// Grey in floating point, as it is shown without compression.
fn grey_float() -> Samples {
    let light = values(1, |x, y, _| u64::from((((x * 16 + y * 20) % 1025) as f32 / 1024.0).to_bits()));
    let tiff = crate::tiff_writer::Tiff::new(SIZE, 32, 1, 1).with(339, crate::tiff_writer::Value::Short(vec![3]));
    tiff::open(&tiff.file(&light)).rgb
}

#[test]
fn zstandard_and_lzma_of_libtiff_are_unpacked() {
    for (name, expected) in [
        ("zstd_8.tif", rgb8()),
        ("zstd_8_lsb.tif", rgb8()),
        ("zstd_float.tif", grey_float()),
        ("lzma_8.tif", rgb8()),
        ("lzma_16.tif", rgb16()),
        ("lzma_float.tif", grey_float()),
    ] {
        assert!(open(name).rgb == expected, "{name}");
    }
    assert!(open("zstd_8.tif").rgb != rgb16());
}

/// Squares, a grid and lines: 1 is black.
fn fax() -> Samples {
    let (width, height) = (75, 23);
    let is_black = |x: usize, y: usize| (x / 9 + y / 4) % 2 ^ (x + y) % 13 / 12 ^ usize::from(y % 7 == 3);
    let pixels = (0..width * height).map(|i| if is_black(i % width, i / width) == 1 { 0 } else { 255 });
    Samples::U8(pixels.flat_map(|v| [v; 3]).collect())
}

#[test]
fn faxes_of_libtiff_are_read_in_one_dimension_and_in_two() {
    for name in ["g3_2d.tif", "g3_2d_fill.tif", "g3_2d_lsb.tif", "g3_2d_fax.tif", "g3_1d_fill.tif", "g4.tif"] {
        assert!(open(name).rgb == fax(), "{name}");
    }
}

#[test]
fn a_fax_that_was_changed_anywhere_is_refused_or_read() {
    let good = std::fs::read(fixture("tiff").join("g3_2d.tif")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tif");
    let mut refused = 0;
    for at in 8..200 {
        for bit in 0..8 {
            let mut bytes = good.clone();
            bytes[at] ^= 1 << bit;
            std::fs::write(&path, &bytes).unwrap();
            let said = Picture::open(&path).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(!said.contains("does not survive"), "{at} {bit}: {said}");
            refused += usize::from(said.contains("its fax data is corrupt"));
        }
    }
    assert!(refused > 200, "{refused}");
}
