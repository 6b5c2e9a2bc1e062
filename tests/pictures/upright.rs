//! Pictures are turned upright by whatever says how: EXIF, with and without the letters in front of it, `ImageMagick`'s raw
//! profiles, XMP; in front of the pixels and behind them.

use crate::open_bytes;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use std::io::Write;
use zoomfield::geometry::Size;
use zoomfield::picture::{Picture, Samples};

/// Three pixels across, two down, all different.
const PIXELS: [u8; 18] = [1, 0, 0, 2, 0, 0, 3, 0, 0, 4, 0, 0, 5, 0, 0, 6, 0, 0];

/// An EXIF block that says only how to turn, in EXIF's numbers.
fn exif(orientation: u8) -> Vec<u8> {
    let entry = [0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0];
    [&b"MM\0*\0\0\0\x08\0\x01"[..], &entry, &[0; 4]].concat()
}

fn xmp(orientation: u8) -> Vec<u8> {
    format!("<x:xmpmeta><rdf:Description tiff:Orientation=\"{orientation}\"/></x:xmpmeta>").into_bytes()
}

fn prefixed(block: &[u8]) -> Vec<u8> {
    [b"Exif\0\0", block].concat()
}

/// What `ImageMagick` writes: a name, the length, hexadecimal digits in lines.
fn raw_profile(name: &str, profile: &[u8]) -> Vec<u8> {
    let digits: Vec<String> = profile.iter().map(|byte| format!("{byte:02x}")).collect();
    let lines: Vec<String> = digits.chunks(36).map(<[String]>::concat).collect();
    format!("\n{name}\n{:8}\n{}\n", profile.len(), lines.join("\n")).into_bytes()
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn png(kind: [u8; 4], body: &[u8], is_behind: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 3, 2);
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header().unwrap();
    let kind = png::chunk::ChunkType(kind);
    if !is_behind {
        writer.write_chunk(kind, body).unwrap();
    }
    writer.write_image_data(&PIXELS).unwrap();
    if is_behind {
        writer.write_chunk(kind, body).unwrap();
    }
    writer.finish().unwrap();
    bytes
}

fn webp(fill: impl FnOnce(&mut image_webp::WebPEncoder<&mut Vec<u8>>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = image_webp::WebPEncoder::new(&mut bytes);
    fill(&mut encoder);
    encoder.encode(&PIXELS, 3, 2, image_webp::ColorType::Rgb8).unwrap();
    bytes
}

/// The red of a picture, row by row.
fn red(picture: &Picture) -> Vec<u8> {
    let Samples::U8(rgb) = &picture.rgb else { panic!("deep") };
    rgb.iter().step_by(3).copied().collect()
}

/// Turned by 90 degrees clockwise, and so that an export is not turned again.
fn assert_turned(name: &str, bytes: &[u8]) {
    let picture = open_bytes(name, bytes);
    assert_eq!((picture.size, red(&picture)), (Size::new(2, 3), vec![4, 1, 5, 2, 6, 3]), "{name}");
    if let Some(block) = picture.metadata.exif {
        assert!(block.starts_with(b"MM\0*"), "{name}: {block:?}");
        assert_eq!(crate::orientation(&block), Some(1), "{name}");
    }
    if let Some(packet) = picture.metadata.xmp {
        assert!(String::from_utf8(packet).unwrap().contains("tiff:Orientation=\"1\""), "{name}");
    }
}

#[test]
fn webp_is_turned_by_exif_and_xmp() {
    assert_turned("bare.webp", &webp(|encoder| encoder.set_exif_metadata(exif(6))));
    assert_turned("prefixed.webp", &webp(|encoder| encoder.set_exif_metadata(prefixed(&exif(6)))));
    assert_turned("xmp.webp", &webp(|encoder| encoder.set_xmp_metadata(xmp(6))));
    assert_eq!(red(&open_bytes("plain.webp", &webp(|_| {}))), [1, 2, 3, 4, 5, 6]);
}

#[test]
fn png_is_turned_by_everything_that_says_how() {
    let text = |keyword: &str, body: &[u8]| [keyword.as_bytes(), b"\0", body].concat();
    let packed = |keyword: &str, body: &[u8]| [keyword.as_bytes(), b"\0\0", &deflated(body)].concat();
    let raw = raw_profile("exif", &prefixed(&exif(6)));
    let app1 = raw_profile("generic profile", &prefixed(&exif(6)));
    let app1_xmp = raw_profile("generic profile", &[&b"http://ns.adobe.com/xap/1.0/\0"[..], &xmp(6)].concat());
    let xmp_plain = [&b"XML:com.adobe.xmp\0\0\0en\0\0"[..], &xmp(6)].concat();
    let xmp_packed = [&b"XML:com.adobe.xmp\0\x01\0\0\0"[..], &deflated(&xmp(6))].concat();
    let chunks: [(&str, [u8; 4], Vec<u8>); 9] = [
        ("bare", *b"eXIf", exif(6)),
        ("prefixed", *b"eXIf", prefixed(&exif(6))),
        ("raw-text", *b"tEXt", text("Raw profile type exif", &raw)),
        ("raw-packed", *b"zTXt", packed("Raw profile type exif", &raw)),
        ("raw-app1", *b"zTXt", packed("Raw profile type APP1", &app1)),
        ("raw-app1-xmp", *b"zTXt", packed("Raw profile type APP1", &app1_xmp)),
        ("raw-xmp", *b"zTXt", packed("Raw profile type xmp", &raw_profile("xmp", &xmp(6)))),
        ("xmp", *b"iTXt", xmp_plain),
        ("xmp-packed", *b"iTXt", xmp_packed),
    ];
    for (name, kind, body) in chunks {
        for is_behind in [false, true] {
            assert_turned(&format!("{name}-{is_behind}.png"), &png(kind, &body, is_behind));
        }
    }
}

#[test]
fn exif_counts_for_more_than_xmp() {
    let both = |exif_says, xmp_says| {
        let bytes = webp(|encoder| {
            encoder.set_exif_metadata(exif(exif_says));
            encoder.set_xmp_metadata(xmp(xmp_says));
        });
        red(&open_bytes("both.webp", &bytes))
    };
    assert_eq!(both(1, 6), [1, 2, 3, 4, 5, 6]);
    assert_eq!(both(3, 6), [6, 5, 4, 3, 2, 1]);
    assert_eq!(both(0, 6), [4, 1, 5, 2, 6, 3], "an orientation that does not exist says nothing");
}
