//! Every file that people or malice may hand to the viewer: it opens as it should, or one sentence says why not.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests may")]

#[path = "pictures/animations.rs"]
mod animated;
#[path = "common/animations.rs"]
mod animations;
#[path = "pictures/avif.rs"]
mod avif;
#[path = "pictures/frames.rs"]
mod frames;
#[path = "pictures/gain_map.rs"]
mod gain_map;
#[path = "common/gigapixel.rs"]
mod gigapixel;
#[cfg(feature = "heic")]
#[path = "pictures/heic.rs"]
mod heic;
#[path = "pictures/jpeg.rs"]
mod jpeg;
#[path = "pictures/jxl_light.rs"]
mod jxl_light;
#[path = "pictures/light.rs"]
mod light;
#[path = "pictures/modern.rs"]
mod modern;
#[path = "pictures/modern_files.rs"]
mod modern_files;
#[path = "pictures/raw.rs"]
mod raw;
#[path = "pictures/regions.rs"]
mod regions;
#[path = "pictures/rows.rs"]
mod rows;
#[path = "pictures/tiff.rs"]
mod tiff;
#[path = "pictures/tiff_fixtures.rs"]
mod tiff_fixtures;
#[path = "pictures/tiff_packed.rs"]
mod tiff_packed;
#[path = "pictures/tiff_ranges.rs"]
mod tiff_ranges;
#[path = "pictures/tiff_writer.rs"]
mod tiff_writer;
#[path = "pictures/upright.rs"]
mod upright;

use std::path::{Path, PathBuf};
use zoomfield::error::Error;
use zoomfield::geometry::Size;
use zoomfield::picture::{HELD_BYTES, Picture, Samples, is_picture_path};
use zoomfield::task::NEVER;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/robustness")
}

/// A file made for these tests.
fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/formats").join(name)
}

fn open(name: &str) -> Picture {
    Picture::open(&folder().join(name)).unwrap_or_else(|error| panic!("{error}"))
}

/// Why a file does not open: one sentence on one line that names it.
fn sentence(path: &Path) -> String {
    let error = Picture::open(path).err().unwrap_or_else(|| panic!("{} opened", path.display()));
    assert!(matches!(error, Error::Picture { .. }), "{error:?}");
    let said = error.to_string();
    let name = path.file_name().unwrap().to_string_lossy();
    assert!(said.contains(&*name) && said.len() < 400 && !said.contains('\n'), "{said}");
    said
}

#[test]
fn every_mode_opens_with_its_size() {
    for name in [
        "mode_1.png",
        "mode_I16.png",
        "mode_L.png",
        "mode_LA.png",
        "mode_P.png",
        "mode_RGBA.png",
        "cmyk.tiff",
        "cmyk_noprofile.jpg",
        "png_renamed.jpg",
        "unicode_ñ_日本語_😀 space.png",
    ] {
        let picture = open(name);
        assert_eq!(picture.size, Size::new(96, 64), "{name}");
        assert_eq!(picture.path, folder().join(name));
        let rgb = picture.rgb.as_bytes().len() * 8 / usize::from(picture.rgb.bits());
        assert_eq!(rgb, 96 * 64 * 3, "{name}");
    }
    assert_eq!(open("mode_I16.png").rgb.bits(), 16);
    assert_eq!(open("png_renamed.jpg").format, "PNG");
}

#[test]
fn one_pixel_of_every_format_opens() {
    for (ending, format) in [
        ("bmp", "BMP"),
        ("gif", "GIF"),
        ("ico", "ICO"),
        ("jpg", "JPEG"),
        ("png", "PNG"),
        ("ppm", "PNM"),
        ("qoi", "QOI"),
        ("tiff", "TIFF"),
        ("webp", "WebP"),
    ] {
        let picture = open(&format!("1x1.{ending}"));
        assert_eq!((picture.size, picture.format), (Size::new(1, 1), format));
    }
}

#[test]
fn the_name_of_a_picture_is_that_of_its_samples() {
    let picture = open("all_transparent_red.png");
    let same = Picture::from_samples(picture.size, picture.rgb.clone(), picture.alpha.clone());
    assert_eq!(picture.id, same.id);
    assert_ne!(picture.id, open("mode_RGBA.png").id);
}

#[test]
fn opacity_is_kept_apart_and_dropped_where_it_says_nothing() {
    let red = open("all_transparent_red.png");
    assert_eq!(red.alpha, Some(Samples::U8(vec![0; red.size.area()])));
    assert_eq!(red.rgb, Samples::U8([255, 0, 0].repeat(red.size.area())));
    assert_eq!(open("mode_RGBA.png").alpha, None);
    assert!(open("strip_65536x16_rgba8.png").alpha.is_some());
}

#[test]
fn an_animation_shows_its_first_frame() {
    for name in ["anim30.png", "anim30.webp"] {
        assert_eq!(open(name).size, Size::new(64, 64));
    }
}

#[test]
fn pictures_are_turned_upright_once() {
    let reference = open("exif_orientation6_96x64.png");
    for ending in ["jpg", "png", "tiff", "webp"] {
        let picture = open(&format!("exif_orientation6_96x64.{ending}"));
        assert_eq!(picture.size, Size::new(64, 96), "{ending}");
        // The same scene in each: 16 values of 255 is what JPEG may be off by on average.
        let (a, b) = (picture.rgb.as_bytes(), reference.rgb.as_bytes());
        let distance: u64 = a.iter().zip(b).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        assert!(distance < 16 * a.len() as u64, "{ending}: {distance}");
        if let Some(exif) = picture.metadata.exif {
            assert_eq!(orientation(&exif), Some(1), "{ending}: an export would be turned again");
        }
    }
}

/// The orientation entry of an EXIF block's first directory.
fn orientation(exif: &[u8]) -> Option<u16> {
    let is_little = exif.starts_with(b"II");
    let short = |at: usize| {
        let bytes = [exif[at], exif[at + 1]];
        if is_little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) }
    };
    let start = usize::from(if is_little { short(4) } else { short(6) });
    let entries = (0..usize::from(short(start))).map(|i| start + 2 + i * 12);
    entries.into_iter().find(|at| short(*at) == 0x112).map(|at| short(at + 8))
}

#[test]
fn an_orientation_that_does_not_exist_turns_nothing() {
    for value in ["0", "9", "65535"] {
        assert_eq!(open(&format!("exif_orientation_invalid{value}.jpg")).size, Size::new(96, 64));
    }
}

#[test]
fn heic_is_read_or_refused_with_a_way_out() {
    let file = tempfile::Builder::new().suffix(".heic").tempfile().unwrap();
    std::fs::write(file.path(), b"\0\0\0\x18ftypheic\0\0\0\0mif1heic").unwrap();
    let said = sentence(file.path());
    let words = if cfg!(feature = "heic") { "directory cannot be read" } else { "heif-convert" };
    assert!(said.contains(words), "{said}");
}

#[test]
fn broken_files_are_refused_in_a_sentence() {
    for (name, words) in [
        ("empty.png", "empty"),
        ("text_renamed.jpg", "damaged"),
        ("bad_crc_16x16.png", "damaged"),
        ("truncated_8000x8000_rgb8.png", "ends too early"),
        ("hdr_0x0.png", ""),
        ("hdr_height0.jpg", ""),
        ("hdr_w0.bmp", ""),
        ("ifd_loop.tiff", "damaged"),
    ] {
        let said = sentence(&folder().join(name));
        assert!(said.contains(words), "{said}");
    }
}

#[test]
fn a_file_cut_anywhere_does_not_open_and_does_not_panic() {
    let temporary = tempfile::tempdir().unwrap();
    for name in ["exif_orientation6_96x64.jpg", "mode_P.png", "exif_orientation6_96x64.tiff", "1x1.bmp", "1x1.qoi"] {
        let bytes = std::fs::read(folder().join(name)).unwrap();
        let path = temporary.path().join(name);
        for end in [1, 9, bytes.len() / 3, bytes.len() / 2] {
            std::fs::write(&path, &bytes[..end]).unwrap();
            sentence(&path);
        }
    }
    let jpeg = std::fs::read(folder().join("exif_orientation6_96x64.jpg")).unwrap();
    let path = temporary.path().join("cut.jpg");
    std::fs::write(&path, &jpeg[..jpeg.len() * 9 / 10]).unwrap();
    let said = sentence(&path);
    assert!(said.contains("ends too early") && said.contains("copy it again"), "{said}");
}

#[test]
fn absurd_sizes_are_refused_before_they_cost_memory() {
    for (name, words) in [
        ("hdr_1073741823_sq.tiff", "GiB"),
        ("hdr_1x2147483647.png", "GiB"),
        ("hdr_2147483647x1.bmp", ""),
        ("hdr_2147483647x2147483647_rgba16.png", "memory"),
        ("hdr_4294967295_sq.qoi", ""),
        ("hdr_60000x-60000.bmp", "GiB"),
        ("hdr_65500x65500_truncated.jpg", ""),
        ("frame_65535x65535_truncated.gif", "GiB"),
        ("screen_65535x65535_frame1x1.gif", "GiB"),
    ] {
        let said = sentence(&folder().join(name));
        assert!(said.contains(words), "{said}");
        // Nor where they could be read by rectangles.
        let divided = Picture::open_within(&folder().join(name), 0, HELD_BYTES, NEVER);
        assert!(divided.unwrap_err().to_string().contains(name));
    }
    assert_bounded_memory();
}

#[test]
fn bombs_beside_the_pixels_do_not_go_off() {
    for name in ["iccp_bomb_100MB.png", "idat_excess_100MB.png", "ztxt_bomb_100MB.png"] {
        assert_eq!(open(name).size, Size::new(16, 16));
    }
    assert_bounded_memory();
}

/// An uncompressed little-endian TIFF of one row of RGBA, with more entries (tag, type, count, value) behind.
fn row_of_rgba(pixels: &[[u8; 4]], extra_samples: u32, more: &[(u16, u16, u32, u32)]) -> Vec<u8> {
    let (width, data) = (pixels.len() as u32, pixels.as_flattened());
    let mut entries = vec![
        (0x100, 4, 1, width),
        (0x101, 4, 1, 1),
        (0x102, 3, 4, 8),
        (0x103, 3, 1, 1),
        (0x106, 3, 1, 2),
        (0x111, 4, 1, 16),
        (0x115, 3, 1, 4),
        (0x116, 4, 1, 1),
        (0x117, 4, 1, data.len() as u32),
        (0x152, 3, 1, extra_samples),
    ];
    entries.extend(more);
    let mut bytes = b"II*\0".to_vec();
    bytes.extend((16 + data.len() as u32).to_le_bytes());
    bytes.extend([8, 0, 8, 0, 8, 0, 8, 0]); // at 8: bits of the samples
    bytes.extend(data);
    bytes.extend((entries.len() as u16).to_le_bytes());
    for (tag, kind, count, value) in entries {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(u16::to_le_bytes(kind));
        bytes.extend(count.to_le_bytes());
        bytes.extend(u32::to_le_bytes(value));
    }
    bytes.extend([0; 4]);
    bytes
}

fn open_bytes(name: &str, bytes: &[u8]) -> Picture {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    Picture::open(&path).unwrap()
}

#[test]
fn entries_that_claim_gigabytes_are_left_out() {
    let claims: Vec<_> = (0..1000).map(|i| (0x9000 + i, 7, 1_000_000, 0)).collect();
    let mut bytes = row_of_rgba(&[[9; 4]], 2, &claims);
    bytes.resize(1_100_000, 0);
    assert_eq!(open_bytes("bomb.tif", &bytes).size, Size::new(1, 1));
    assert_bounded_memory();
}

#[test]
fn opacity_that_is_multiplied_in_is_taken_out() {
    let pixels = [[64, 128, 0, 128], [10, 20, 30, 255]];
    let of = |extra| open_bytes("a.tif", &row_of_rgba(&pixels, extra, &[])).rgb;
    assert_eq!(of(1), Samples::U8(vec![128, 255, 0, 10, 20, 30]));
    assert_eq!(of(2), Samples::U8(vec![64, 128, 0, 10, 20, 30]));
}

#[test]
fn what_is_invisible_takes_the_colour_beside_it() {
    let pixels = [[0, 0, 0, 0], [200, 100, 50, 255], [7, 7, 7, 1], [255, 0, 255, 0]];
    let picture = open_bytes("a.tif", &row_of_rgba(&pixels, 2, &[]));
    assert_eq!(picture.rgb, Samples::U8(vec![200, 100, 50, 200, 100, 50, 7, 7, 7, 7, 7, 7]));
    assert_eq!(picture.alpha, Some(Samples::U8(vec![0, 255, 1, 0])));
}

#[test]
fn very_long_pictures_open() {
    for (name, size) in [
        ("strip_100000x1_rgb8.png", Size::new(100_000, 1)),
        ("strip_1x100000_rgb8.png", Size::new(1, 100_000)),
        ("strip_60000x20_gray.jpg", Size::new(60_000, 20)),
        ("strip_65536x16_rgba8.png", Size::new(65_536, 16)),
    ] {
        assert_eq!(open(name).size, size);
    }
}

#[test]
fn sizes_are_known_from_headers() {
    let mut known = 0;
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if !is_picture_path(&path) {
            continue;
        }
        let sides = |size: Size| (size.width.min(size.height), size.width.max(size.height));
        match (Picture::size_of(&path), Picture::open(&path)) {
            // Turning upright may swap them.
            (Ok(size), Ok(picture)) => {
                assert_eq!(sides(size), sides(picture.size), "{}", path.display());
                known += 1;
            }
            (Err(error), Ok(_)) => panic!("{error}"),
            (Err(error), Err(_)) => assert!(matches!(error, Error::Picture { .. }), "{error:?}"),
            // What follows the header is damaged.
            (Ok(_), Err(_)) => {}
        }
    }
    assert!(known > 20, "{known}");
    assert_bounded_memory();
    assert!(Picture::size_of(&folder().join("nothing.png")).is_err());
}

/// The tests of this file together never need much; where the system tells, hold it to that.
fn assert_bounded_memory() {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return };
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes: u64 = peak.unwrap().split_whitespace().next().unwrap().parse().unwrap();
    assert!(kibibytes < 400 << 10, "peak {kibibytes} KiB");
}
