//! Pictures of every kind to export: fixtures, and what none of them has.

use crate::icc;
use image::{DynamicImage, ImageBuffer, Rgba};
use std::path::{Path, PathBuf};

const WIDTH: u32 = 60;
const HEIGHT: u32 = 40;

/// A file of the repository.
pub(crate) fn repository(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

pub(crate) fn fixture(name: &str) -> PathBuf {
    repository("tests/fixtures").join(name)
}

/// Fixtures under names that say what they are.
const FIXTURES: [(&str, &str); 6] = [
    ("alpha.png", "mode_RGBA.png"),
    ("grey-alpha.png", "mode_LA.png"),
    ("grey.png", "mode_L.png"),
    ("grey-16.png", "mode_I16.png"),
    ("palette.png", "mode_P.png"),
    ("turned.jpg", "exif_orientation6_96x64.jpg"),
];

/// All pictures that [`write_pictures`] writes.
pub(crate) const NAMES: [&str; 8] = [
    "alpha.png",
    "grey-alpha.png",
    "grey.png",
    "grey-16.png",
    "palette.png",
    "turned.jpg",
    "alpha-16.png",
    "profile.png",
];

pub(crate) fn write_pictures(folder: &Path) {
    for (name, fixture_name) in FIXTURES {
        std::fs::copy(fixture("robustness").join(fixture_name), folder.join(name)).unwrap();
    }
    let picture: ImageBuffer<Rgba<u16>, _> = ImageBuffer::from_fn(WIDTH, HEIGHT, |x, y| Rgba(deep(x, y)));
    DynamicImage::from(picture).save(folder.join("alpha-16.png")).unwrap();
    write_with_profile(&folder.join("profile.png"));
}

/// A colour and an opacity with detail, by whole numbers alone.
fn deep(x: u32, y: u32) -> [u16; 4] {
    let disc = x.abs_diff(WIDTH / 2).pow(2) + y.abs_diff(HEIGHT / 2).pow(2);
    let value = |c: u32| ((x * (c + 3) * 977 + y * 1543 * (c + 1) + disc * 61) % 65_536) as u16;
    let opacity = if disc < 100 { u16::MAX } else { 60_000 - (disc * 47).min(60_000) as u16 };
    [value(0), value(1), value(2), opacity]
}

/// An 8-bit picture with a profile of its own: the primaries of Adobe RGB, gamma 2.2.
fn write_with_profile(path: &Path) {
    let mut info = png::Info::with_size(WIDTH, HEIGHT);
    (info.color_type, info.bit_depth) = (png::ColorType::Rgb, png::BitDepth::Eight);
    info.icc_profile = Some(profile().into());
    let file = std::fs::File::create(path).unwrap();
    let mut writer = png::Encoder::with_info(file, info).unwrap().write_header().unwrap();
    let pixels = (0..HEIGHT).flat_map(|y| (0..WIDTH).map(move |x| deep(x, y)));
    let rgb: Vec<u8> = pixels.flat_map(|[r, g, b, _]| [r, g, b].map(|value| (value >> 8) as u8)).collect();
    writer.write_image_data(&rgb).unwrap();
}

fn profile() -> Vec<u8> {
    let tags = [vec![icc::white()], icc::matrix(icc::ADOBE_RGB, &icc::gamma(563))].concat();
    icc::assemble([2, 0x10, 0, 0], *b"RGB ", *b"XYZ ", tags)
}
