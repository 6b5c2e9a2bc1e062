//! What is known of the picture: its file, its colours, and what the camera wrote.

use super::modal;
use crate::app::command::Command;
use crate::app::state::{Shown, State};
use egui::{Context, Grid, Label, RichText, Ui};

/// Draws the panel.
pub(in crate::app) fn show(ctx: &Context, state: &State, commands: &mut Vec<Command>) {
    let Some(shown) = &state.shown else { return };
    modal(ctx, "The picture", 480.0, commands, |ui, commands| {
        Grid::new("what is known").num_columns(2).spacing([24.0, 6.0]).show(ui, |ui| {
            for (name, value) in facts(shown) {
                row(ui, name, &value);
            }
        });
        if ui.button("Close").clicked() {
            commands.push(Command::Back);
        }
    });
}

fn row(ui: &mut Ui, name: &str, value: &str) {
    ui.label(RichText::new(name).strong());
    ui.add(Label::new(value).wrap().selectable(true));
    ui.end_row();
}

/// What there is to say; what the file does not say is left away.
fn facts(shown: &Shown) -> Vec<(&'static str, String)> {
    let (picture, shot) = (&shown.picture, &shown.shot);
    let megapixels = picture.size.area() as f64 / 1e6;
    let opacity = if picture.alpha.is_some() { ", with transparency" } else { "" };
    let profile = if picture.metadata.icc_profile.is_some() { "" } else { " (no profile in the file)" };
    let position = shot.has_position.then(|| "The file says where it was taken.".to_owned());
    let said = [
        ("File", Some(picture.path.to_string_lossy().into_owned()).filter(|path| !path.is_empty())),
        ("Format", Some(format!("{}, {} bits{opacity}", picture.format, picture.rgb.bits()))),
        ("Size", Some(format!("{} pixels ({megapixels:.1} MP)", picture.size))),
        ("Colours", Some(format!("{}{profile}", picture.color.name()))),
        ("Camera", shot.camera.clone()),
        ("Lens", shot.lens.clone()),
        ("Exposure", shot.exposure.clone()),
        ("Taken", shot.taken.clone()),
        ("Place", position),
        ("Note", picture.notice.clone()),
    ];
    said.into_iter().filter_map(|(name, value)| value.map(|value| (name, value))).collect()
}
