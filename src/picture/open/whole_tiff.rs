//! A TIFF that is brought into memory, with a note on how its values are shown.

use super::failure::OpenFailure;
use super::kind::Kind;
use super::tif::TifDecoder;
use super::{decode, in_a_row};
use crate::picture::Picture;
use crate::picture::metadata::Remarks;
use std::io::{Read, Seek};

/// A page, counted from 0.
pub(super) fn open_whole(reader: impl Read + Seek, page: usize, remarks: Remarks) -> Result<Picture, String> {
    let decoder =
        TifDecoder::new(reader, page).map_err(|error| OpenFailure::from(error).describe(Kind::TIFF.name()))?;
    let range = decoder.range();
    let picture = decode(Ok(Box::new(decoder)), Kind::TIFF, remarks)?;
    let note = range.and_then(|range| range.note());
    Ok(Picture { notice: in_a_row([picture.notice, note]), ..picture })
}
