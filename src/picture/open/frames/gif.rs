//! Frames of an animated GIF. What is transparent in them shows what is there.

use super::Parts;
use super::canvas::{Disposal, Part};
use crate::picture::open::GifDecoder;
use gif::DisposalMethod;
use image::ImageResult;
use std::io::Read;

pub(super) struct GifParts<R: Read>(pub(super) GifDecoder<R>);

impl<R: Read> Parts for GifParts<R> {
    fn next(&mut self) -> ImageResult<Option<Part>> {
        let Some(frame) = self.0.next_frame()? else { return Ok(None) };
        let disposal = match frame.disposal {
            DisposalMethod::Any | DisposalMethod::Keep => Disposal::Keep,
            DisposalMethod::Background => Disposal::Clear,
            DisposalMethod::Previous => Disposal::Restore,
        };
        Ok(Some(Part { place: frame.place, rgba: frame.rgba, is_over: true, disposal }))
    }
}
