//! Pictures to measure with.

use crate::atomic::ScratchFolder;
use crate::error::{Error, Result};
use crate::geometry::Size;
use crate::picture::save::{PictureWriter, SaveOptions};
use crate::picture::{Metadata, Picture, Raster};
use std::path::Path;

/// The size of the photograph that views are measured on: 12 megapixels.
const PHOTO: Size = Size::new(4000, 3000);

/// The picture that is part of the program.
pub(super) fn builtin() -> Result<Picture> {
    let folder = folder()?;
    let path = folder.path().join("chelsea.png");
    std::fs::write(&path, include_bytes!("../../assets/chelsea.png")).map_err(no_room)?;
    Picture::open(&path)
}

/// Writes a 12-megapixel JPEG: the picture and its mirror images, side by side.
///
/// # Errors
/// [`Error::Export`] if it cannot be written.
pub fn write_photo(picture: &Picture, path: &Path) -> Result<()> {
    let options = SaveOptions {
        size: PHOTO,
        channels: 3,
        bits: 8,
        quality: 92,
        overwrite: true,
        dpi: None,
        metadata: Metadata::default(),
    };
    let mut writer = PictureWriter::create(path, options)?;
    let planes = picture.planes(picture.size.rect());
    let area = picture.size.area();
    for y in 0..PHOTO.height {
        let row = mirrored(y, picture.size.height) * picture.size.width;
        let pixel = |x: usize| (0..3).map(move |c| (c * area + row, mirrored(x, picture.size.width)));
        let data = (0..PHOTO.width).flat_map(pixel).map(|(plane, x)| planes[plane + x]).collect();
        writer.write_rows(&Raster { size: Size::new(PHOTO.width, 1), channels: 3, data })?;
    }
    writer.finish().map(drop)
}

/// Position `i` of an endless row of `n` samples and their mirror image in turn.
fn mirrored(i: usize, n: usize) -> usize {
    let i = i % (2 * n);
    if i < n { i } else { 2 * n - 1 - i }
}

/// A temporary folder.
pub(super) fn folder() -> Result<ScratchFolder> {
    ScratchFolder::new().map_err(no_room)
}

fn no_room(error: impl std::fmt::Display) -> Error {
    Error::Request(format!(
        "there is no room for a temporary picture: {error}; free some space in the temporary folder"
    ))
}
