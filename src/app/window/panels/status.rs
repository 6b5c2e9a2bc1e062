//! The bar below the canvas: which picture, how large, what is under the cursor, and whether the work is done.

use crate::app::files;
use crate::app::kit::text::{file_text, rate_text};
use crate::app::kit::theme;
use crate::app::view::canvas::overlay::ring;
use crate::app::view::zoom::{percent_text, zoom_text};
use crate::app::view::{Reading, Sharpness, Shown};
use crate::app::window::command::Command;
use crate::app::window::panels::within;
use crate::app::window::state::{Slices, State};
use egui::{Align, Color32, Frame, Layout, Margin, Panel, RichText, Ui};

/// With less room than this, in points, the bar does not say what computes, what is under the cursor, the percentage.
const ROOM_FOR_DEVICE: f32 = 790.0;
const ROOM_FOR_READING: f32 = 560.0;
const ROOM_FOR_PERCENT: f32 = 240.0;

/// What is said of an animation that runs: its frames are not refined.
const PLAYING: (&str, Color32) = ("Playing", theme::PLAIN);

/// Draws the bar.
pub(in crate::app) fn show(ui: &mut Ui, window: &State, slices: &Slices, commands: &mut Vec<Command>) {
    let frame = Frame::side_top_panel(ui.style()).inner_margin(Margin::symmetric(12, 5));
    Panel::bottom("status").frame(frame).show(ui, |ui| {
        ui.horizontal(|ui| {
            if let Some(opening) = &slices.files.opening {
                ui.spinner();
                ui.label(format!("Opening {}…", file_text(&opening.path)));
            } else if let Some(shown) = &slices.view.shown {
                picture(ui, shown);
                place(ui, slices);
                within(commands, |out| {
                    files::panels::pages::show(ui, &slices.files, out);
                    files::panels::pages::exposure(ui, &slices.files, out);
                });
            } else {
                ui.weak("No picture");
            }
            if let Some(shown) = &slices.view.shown {
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| view(ui, window, slices, shown));
            }
        });
    });
}

fn picture(ui: &mut Ui, shown: &Shown) {
    ui.label(shown.picture.name());
    ui.weak(format!("{} {}", shown.picture.size, shown.picture.format));
}

/// Where the picture is among the others of its folder or list.
fn place(ui: &mut Ui, slices: &Slices) {
    if let Some((place, count)) = slices.files.album.place() {
        ui.weak(format!("{place} of {count}"));
    }
}

fn view(ui: &mut Ui, window: &State, slices: &Slices, shown: &Shown) {
    let (state, now_secs) = (&slices.view, window.now_secs);
    let room = ui.available_width();
    let is_running = slices.files.is_running(window.panel);
    let (word, color) = if is_running { PLAYING } else { sharpness(state.sharpness, makers(slices, now_secs)) };
    ui.label(word);
    if !is_running && matches!(state.sharpness, Sharpness::Sharpening | Sharpness::Live) {
        let (rect, _) = ui.allocate_exact_size(egui::vec2(14.0, 14.0), egui::Sense::empty());
        ring(ui.painter(), rect.center(), 5.0, state.part_there);
    } else {
        dot(ui, color);
    }
    ui.separator();
    let zoom = shown.motion.view(now_secs).zoom;
    if zoom > 1.0 && room > ROOM_FOR_PERCENT {
        ui.weak(percent_text(zoom));
    }
    ui.label(RichText::new(zoom_text(zoom)).strong());
    if room > ROOM_FOR_DEVICE {
        ui.separator();
        computing(ui, now_secs, slices);
    }
    if let Some(Reading { pixel, shown: seen, .. }) = state.reading.filter(|_| room > ROOM_FOR_READING) {
        ui.separator();
        ui.label(reading_text(pixel, shown.picture.known_values(pixel), seen));
    }
}

/// What computes, in which arithmetic, and how fast it was.
fn computing(ui: &mut Ui, now_secs: f64, slices: &Slices) {
    let Some(model) = slices.scene(now_secs).model() else {
        ui.weak("Loading the model…");
        return;
    };
    let device = model.computed_by();
    let text = match slices.view.rate.megapixels_per_sec() {
        Some(rate) => format!("{device}, {} Mpx/s", rate_text(rate)),
        None => device,
    };
    ui.weak(text).on_hover_text(explanation(model.dispatches()));
}

/// What computes, in words; `dispatches` of a graphics device.
fn explanation(dispatches: u64) -> String {
    let what = "What computes, and how many millions of pixels it made per second, encoding included";
    if dispatches == 0 { what.to_owned() } else { format!("{what}. {dispatches} dispatches so far.") }
}

fn dot(ui: &mut Ui, color: Color32) {
    let (rect, _) = ui.allocate_exact_size(egui::vec2(8.0, 8.0), egui::Sense::empty());
    ui.painter().circle_filled(rect.center(), 3.5, color);
}

/// What has the last word in the panes that show a network: a live one in all of them, in none, or in some.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Makers {
    Live,
    Liif,
    Both,
}

fn makers(slices: &Slices, now_secs: f64) -> Makers {
    let scene = slices.scene(now_secs);
    let panes = slices.compare.panes(scene).into_iter().filter(|pane| pane.subject.recipe.is_neural());
    let mut are_live = panes.filter_map(|pane| pane.subject.model).map(|by| scene.is_live(by)).peekable();
    let first = are_live.peek().copied().unwrap_or_default();
    match are_live.all(|is_live| is_live == first) {
        false => Makers::Both,
        true if first => Makers::Live,
        true => Makers::Liif,
    }
}

/// How near the picture is to the final one, and what makes that.
fn sharpness(sharpness: Sharpness, makers: Makers) -> (&'static str, Color32) {
    match (sharpness, makers) {
        (Sharpness::Sharpening, _) => ("Sharpening…", theme::BUSY),
        (Sharpness::Live, _) => ("Live", theme::BUSY),
        (Sharpness::Exact, Makers::Live) => ("Live", theme::DONE),
        (Sharpness::Exact, Makers::Liif) => ("Sharp (LIIF)", theme::DONE),
        (Sharpness::Exact, Makers::Both) => ("Sharp", theme::DONE),
        (Sharpness::Resampled, _) => ("Resampled", theme::PLAIN),
        (Sharpness::Failed, _) => ("Not rendered", theme::FAILED),
    }
}

/// Position and colour of a source pixel, in the file's own values if they are in memory, and the 8-bit colour on the screen.
fn reading_text((x, y): (usize, usize), source: Option<[String; 3]>, shown: Option<[u8; 3]>) -> String {
    let source = source.map(|[r, g, b]| format!("  source {r} {g} {b}")).unwrap_or_default();
    let shown = shown.map(|[r, g, b]| format!("  shown {r} {g} {b}")).unwrap_or_default();
    format!("({x}, {y}){source}{shown}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(values: [u16; 3]) -> [String; 3] {
        values.map(|value| value.to_string())
    }

    #[test]
    fn the_graphics_cards_dispatches_are_told() {
        assert!(!explanation(0).contains("dispatches") && explanation(7).ends_with("7 dispatches so far."));
    }

    #[test]
    fn source_and_shown_values_stand_side_by_side() {
        assert_eq!(reading_text((1, 0), Some(values([4, 5, 6])), None), "(1, 0)  source 4 5 6");
        let both = reading_text((1, 0), Some(values([4, 5, 65535])), Some([7, 8, 9]));
        assert_eq!(both, "(1, 0)  source 4 5 65535  shown 7 8 9");
        assert_eq!(reading_text((1, 0), None, Some([7, 8, 9])), "(1, 0)  shown 7 8 9");
    }
}
