//! The whole picture, small, with the part that is on the canvas and the parts that are not encoded yet.

use crate::app::kit::theme::{self, CORNER_MARGIN};
use crate::app::view::frame::Frame;
use crate::app::view::scene::Scene;
use crate::app::view::{Command, Shown};
use crate::geometry::{FEATURE_TILE, PixelRect, Size, feature_tiles_over};
use egui::{Area, Context, Id, Order, Painter, Rect, Sense, Stroke, StrokeKind, WidgetInfo, pos2, vec2};

/// The most that it takes of the canvas, in points.
const MOST: egui::Vec2 = vec2(190.0, 140.0);

/// Parts of the picture that are looked through for features in a frame: more than it has pixels to tell them apart by.
const MOST_PARTS: usize = 16_384;

/// Draws it where a part of the picture is off the canvas; `up` points above the corner, which exports have first.
pub(in crate::app) fn show(ctx: &Context, scene: Scene<'_>, frame: &Frame, up: f32, commands: &mut Vec<Command>) {
    let Some(shown) = scene.view.shown.as_ref().filter(|_| is_useful(scene)) else { return };
    let (size, canvas) = (size_of(shown.picture.size), scene.view.canvas.rect_in_points());
    let corner = canvas.right_bottom() - size - vec2(CORNER_MARGIN, CORNER_MARGIN);
    if corner.y - up < canvas.top() {
        return;
    }
    Area::new(Id::unique("minimap")).order(Order::Middle).fixed_pos(corner - vec2(0.0, up)).show(ctx, |ui| {
        let (rect, response) = ui.allocate_exact_size(size, Sense::CLICK | Sense::DRAG);
        response.widget_info(|| WidgetInfo::labeled(egui::Role::Image, true, "Minimap"));
        contents(ui.painter(), scene, &unencoded(scene, frame, shown), rect);
        let is_new = ui.input(|input| input.pointer.any_pressed()) || response.drag_delta() != vec2(0.0, 0.0);
        let at = response.interact_pointer_pos().filter(|_| is_new && response.is_pointer_button_down_on());
        if let Some(at) = at {
            let part = (at - rect.min) / rect.size();
            let Size { width, height } = shown.picture.size;
            let in_image =
                [f64::from(part.x.clamp(0.0, 1.0)) * width as f64, f64::from(part.y.clamp(0.0, 1.0)) * height as f64];
            commands.push(Command::CenterOn(in_image));
        }
        response.on_hover_text("Drag to look elsewhere. Hatched: not encoded yet; detail takes a moment longer there.");
    });
}

/// Whether it is wanted and a part of the picture is off the canvas.
fn is_useful(scene: Scene<'_>) -> bool {
    let (Some(view), Some(shown)) = (scene.view_now().filter(|_| scene.settings.minimap), &scene.view.shown) else {
        return false;
    };
    let Size { width, height } = shown.picture.size;
    let [right, bottom] = view.screen_from_image([width as f64, height as f64]);
    let [x, y] = view.corner_on_screen;
    let canvas = scene.view.canvas.size;
    x < -1.0 || y < -1.0 || right > canvas.width as f64 + 1.0 || bottom > canvas.height as f64 + 1.0
}

fn size_of(picture: Size) -> egui::Vec2 {
    let (width, height) = (picture.width as f32, picture.height as f32);
    let scale = (MOST.x / width).min(MOST.y / height);
    vec2((width * scale).max(8.0), (height * scale).max(8.0))
}

fn contents(painter: &Painter, scene: Scene<'_>, unencoded: &[PixelRect], rect: Rect) {
    let Some(shown) = &scene.view.shown else { return };
    let Size { width, height } = shown.picture.size;
    let at = |[x, y]: [f64; 2]| {
        let part = vec2((x / width as f64) as f32, (y / height as f64) as f32);
        rect.min + part * rect.size()
    };
    painter.rect_filled(rect.expand(3.0), 4.0, theme::PLATE);
    painter.image(shown.preview.id(), rect, Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0)), theme::UNTINTED);
    for unencoded in unencoded {
        let corners = [[unencoded.x, unencoded.y], [unencoded.right(), unencoded.bottom()]];
        let [min, max] = corners.map(|corner| at(corner.map(|v| v as f64)));
        hatch(painter, Rect::from_min_max(min, max).intersect(rect));
    }
    if let Some(view) = scene.view_now() {
        let canvas = scene.view.canvas.size;
        let far = [canvas.width as f64, canvas.height as f64];
        let seen = Rect::from_min_max(at(view.image_from_screen([0.0; 2])), at(view.image_from_screen(far)));
        let seen = seen.expand2((vec2(5.0, 5.0) - seen.size()).max(vec2(0.0, 0.0)) / 2.0).intersect(rect.expand(2.0));
        painter.rect_stroke(seen, 1.0, Stroke::new(3.0, theme::OUTLINE), StrokeKind::Middle);
        painter.rect_stroke(seen, 1.0, Stroke::new(1.5, theme::SPLIT), StrokeKind::Middle);
    }
}

/// What is not encoded of the picture, as rectangles of source pixels; nothing where the network is not used at all.
fn unencoded(scene: Scene<'_>, frame: &Frame, shown: &Shown) -> Vec<PixelRect> {
    let is_neural = frame.panes().iter().any(|known| known.pane.subject.recipe.is_neural());
    let report = scene.model().filter(|_| is_neural).and_then(|model| scene.view.features_of(model));
    let Some(report) = report.filter(|report| report.picture == shown.picture.id) else { return Vec::new() };
    parts_without(&report.tiles, shown.picture.size)
}

/// Parts of the picture in which feature tiles (column, row) are missing: single tiles, or squares of them where there are
/// many. What it takes grows with the tiles that are there, not with the picture.
fn parts_without(ready: &[(usize, usize)], size: Size) -> Vec<PixelRect> {
    let tiles = feature_tiles_over(size.rect());
    let fits = |side: &usize| tiles.width.div_ceil(*side) * tiles.height.div_ceil(*side) <= MOST_PARTS;
    let side = (0..usize::BITS).map(|i| 1 << i).find(fits).unwrap_or(1);
    let (columns, rows) = (tiles.width.div_ceil(side), tiles.height.div_ceil(side));
    let within = |n: usize, i: usize| side.min(n - i * side);
    let mut missing: Vec<usize> = Size::new(columns, rows)
        .rect()
        .places()
        .map(|(x, y)| within(tiles.width, x) * within(tiles.height, y))
        .collect();
    for (x, y) in ready.iter().filter(|(x, y)| *x < tiles.width && *y < tiles.height) {
        let part = &mut missing[y / side * columns + x / side];
        *part = part.saturating_sub(1);
    }
    let mut found: Vec<PixelRect> = Vec::new();
    for (i, _) in missing.iter().enumerate().filter(|(_, missing)| **missing > 0) {
        let pixels = side * FEATURE_TILE;
        let part = PixelRect { x: i % columns * pixels, y: i / columns * pixels, width: pixels, height: pixels };
        let Some(rect) = part.intersection(size.rect()) else { continue };
        match found.last_mut().filter(|last| last.y == rect.y && last.right() == rect.x) {
            Some(last) => *last = last.union(rect),
            None => found.push(rect),
        }
    }
    found
}

/// Slanted lines: seen without telling colours apart.
fn hatch(painter: &Painter, rect: Rect) {
    painter.rect_filled(rect, 0.0, theme::UNENCODED);
    let inside = painter.with_clip_rect(rect);
    let (start, end) = (rect.min.x + rect.min.y, rect.max.x + rect.max.y);
    let first = (start / 7.0).ceil() as i32;
    for sum in (first..).map(|i| i as f32 * 7.0).take_while(|sum| *sum < end) {
        let from = pos2(sum - rect.min.y, rect.min.y);
        let to = pos2(sum - rect.max.y, rect.max.y);
        inside.line_segment([from, to], Stroke::new(1.0, theme::UNENCODED_LINE));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_fits_its_corner_whatever_the_picture() {
        for size in [Size::new(6000, 4000), Size::new(1, 100_000), Size::new(451, 300), Size::new(100_000, 1)] {
            let small = size_of(size);
            assert!(small.x <= MOST.x + 0.01 && small.y <= MOST.y + 0.01 && small.min_elem() >= 8.0);
        }
        assert_eq!(size_of(Size::new(400, 200)), vec2(190.0, 95.0));
    }

    #[test]
    fn what_is_not_encoded_is_found_in_pictures_of_any_size() {
        // Three tiles by two, the last of each smaller.
        let size = Size::new(150, 100);
        let rect = |x, y, width, height| PixelRect { x, y, width, height };
        assert_eq!(parts_without(&[], size), [rect(0, 0, 150, 64), rect(0, 64, 150, 36)]);
        assert_eq!(
            parts_without(&[(1, 0), (0, 1), (1, 1)], size),
            [rect(0, 0, 64, 64), rect(128, 0, 22, 64), rect(128, 64, 22, 36)]
        );
        // A gigapixel has 246,016 tiles, which are looked at by squares of four; a square counts once all of it is there.
        let size = Size::new(31_744, 31_744);
        let some: Vec<_> = Size::new(4, 4).rect().places().collect();
        assert_eq!(parts_without(&some[1..], size)[0], rect(0, 0, 31_744, 256));
        assert_eq!(parts_without(&some, size)[0], rect(256, 0, 31_488, 256));
    }
}
