//! A photograph of 12 megapixels, for those who measure.

use std::path::Path;
use zoomfield::geometry::{Region, SampleGrid, Size};
use zoomfield::picture::save::{PictureWriter, SaveOptions};
use zoomfield::picture::{Metadata, Picture, resample};

/// 12 megapixels.
const PHOTO: Size = Size::new(4000, 3000);

/// Writes it as a JPEG.
pub(crate) fn write_photo(path: &Path) {
    let cat = Picture::open(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/chelsea.png").as_ref()).expect("the cat");
    let options = SaveOptions {
        size: PHOTO,
        channels: 3,
        bits: 8,
        quality: 92,
        overwrite: true,
        dpi: None,
        metadata: Metadata::default(),
    };
    let grid = SampleGrid::spanning(Region::whole(cat.size), PHOTO);
    let mut writer = PictureWriter::create(path, options).expect("a place for the photograph");
    writer.write_rows(&resample::resample_region(&cat, &grid)).expect("room for the photograph");
    writer.finish().expect("the photograph is written");
}
