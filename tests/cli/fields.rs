//! Which fields survive an export, for each pair of formats, as `exiftool` reads them: it knows more places than we do. The
//! table is that of docs/files.md.

use crate::world::{World, fixture};
use std::path::Path;
use std::process::Command;
use zoomfield::geometry::Size;
use zoomfield::picture::save::{PictureWriter, SaveOptions};
use zoomfield::picture::{Metadata, Picture, Raster};

/// What is written into every source, by its name for `exiftool`.
const WRITTEN: [&str; 9] = [
    "EXIF:Make=Maker",
    "EXIF:Artist=Name",
    "EXIF:DateTimeOriginal=2026:01:02 03:04:05",
    "EXIF:LensModel=Lens 35",
    "GPS:GPSLatitude=48.5",
    "GPS:GPSLatitudeRef=N",
    "XMP-dc:Creator=Someone",
    "XMP-dc:Subject=subject",
    "IPTC:Keywords=word",
];

/// A field as it is read, what it must say, and the formats that it is lost in.
const FIELDS: [(&str, &str, &[&str]); 10] = [
    ("EXIF:Make", "Maker", &["bmp"]),
    ("EXIF:Artist", "Name", &["bmp"]),
    ("EXIF:DateTimeOriginal", "2026:01:02 03:04:05", &["bmp"]),
    ("EXIF:LensModel", "Lens 35", &["bmp"]),
    ("EXIF:GPSLatitude", "48.5", &["bmp"]),
    ("XMP:Creator", "Someone", &["bmp"]),
    ("XMP:Subject", "subject", &["bmp"]),
    ("IPTC:Keywords", "word", &["webp", "avif", "jxl", "bmp"]),
    ("ICC_Profile:ColorSpaceData", "RGB", &["jxl", "bmp"]),
    // Dots per inch, wherever a format has them.
    ("XResolution", "240", &["bmp"]),
];

const SOURCES: [&str; 5] = ["png", "jpg", "tif", "webp", "avif"];
const TARGETS: [&str; 7] = ["png", "jpg", "tif", "webp", "avif", "jxl", "bmp"];

/// What `exiftool` says with these arguments; nothing if there is no such program.
fn exiftool(arguments: &[&str], path: &Path) -> Option<String> {
    let output = Command::new("exiftool").args(arguments).arg(path).output().ok()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

/// A file of a format with a profile and all fields.
fn source(world: &World, ending: &str) -> Option<String> {
    let name = format!("source.{ending}");
    let path = world.path(&name);
    let wide = fixture("formats/avif/p3.avif");
    if ending == "avif" {
        std::fs::copy(wide, &path).unwrap();
    } else {
        let size = Size::new(8, 6);
        let metadata =
            Metadata { icc_profile: Picture::open(&wide).unwrap().metadata.icc_profile, ..Metadata::default() };
        let options =
            SaveOptions { size, channels: 3, bits: 8, quality: 90, overwrite: true, dpi: Some(240.0), metadata };
        let mut writer = PictureWriter::create(&path, options).unwrap();
        writer.write_rows(&Raster::new(size, 3)).unwrap();
        writer.finish().unwrap();
    }
    let written: Vec<String> = WRITTEN.iter().map(|field| format!("-{field}")).collect();
    let mut arguments = vec!["-overwrite_original", "-q", "-m", "-EXIF:XResolution=240", "-EXIF:YResolution=240"];
    arguments.push("-EXIF:ResolutionUnit=inches");
    // There is no place for it in these.
    let has_records = !["webp", "avif"].contains(&ending);
    arguments.extend(written.iter().map(String::as_str).filter(|field| has_records || !field.starts_with("-IPTC")));
    exiftool(&arguments, &path)?;
    Some(name)
}

fn fields(path: &Path) -> serde_json::Map<String, serde_json::Value> {
    let said = exiftool(&["-json", "-G0", "-n", "-a"], path).unwrap();
    let all: serde_json::Value = serde_json::from_str(&said).unwrap();
    all[0].as_object().unwrap().clone()
}

/// What a field says, in the group that its name begins with, or in any.
fn value(fields: &serde_json::Map<String, serde_json::Value>, name: &str) -> Option<String> {
    let is_it = |key: &str| key == name || !name.contains(':') && key.split(':').nth(1) == Some(name);
    let found = fields.iter().find(|(key, _)| is_it(key))?.1;
    Some(found.as_str().map_or_else(|| found.to_string(), str::to_owned))
}

/// Numbers by their value, since PNG counts dots per metre.
fn is_same(found: &str, wanted: &str) -> bool {
    match (found.parse::<f64>(), wanted.parse::<f64>()) {
        // Dots a metre.
        (Ok(found), Ok(wanted)) => (found - wanted).abs() < 0.1 || (found * 0.0254 - wanted).abs() < 0.1,
        _ => found.trim() == wanted,
    }
}

#[test]
fn fields_survive_as_the_table_says() {
    let world = World::new();
    if Command::new("exiftool").arg("-ver").output().is_err() {
        assert!(std::env::var_os("ZOOMFIELD_REQUIRE_EXIFTOOL").is_none(), "there is no exiftool to read with");
        eprintln!("skipped: there is no exiftool to read with (Debian: libimage-exiftool-perl)");
        return;
    }
    let model = fixture("liif_edsr_tiny.pth");
    for from in SOURCES {
        let source = source(&world, from).unwrap();
        let has = fields(&world.path(&source));
        for to in TARGETS {
            let out = format!("{from}.{to}");
            world.run(&["export", &source, "-o", &out, "--scale", "2", "--model", model.to_str().unwrap()]).success();
            let kept = fields(&world.path(&out));
            for (name, wanted, lost_in) in FIELDS {
                let had = value(&has, name).is_some() || from == "avif" && name.starts_with("ICC");
                let name = if name == "XResolution" && to == "png" { "PNG:PixelsPerUnitX" } else { name };
                let found = value(&kept, name);
                let survives = found.as_deref().is_some_and(|found| is_same(found, wanted));
                assert_eq!(survives, had && !lost_in.contains(&to), "{name} from {from} to {to}: {found:?}");
            }
        }
    }
}
