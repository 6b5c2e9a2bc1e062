//! Pictures with a colour profile.

use std::path::Path;
use zoomfield::picture::save::{PictureWriter, SaveOptions};
use zoomfield::picture::{Metadata, Picture, Raster};

/// The colours of an opaque picture of 8 bits with a profile, as from a file.
pub(crate) fn tagged(picture: &Picture, profile: Vec<u8>) -> Picture {
    let folder = tempfile::tempdir().expect("a folder");
    tagged_file(&folder.path().join("tagged.png"), picture, Some(profile))
}

/// The same from a file that stays, with a profile or without.
pub(crate) fn tagged_file(path: &Path, picture: &Picture, profile: Option<Vec<u8>>) -> Picture {
    let metadata = Metadata { icc_profile: profile, ..Metadata::default() };
    let size = picture.size;
    let options = SaveOptions { size, channels: 3, bits: 8, quality: 100, overwrite: true, dpi: None, metadata };
    let mut writer = PictureWriter::create(path, options).expect("a new file");
    let data = (0..size.area() * 3).map(|i| picture.rgb.unit(i)).collect();
    writer.write_rows(&Raster { size, channels: 3, data }).expect("rows of its size");
    writer.finish().expect("room for it");
    Picture::open(path).expect("what was written opens")
}
