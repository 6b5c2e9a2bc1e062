//! Frames of an AVIF sequence: each is coded as what changed since others, and covers the whole picture. Those of more than 8 bits
//! are read in 8.

use super::Parts;
use super::canvas::{Disposal, Part};
use crate::picture::open::avif::{AvifDecoder, CodePlace, Film, FilmDecoder};
use image::{DynamicImage, ImageDecoder, ImageResult};
use std::io::{Read, Seek};

const FEWER_BITS: &str = "its frames have more than 8 bits, of which the upper 8 are read";

pub(super) struct AvifParts<R> {
    /// The still picture of the file, which says what the numbers of all frames mean.
    still: AvifDecoder<R>,
    color: FilmDecoder,
    alpha: Option<FilmDecoder>,
    places: std::vec::IntoIter<(CodePlace, Option<CodePlace>)>,
}

impl<R: Read + Seek> AvifParts<R> {
    /// `still` is of the same file as `film`.
    pub(super) fn new(still: AvifDecoder<R>, film: Film) -> ImageResult<Self> {
        let alpha = film.alpha.as_ref().map(|_| FilmDecoder::new(film.size)).transpose()?;
        let opacity = film.alpha.into_iter().flatten().map(Some).chain(std::iter::repeat(None));
        let places: Vec<_> = film.color.into_iter().zip(opacity).collect();
        Ok(Self { still, color: FilmDecoder::new(film.size)?, alpha, places: places.into_iter() })
    }

    fn read(&mut self, (color, alpha): (CodePlace, Option<CodePlace>)) -> ImageResult<Part> {
        let color = self.color.next(self.still.code_at(color)?)?;
        let opacity = match (&mut self.alpha, alpha) {
            (Some(decoder), Some(place)) => Some(decoder.next(self.still.code_at(place)?)?),
            _ => None,
        };
        let image: DynamicImage = self.still.frame(&color, opacity.as_ref())?;
        let (width, height) = self.still.dimensions();
        let place = [0, 0, width as usize, height as usize];
        Ok(Part { place, rgba: image.into_rgba8().into_raw(), is_over: false, disposal: Disposal::Keep })
    }
}

impl<R: Read + Seek> Parts for AvifParts<R> {
    fn next(&mut self) -> ImageResult<Option<Part>> {
        self.places.next().map(|place| self.read(place)).transpose()
    }

    fn note(&self) -> Option<&'static str> {
        let color = self.still.color_type();
        (color.bytes_per_pixel() > color.channel_count()).then_some(FEWER_BITS)
    }
}
