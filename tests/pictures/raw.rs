//! Camera RAW, put together here: the largest complete JPEG in the file is shown, turned as the camera says.

use crate::open_bytes;
use image::{ExtendedColorType, codecs::jpeg::JpegEncoder};
use zoomfield::geometry::Size;

fn jpeg(size: Size, grey: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let pixels = vec![grey; size.area() * 3];
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, 95);
    encoder.encode(&pixels, size.width as u32, size.height as u32, ExtendedColorType::Rgb8).unwrap();
    bytes
}

/// A lossless JPEG by its header, as large as a sensor.
fn sensor() -> Vec<u8> {
    let mut bytes = vec![0xff, 0xd8, 0xff, 0xc3, 0, 11, 14, 0x0f, 0xa0, 0x17, 0x70, 1, 1, 0x11, 0];
    bytes.extend([0xff, 0xda, 0, 8, 1, 1, 0, 1, 0, 0]);
    bytes.extend((0..4000).map(|i| (i * 7 % 251) as u8));
    bytes.extend([0xff, 0xd9]);
    bytes
}

/// A TIFF whose only directory says how to turn, with what a camera stores behind it.
fn tiff(head: &[u8], orientation: u8, parts: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = [head, &[8, 0, 0, 0, 1, 0]].concat();
    bytes.extend([0x12, 1, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0, 0, 0, 0, 0]);
    [bytes, parts.concat()].concat()
}

#[test]
fn the_largest_preview_is_shown_and_turned() {
    let parts =
        [jpeg(Size::new(16, 8), 50), sensor(), jpeg(Size::new(48, 24), 200), vec![7; 99], jpeg(Size::new(24, 16), 90)];
    for (name, head) in [("a.nef", b"II*\0"), ("a.orf", b"IIRO"), ("a.rw2", b"IIU\0"), ("a.DNG", b"II*\0")] {
        let picture = open_bytes(name, &tiff(head, 6, &parts));
        assert_eq!((picture.size, picture.format), (Size::new(24, 48), "camera RAW"), "{name}");
        assert!(picture.rgb.as_bytes().iter().all(|value| value.abs_diff(200) < 3), "{name}");
        let notice = picture.notice.expect("a notice");
        assert!(notice.contains("preview of 24×48 pixels"), "{notice}");
    }
    let fuji = [b"FUJIFILMCCD-RAW 0201".to_vec(), parts.concat()].concat();
    assert_eq!(open_bytes("a.raf", &fuji).size, Size::new(48, 24));
    let canon = [b"\0\0\0\x10ftypcrx \0\0\0\0".to_vec(), b"\0\0\0\0mdat".to_vec(), parts.concat()].concat();
    assert_eq!(open_bytes("a.cr3", &canon).size, Size::new(48, 24));
}

#[test]
fn a_thumbnail_inside_a_preview_is_passed_over_and_one_that_is_cut_off_too() {
    let mut preview = jpeg(Size::new(32, 16), 120);
    let thumbnail = jpeg(Size::new(64, 64), 10);
    let segment = [&[0xff, 0xe1][..], &(thumbnail.len() as u16 + 2).to_be_bytes(), &thumbnail].concat();
    preview.splice(2..2, segment);
    let cut = jpeg(Size::new(90, 90), 3);
    let file = tiff(b"II*\0", 1, &[preview, cut[..cut.len() - 2].to_vec()]);
    assert_eq!(open_bytes("a.arw", &file).size, Size::new(32, 16));
}

/// A DNG whose sensor data is lossy holds it as ordinary JPEGs, which are larger than its preview.
#[test]
fn what_the_sensor_recorded_is_no_preview() {
    let (tile, preview) = (jpeg(Size::new(64, 64), 10), jpeg(Size::new(32, 16), 120));
    for meaning in [32803_u16, 34892] {
        let tile_at = 8 + 2 + 2 * 12 + 4;
        let entry = |tag: u16, kind: u8, value: u32| {
            [&tag.to_le_bytes()[..], &[kind, 0, 1, 0, 0, 0], &value.to_le_bytes()].concat()
        };
        let directory = [entry(262, 3, meaning.into()), entry(324, 4, tile_at)].concat();
        let head = [&b"II*\0\x08\0\0\0\x02\0"[..], &directory, &[0; 4]].concat();
        let file = [head, tile.clone(), preview.clone()].concat();
        assert_eq!(open_bytes("a.dng", &file).size, Size::new(32, 16));
    }
}

#[test]
fn without_a_preview_it_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.cr2");
    std::fs::write(&path, tiff(b"II*\0", 1, &[sensor()])).unwrap();
    assert!(crate::sentence(&path).contains("without a preview"));
}
