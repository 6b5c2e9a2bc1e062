//! Reading a picture, and making the small version that is shown until tiles arrive. Not on the window's thread.

use crate::app::ports::{Opened, PageSource, Stamp};
use crate::error::{Error, Result};
use crate::geometry::{Region, SampleGrid, Size};
use crate::picture::{Exposure, HELD_BYTES, PageReader, Picture, Screen, Which, resample};
use crate::render::Wear;
use crate::task::{Interrupt, check};
use egui::{Color32, ColorImage};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Longest side of the small version, in pixels: every adapter takes a texture of this size.
const PREVIEW_SIDE: usize = 2048;

/// How long a picture that is not brought into memory is read for a small version before it is shown.
const OVERVIEW_TIME: Duration = Duration::from_millis(800);

impl Opened {
    /// Makes the small version, and looks at what the picture went through.
    pub fn new(picture: Picture) -> Self {
        let preview = Arc::new(preview_of(&picture));
        let shot = picture.metadata.shot();
        let suited = Wear::of(&picture).suited();
        Self { picture: Arc::new(picture), preview, shot, suited, stamp: None }
    }

    /// Memory that both take, in bytes.
    pub fn byte_len(&self) -> usize {
        self.picture.byte_len() + self.preview.pixels.len() * 4
    }
}

/// Reads a picture file for a screen, until `stop` says that nobody wants it any more.
///
/// # Errors
/// [`crate::error::Error::Picture`], [`crate::error::Error::Cancelled`].
pub fn read(path: &Path, screen: &Screen, stop: Interrupt<'_>) -> Result<Opened> {
    // Before reading: what is written meanwhile is a change.
    let stamp = Stamp::of(path);
    let picture = Picture::open_within(path, Which::default(), HELD_BYTES, stop)?;
    finish(picture.seen_on(screen), stamp, stop)
}

fn finish(picture: Picture, stamp: Option<Stamp>, stop: Interrupt<'_>) -> Result<Opened> {
    let picture = picture.with_overview(Some(OVERVIEW_TIME), stop)?;
    check(stop)?;
    let opened = Opened::new(picture);
    opened.picture.check_read()?;
    Ok(Opened { stamp, ..opened })
}

/// The pages of a file on the disk.
struct FilePages {
    path: PathBuf,
    reader: PageReader,
    screen: Screen,
}

impl PageSource for FilePages {
    fn read(&mut self, which: Which, stop: Interrupt<'_>) -> Result<Opened> {
        let stamp = Stamp::of(&self.path);
        let read = match self.reader.read(which, stop) {
            // Another page of the same file may be of whole numbers.
            Err(Error::Picture { .. }) if which.exposure != Exposure::NONE => self.reader.read(which.page, stop),
            read => read,
        };
        finish(read?.seen_on(&self.screen), stamp, stop)
    }
}

/// Takes the pages of a file in hand, for a screen.
pub fn pages(path: &Path, screen: Screen) -> Box<dyn PageSource> {
    Box::new(FilePages { path: path.to_owned(), reader: PageReader::new(path, HELD_BYTES), screen })
}

/// The same picture with a small version that was made of all of it.
///
/// # Errors
/// As [`read`].
pub fn complete(opened: &Opened, stop: Interrupt<'_>) -> Result<Opened> {
    let picture = Picture::clone(&opened.picture).with_overview(None, stop)?;
    Ok(Opened { stamp: opened.stamp, ..Opened::new(picture) })
}

fn preview_of(picture: &Picture) -> ColorImage {
    let size = preview_size(picture.size);
    if size == picture.size && picture.color.is_screens() && picture.regions.is_none() {
        return ColorImage::new([size.width, size.height], source_colors(picture));
    }
    // Of a picture that is not in memory there is a version that is.
    let source = picture.smallest();
    let grid = SampleGrid::spanning(Region::whole(source.size), size);
    let mut raster = resample::resample_region(source, &grid);
    picture.color.show(&mut raster);
    ColorImage::from_rgba_unmultiplied([size.width, size.height], &raster.to_rgba8())
}

fn preview_size(picture: Size) -> Size {
    let longest = picture.width.max(picture.height);
    if longest <= PREVIEW_SIDE {
        return picture;
    }
    let side = |n: usize| (n * PREVIEW_SIDE).div_ceil(longest);
    Size::new(side(picture.width), side(picture.height))
}

fn source_colors(picture: &Picture) -> Vec<Color32> {
    let byte = |unit: f32| (unit * 255.0 + 0.5) as u8;
    let color = |i: usize| {
        let [r, g, b] = [0, 1, 2].map(|c| byte(picture.rgb.unit(3 * i + c)));
        let opacity = picture.alpha.as_ref().map_or(255, |alpha| byte(alpha.unit(i)));
        Color32::from_rgba_unmultiplied(r, g, b, opacity)
    };
    (0..picture.size.area()).map(color).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_picture_is_its_own_preview() {
        let opened = Opened::new(Picture::from_rgb8(Size::new(2, 1), vec![1, 2, 3, 250, 128, 0]));
        assert_eq!(opened.preview.pixels, [Color32::from_rgb(1, 2, 3), Color32::from_rgb(250, 128, 0)]);
    }

    #[test]
    fn previews_are_within_the_limit_and_never_empty() {
        assert_eq!(preview_size(Size::new(6000, 4000)), Size::new(2048, 1366));
        assert_eq!(preview_size(Size::new(1, 100_000)), Size::new(1, 2048));
        assert_eq!(preview_size(Size::new(2048, 10)), Size::new(2048, 10));
    }
}
