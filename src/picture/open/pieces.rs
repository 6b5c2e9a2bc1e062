//! Pieces of a picture as they are stored, and where they are in the upright one.

use crate::geometry::{PixelRect, Size};
use image::metadata::Orientation;
use image::{ColorType, DynamicImage, ImageDecoder, ImageResult};

/// How stored pixels become upright ones.
#[derive(Clone, Copy)]
pub(super) struct Turn {
    /// The size as it is stored.
    pub(super) size: Size,
    pub(super) orientation: Orientation,
}

impl Turn {
    /// Where a stored rectangle is in the upright picture.
    pub(super) fn turned(&self, rect: PixelRect) -> PixelRect {
        let Size { width, height } = self.size;
        let PixelRect { x, y, .. } = rect;
        let (left, top) = (width - rect.right(), height - rect.bottom());
        let straight = |x, y| PixelRect { x, y, ..rect };
        let across = |x, y| PixelRect { x, y, width: rect.height, height: rect.width };
        match self.orientation {
            Orientation::NoTransforms => rect,
            Orientation::FlipHorizontal => straight(left, y),
            Orientation::FlipVertical => straight(x, top),
            Orientation::Rotate180 => straight(left, top),
            Orientation::Rotate90 => across(top, x),
            Orientation::Rotate270 => across(y, left),
            Orientation::Rotate90FlipH => across(y, x),
            Orientation::Rotate270FlipH => across(top, left),
        }
    }

    /// Where a rectangle of the upright picture is stored.
    pub(super) fn stored(&self, rect: PixelRect) -> PixelRect {
        let orientation = match self.orientation {
            Orientation::Rotate90 => Orientation::Rotate270,
            Orientation::Rotate270 => Orientation::Rotate90,
            // The others undo themselves.
            same => same,
        };
        Self { size: self.turned(self.size.rect()).size(), orientation }.turned(rect)
    }

    /// A piece turned upright; its bytes are samples in the machine's own order.
    pub(super) fn upright(&self, size: Size, color: ColorType, bytes: Vec<u8>) -> ImageResult<DynamicImage> {
        let mut image = DynamicImage::from_decoder(Pixels { size, color, bytes })?;
        image.apply_orientation(self.orientation);
        Ok(image)
    }
}

/// Pixels that are there already, as a decoder.
struct Pixels {
    size: Size,
    color: ColorType,
    bytes: Vec<u8>,
}

impl ImageDecoder for Pixels {
    fn dimensions(&self) -> (u32, u32) {
        (self.size.width as u32, self.size.height as u32)
    }

    fn color_type(&self) -> ColorType {
        self.color
    }

    fn read_image(self, out: &mut [u8]) -> ImageResult<()> {
        out.copy_from_slice(&self.bytes);
        Ok(())
    }

    fn read_image_boxed(self: Box<Self>, out: &mut [u8]) -> ImageResult<()> {
        (*self).read_image(out)
    }
}
