//! What lies over the picture: the grid and the values of source pixels, a mark of progress.

use crate::app::kit::theme;
use crate::app::view::scene::Scene;
use crate::app::view::{Sharpness, Shown, State};
use crate::geometry::View;
use egui::{FontId, Painter, Pos2, Rect, Shape, Stroke, vec2};
use std::ops::Range;

/// From this zoom on source pixels are outlined.
pub const GRID_ZOOM: f64 = 8.0;

/// From this many points per source pixel on their values are written in them.
const VALUES_POINTS: f64 = 48.0;

/// The same as a zoom.
pub fn values_zoom(pixels_per_point: f32) -> f64 {
    VALUES_POINTS * f64::from(pixels_per_point)
}

/// The grid of source pixels and their values, if they are wanted and there is room.
pub fn pixels(painter: &Painter, scene: Scene<'_>, shown: &Shown) {
    let state = scene.view;
    let is_wanted = |view: &View| scene.settings.pixel_grid && view.zoom >= GRID_ZOOM;
    let Some(view) = scene.view_now().filter(is_wanted) else { return };
    let far = [state.canvas.size.width as f64, state.canvas.size.height as f64];
    let sides = [shown.picture.size.width, shown.picture.size.height];
    let [columns, rows] = [0, 1].map(|i| seen(&view, i, far[i], sides[i]));
    let at = |x: usize, y: usize| state.canvas.points_from_screen(view.screen_from_image([x as f64, y as f64]));
    let stroke = Stroke::new(1.0 / state.canvas.pixels_per_point, theme::GRID);
    for x in columns.start..=columns.end {
        painter.line_segment([at(x, rows.start), at(x, rows.end)], stroke);
    }
    for y in rows.clone().chain([rows.end]) {
        painter.line_segment([at(columns.start, y), at(columns.end, y)], stroke);
    }
    if view.zoom < values_zoom(state.canvas.pixels_per_point) {
        return;
    }
    for (x, y) in rows.flat_map(|y| columns.clone().map(move |x| (x, y))) {
        if let Some(known) = shown.picture.known_values((x, y)) {
            values(painter, Rect::from_min_max(at(x, y), at(x + 1, y + 1)), known);
        }
    }
}

/// The source pixels of one axis that are on the canvas.
fn seen(view: &View, axis: usize, far: f64, side: usize) -> Range<usize> {
    let (first, last) = (view.image_from_screen([0.0; 2])[axis], view.image_from_screen([far; 2])[axis]);
    let start = (first.max(0.0) as usize).min(side);
    start..(last.max(0.0).ceil() as usize).clamp(start, side)
}

/// Three values in a pixel, dark on light and light on dark.
fn values(painter: &Painter, rect: Rect, [r, g, b]: [String; 3]) {
    let font = FontId::monospace((rect.height() / 4.4).min(13.0));
    let galley = painter.layout_no_wrap(format!("{r}\n{g}\n{b}"), font, theme::ON_CANVAS);
    let plate = Rect::from_center_size(rect.center(), galley.size()).expand(2.0);
    painter.rect_filled(plate, 3.0, theme::PLATE);
    painter.galley(plate.min + vec2(2.0, 2.0), galley, theme::ON_CANVAS);
}

/// How far the view is; drawn in full screen, where there is no bar to say it.
pub fn progress(painter: &Painter, state: &State) {
    if matches!(state.sharpness, Sharpness::Sharpening | Sharpness::Live) {
        let corner = state.canvas.rect_in_points().right_bottom();
        ring(painter, corner - vec2(22.0, 22.0), 8.0, state.part_there);
    }
}

/// A ring of which `part` is filled, clockwise from the top.
pub fn ring(painter: &Painter, center: Pos2, radius: f32, part: f32) {
    painter.circle_stroke(center, radius, Stroke::new(2.5, theme::RING));
    let steps = (part.clamp(0.0, 1.0) * 32.0).round() as usize;
    let at = |i: usize| {
        let angle = i as f32 / 32.0 * std::f32::consts::TAU;
        center + radius * vec2(angle.sin(), -angle.cos())
    };
    if steps > 0 {
        painter.add(Shape::line((0..=steps).map(at).collect(), Stroke::new(2.5, theme::BUSY)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pixels_on_the_canvas_are_found() {
        let view = View { zoom: 10.0, corner_on_screen: [-25.0, 40.0] };
        assert_eq!(seen(&view, 0, 100.0, 300), 2..13);
        assert_eq!(seen(&view, 1, 100.0, 300), 0..6);
        assert_eq!(seen(&view, 0, 100.0, 5), 2..5);
        let away = View { zoom: 10.0, corner_on_screen: [-900.0, 400.0] };
        assert!(seen(&away, 0, 100.0, 5).is_empty() && seen(&away, 1, 100.0, 5).is_empty());
    }
}
