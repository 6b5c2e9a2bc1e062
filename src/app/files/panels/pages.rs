//! Which page of a file is shown and how it is exposed, with the buttons that turn pages, play animations and expose.

use crate::app::files::album::Step;
use crate::app::files::paging::EXPOSURE_STEP;
use crate::app::files::{Command, State};
use egui::{Button, Role, Ui, WidgetInfo};

/// Draws it in a row, if the file has more than one page.
pub(in crate::app) fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let Some(pages) = state.pages() else { return };
    let Some(place) = pages.place() else { return };
    let is_animation = pages.timing.is_some();
    let (previous, next) = if is_animation { ("Previous frame", "Next frame") } else { ("Previous page", "Next page") };
    let [has_previous, has_next] =
        [pages.index > 0, pages.index + 1 < pages.count].map(|is_inside| is_inside || is_animation);
    ui.separator();
    button(ui, "‹", (previous, "Ctrl+Page Up"), has_previous, Command::TurnPage(Step::Previous), commands);
    if is_animation {
        let label = if state.paging.is_playing { "Pause" } else { "Play" };
        button(ui, label, (label, "A"), true, Command::TogglePlaying, commands);
    }
    button(ui, "›", (next, "Ctrl+Page Down"), has_next, Command::TurnPage(Step::Next), commands);
    let label = ui.label(place);
    if let Some(explanation) = pages.explanation() {
        label.on_hover_text(explanation);
    }
}

/// Draws how a picture of light is exposed.
pub(in crate::app) fn exposure(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let Some(exposure) = state.current.as_ref().and_then(|opened| opened.picture.exposure) else { return };
    ui.separator();
    button(ui, "−", ("Darker", "Shift+E"), true, Command::Expose(Some(-EXPOSURE_STEP)), commands);
    let response = ui.add(Button::new(format!("{exposure} stops")).small());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Exposed by {exposure} stops")));
    if response.on_hover_text("Exposure: click to show the light as it is stored").clicked() {
        commands.push(Command::Expose(None));
    }
    button(ui, "+", ("Brighter", "E"), true, Command::Expose(Some(EXPOSURE_STEP)), commands);
}

fn button(
    ui: &mut Ui,
    text: &str,
    (label, key): (&str, &str),
    is_on: bool,
    command: Command,
    commands: &mut Vec<Command>,
) {
    let response = ui.add_enabled(is_on, Button::new(text).small());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, is_on, label));
    if response.on_hover_text(format!("{label}  ({key})")).clicked() {
        commands.push(command);
    }
}
