//! A TIFF that is brought into memory, with a note on how its values are shown.

use super::failure::OpenFailure;
use super::kind::Kind;
use super::tif::TifDecoder;
use super::{decode, in_a_row};
use crate::picture::metadata::Remarks;
use crate::picture::{Picture, Which};
use std::io::{Read, Seek};

/// A page, exposed if it holds light.
pub(super) fn open_whole(reader: impl Read + Seek, which: Which, remarks: Remarks) -> Result<Picture, String> {
    let decoder =
        TifDecoder::new(reader, which.page).map_err(|error| OpenFailure::from(error).describe(Kind::TIFF.name()))?;
    let range = decoder.range();
    let picture = decode(Ok(Box::new(decoder)), Kind::TIFF, (remarks, which.exposure))?;
    let note = range.and_then(|range| range.note(which.exposure));
    Ok(Picture { notice: in_a_row([picture.notice, note]), ..picture })
}
