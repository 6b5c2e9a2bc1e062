//! What the export panel is set to, and what that comes to.

use crate::export::{Extent, FileOptions, OutputSize, Request};
use crate::geometry::{PixelRect, Region, Size, View};
use crate::render::InventionLayer;

/// Which part of the picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExportPart {
    /// What the window shows.
    #[default]
    View,
    /// A rectangle that was drawn.
    Selection,
    /// All of it.
    Whole,
    /// All of it, and of every picture in its folder and below.
    Folder,
}

/// How the size is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sizing {
    /// As large as on the screen.
    #[default]
    AsShown,
    /// Output pixels per source pixel.
    Scale,
    /// Width and height in pixels.
    Pixels,
    /// Millions of pixels.
    Megapixels,
    /// Centimetres, at dots per inch.
    Paper,
}

/// All choices.
#[derive(Clone, Debug, PartialEq)]
pub struct ExportChoice {
    /// Which part.
    pub part: ExportPart,
    /// The drawn rectangle, in source pixels.
    pub selection: Option<Region>,
    /// How the size is said.
    pub sizing: Sizing,
    /// Output pixels per source pixel.
    pub scale: f64,
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels, where the aspect is free.
    pub height: usize,
    /// Whether the height follows from the width.
    pub keeps_aspect: bool,
    /// Millions of pixels.
    pub megapixels: f64,
    /// Width on paper, in centimetres.
    pub width_cm: f64,
    /// Dots per inch, for paper.
    pub dpi: f64,
    /// How the file is made.
    pub file: FileOptions,
    /// What an invention map beside it shows, if one is wanted.
    pub map: Option<InventionLayer>,
}

impl Default for ExportChoice {
    fn default() -> Self {
        Self {
            part: ExportPart::View,
            selection: None,
            sizing: Sizing::AsShown,
            scale: 4.0,
            width: 1920,
            height: 1080,
            keeps_aspect: true,
            megapixels: 12.0,
            width_cm: 15.0,
            dpi: 300.0,
            file: FileOptions::default(),
            map: None,
        }
    }
}

impl ExportChoice {
    /// Which samples are asked for; nothing if there is nothing of the picture to export.
    pub fn request(&self, view: &View, visible: Option<PixelRect>, picture: Size) -> Option<Request> {
        if (self.part, self.sizing) == (ExportPart::View, Sizing::AsShown) {
            return visible.map(|visible| Request::of_view(view, visible));
        }
        let extent = match self.part {
            ExportPart::View => Extent::Crop(view.region_of(visible?)),
            ExportPart::Selection => Extent::Crop(self.selection?),
            ExportPart::Whole | ExportPart::Folder => Extent::Whole,
        };
        let size = match self.sizing {
            Sizing::AsShown => OutputSize::Scale(view.zoom),
            Sizing::Scale => OutputSize::Scale(self.scale),
            Sizing::Pixels if self.keeps_aspect => OutputSize::Width(self.width),
            Sizing::Pixels => OutputSize::Pixels(Size::new(self.width, self.height)),
            Sizing::Megapixels => OutputSize::Megapixels(self.megapixels),
            Sizing::Paper => OutputSize::WidthCm(self.width_cm),
        };
        let request = Request { extent, size, dpi: self.file_options().dpi };
        request.grid(picture).is_ok().then_some(request)
    }

    /// How the file is made: sizes on paper write their resolution.
    pub fn file_options(&self) -> FileOptions {
        FileOptions { dpi: (self.sizing == Sizing::Paper).then_some(self.dpi), ..self.file }
    }

    /// The rectangle that is exported, in source pixels, where the view alone does not say it.
    pub fn marked(&self) -> Option<Region> {
        self.selection.filter(|_| self.part == ExportPart::Selection)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PICTURE: Size = Size::new(100, 80);

    fn samples(choice: &ExportChoice) -> Option<(usize, usize)> {
        let canvas = Size::new(640, 480);
        let view = View::centered([50.0, 40.0], 30.0, canvas).snapped();
        let request = choice.request(&view, view.visible_output(PICTURE, canvas), PICTURE)?;
        request.grid(PICTURE).ok().map(|grid| (grid.x.len, grid.y.len))
    }

    #[test]
    fn choices_come_to_sizes() {
        let choice = ExportChoice::default();
        assert_eq!(samples(&choice), Some((640, 480)));
        assert_eq!(samples(&ExportChoice { sizing: Sizing::Pixels, width: 64, ..choice.clone() }), Some((64, 48)));
        let free =
            ExportChoice { sizing: Sizing::Pixels, keeps_aspect: false, width: 64, height: 10, ..choice.clone() };
        assert_eq!(samples(&free), Some((64, 10)));
        let whole = ExportChoice { part: ExportPart::Whole, ..choice.clone() };
        assert_eq!(samples(&whole), Some((3000, 2400)));
        assert_eq!(samples(&ExportChoice { sizing: Sizing::Scale, scale: 2.5, ..whole.clone() }), Some((250, 200)));
        assert_eq!(
            samples(&ExportChoice { sizing: Sizing::Paper, width_cm: 2.54, dpi: 90.0, ..whole }),
            Some((90, 72))
        );
        assert_eq!(samples(&ExportChoice { part: ExportPart::Selection, ..choice.clone() }), None);
        let selection = Some(Region { x: 1.5, y: 2.25, width: 10.0, height: 4.0 });
        assert_eq!(samples(&ExportChoice { part: ExportPart::Selection, selection, ..choice }), Some((300, 120)));
    }
}
