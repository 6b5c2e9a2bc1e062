//! TIFF files that other programs made, of scenes that are computed here as well (`tests/fixtures/formats/tiff`).

use crate::tiff_writer::{Tiff, Value};
use crate::{fixture, sentence, tiff};
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
    Samples::U16(values(3, |x, y, c| (x * 160 + y * 200 + c * 20000) as u16))
}

/// Grey in floating point, as it is shown without compression.
fn grey_float() -> Samples {
    let light = values(1, |x, y, _| u64::from((((x * 16 + y * 20) % 1025) as f32 / 1024.0).to_bits()));
    tiff::open(&floats().file(&light)).rgb
}

fn floats() -> Tiff {
    Tiff::new(SIZE, 32, 1, 1).with(339, Value::Short(vec![3]))
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
    let is_black = |x: usize, y: usize| ((x / 9 + y / 4) % 2) ^ ((x + y) % 13 / 12) ^ usize::from(y % 7 == 3);
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

#[test]
fn pictures_inside_are_the_same_pictures() {
    for (name, expected) in [
        ("lerc_8_zstd.tif", rgb8()),
        ("lerc_16.tif", rgb16()),
        ("jxl_8.tif", rgb8()),
        ("jxl_float.tif", grey_float()),
        ("jp2_8.tif", rgb8()),
        ("webp_8.tif", rgb8()),
    ] {
        assert!(open(name).rgb == expected, "{name}");
    }
}

#[test]
fn what_lerc_leaves_out_is_no_number_or_transparent() {
    let light = |x: usize, y: usize| if (x / 8 + y / 8) % 3 == 1 { f32::NAN } else { (x + y * 2) as f32 / 128.0 };
    let expected = tiff::open(&floats().file(&values(1, |x, y, _| u64::from(light(x, y).to_bits()))));
    assert!(open("lerc_float.tif").rgb == expected.rgb);

    let signed = values(1, |x, y, _| u64::from((x as i16 * 10 - y as i16 * 9) as u16));
    let expected = tiff::open(&Tiff::new(SIZE, 16, 1, 1).with(339, Value::Short(vec![2])).file(&signed));
    assert!(open("lerc_signed.tif").rgb == expected.rgb);

    let seen = |x: usize, y: usize| (x / 8 + y / 8) % 2;
    let cut_out = values(4, |x, y, c| seen(x, y) * if c == 3 { 255 } else { (x * 5 + y * 9 + c * 85) % 256 });
    let cut_out: Vec<u64> = cut_out.into_iter().map(|v| v as u64).collect();
    let expected = tiff::open(&Tiff::new(SIZE, 8, 4, 2).with(338, Value::Short(vec![2])).file(&cut_out));
    let got = open("lerc_cut_out.tif");
    assert!(got.rgb == expected.rgb && got.alpha == expected.alpha && got.alpha.is_some());
}

/// A file with this code as its only strip.
fn around(code: &str, compression: u16, tiff: Tiff) -> Vec<u8> {
    let code = std::fs::read(fixture("tiff").join(code)).unwrap();
    let height = tiff.height as u32;
    Tiff { compression, ..tiff }.with(278, Value::Long(vec![height])).file_of(&[code])
}

#[test]
fn code_of_16_bits_is_read_in_either_order_of_bytes() {
    assert!(tiff::open(&around("rgb8.jp2", 34712, Tiff::new(SIZE, 8, 3, 2))).rgb == rgb8());
    for is_little in [true, false] {
        let tiff = Tiff { is_little, ..Tiff::new(SIZE, 16, 3, 2) };
        assert!(tiff::open(&around("rgb16.jxl", 52546, tiff.clone())).rgb == rgb16());
        for compression in [33003, 33005, 34712] {
            assert!(tiff::open(&around("rgb16.j2k", compression, tiff.clone())).rgb == rgb16());
        }
    }
}

#[test]
fn slides_of_aperio_are_brightness_and_colour_differences() {
    let Samples::U8(stored) = rgb8() else { unreachable!() };
    let stored: Vec<u64> = stored.into_iter().map(u64::from).collect();
    let apart = Value::Short(vec![1, 1]);
    let expected = tiff::open(&Tiff::new(SIZE, 8, 3, 6).with(530, apart).file(&stored)).rgb;
    let by = |text: &str| Tiff::new(SIZE, 8, 3, 2).with(270, Value::Bytes(text.as_bytes().to_vec()));
    assert!(tiff::open(&around("rgb8.j2k", 33003, by("Aperio Image Library v10"))).rgb == expected);
    assert!(tiff::open(&around("rgb8.j2k", 33005, by("Aperio Image Library v10"))).rgb == rgb8());
    assert!(tiff::open(&around("rgb8.j2k", 33003, by("OME"))).rgb == rgb8());
}

#[test]
fn code_of_another_kind_or_cut_off_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tif");
    let said_of = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        sentence(&path)
    };
    let (width, height) = SIZE;
    for (code, compression) in [("rgb16.jxl", 50002), ("rgb16.j2k", 34712)] {
        for (size, bits, samples) in [((width + 1, height), 16, 3), ((width, height + 1), 16, 3), (SIZE, 16, 4)] {
            let said = said_of(&around(code, compression, Tiff::new(size, bits, samples, 2)));
            assert!(said.contains("of another kind than it says"), "{said}");
        }
    }
    let said = said_of(&around("rgb16.j2k", 34712, Tiff::new(SIZE, 8, 3, 2)));
    assert!(said.contains("of another kind than it says"), "{said}");
    for name in [
        "jxl_8.tif",
        "jp2_8.tif",
        "lerc_16.tif",
        "lerc_float.tif",
        "lerc_cut_out.tif",
        "webp_8.tif",
        "old_jpeg_tables.tif",
    ] {
        let good = std::fs::read(fixture("tiff").join(name)).unwrap();
        // What is packed follows the header; the directory is behind it.
        for at in (8..good.len() / 2).step_by(3) {
            let mut bytes = good.clone();
            bytes[at] ^= 0x55;
            std::fs::write(&path, &bytes).unwrap();
            let said = Picture::open(&path).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(!said.contains("does not survive"), "{name} {at}: {said}");
        }
    }
}

#[test]
fn the_old_kind_of_jpeg_is_the_same_picture_as_the_new_one() {
    let expected = tiff::open(&around("restarts.jpg", 7, Tiff::new(SIZE, 8, 3, 6))).rgb;
    assert!(open("old_jpeg_whole.tif").rgb == expected);
    // Colours are interpolated between rows, and not across the edge of two strips.
    let strips = open("old_jpeg_tables.tif").rgb;
    let rows = |samples: &Samples| samples.as_bytes().chunks(SIZE.0 * 3).map(<[u8]>::to_vec).collect::<Vec<_>>();
    for (y, (row, expected)) in rows(&strips).into_iter().zip(rows(&expected)).enumerate() {
        assert!(row == expected || matches!(y, 15 | 16), "{y}");
    }
    let alone = Picture::open(&fixture("tiff").join("restarts.jpg")).unwrap().rgb;
    let distance = |(a, b): (&u8, &u8)| u64::from(a.abs_diff(*b));
    let total: u64 = alone.as_bytes().iter().zip(expected.as_bytes()).map(distance).sum();
    assert!(total < alone.as_bytes().len() as u64, "{total}");
}
