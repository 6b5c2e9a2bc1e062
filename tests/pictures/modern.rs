//! JPEG XL and JPEG 2000: values, depths, opacity, profiles, turning, what is in the boxes around them, and damage.

use crate::modern_files::{self as files, boxed, bytes};
use crate::open_bytes;
use zoomfield::geometry::Size;
use zoomfield::picture::{Picture, Samples, is_picture_path};

fn of(name: &str, digits: &str) -> Picture {
    open_bytes(name, &bytes(digits))
}

fn red(picture: &Picture) -> Vec<u16> {
    match &picture.rgb {
        Samples::U8(values) => values.iter().step_by(3).map(|value| u16::from(*value)).collect(),
        Samples::U16(values) => values.iter().step_by(3).copied().collect(),
    }
}

const RED: [u16; 6] = [40, 80, 120, 160, 200, 240];

fn rgb8() -> Samples {
    Samples::U8(RED.iter().flat_map(|red| [*red as u8, 10, 200]).collect())
}

#[test]
fn values_come_out_as_they_went_in() {
    for (name, digits, format) in [("a.jxl", files::JXL_RGB, "JPEG XL"), ("a.j2k", files::J2K_RGB, "JPEG 2000")] {
        let picture = of(name, digits);
        assert_eq!((picture.size, picture.format), (Size::new(3, 2), format));
        assert_eq!((picture.rgb.clone(), picture.alpha.clone()), (rgb8(), None), "{name}");
        assert!(picture.color.is_srgb() && picture.metadata.icc_profile.is_none(), "{name}");
        assert_eq!(of("no ending", digits).rgb, rgb8(), "the content counts");
    }
    let deep: Vec<u16> = RED.iter().map(|red| red * 257 + 1).collect();
    for (name, digits) in [("deep.jxl", files::JXL_DEEP), ("deep.j2k", files::J2K_DEEP)] {
        assert_eq!((of(name, digits).rgb.bits(), red(&of(name, digits))), (16, deep.clone()), "{name}");
    }
    let grey = of("grey.jxl", files::JXL_GREY);
    assert_eq!(grey.rgb, Samples::U8(RED.iter().flat_map(|v| [*v as u8; 3]).collect()));
}

#[test]
fn opacity_is_kept_apart() {
    for (name, digits) in [("a.jxl", files::JXL_RGBA), ("a.jp2", files::JP2_RGBA)] {
        let picture = of(name, digits);
        assert_eq!(picture.rgb, rgb8(), "{name}");
        assert_eq!(picture.alpha, Some(Samples::U8(vec![255, 128, 64, 1, 2, 3])), "{name}");
    }
    let grey = of("a.jp2", files::JP2_GREY_ALPHA);
    assert_eq!(grey.alpha, Some(Samples::U8(vec![255, 128, 0, 1, 2, 3])));
}

#[test]
fn colours_that_are_named_without_a_profile_have_one() {
    let picture = of("p3.jxl", files::JXL_P3);
    assert_eq!(picture.rgb, rgb8());
    assert!(!picture.color.is_srgb() && picture.metadata.icc_profile.is_some());
}

/// The code in two parts, with EXIF and XMP that say that it is to be turned.
fn jxl_in_boxes(code: &[u8]) -> Vec<u8> {
    let exif = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let packet = b"<x:xmpmeta><rdf:Description tiff:Orientation=\"6\"/></x:xmpmeta>";
    let (first, second) = code.split_at(11);
    [
        b"\0\0\0\x0cJXL \r\n\x87\n".to_vec(),
        boxed(b"ftyp", b"jxl \0\0\0\0jxl "),
        boxed(b"Exif", &[&[0; 4], &exif[..]].concat()),
        boxed(b"jxlp", &[&[0; 4], first].concat()),
        boxed(b"jxlp", &[&[0x80, 0, 0, 1], second].concat()),
        boxed(b"xml ", packet),
    ]
    .concat()
}

#[test]
fn a_jpeg_xl_is_turned_once_and_not_by_its_exif() {
    let turned = of("a.jxl", files::JXL_TURNED);
    assert_eq!((turned.size, red(&turned)), (Size::new(2, 3), vec![160, 40, 200, 80, 240, 120]));
    for (digits, turned) in [(files::JXL_RGB, false), (files::JXL_TURNED, true)] {
        let picture = open_bytes("a.jxl", &jxl_in_boxes(&bytes(digits)));
        assert_eq!(picture.size == Size::new(2, 3), turned);
        let exif = picture.metadata.exif.expect("EXIF travels");
        assert_eq!(crate::orientation(&exif), Some(1), "an export would be turned again");
        assert!(String::from_utf8(picture.metadata.xmp.unwrap()).unwrap().contains("tiff:Orientation=\"1\""));
    }
}

#[test]
fn a_jpeg_2000_carries_exif_and_xmp() {
    let exif =
        [&b"JpgTiffExif->JP2MM\0*\0\0\0\x08\0\x01"[..], &[1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0]].concat();
    let xmp = [
        &[0xbe, 0x7a, 0xcf, 0xcb, 0x97, 0xa9, 0x42, 0xe8, 0x9c, 0x71, 0x99, 0x94, 0x91, 0xe3, 0xaf, 0xac][..],
        b"<x:xmpmeta/>",
    ]
    .concat();
    let file = [bytes(files::JP2_RGBA), boxed(b"uuid", &exif), boxed(b"uuid", &xmp)].concat();
    let picture = open_bytes("a.jp2", &file);
    assert_eq!((picture.size, red(&picture)), (Size::new(2, 3), vec![160, 40, 200, 80, 240, 120]));
    assert_eq!(picture.metadata.xmp.as_deref(), Some(&b"<x:xmpmeta/>"[..]));
}

#[test]
fn cut_and_damaged_files_are_refused_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    for (name, digits) in [("a.jxl", files::JXL_RGBA), ("a.j2k", files::J2K_RGB), ("a.jp2", files::JP2_RGBA)] {
        let (whole, path) = (bytes(digits), folder.path().join(name));
        for end in 1..whole.len() - 2 {
            std::fs::write(&path, &whole[..end]).unwrap();
            crate::sentence(&path);
        }
        // Whatever is in there: no panic, no hang, and one line if it does not open.
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 0xff;
            std::fs::write(&path, &bytes).unwrap();
            if let Err(error) = Picture::open(&path) {
                assert!(!error.to_string().contains('\n'), "{error}");
            }
        }
    }
}

#[test]
fn absurd_sizes_are_refused() {
    let mut large = bytes(files::J2K_RGB);
    // Width and height, and those of the one tile.
    for at in [8, 12, 24, 28] {
        large[at..at + 4].copy_from_slice(&60_000u32.to_be_bytes());
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.j2k");
    std::fs::write(&path, large).unwrap();
    assert!(crate::sentence(&path).contains("memory"));
    // Millions of tiles of which one is there.
    let mut many = bytes(files::J2K_RGB);
    many[8..12].copy_from_slice(&0x00ff_0003_u32.to_be_bytes());
    std::fs::write(&path, many).unwrap();
    assert!(crate::sentence(&path).contains("ends too early"));
}

#[test]
fn their_names_are_those_of_pictures() {
    for name in ["a.jxl", "a.JP2", "a.j2k", "a.NEF", "a.cr3"] {
        assert!(is_picture_path(std::path::Path::new(name)), "{name}");
    }
}
