//! What the camera and others wrote beside the pixels: EXIF, XMP, dots per inch.

use super::*;
use exif::{In, Reader, Tag};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/robustness").join(name)
}

/// An EXIF block as a camera writes it: upside down, with an exposure, a place and a note of its own.
fn camera_block(interoperability: Option<&str>) -> Vec<u8> {
    use exif::{Context, Field, Rational, Value};
    let field = |tag, value| Field { tag, ifd_num: In::PRIMARY, value };
    let ascii = |text: &str| Value::Ascii(vec![text.as_bytes().to_vec()]);
    let mut fields = vec![
        field(Tag::Make, ascii("Maker")),
        field(Tag::Model, ascii("Model 7")),
        field(Tag::Orientation, Value::Short(vec![3])),
        field(Tag::XResolution, Value::Rational(vec![Rational { num: 72, denom: 1 }])),
        field(Tag::YResolution, Value::Rational(vec![Rational { num: 72, denom: 1 }])),
        field(Tag::ResolutionUnit, Value::Short(vec![2])),
        field(Tag::ExposureTime, Value::Rational(vec![Rational { num: 1, denom: 250 }])),
        field(Tag::FNumber, Value::Rational(vec![Rational { num: 28, denom: 10 }])),
        field(Tag::PhotographicSensitivity, Value::Short(vec![100])),
        field(Tag::DateTimeOriginal, ascii("2026:05:17 18:03:11")),
        field(Tag::LensModel, ascii("Lens 35")),
        field(Tag::PixelXDimension, Value::Short(vec![4000])),
        field(Tag(Context::Exif, 0x927c), Value::Undefined(vec![1, 2, 3, 4, 5, 6, 7], 0)),
        field(Tag::GPSLatitude, Value::Rational(vec![Rational { num: 48, denom: 1 }; 3])),
    ];
    fields.extend(interoperability.map(|index| field(Tag::InteroperabilityIndex, ascii(index))));
    let mut writer = exif::experimental::Writer::new();
    for field in &fields {
        writer.push_field(field);
    }
    let mut block = std::io::Cursor::new(Vec::new());
    writer.write(&mut block, false).unwrap();
    block.into_inner()
}

#[test]
fn what_the_camera_wrote_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shot.jpg");
    write(&path, &raster(), options(Metadata { exif: Some(camera_block(None)), ..Metadata::default() }));
    let shot = Picture::open(&path).unwrap().metadata.shot();
    assert_eq!(shot.camera.as_deref(), Some("Maker Model 7"));
    assert_eq!(shot.lens.as_deref(), Some("Lens 35"));
    assert_eq!(shot.exposure.as_deref(), Some("1/250 s, f/2.8, ISO 100"));
    assert_eq!(shot.taken.as_deref(), Some("2026-05-17 18:03:11"));
    assert!(shot.has_position && !shot.is_empty());
    assert!(Picture::open(&fixture("mode_L.png")).unwrap().metadata.shot().is_empty());
}

#[test]
fn a_camera_that_says_adobe_rgb_without_a_profile_is_believed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shot.jpg");
    for (index, name) in [("R03", "Adobe RGB 1998"), ("R98", "sRGB")] {
        let exif = Some(camera_block(Some(index)));
        write(&path, &raster(), options(Metadata { exif, ..Metadata::default() }));
        let picture = Picture::open(&path).unwrap();
        assert_eq!(picture.color.name(), name);
        // An export without the camera's word must say it by a profile.
        assert_eq!(picture.metadata.icc_profile.is_some(), index == "R03");
    }
}

#[test]
fn an_export_keeps_exif_upright_and_true_in_every_format() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shot.png");
    write(&path, &raster(), options(Metadata { exif: Some(camera_block(None)), ..Metadata::default() }));
    let mut source = Picture::open(&path).unwrap();
    for (i, ending) in ["png", "webp", "avif", "jpg", "tif", "tiff", "jpg"].into_iter().enumerate() {
        let path = folder.path().join("out").with_extension(ending);
        write(&path, &raster(), SaveOptions { dpi: Some(300.0), ..options(source.metadata.clone()) });
        let again = Picture::open(&path).unwrap();
        let exif = Reader::new().read_raw(again.metadata.exif.clone().unwrap()).unwrap();
        let number = |tag| exif.get_field(tag, In::PRIMARY).and_then(|field| field.value.get_uint(0));
        assert!(matches!(number(Tag::Orientation), None | Some(1)), "{ending}");
        assert_eq!(number(Tag::PixelXDimension), Some(COLORS.len() as u32), "{ending}");
        assert_eq!(again.metadata.shot(), source.metadata.shot(), "{ending}");
        let note = exif.get_field(Tag::MakerNote, In::PRIMARY).unwrap();
        assert!(matches!(&note.value, exif::Value::Undefined(bytes, _) if bytes[..] == [1, 2, 3, 4, 5, 6, 7]));
        if i < 4 {
            let resolution = exif.get_field(Tag::XResolution, In::PRIMARY).unwrap();
            assert_eq!(resolution.display_value().to_string(), "300", "{ending}");
        }
        // From a TIFF on to the next format.
        source = again;
    }
}

#[test]
fn a_turned_photograph_is_not_turned_twice() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["exif_orientation6_96x64.jpg", "exif_orientation6_96x64.tiff"] {
        let source = Picture::open(&fixture(name)).unwrap();
        for ending in ["png", "tif", "jpg", "webp", "avif", "jxl"] {
            let path = folder.path().join("out").with_extension(ending);
            let raster = Raster::new(source.size, 3);
            write(&path, &raster, options(source.metadata.clone()));
            assert_eq!(Picture::open(&path).unwrap().size, source.size, "{name} to {ending}");
        }
    }
}

#[test]
fn dots_per_inch_are_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let with_dpi = |ending: &str| {
        let path = folder.path().join("out").with_extension(ending);
        write(&path, &raster(), SaveOptions { dpi: Some(300.0), ..options(Metadata::default()) });
        std::fs::read(path).unwrap()
    };
    let png = with_dpi("png");
    let at = png.windows(4).position(|name| name == b"pHYs").unwrap() + 4;
    assert_eq!(png[at..at + 9], [0, 0, 0x2e, 0x23, 0, 0, 0x2e, 0x23, 1], "11811 pixels a metre");
    assert_eq!(with_dpi("jpg")[13..18], [1, 1, 44, 1, 44], "JFIF: inches, 300, 300");
    let tiff = Reader::new().read_from_container(&mut std::io::Cursor::new(with_dpi("tif"))).unwrap();
    assert_eq!(tiff.get_field(Tag::XResolution, In::PRIMARY).unwrap().display_value().to_string(), "300");
}

const PACKET: &str = "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF><rdf:Description tiff:Orientation='6' \
    tiff:ImageWidth='4000' xmp:Rating='5'><dc:title>Ünï</dc:title></rdf:Description></rdf:RDF></x:xmpmeta>";

#[test]
fn xmp_and_the_sources_resolution_travel_through_every_format() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("source.png");
    let metadata = Metadata { xmp: Some(PACKET.into()), ..Metadata::default() };
    write(&path, &raster(), SaveOptions { dpi: Some(240.0), ..options(metadata) });
    let mut source = Picture::open(&path).unwrap();
    let expected = PACKET.replace("'6'", "'1'").replace("4000", &COLORS.len().to_string());
    for ending in ["jpg", "tif", "png", "webp", "avif", "jpg"] {
        assert_eq!(source.metadata.xmp.as_deref(), Some(expected.as_bytes()), "before {ending}");
        assert_eq!(source.metadata.dpi, Some(240.0), "before {ending}");
        let path = folder.path().join("out").with_extension(ending);
        write(&path, &raster(), SaveOptions { dpi: source.metadata.dpi, ..options(source.metadata.clone()) });
        source = Picture::open(&path).unwrap();
    }
}

#[test]
fn exif_says_the_resolution_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shot.webp");
    write(&path, &raster(), options(Metadata { exif: Some(camera_block(None)), ..Metadata::default() }));
    assert_eq!(Picture::open(&path).unwrap().metadata.dpi, Some(72.0));
}

#[test]
fn a_packet_that_jpeg_cannot_hold_is_left_away() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.jpg");
    let long = PACKET.replace("Ünï", &"x".repeat(70_000));
    write(&path, &raster(), options(Metadata { xmp: Some(long.into()), ..Metadata::default() }));
    assert_eq!(Picture::open(&path).unwrap().metadata.xmp, None);
}
