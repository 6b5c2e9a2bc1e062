//! The canvas: where the picture is shown, in whole physical pixels.

pub mod input;
pub mod lens;
pub mod overlay;
pub mod paint;

use crate::geometry::Size;
use egui::{Pos2, Rect, Vec2};

/// The canvas on the window, in physical pixels. The only place where points and pixels meet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Canvas {
    /// Its top-left corner in the window, in physical pixels.
    pub origin_in_window: [f64; 2],
    /// Its size in physical pixels.
    pub size: Size,
    /// Physical pixels per point.
    pub pixels_per_point: f32,
}

impl Canvas {
    /// The whole pixels nearest to a rectangle in points.
    pub fn new(rect: Rect, pixels_per_point: f32) -> Self {
        let pixels = |points: f32| f64::from((points * pixels_per_point).round().max(0.0));
        let origin_in_window = [pixels(rect.min.x), pixels(rect.min.y)];
        let side = |max: f32, origin: f64| ((pixels(max) - origin) as usize).max(1);
        let size = Size::new(side(rect.max.x, origin_in_window[0]), side(rect.max.y, origin_in_window[1]));
        Self { origin_in_window, size, pixels_per_point }
    }

    /// A position on the canvas in physical pixels, as the toolkit counts it.
    pub fn points_from_screen(&self, on_screen: [f64; 2]) -> Pos2 {
        let points = |i: usize| ((on_screen[i] + self.origin_in_window[i]) / f64::from(self.pixels_per_point)) as f32;
        Pos2::new(points(0), points(1))
    }

    /// The physical pixels on the canvas of a position in points.
    pub fn screen_from_points(&self, at: Pos2) -> [f64; 2] {
        let scale = f64::from(self.pixels_per_point);
        [f64::from(at.x) * scale - self.origin_in_window[0], f64::from(at.y) * scale - self.origin_in_window[1]]
    }

    /// A distance in points, in physical pixels.
    pub fn pixels_from_points(&self, by: Vec2) -> [f64; 2] {
        let scale = f64::from(self.pixels_per_point);
        [f64::from(by.x) * scale, f64::from(by.y) * scale]
    }

    /// Its centre.
    pub fn center(&self) -> [f64; 2] {
        [self.size.width as f64 / 2.0, self.size.height as f64 / 2.0]
    }

    /// The whole of it in points.
    pub fn rect_in_points(&self) -> Rect {
        let far = [self.size.width as f64, self.size.height as f64];
        Rect::from_min_max(self.points_from_screen([0.0, 0.0]), self.points_from_screen(far))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_canvas_is_whole_pixels_at_every_scale() {
        for scale in [1.0, 1.25, 1.5, 1.75, 2.0, 3.0] {
            let rect = Rect::from_min_max(Pos2::new(0.0, 37.3), Pos2::new(1280.0, 820.6));
            let canvas = Canvas::new(rect, scale);
            let back = canvas.rect_in_points();
            let far = canvas.screen_from_points(back.max);
            assert!((far[0] - canvas.size.width as f64).abs() < 1e-3);
            assert!((far[1] - canvas.size.height as f64).abs() < 1e-3);
            assert!((back.min.y * scale).fract().min(1.0 - (back.min.y * scale).fract()) < 1e-3);
        }
    }
}
