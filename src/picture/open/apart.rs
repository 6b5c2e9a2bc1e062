//! Which decoder a JPEG goes to.

use super::failure::{OpenFailure, describe_io};
use super::jpeg::read_complete;
use super::kind::Kind;
use super::scans::{ApartDecoder, Coding};
use image::ImageDecoder;
use std::path::Path;

/// The decoder of a JPEG that the ordinary one would show wrong. Refuses what is not all there, or not supported.
pub(super) fn apart_jpeg(path: &Path) -> Result<Option<Box<dyn ImageDecoder>>, String> {
    let bytes = read_complete(path).map_err(|error| describe_io(&error))?;
    let Some(coding) = Coding::of(&bytes) else { return Ok(None) };
    if let Some(reason) = coding.reason_to_refuse() {
        return Err(reason);
    }
    let start = |bytes| ApartDecoder::new(bytes).map_err(|error| OpenFailure::from(error).describe(Kind::JPEG));
    coding.is_apart().then(|| start(bytes).map(|decoder| Box::new(decoder) as _)).transpose()
}
