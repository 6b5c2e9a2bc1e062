//! The XMP packet of a file whose pixels nobody wants.

use super::{MAX_HEADER_BYTES, NEVER, OpenFailure, check_file, guess, limits, start_decoder};
use crate::error::{Error, Result};
use image::ImageDecoder;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// The packet, if there is one.
///
/// # Errors
/// [`Error::Picture`] for a file whose header cannot be read.
pub(in crate::picture) fn packet_of(path: &Path) -> Result<Option<Vec<u8>>> {
    let read = || {
        check_file(path)?;
        let (mut reader, format) = guess(path, NEVER)?;
        reader.limits(limits(MAX_HEADER_BYTES));
        let packet = start_decoder(reader, format).and_then(|mut decoder| decoder.xmp_metadata());
        packet.map_err(|error| OpenFailure::from(error).describe(format))
    };
    let damaged = || Err("it is damaged in a way that its decoder does not survive".into());
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| damaged()).map_err(|reason| Error::picture(path, reason))
}
