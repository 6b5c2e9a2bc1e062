//! Reading a picture, and making the small version that is shown until tiles arrive. Not on the window's thread.

use crate::error::{Error, Result};
use crate::geometry::{Region, SampleGrid, Size};
use crate::picture::{Picture, is_picture_path, resample};
use egui::{Color32, ColorImage};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Longest side of the small version, in pixels: every adapter takes a texture of this size.
const PREVIEW_SIDE: usize = 2048;

/// A picture with its small version.
pub struct Opened {
    /// The picture.
    pub picture: Arc<Picture>,
    /// The whole of it, reduced if need be.
    pub preview: ColorImage,
}

impl Opened {
    /// Makes the small version.
    pub fn new(picture: Picture) -> Self {
        let preview = preview_of(&picture);
        Self { picture: Arc::new(picture), preview }
    }
}

/// Reads a picture file, or the first picture of a folder.
///
/// # Errors
/// [`Error::Picture`].
pub fn read(path: &Path) -> Result<Opened> {
    let file = if path.is_dir() { first_picture_in(path)? } else { path.to_owned() };
    Picture::open(&file).map(Opened::new)
}

/// The path that a typed or pasted text means, if it is one line: quotes and `file://` are taken off.
pub fn path_from_text(text: &str) -> Option<PathBuf> {
    let text = text.trim();
    let text = text.strip_prefix("file://").unwrap_or(text).trim_matches(['"', '\'']);
    (!text.is_empty() && !text.contains(['\n', '\0'])).then(|| PathBuf::from(text))
}

fn first_picture_in(folder: &Path) -> Result<PathBuf> {
    let entries = folder.read_dir().map_err(|error| Error::picture(folder, error))?;
    let pictures = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file() && is_picture_path(path));
    pictures.min().ok_or_else(|| Error::picture(folder, "there is no picture in this folder"))
}

fn preview_of(picture: &Picture) -> ColorImage {
    let size = preview_size(picture.size);
    if size == picture.size && picture.color.is_srgb() {
        return ColorImage::new([size.width, size.height], source_colors(picture));
    }
    let grid = SampleGrid::spanning(Region::whole(picture.size), size);
    let mut raster = resample::resample_region(picture, &grid);
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

    #[test]
    fn texts_become_paths() {
        assert_eq!(path_from_text(" \"/a b.png\"\n"), Some(PathBuf::from("/a b.png")));
        assert_eq!(path_from_text("file:///a.png"), Some(PathBuf::from("/a.png")));
        assert_eq!(path_from_text("  "), None);
        assert_eq!(path_from_text("two\nlines"), None);
    }

    #[test]
    fn a_folder_without_pictures_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read(folder.path()).is_err_and(|error| error.to_string().contains("no picture in this folder")));
    }
}
