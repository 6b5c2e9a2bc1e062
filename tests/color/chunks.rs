//! What a PNG says of its colours in chunks of its own: which goes before which, how it looks, and that an export looks the same.

use crate::icc::ADOBE_RGB;
use crate::profile::{Curve, DISPLAY_P3, Profile, SRGB, encode_srgb};
use crate::{COLORS, options, raster, shown, write};
use std::path::Path;
use zoomfield::picture::{Picture, Which};
use zoomfield::task::NEVER;

type Chunk = ([u8; 4], Vec<u8>);

const P3_BY_CODE: [u8; 4] = [12, 13, 0, 1];

/// x and y of white, red, green and blue in 100,000ths.
const P3_CHROMATICITIES: [u32; 8] = [31_270, 32_900, 68_000, 32_000, 26_500, 69_000, 15_000, 6_000];

fn cicp(points: [u8; 4]) -> Chunk {
    (*b"cICP", points.to_vec())
}

fn gama(value: u32) -> Chunk {
    (*b"gAMA", value.to_be_bytes().to_vec())
}

fn chrm(values: [u32; 8]) -> Chunk {
    (*b"cHRM", values.map(u32::to_be_bytes).concat())
}

fn srgb() -> Chunk {
    (*b"sRGB", vec![0])
}

/// An embedded profile: a name, the kind of compression, and its packed bytes.
fn iccp(profile: &[u8]) -> Chunk {
    let mut packed = flate2::write::ZlibEncoder::new(b"p\0\0".to_vec(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, profile).unwrap();
    (*b"iCCP", packed.finish().unwrap())
}

/// Puts chunks in front of the first chunk of that name.
fn insert(png: &mut Vec<u8>, chunks: &[Chunk], before: [u8; 4]) {
    let at = png.windows(4).position(|name| name == before).unwrap() - 4;
    let coded = chunks.iter().flat_map(|(name, body)| {
        let mut sum = flate2::Crc::new();
        sum.update(name);
        sum.update(body);
        [&(body.len() as u32).to_be_bytes()[..], name, body, &sum.sum().to_be_bytes()].concat()
    });
    png.splice(at..at, coded.collect::<Vec<_>>());
}

/// The colours of this test in a PNG with these chunks, opened.
fn opened(folder: &Path, chunks: &[Chunk], before: [u8; 4]) -> Picture {
    let path = folder.join("said.png");
    write(&path, &raster(), options(zoomfield::picture::Metadata::default()));
    let mut bytes = std::fs::read(&path).unwrap();
    insert(&mut bytes, chunks, before);
    std::fs::write(&path, bytes).unwrap();
    Picture::open(&path).unwrap_or_else(|error| panic!("{chunks:?}: {error}"))
}

#[test]
fn the_first_of_the_specification_counts() {
    let folder = tempfile::tempdir().unwrap();
    let adobe = iccp(&Profile::rgb("Adobe RGB (1998)", ADOBE_RGB, Curve::Gamma(563)).bytes());
    let others = [gama(100_000), chrm(P3_CHROMATICITIES)];
    let with = |chunks: &[Chunk]| [chunks, &others].concat();
    for (chunks, name) in [
        (with(&[cicp(P3_BY_CODE), adobe.clone(), srgb()]), "Display P3"),
        (with(&[adobe.clone(), srgb()]), "Adobe RGB (1998)"),
        (with(&[srgb()]), "sRGB"),
        (with(&[]), "PNG gamma 1.00 with primaries of its own"),
        (vec![cicp([1, 13, 0, 1]), adobe], "sRGB"),
        (vec![gama(45_455)], "sRGB"),
        (vec![gama(55_556)], "PNG gamma 1.80"),
    ] {
        let picture = opened(folder.path(), &chunks, *b"IDAT");
        assert_eq!((picture.color.name(), picture.notice), (name, None), "{chunks:?}");
    }
    // Behind the pixels nothing of it counts.
    assert!(opened(folder.path(), &others, *b"IEND").color.is_srgb());
}

#[test]
fn chunks_are_shown_as_the_mathematics_says_and_so_are_their_exports() {
    let folder = tempfile::tempdir().unwrap();
    let linear = |v: f64| Profile::rgb("", SRGB, Curve::Gamma(256)).to_srgb([v; 3])[0];
    assert!((linear(0.5) - encode_srgb(0.5)).abs() < 1e-3);
    for (chunks, expected) in [
        (vec![cicp(P3_BY_CODE)], Profile::rgb("", DISPLAY_P3, Curve::Srgb)),
        (vec![gama(45_455), chrm(P3_CHROMATICITIES)], Profile::rgb("", DISPLAY_P3, Curve::Gamma(563))),
        (vec![chrm(P3_CHROMATICITIES)], Profile::rgb("", DISPLAY_P3, Curve::Srgb)),
        (vec![gama(100_000)], Profile::rgb("", SRGB, Curve::Gamma(256))),
        (vec![gama(55_556)], Profile::rgb("", SRGB, Curve::Gamma(461))),
    ] {
        let picture = opened(folder.path(), &chunks, *b"IDAT");
        let mut most: f64 = 0.0;
        for (seen, color) in shown(&picture).iter().zip(COLORS) {
            let expected = expected.to_srgb(color.map(|v| f64::from(v) / 255.0));
            most = (0..3).fold(most, |most, c| most.max((f64::from(seen[c]) - expected[c]).abs()));
        }
        assert!(most < 0.8 / 255.0, "{chunks:?}: {:.2} of 255 away", most * 255.0);
        for ending in ["png", "tif", "jpg", "webp"] {
            let path = folder.path().join("out").with_extension(ending);
            write(&path, &raster(), options(picture.metadata.clone()));
            let again = Picture::open(&path).unwrap();
            assert_eq!((again.color.name(), shown(&again)), (picture.color.name(), shown(&picture)), "{ending}");
        }
    }
}

/// PQ and HLG go beyond white: what a signal stands for (ITU-R BT.2408, table 1) is what is shown, and what is beyond can be exposed.
#[test]
fn hdr_is_light_that_can_be_exposed() {
    let folder = tempfile::tempdir().unwrap();
    let shown_at = |curve: u8, signal: f32, stops: &str| {
        let path = folder.path().join("hdr.png");
        image::ImageBuffer::from_pixel(2, 1, image::Rgb([(signal * 65535.0).round() as u16; 3])).save(&path).unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        // What is for readers that do not know cICP is not what an export may say of sRGB.
        insert(&mut bytes, &[cicp([9, curve, 0, 1]), gama(100_000), chrm(P3_CHROMATICITIES)], *b"IDAT");
        std::fs::write(&path, bytes).unwrap();
        let which = Which { page: 0, exposure: stops.parse().unwrap() };
        let picture = Picture::open_within(&path, which, u64::MAX, NEVER).unwrap();
        assert_eq!(Picture::decoded_bytes(&path, 0, NEVER), Some(2 * 3 * 4), "it is decoded to floating-point numbers");
        assert!(picture.color.is_srgb() && picture.exposure.is_some() && picture.metadata.icc_profile.is_none());
        (picture.rgb.unit(1), picture.notice)
    };
    for (curve, white, grey) in [(16, 0.5807, 0.38), (18, 0.75, 0.3786)] {
        let (found, said) = shown_at(curve, grey, "0");
        assert!((f64::from(found) - encode_srgb(26.0 / 203.0)).abs() < 0.003, "{curve}: {found}");
        assert!(said.is_none(), "{said:?}");
        assert!((f64::from(shown_at(curve, white, "-1").0) - encode_srgb(0.5)).abs() < 0.003);
        let (found, said) = shown_at(curve, 1.0, "0");
        assert!(found == 1.0 && said.is_some_and(|said| said.contains("shows the brightest")));
        assert!(shown_at(curve, 1.0, "-6").0 < 1.0);
    }
}

#[test]
fn what_cannot_be_used_is_told_and_the_next_counts() {
    let folder = tempfile::tempdir().unwrap();
    let p3 = iccp(&Profile::rgb("P3", DISPLAY_P3, Curve::Srgb).bytes());
    for (chunks, words, name) in [
        (vec![cicp([1, 13, 0, 0]), p3], "range is narrow", "P3"),
        (vec![iccp(&[7; 600]), gama(55_556)], "colour profile", "PNG gamma 1.80"),
        (vec![gama(0)], "gAMA", "sRGB"),
        (vec![cicp([5, 16, 0, 1])], "it is for HDR, of other primaries", "sRGB"),
        (vec![chrm([0; 8])], "cHRM", "sRGB"),
    ] {
        let picture = opened(folder.path(), &chunks, *b"IDAT");
        assert_eq!(picture.color.name(), name);
        let notice = picture.notice.unwrap();
        assert!(notice.contains(words) && notice.ends_with(&format!("exported as {name}")), "{notice}");
    }
}
