//! What a file says in its own structure, and how many pages that makes.

use super::avif::avif_remarks;
use super::jxl::jxl_remarks;
use super::kind::Kind;
use super::{MAX_HEADER_BYTES, raw};
use crate::picture::metadata::iptc::jpeg_iptc;
use crate::picture::metadata::{Remarks, png_remarks, tiff_remarks};
use crate::picture::{Pages, Timing};
use std::path::Path;
use std::time::Duration;

/// What there is of a page.
pub(super) fn remarks_of(path: &Path, kind: Kind, page: usize) -> Remarks {
    match kind {
        Kind::TIFF => tiff_remarks(path, page),
        Kind::PNG => png_remarks(path),
        Kind::JPEG => Remarks { iptc: jpeg_iptc(path), ..Remarks::default() },
        Kind::Raw => raw::raw_remarks(path),
        Kind::JpegXl => jxl_remarks(path, MAX_HEADER_BYTES as usize),
        Kind::Avif | Kind::Heic => avif_remarks(path),
        _ => Remarks::default(),
    }
}

/// The place of a page that is asked for. With a gain map a JPEG has two: itself, and its light.
pub(super) fn pages_of(remarks: &Remarks, index: usize, has_light: bool) -> Pages {
    let shown = |duration: Duration| Timing { duration, total: remarks.durations.iter().sum() };
    // One that is not there is still a frame.
    let duration = remarks.durations.get(index).or(remarks.durations.last()).copied();
    let count = if has_light { 2 } else { remarks.pages.max(1) };
    Pages { index, count, has_more: false, timing: duration.map(shown), has_light }
}
