//! What to export, as people say it: which part and how large. One description for the command line and the window,
//! so that both mean the same samples.

use crate::error::{Error, Result};
use crate::geometry::{PixelRect, Region, SampleGrid, Size, View};

/// Centimetres of an inch.
const CM_PER_INCH: f64 = 2.54;

/// Which part of a picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Extent {
    /// All of it.
    Whole,
    /// A rectangle in source pixels; fractions are meant.
    Crop(Region),
    /// What a window shows.
    View {
        /// The source position at the window's centre, (x, y).
        center: [f64; 2],
        /// Output pixels per source pixel.
        zoom: f64,
    },
}

/// How large the output is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum OutputSize {
    /// Output pixels per source pixel.
    Scale(f64),
    /// Width and height in pixels.
    Pixels(Size),
    /// Width in pixels; the height follows.
    Width(usize),
    /// Height in pixels; the width follows.
    Height(usize),
    /// Millions of pixels; both sides follow.
    Megapixels(f64),
    /// Width on paper in centimetres, at the dots per inch of the file; the height follows.
    WidthCm(f64),
    /// Height on paper in centimetres, at the dots per inch of the file; the width follows.
    HeightCm(f64),
}

/// Which part of a picture, and how large.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Request {
    /// Which part.
    pub extent: Extent,
    /// How large; for a view the size of the window.
    pub size: OutputSize,
    /// Dots per inch, for sizes on paper.
    pub dpi: Option<f64>,
}

impl Request {
    /// The visible output pixels of a snapped view, as a request for exactly these.
    pub fn of_view(view: &View, visible: PixelRect) -> Self {
        let center = [
            (visible.x as f64 + visible.width as f64 / 2.0) / view.zoom,
            (visible.y as f64 + visible.height as f64 / 2.0) / view.zoom,
        ];
        Self { extent: Extent::View { center, zoom: view.zoom }, size: OutputSize::Pixels(visible.size()), dpi: None }
    }

    /// The samples of a picture of `size` that it means.
    ///
    /// # Errors
    /// [`Error::Request`] if the part is not inside the picture, or the size makes no sense.
    pub fn grid(&self, size: Size) -> Result<SampleGrid> {
        let region = match self.extent {
            Extent::Whole => Region::whole(size),
            Extent::Crop(region) => region,
            Extent::View { center, zoom } => return self.view_grid(center, zoom, size),
        };
        if !region.is_inside(size) {
            let wrong = format!("the crop {region} is not inside the picture, which is {size}");
            return Err(Error::Request(format!("{wrong}; give X,Y,W,H in source pixels")));
        }
        Ok(SampleGrid::spanning(region, self.output_size(region)?))
    }

    fn view_grid(&self, center: [f64; 2], zoom: f64, size: Size) -> Result<SampleGrid> {
        let OutputSize::Pixels(window) = self.size else {
            return Err(Error::Request("a view needs the size of its window; give it as WxH".into()));
        };
        let view = View::centered(center, zoom, window).snapped();
        let visible = view.visible_output(size, window);
        visible.map(|visible| view.grid_of(visible)).ok_or_else(|| {
            Error::Request(format!("the view shows nothing of the picture, which is {size}; move it to the picture"))
        })
    }

    /// Each side is rounded and at least 1; a side that is not given keeps the aspect.
    fn output_size(&self, region: Region) -> Result<Size> {
        let side = |length: f64, scale: f64| ((length * scale).round() as usize).max(1);
        let scaled = |scale: f64| Size::new(side(region.width, scale), side(region.height, scale));
        let wide = |width: usize| Size::new(width, side(region.height, width as f64 / region.width));
        let high = |height: usize| Size::new(side(region.width, height as f64 / region.height), height);
        Ok(match self.size {
            OutputSize::Scale(scale) => scaled(scale),
            OutputSize::Pixels(size) => size,
            OutputSize::Width(width) => wide(width),
            OutputSize::Height(height) => high(height),
            OutputSize::Megapixels(millions) => scaled((millions * 1e6 / (region.width * region.height)).sqrt()),
            OutputSize::WidthCm(cm) => wide(side(cm, self.dots_per_cm()?)),
            OutputSize::HeightCm(cm) => high(side(cm, self.dots_per_cm()?)),
        })
    }

    fn dots_per_cm(&self) -> Result<f64> {
        let dpi = self.dpi.ok_or_else(|| Error::Request("a size on paper needs dots per inch, like 300".into()))?;
        Ok(dpi / CM_PER_INCH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PICTURE: Size = Size::new(451, 300);

    fn size(extent: Extent, size: OutputSize, dpi: Option<f64>) -> (usize, usize) {
        let grid = Request { extent, size, dpi }.grid(PICTURE).unwrap();
        (grid.x.len, grid.y.len)
    }

    #[test]
    fn sizes_are_what_people_mean() {
        let crop = Extent::Crop(Region { x: 10.5, y: 20.25, width: 40.0, height: 25.0 });
        assert_eq!(size(crop, OutputSize::Scale(2.5), None), (100, 63));
        assert_eq!(size(crop, OutputSize::Pixels(Size::new(7, 9)), None), (7, 9));
        assert_eq!(size(crop, OutputSize::Width(80), None), (80, 50));
        assert_eq!(size(crop, OutputSize::Height(50), None), (80, 50));
        assert_eq!(size(crop, OutputSize::Megapixels(1.0), None), (1265, 791));
        assert_eq!(size(crop, OutputSize::WidthCm(10.0), Some(300.0)), (1181, 738));
        assert_eq!(size(crop, OutputSize::HeightCm(2.54), Some(100.0)), (160, 100));
        assert_eq!(size(Extent::Whole, OutputSize::Scale(0.001), None), (1, 1));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let refused = |extent, size| Request { extent, size, dpi: None }.grid(PICTURE).unwrap_err().to_string();
        let outside = Extent::Crop(Region { x: 440.0, y: 0.0, width: 40.0, height: 25.0 });
        assert!(refused(outside, OutputSize::Scale(2.0)).contains("not inside the picture, which is 451×300"));
        assert!(refused(Extent::Whole, OutputSize::WidthCm(3.0)).contains("dots per inch"));
        let view = |center| Extent::View { center, zoom: 3.0 };
        assert!(refused(view([10.0, 10.0]), OutputSize::Scale(2.0)).contains("size of its window"));
        assert!(refused(view([-900.0, 10.0]), OutputSize::Pixels(PICTURE)).contains("shows nothing"));
    }

    #[test]
    fn a_view_comes_back_to_the_bit() {
        let canvas = Size::new(1280, 777);
        for (zoom, center) in [(30.0, [200.3, 150.7]), (0.37, [225.0, 100.0]), (997.3, [450.9, 0.1]), (2.7, [0.0, 0.0])]
        {
            let view = View::centered(center, zoom, canvas).snapped();
            let visible = view.visible_output(PICTURE, canvas).unwrap();
            let request = Request::of_view(&view, visible);
            assert_eq!(request.grid(PICTURE).unwrap(), view.grid_of(visible), "zoom {zoom}");
        }
    }
}
