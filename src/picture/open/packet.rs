//! The XMP packet of a file whose pixels nobody wants.

use super::{NEVER, NOT_SURVIVED, OpenFailure, check_file, guess, start_limited, survive};
use crate::error::{Error, Result};
use image::ImageDecoder;
use std::path::Path;

/// The packet, if there is one.
///
/// # Errors
/// [`Error::Picture`] for a file whose header cannot be read.
pub(in crate::picture) fn packet_of(path: &Path) -> Result<Option<Vec<u8>>> {
    let read = || {
        check_file(path)?;
        let (reader, kind) = guess(path, NEVER)?;
        let packet = start_limited(reader, kind, 0).and_then(|mut decoder| decoder.xmp_metadata());
        packet.map_err(|error| OpenFailure::from(error).describe(kind.name()))
    };
    survive(read).unwrap_or_else(|| Err(NOT_SURVIVED.into())).map_err(|reason| Error::picture(path, reason))
}
