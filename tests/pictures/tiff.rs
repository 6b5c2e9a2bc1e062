//! TIFF in all its kinds: every depth, layout and meaning of samples comes out as the same picture.

use crate::tiff_writer::{Tiff, Value};
use crate::{fixture, open_bytes, sentence};
use zoomfield::geometry::Size;
use zoomfield::picture::{Picture, Samples};

pub(crate) const SIZE: (usize, usize) = (19, 11);

/// The largest number of so many bits.
pub(crate) fn most(bits: u32) -> u64 {
    u64::MAX >> (64 - bits)
}

/// Samples that use the whole range of so many bits, all rows and columns different.
pub(crate) fn scene(channels: usize, bits: u32) -> Vec<u64> {
    let value = |i: usize| (i * 2_654_435_761 % 1021) as u128 * u128::from(most(bits)) / 1020;
    (0..SIZE.0 * SIZE.1 * channels).map(|i| value(i) as u64).collect()
}

/// What stored samples become: 8 bits, or 16 from more than 8.
fn scaled(samples: &[u64], bits: u32) -> Samples {
    let part = |v: &u64, whole: f64| (*v as f64 / most(bits) as f64 * whole).round();
    match bits {
        ..=8 => Samples::U8(samples.iter().map(|v| part(v, 255.0) as u8).collect()),
        _ => Samples::U16(samples.iter().map(|v| part(v, 65535.0) as u16).collect()),
    }
}

/// Whether a picture has these samples: to the bit where they are scaled to 8 bits or not at all, else to one of 65535.
pub(crate) fn is_scaled(picture: &Picture, samples: &[u64], bits: u32) -> bool {
    match (&picture.rgb, &scaled(samples, bits)) {
        (Samples::U16(got), Samples::U16(expected)) if bits != 16 => {
            got.len() == expected.len() && got.iter().zip(expected).all(|(a, b)| a.abs_diff(*b) <= 1)
        }
        (got, expected) => got == expected,
    }
}

pub(crate) fn three_times(samples: &[u64]) -> Vec<u64> {
    samples.iter().flat_map(|v| [*v; 3]).collect()
}

/// Every way to lay the same samples out.
pub(crate) fn layouts(tiff: &Tiff) -> Vec<Tiff> {
    let mut all = Vec::new();
    for is_planar in [false, true] {
        for tile in [None, Some((16, 16)), Some((5, 4))] {
            for (is_little, is_big) in [(true, false), (false, false), (true, true), (false, true)] {
                all.push(Tiff { is_planar, tile, is_little, is_big, ..tiff.clone() });
            }
        }
    }
    all
}

pub(crate) fn open(bytes: &[u8]) -> Picture {
    open_bytes("a.tif", bytes)
}

fn open_samples(tiff: &Tiff, samples: &[u64]) -> Picture {
    open(&tiff.file(samples))
}

#[test]
fn every_depth_comes_out_in_every_layout() {
    for bits in [1, 2, 3, 4, 8, 10, 12, 16, 24, 32, 48, 64] {
        let samples = scene(3, bits);
        for tiff in layouts(&Tiff::new(SIZE, bits, 3, 2)) {
            let picture = open_samples(&tiff, &samples);
            assert_eq!(picture.size, Size::new(SIZE.0, SIZE.1));
            let where_ = (bits, tiff.is_planar, tiff.tile, tiff.is_little, tiff.is_big);
            assert!(is_scaled(&picture, &samples, bits), "{where_:?}");
        }
        let mut other = samples.clone();
        other[100] ^= 1 << (bits - 1);
        assert!(!is_scaled(&open_samples(&Tiff::new(SIZE, bits, 3, 2), &other), &samples, bits));
    }
}

#[test]
fn differences_are_summed_in_every_depth() {
    for bits in [8, 12, 16, 32] {
        for channels in [1, 3] {
            let samples = scene(channels, bits);
            let row = SIZE.0 * channels;
            let before = |i: usize| if i % row < channels { 0 } else { samples[i - channels] };
            let differences: Vec<u64> =
                (0..samples.len()).map(|i| samples[i].wrapping_sub(before(i)) & most(bits)).collect();
            let photometric = if channels == 1 { 1 } else { 2 };
            let tiff = Tiff::new(SIZE, bits, channels, photometric).with(317, Value::Short(vec![2]));
            for tiff in layouts(&tiff).into_iter().filter(|tiff| tiff.tile.is_none()) {
                let expected = if channels == 1 { three_times(&samples) } else { samples.clone() };
                let picture = open_samples(&tiff, &differences);
                assert!(is_scaled(&picture, &expected, bits), "{bits} {channels} {}", tiff.is_little);
                assert!(!is_scaled(&picture, &differences, bits));
            }
        }
    }
}

#[test]
fn grey_of_every_depth_is_grey_and_white_may_be_zero() {
    for bits in [1, 2, 4, 8, 12, 16, 32] {
        let samples = scene(1, bits);
        let inverted: Vec<u64> = samples.iter().map(|v| most(bits) - v).collect();
        for (photometric, stored) in [(1, &samples), (0, &inverted)] {
            let picture = open_samples(&Tiff::new(SIZE, bits, 1, photometric), stored);
            assert!(is_scaled(&picture, &three_times(&samples), bits), "{bits} {photometric}");
        }
    }
}

#[test]
fn the_lowest_signed_number_is_black_and_the_highest_white() {
    for bits in [8, 16, 32] {
        let samples = scene(3, bits);
        // From the lowest on: the same numbers with another highest bit.
        let signed: Vec<u64> = samples.iter().map(|v| v ^ 1 << (bits - 1)).collect();
        let tiff = Tiff::new(SIZE, bits, 3, 2).with(339, Value::Short(vec![2; 3]));
        assert!(is_scaled(&open_samples(&tiff, &signed), &samples, bits), "{bits}");
    }
}

#[test]
fn floating_point_numbers_are_linear_light() {
    let light = [-1.0, 0.0, 0.001, 0.214_041_14, 0.5, 1.0, 3.0, f32::NAN];
    let expected: [u16; 8] = [0, 0, 847, 32768, 48192, 65535, 65535, 0];
    let half = |v: f32| u64::from(half::f16::from_f32(v).to_bits());
    let stored: [(u32, Vec<u64>, u16); 3] = [
        (16, light.iter().map(|v| half(*v)).collect(), 12),
        (32, light.iter().map(|v| u64::from(v.to_bits())).collect(), 1),
        (64, light.iter().map(|v| f64::from(*v).to_bits()).collect(), 1),
    ];
    for (bits, samples, tolerance) in stored {
        for (samples, channels, photometric) in [(samples.clone(), 1, 1), (three_times(&samples), 3, 2)] {
            let tiff = Tiff::new((8, 1), bits, channels, photometric).with(339, Value::Short(vec![3; channels]));
            for tiff in layouts(&tiff) {
                let Samples::U16(rgb) = open_samples(&tiff, &samples).rgb else { panic!("shallow") };
                let is_near = |(i, v): (usize, &u16)| v.abs_diff(expected[i / 3]) <= tolerance;
                assert!(rgb.iter().enumerate().all(is_near), "{bits}: {rgb:?}");
            }
        }
    }
}

#[test]
fn palettes_of_all_sizes_give_their_colours() {
    for bits in [1, 2, 4, 8] {
        let count = 1 << bits;
        let indices: Vec<u64> = (0..SIZE.0 * SIZE.1).map(|i| (i * 7 % count) as u64).collect();
        let colors: Vec<[u8; 3]> = (0..count).map(|i| [i as u8, (i * 3) as u8, 255 - i as u8]).collect();
        let map =
            |scale: u16| (0..3).flat_map(|c| colors.iter().map(move |color| u16::from(color[c]) * scale)).collect();
        let expected: Vec<u8> = indices.iter().flat_map(|i| colors[*i as usize]).collect();
        // Of 16 bits, and of 8 where 16 belong, as some programs write them.
        for scale in [257, 1] {
            for tiff in layouts(&Tiff::new(SIZE, bits, 1, 3).with(320, Value::Short(map(scale)))) {
                assert_eq!(open_samples(&tiff, &indices).rgb, Samples::U8(expected.clone()), "{bits} {scale}");
            }
        }
    }
    let deep = Tiff::new((2, 1), 1, 1, 3).with(320, Value::Short(vec![1000, 0, 0, 2000, 0, 65535]));
    assert_eq!(open_samples(&deep, &[0, 1]).rgb, Samples::U16(vec![1000, 0, 0, 0, 2000, 65535]));
}

#[test]
fn multiplied_opacity_is_taken_out_in_every_depth() {
    for bits in [8, 16] {
        let unit = most(bits) / 255;
        let multiplied: Vec<u64> = [64, 128, 0, 128, 10, 20, 30, 255].map(|v| v * unit).to_vec();
        for tiff in layouts(&Tiff::new((2, 1), bits, 4, 2).with(338, Value::Short(vec![1]))) {
            let picture = open_samples(&tiff, &multiplied);
            let half = most(bits).div_ceil(2);
            assert_eq!(picture.rgb, scaled(&[half, most(bits), 0, 10 * unit, 20 * unit, 30 * unit], bits), "{bits}");
            assert_eq!(picture.alpha, Some(scaled(&[128 * unit, most(bits)], bits)));
        }
        // Grey too, and behind a sample that is no opacity.
        let tiff = Tiff::new((1, 1), bits, 3, 1).with(338, Value::Short(vec![0, 1]));
        let picture = open_samples(&tiff, &[51 * unit, 7, 102 * unit]);
        let grey = if bits == 8 { Samples::U8(vec![128; 3]) } else { Samples::U16(vec![32768; 3]) };
        assert_eq!((picture.rgb, picture.alpha), (grey, Some(scaled(&[102 * unit], bits))));
    }
    let float = |v: f32| u64::from(v.to_bits());
    let tiff = Tiff::new((1, 1), 32, 4, 2).with(338, Value::Short(vec![1])).with(339, Value::Short(vec![3; 4]));
    let picture = open_samples(&tiff, &[float(0.25), float(0.0), float(0.107_020_57), float(0.5)]);
    let Samples::U16(rgb) = picture.rgb else { panic!("shallow") };
    assert_eq!((rgb[0], rgb[1]), (48192, 0));
    assert!(rgb[2].abs_diff(32768) <= 1, "{rgb:?}");
}

#[test]
fn inks_and_brightness_with_colour_differences_become_rgb() {
    // Cyan, then half black over nothing.
    let inks = Tiff::new((2, 1), 8, 4, 5);
    // A profile that is none changes nothing.
    let damaged = inks.clone().with(34_675, Value::Bytes(vec![7; 600]));
    for tiff in layouts(&inks).into_iter().chain([damaged]) {
        let picture = open_samples(&tiff, &[255, 0, 0, 0, 0, 0, 0, 128]);
        assert_eq!(picture.rgb, Samples::U8(vec![0, 255, 255, 127, 127, 127]));
        assert!(picture.color.is_srgb());
    }
    let plain = Value::Short(vec![1, 1]);
    for tiff in layouts(&Tiff::new((2, 1), 8, 3, 6).with(530, plain)) {
        let picture = open_samples(&tiff, &[76, 85, 255, 149, 43, 21]);
        assert_eq!(picture.rgb, Samples::U8(vec![254, 0, 0, 0, 255, 0]));
    }
    // Black and white where video has them.
    let video = [(16, 1), (235, 1), (128, 1), (240, 1), (128, 1), (240, 1)];
    let tiff =
        Tiff::new((3, 1), 8, 3, 6).with(530, Value::Short(vec![1, 1])).with(532, Value::Rational(video.to_vec()));
    let picture = open_samples(&tiff, &[16, 128, 128, 235, 128, 128, 126, 128, 128]);
    assert_eq!(picture.rgb, Samples::U8([[0; 3], [255; 3], [128; 3]].concat()));
    // Four pixels share their colour: a red block, a green one that the edge cuts in half.
    let blocks = vec![76, 76, 76, 76, 85, 255, 149, 0, 149, 0, 43, 21];
    let tiff = Tiff::new((3, 2), 8, 3, 6).with(530, Value::Short(vec![2, 2])).with(278, Value::Long(vec![2]));
    let (red, green) = ([254, 0, 0], [0, 255, 0]);
    let row = [red, red, green].concat();
    assert_eq!(open(&tiff.file_of(&[blocks])).rgb, Samples::U8([row.clone(), row].concat()));
}

#[test]
fn a_jpeg_inside_is_the_same_picture() {
    let jpeg = std::fs::read(fixture("scans_together.jpg")).unwrap();
    let alone = open_bytes("a.jpg", &jpeg);
    let tiff = Tiff::new((53, 37), 8, 3, 6).with(530, Value::Short(vec![2, 2])).with(278, Value::Long(vec![37]));
    let inside = open(&Tiff { compression: 7, ..tiff }.file_of(&[jpeg]));
    let (Samples::U8(a), Samples::U8(b)) = (&alone.rgb, &inside.rgb) else { panic!("deep") };
    let distance = |a: &[u8], b: &[u8]| a.iter().zip(b).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
    assert!(distance(a, b) <= 4, "{}", distance(a, b));
    let turned: Vec<u8> = b.iter().rev().copied().collect();
    assert!(distance(a, &turned) > 100);
}

/// Bits in words, filled up to bytes.
fn bits(words: &str) -> Vec<u8> {
    let bits: Vec<u8> = words.bytes().filter(u8::is_ascii_digit).map(|digit| digit - b'0').collect();
    bits.chunks(8).map(|bits| bits.iter().enumerate().map(|(i, bit)| bit << (7 - i)).sum()).collect()
}

#[test]
fn faxes_of_all_groups_are_read() {
    // Eight pixels: three white and five black, then all white.
    let rows = [[255u8, 255, 255, 0, 0, 0, 0, 0], [255; 8]].concat();
    let expected = Samples::U8(rows.iter().flat_map(|v| [*v; 3]).collect());
    let huffman = [bits("1000 0011"), bits("10011")].concat();
    let group3 = bits("000000000001 1000 0011 000000000001 10011");
    // The second row by its runs, then by differences: over both changes, to the end.
    let mixed = bits("000000000001 1 1000 0011 000000000001 1 10011");
    let above = bits("000000000001 1 1000 0011 0000 000000000001 0 0001 000000");
    let group4 = group4();
    for (compression, options, data) in [(2, 0, huffman), (3, 0, group3), (3, 1, mixed), (3, 1, above), (4, 0, group4)]
    {
        for is_reversed in [false, true] {
            let data = data.iter().map(|byte| if is_reversed { byte.reverse_bits() } else { *byte }).collect();
            let order = Value::Short(vec![if is_reversed { 2 } else { 1 }]);
            let tiff = Tiff { compression, ..Tiff::new((8, 2), 1, 1, 0) }.with(266, order);
            let tiff = tiff.with(292, Value::Long(vec![options]));
            assert_eq!(open(&tiff.file_of(&[data])).rgb, expected, "{compression} {is_reversed}");
        }
    }
    // The last code ends with the last byte: one white, two black.
    let short = Tiff { compression: 2, ..Tiff::new((3, 1), 1, 1, 0) };
    assert_eq!(open(&short.file_of(&[bits("000111 11")])).rgb, Samples::U8([[255; 3], [0; 3], [0; 3]].concat()));
}

/// The two rows of the test above, by the library's encoder.
fn group4() -> Vec<u8> {
    use fax::Color::{Black, White};
    let mut encoder = fax::encoder::Encoder::new(fax::VecWriter::new());
    let _ = encoder.encode_line([White, White, White, Black, Black, Black, Black, Black].into_iter(), 8);
    let _ = encoder.encode_line([White; 8].into_iter(), 8);
    encoder.finish().unwrap().finish()
}

#[test]
fn pages_are_opened_by_number_and_the_person_is_told() {
    let tiff = Tiff::new(SIZE, 8, 3, 2);
    let first = scene(3, 8);
    let second: Vec<u64> = first.iter().rev().copied().collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pages.tif");
    for tiff in layouts(&tiff) {
        std::fs::write(&path, tiff.pages(&[tiff.chunks(&first), tiff.chunks(&second)])).unwrap();
        let page = |number| Picture::open_page(&path, number).unwrap();
        assert_eq!((page(0).rgb, page(1).rgb), (scaled(&first, 8), scaled(&second, 8)));
        assert_eq!(page(1).pages.note().as_deref(), Some("it has 2 pages, and page 2 is shown"));
        let said = Picture::open_page(&path, 2).unwrap_err().to_string();
        assert!(said.contains("it has 2 pages, so there is no page 3"), "{said}");
    }
    std::fs::write(&path, tiff.file(&first)).unwrap();
    assert_eq!(Picture::open(&path).unwrap().notice, None);
    assert!(Picture::open_page(&path, 1).unwrap_err().to_string().contains("it has one page"));
}

#[test]
fn what_cannot_be_shown_right_is_refused_by_name() {
    let rgb = Tiff::new(SIZE, 8, 3, 2);
    let mixed = Value::Short(vec![5, 6, 5]);
    for (tiff, words) in [
        (Tiff { compression: 6, ..rgb.clone() }, "the tables of its old kind of JPEG are missing"),
        (Tiff { compression: 6, ..rgb.clone() }.with(512, Value::Short(vec![14])), "the old kind of lossless JPEG"),
        (Tiff { compression: 6, is_planar: true, ..rgb.clone() }, "the old kind of JPEG, in planes"),
        (Tiff { compression: 50001, is_planar: true, ..rgb.clone() }, "WebP in planes"),
        (Tiff { compression: 34661, ..rgb.clone() }, "JBIG"),
        (Tiff { compression: 12345, ..rgb.clone() }, "number 12345"),
        (Tiff { photometric: 10, ..rgb.clone() }, "ITU Lab"),
        (Tiff { photometric: 32803, ..rgb.clone() }, "camera RAW"),
        (rgb.clone().with(258, mixed), "differ in how many bits"),
        (rgb.clone().with(339, Value::Short(vec![5; 3])), "complex"),
        (Tiff::new(SIZE, 8, 1, 3), "palette is missing"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.tif");
        std::fs::write(&path, tiff.file(&scene(tiff.samples, tiff.bits.min(8)))).unwrap();
        let said = sentence(&path);
        assert!(said.contains(words), "{said}");
    }
}

#[test]
fn strips_that_claim_to_be_the_whole_file_are_not_read_for_ever() {
    let places = |value: u32| Value::Long(vec![value; 2000]);
    let tiff =
        Tiff::new((1, 2000), 8, 1, 1).with(278, Value::Long(vec![1])).with(273, places(8)).with(279, places(100_000));
    let bytes = Tiff { compression: 32773, ..tiff }.file_of(&[vec![0; 100_000]]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tif");
    std::fs::write(&path, bytes).unwrap();
    assert!(sentence(&path).contains("again and again"));
}

#[test]
fn damage_anywhere_is_survived_by_the_decoder_itself() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tif");
    let tiff = Tiff { tile: Some((16, 16)), is_planar: true, ..Tiff::new(SIZE, 16, 3, 2) };
    let subsampled = Tiff::new((8, 6), 8, 3, 6);
    for good in [tiff.file(&scene(3, 16)), subsampled.file(&vec![9; 8 * 6 * 3])] {
        let directory = u32::from_le_bytes([good[4], good[5], good[6], good[7]]) as usize;
        for at in (4..8).chain(directory..good.len()) {
            for value in [0, 0xff] {
                let mut bytes = good.clone();
                bytes[at] = value;
                std::fs::write(&path, &bytes).unwrap();
                if let Err(error) = Picture::open(&path) {
                    assert!(!error.to_string().contains("does not survive"), "{at} {value}: {error}");
                }
            }
        }
        for end in (0..good.len()).step_by(7) {
            std::fs::write(&path, &good[..end]).unwrap();
            let said = Picture::open(&path).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(!said.contains("does not survive"), "{end}: {said}");
        }
    }
}
