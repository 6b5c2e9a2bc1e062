//! PNGs that are too large for memory go into tiles on the disk row by row: they are the same, to the bit, as those in memory.

use crate::regions::{assert_same, by_regions};
use png::{BitDepth, ColorType};
use std::path::{Path, PathBuf};
use zoomfield::geometry::PixelRect;
use zoomfield::picture::Picture;
use zoomfield::task::NEVER;

/// More than a tile in both directions.
const SIZE: (u32, u32) = (301, 270);

const KINDS: [(ColorType, BitDepth); 9] = [
    (ColorType::Grayscale, BitDepth::One),
    (ColorType::Grayscale, BitDepth::Eight),
    (ColorType::Grayscale, BitDepth::Sixteen),
    (ColorType::GrayscaleAlpha, BitDepth::Eight),
    (ColorType::Rgb, BitDepth::Eight),
    (ColorType::Rgb, BitDepth::Sixteen),
    (ColorType::Rgba, BitDepth::Eight),
    (ColorType::Rgba, BitDepth::Sixteen),
    (ColorType::Indexed, BitDepth::Four),
];

/// An EXIF block that says how the picture is turned.
fn turned(orientation: u8) -> Vec<u8> {
    let mut block = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    block.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
    block
}

fn write(path: &Path, (color, depth): (ColorType, BitDepth), orientation: u8) {
    let mut info = png::Info::with_size(SIZE.0, SIZE.1);
    (info.color_type, info.bit_depth) = (color, depth);
    info.exif_metadata = Some(turned(orientation).into());
    if color == ColorType::Indexed {
        info.palette = Some((0..48).map(|i| i * 5).collect::<Vec<u8>>().into());
        info.trns = Some(vec![255, 128, 1].into());
    }
    let len = info.raw_row_length().saturating_sub(1) * SIZE.1 as usize;
    let mut bytes: Vec<u8> = (0..len).map(|i| (i * 2_654_435_761 % 1021) as u8).collect();
    // Colours that nobody sees are taken from neighbours, and those may be in another tile.
    let channels = color.samples();
    if matches!(color, ColorType::GrayscaleAlpha | ColorType::Rgba) {
        let wide = if depth == BitDepth::Sixteen { 2 } else { 1 };
        bytes.chunks_exact_mut(channels * wide).for_each(|pixel| pixel[(channels - 1) * wide] |= 1);
    }
    let file = std::fs::File::create(path).unwrap();
    let mut writer = png::Encoder::with_info(file, info).unwrap().write_header().unwrap();
    writer.write_image_data(&bytes).unwrap();
}

fn path_in(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("a.png")
}

#[test]
fn every_kind_of_png_is_read_as_it_is_held() {
    let folder = tempfile::tempdir().unwrap();
    let path = path_in(&folder);
    for kind in KINDS {
        write(&path, kind, 1);
        let (held, read) = (Picture::open(&path).unwrap(), by_regions(&path));
        assert_same(&held, &read, &format!("{kind:?}"));
        let same = |picture: &Picture| (picture.format, picture.is_grey, picture.alpha.is_some());
        assert_eq!(same(&held), same(&read), "{kind:?}");
    }
    for orientation in 1..=8 {
        write(&path, (ColorType::Rgb, BitDepth::Eight), orientation);
        let (held, read) = (Picture::open(&path).unwrap(), by_regions(&path));
        assert_eq!(held.size.width == SIZE.1 as usize, orientation > 4);
        assert_same(&held, &read, &format!("orientation {orientation}"));
    }
}

#[test]
fn a_small_version_of_all_of_it_is_made_of_the_tiles() {
    let folder = tempfile::tempdir().unwrap();
    let path = path_in(&folder);
    write(&path, (ColorType::Rgb, BitDepth::Eight), 1);
    let (held, read) = (Picture::open(&path).unwrap(), by_regions(&path));
    let small = read.with_overview(None, NEVER).unwrap();
    assert!(small.has_whole_overview() && small.smallest().regions.is_none());
    // Squares of two pixels.
    let corner: Vec<u32> = held.patch(PixelRect { x: 0, y: 0, width: 2, height: 2 }).rgb.as_bytes()[..6]
        .iter()
        .map(|v| u32::from(*v))
        .collect();
    let below: Vec<u32> = held.rgb.as_bytes()[3 * held.size.width..][..6].iter().map(|v| u32::from(*v)).collect();
    for c in 0..3 {
        let mean = (corner[c] + corner[c + 3] + below[c] + below[c + 3] + 2) / 4;
        assert_eq!(u32::from(small.smallest().rgb.value(c)), mean);
    }
}

#[test]
fn one_that_is_cut_off_is_refused_and_one_that_fits_stays_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = path_in(&folder);
    write(&path, (ColorType::Rgb, BitDepth::Eight), 1);
    assert!(Picture::open_within(&path, 0, 1 << 20, NEVER).unwrap().regions.is_none());
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let said = Picture::open_within(&path, 0, 0, NEVER).unwrap_err().to_string();
    assert!(said.contains("ends too early"), "{said}");
    // Nobody wants it any more.
    std::fs::write(&path, &whole).unwrap();
    let stopped = Picture::open_within(&path, 0, 0, &|| true).unwrap_err();
    assert!(matches!(stopped, zoomfield::error::Error::Cancelled), "{stopped}");
}
