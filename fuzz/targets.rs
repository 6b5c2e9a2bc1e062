//! What fuzzing does with bytes. Every target takes any bytes at all; it is wrong to panic, to take long, to take more memory
//! than the limits say, or to refuse without a sentence on one line.

use std::path::Path;
use zoomfield::app::settings;
use zoomfield::cli::parse_export;
use zoomfield::error::Error;
use zoomfield::geometry::{PixelRect, Size};
use zoomfield::picture::save::{PictureWriter, SaveOptions};
use zoomfield::picture::{Metadata, Picture, Provenance, Raster, SourceType};
use zoomfield::task::NEVER;
use zoomfield::weights::Weights;

/// A target and its name.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
#[allow(dead_code, reason = "a target of `cargo fuzz` is one of them")]
pub const TARGETS: [Target; 6] = [
    ("picture", picture),
    ("safetensors", safetensors),
    ("pth", pth),
    ("settings", settings_file),
    ("xmp", xmp),
    ("command_line", command_line),
];

fn with_file(ending: &str, bytes: &[u8], work: impl FnOnce(&Path)) {
    // In a folder of its own, with which goes what is put beside it: settings that cannot be read are kept there.
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join(format!("input{ending}"));
    std::fs::write(&path, bytes).expect("room for a small file");
    work(&path);
}

fn check_sentence(error: &Error) {
    let said = error.to_string();
    assert!(!said.is_empty() && said.len() < 1000 && !said.contains('\n'), "{said}");
}

/// A file of any picture format: its size, its provenance, its pixels, those of its second page, and its metadata in an export.
pub fn picture(bytes: &[u8]) {
    with_file("", bytes, |path| {
        parts(path);
        let _ = (Picture::decoded_bytes(path, 1, NEVER), Picture::size_of(path), Picture::provenance_of(path));
        if let Err(error) = Picture::open_page(path, 1) {
            check_sentence(&error);
        }
        match Picture::open_page(path, 0) {
            Ok(picture) => {
                assert!(picture.size.area() > 0);
                let _ = (picture.metadata.shot(), picture.metadata.provenance(), picture.metadata.source_type());
                // Encoding is slow, and nothing but metadata comes from the file.
                if picture.metadata != Metadata::default() {
                    export(picture.metadata);
                }
            }
            Err(error) => check_sentence(&error),
        }
    });
}

/// The same, of which nothing is held: parts of it, where its file can be read so.
fn parts(path: &Path) {
    let Ok(picture) = Picture::open_within(path, 0, 0, NEVER) else { return };
    let Size { width, height } = picture.size;
    for corner in [[0, 0], [width - 1, height - 1]] {
        let rect = PixelRect {
            x: corner[0].saturating_sub(40),
            y: corner[1].saturating_sub(40),
            width: 41.min(width),
            height: 41.min(height),
        };
        let _ = picture.patch(rect);
        if let Err(error) = picture.check_read() {
            check_sentence(&error);
        }
    }
}

/// Metadata in every format that holds any, on the smallest picture that all take.
fn export(metadata: Metadata) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for ending in ["png", "jpg", "tif", "webp", "avif", "jxl"] {
        let path = folder.path().join("a").with_extension(ending);
        let raster = Raster::new(Size::new(2, 2), 3);
        let (size, metadata) = (raster.size, metadata.clone());
        let options =
            SaveOptions { size, channels: 3, bits: 8, quality: 90, overwrite: true, dpi: metadata.dpi, metadata };
        let written = PictureWriter::create(&path, options).and_then(|mut writer| {
            writer.write_rows(&raster)?;
            writer.finish()
        });
        match written {
            Ok(_) => drop(Picture::open(&path).expect("an export opens")),
            Err(error) => check_sentence(&error),
        }
    }
}

fn weights(ending: &str, bytes: &[u8]) {
    with_file(ending, bytes, |path| {
        if let Err(error) = Weights::open_with_card(path) {
            check_sentence(&error);
        }
    });
}

/// A file of weights in our own format.
pub fn safetensors(bytes: &[u8]) {
    weights(".safetensors", bytes);
}

/// A checkpoint of the original implementation.
pub fn pth(bytes: &[u8]) {
    weights(".pth", bytes);
}

/// The file of settings.
pub fn settings_file(bytes: &[u8]) {
    with_file(".json", bytes, |path| drop(settings::file::load(path)));
}

/// An XMP packet: what it says, and what becomes of it in an export.
pub fn xmp(bytes: &[u8]) {
    let _ = (Provenance::read(bytes), SourceType::read(bytes));
    export(Metadata { xmp: Some(bytes.to_vec()), ..Metadata::default() });
}

/// The arguments of an export, a line each.
pub fn command_line(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let arguments: Vec<String> = ["zoomfield", "export"].into_iter().chain(text.lines()).map(str::to_owned).collect();
    let _ = parse_export(&arguments);
}
