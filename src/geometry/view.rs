//! How the canvas shows the picture: one zoom, one offset.

use super::{AxisGrid, PixelRect, Region, SampleGrid, Size, VIEW_TILE};

/// The largest zoom, in screen pixels per source pixel.
pub const MAX_ZOOM: f64 = 1000.0;

/// The transform between screen and image space.
///
/// The output pixels of one zoom form a fixed grid anchored at the picture's corner: output pixel `k` covers
/// `[k / zoom, (k + 1) / zoom)`. A snapped view shows whole output pixels on whole screen pixels, so that panning
/// reuses every tile and an export of the view samples the same positions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    /// Screen pixels (physical) per source pixel.
    pub zoom: f64,
    /// Where the picture's top-left corner lies on the canvas, (x, y), in physical pixels.
    pub corner_on_screen: [f64; 2],
}

impl View {
    /// The whole picture in the middle of the canvas, as large as it fits.
    pub fn fit(picture: Size, canvas: Size) -> Self {
        let zoom = (canvas.width as f64 / picture.width as f64).min(canvas.height as f64 / picture.height as f64);
        let center = [picture.width as f64 / 2.0, picture.height as f64 / 2.0];
        Self::centered(center, zoom.clamp(f64::MIN_POSITIVE, MAX_ZOOM), canvas)
    }

    /// The view at `zoom` whose canvas centre shows `center_in_image`.
    pub fn centered(center_in_image: [f64; 2], zoom: f64, canvas: Size) -> Self {
        let half = [canvas.width as f64 / 2.0, canvas.height as f64 / 2.0];
        Self { zoom, corner_on_screen: [0, 1].map(|i| half[i] - center_in_image[i] * zoom) }
    }

    /// The image position under a screen position.
    pub fn image_from_screen(&self, on_screen: [f64; 2]) -> [f64; 2] {
        [0, 1].map(|i| (on_screen[i] - self.corner_on_screen[i]) / self.zoom)
    }

    /// The screen position of an image position.
    pub fn screen_from_image(&self, in_image: [f64; 2]) -> [f64; 2] {
        [0, 1].map(|i| in_image[i] * self.zoom + self.corner_on_screen[i])
    }

    /// The view at `zoom` that keeps the image position `in_image` under the screen position `on_screen`.
    pub fn with_anchor(in_image: [f64; 2], on_screen: [f64; 2], zoom: f64) -> Self {
        Self { zoom, corner_on_screen: [0, 1].map(|i| on_screen[i] - in_image[i] * zoom) }
    }

    /// Moved by a distance on the screen.
    #[must_use]
    pub fn panned(&self, by_on_screen: [f64; 2]) -> Self {
        Self { corner_on_screen: [0, 1].map(|i| self.corner_on_screen[i] + by_on_screen[i]), ..*self }
    }

    /// The same view with its output pixels on whole screen pixels.
    #[must_use]
    pub fn snapped(&self) -> Self {
        Self { corner_on_screen: self.corner_on_screen.map(f64::round), ..*self }
    }

    /// How many output pixels a picture has at this zoom: those that lie in it entirely, at least one per axis.
    pub fn output_size(&self, picture: Size) -> Size {
        let side = |n: usize| ((n as f64 * self.zoom + 1e-6).floor() as usize).max(1);
        Size::new(side(picture.width), side(picture.height))
    }

    /// The output pixels that a canvas shows, or `None` if the picture is off the canvas. The view must be snapped.
    pub fn visible_output(&self, picture: Size, canvas: Size) -> Option<PixelRect> {
        let output = self.output_size(picture);
        let range = |corner: f64, canvas: usize, output: usize| {
            let first = (-corner).max(0.0);
            let end = (canvas as f64 - corner).min(output as f64);
            (end >= first + 1.0).then(|| (first as usize, end as usize - first as usize))
        };
        let (x, width) = range(self.corner_on_screen[0], canvas.width, output.width)?;
        let (y, height) = range(self.corner_on_screen[1], canvas.height, output.height)?;
        Some(PixelRect { x, y, width, height })
    }

    /// Where the given output pixels sample the image.
    pub fn grid_of(&self, output: PixelRect) -> SampleGrid {
        let axis =
            |start: usize, len: usize| AxisGrid { origin: start as f64 / self.zoom, pitch: 1.0 / self.zoom, len };
        SampleGrid { y: axis(output.y, output.height), x: axis(output.x, output.width) }
    }

    /// The part of the image that the given output pixels cover.
    pub fn region_of(&self, output: PixelRect) -> Region {
        Region {
            x: output.x as f64 / self.zoom,
            y: output.y as f64 / self.zoom,
            width: output.width as f64 / self.zoom,
            height: output.height as f64 / self.zoom,
        }
    }

    /// The output pixels of view tile (`column`, `row`).
    pub fn tile_rect(&self, column: usize, row: usize, picture: Size) -> Option<PixelRect> {
        let tile = PixelRect { x: column * VIEW_TILE, y: row * VIEW_TILE, width: VIEW_TILE, height: VIEW_TILE };
        self.output_size(picture).rect().intersection(tile)
    }

    /// The view tiles (`column`, `row`) that cover the given output pixels.
    pub fn tiles_over(output: PixelRect) -> impl Iterator<Item = (usize, usize)> {
        let columns = output.x / VIEW_TILE..output.right().div_ceil(VIEW_TILE);
        (output.y / VIEW_TILE..output.bottom().div_ceil(VIEW_TILE))
            .flat_map(move |row| columns.clone().map(move |column| (column, row)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PICTURE: Size = Size::new(451, 300);
    const CANVAS: Size = Size::new(1280, 800);

    #[test]
    fn fit_shows_the_whole_picture_in_the_middle() {
        let view = View::fit(PICTURE, CANVAS);
        let output = view.output_size(PICTURE);
        assert!(output.height == 800 && output.width <= 1280);
        let middle = view.screen_from_image([225.5, 150.0]);
        assert!((middle[0] - 640.0).abs() < 1e-9 && (middle[1] - 400.0).abs() < 1e-9);
    }

    #[test]
    fn the_anchor_stays_under_the_cursor_over_many_zooms() {
        let cursor = [611.0, 333.0];
        let mut view = View::fit(PICTURE, CANVAS);
        let anchor = view.image_from_screen(cursor);
        for i in 0..200 {
            let zoom = view.zoom * if i % 2 == 0 { 1.25 } else { 0.81 };
            view = View::with_anchor(view.image_from_screen(cursor), cursor, zoom.clamp(0.1, MAX_ZOOM));
        }
        let now = view.screen_from_image(anchor);
        assert!((now[0] - cursor[0]).abs() < 1e-3 && (now[1] - cursor[1]).abs() < 1e-3);
    }

    #[test]
    fn visible_output_covers_the_canvas_and_stops_at_the_picture() {
        let view = View::centered([1.0, 150.0], 30.0, CANVAS).snapped();
        let visible = view.visible_output(PICTURE, CANVAS).unwrap();
        assert_eq!((visible.x, visible.y), (0, 4100));
        assert_eq!((visible.width, visible.height), (670, 800));
        assert!(view.panned([5000.0, 0.0]).visible_output(PICTURE, CANVAS).is_none());
        let tiles: Vec<_> = View::tiles_over(visible).collect();
        assert_eq!((tiles[0], tiles.len()), ((0, 32), 6 * 7));
    }

    #[test]
    fn the_region_of_a_view_lies_inside_the_picture() {
        for zoom in [0.1, 0.37, 1.0, 2.7, 30.0, 997.3] {
            let view = View { zoom, corner_on_screen: [0.0, 0.0] };
            let region = view.region_of(view.output_size(PICTURE).rect());
            assert!(region.is_inside(PICTURE), "zoom {zoom}: {region:?}");
        }
    }
}
