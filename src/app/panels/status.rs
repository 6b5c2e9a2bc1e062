//! The bar below the canvas: which picture, how large, what is under the cursor, and whether the work is done.

use crate::app::state::{Sharpness, Shown, State, percent_text, zoom_text};
use crate::app::theme;
use crate::picture::{Picture, Samples};
use egui::{Align, Color32, Frame, Layout, Margin, Panel, RichText, Ui};

/// Draws the bar.
pub(in crate::app) fn show(ui: &mut Ui, state: &State) {
    let frame = Frame::side_top_panel(ui.style()).inner_margin(Margin::symmetric(12, 5));
    Panel::bottom("status").frame(frame).show(ui, |ui| {
        ui.horizontal(|ui| {
            if let Some(opening) = &state.opening {
                let name = opening.path.file_name().map(|name| name.to_string_lossy());
                ui.spinner();
                ui.label(format!("Opening {}…", name.unwrap_or_default()));
            } else if let Some(shown) = &state.shown {
                picture(ui, shown);
                place(ui, state);
            } else {
                ui.weak("No picture");
            }
            if let Some(shown) = &state.shown {
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| view(ui, state, shown));
            }
        });
    });
}

fn picture(ui: &mut Ui, shown: &Shown) {
    ui.label(shown.picture.name());
    ui.weak(format!("{} {}", shown.picture.size, shown.picture.format));
}

/// Where the picture is among the others of its folder or list.
fn place(ui: &mut Ui, state: &State) {
    if let Some((place, count)) = state.files.album.place() {
        ui.weak(format!("{place} of {count}"));
    }
}

fn view(ui: &mut Ui, state: &State, shown: &Shown) {
    let (word, color) = sharpness(state.sharpness);
    ui.label(word);
    dot(ui, color);
    ui.separator();
    let zoom = shown.motion.view(state.now_secs).zoom;
    if zoom > 1.0 {
        ui.weak(percent_text(zoom));
    }
    ui.label(RichText::new(zoom_text(zoom)).strong());
    let under_cursor = ui.input(|input| input.pointer.hover_pos()).and_then(|at| state.source_pixel_at(at));
    if let Some(pixel) = under_cursor {
        ui.separator();
        ui.label(pixel_text(&shown.picture, pixel));
    }
}

fn dot(ui: &mut Ui, color: Color32) {
    let (rect, _) = ui.allocate_exact_size(egui::vec2(8.0, 8.0), egui::Sense::empty());
    ui.painter().circle_filled(rect.center(), 3.5, color);
}

fn sharpness(sharpness: Sharpness) -> (&'static str, Color32) {
    match sharpness {
        Sharpness::Sharpening => ("Sharpening…", theme::BUSY),
        Sharpness::Exact => ("Sharp", theme::DONE),
        Sharpness::Resampled => ("Resampled", theme::PLAIN),
        Sharpness::Failed => ("Not rendered", theme::FAILED),
    }
}

/// Position and colour of a source pixel, in the file's own values.
fn pixel_text(picture: &Picture, (x, y): (usize, usize)) -> String {
    let start = (y * picture.size.width + x) * 3;
    let [r, g, b] = [0, 1, 2].map(|c| match &picture.rgb {
        Samples::U8(values) => u16::from(values[start + c]),
        Samples::U16(values) => values[start + c],
    });
    format!("({x}, {y})   {r} {g} {b}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Size;

    #[test]
    fn the_pixel_under_the_cursor_is_the_files_own() {
        let picture = Picture::from_rgb8(Size::new(2, 1), vec![1, 2, 3, 4, 5, 6]);
        assert_eq!(pixel_text(&picture, (1, 0)), "(1, 0)   4 5 6");
    }
}
