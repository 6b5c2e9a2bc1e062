//! What is known of the picture, beside the canvas.

use crate::app::files::{Command, State};
use crate::picture::{Picture, Shot};
use egui::{Align, Frame, Grid, Label, Layout, Margin, Panel, ScrollArea, Ui};

/// Draws the panel, if it is wanted and there is a picture.
pub(in crate::app) fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let Some(shown) = state.current.as_ref().filter(|_| state.shows_info) else { return };
    let frame = Frame::side_top_panel(ui.style()).inner_margin(Margin::symmetric(14, 10));
    Panel::right("information").frame(frame).resizable(false).exact_size(280.0).show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.heading("Information");
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if ui.button("Close").clicked() {
                    commands.push(Command::ToggleInfo);
                }
            });
        });
        ui.add_space(4.0);
        ScrollArea::vertical()
            .show(ui, |ui| table(ui, "picture", &[facts(&shown.picture), told(&shown.shot)].concat()));
    });
}

/// Names and values, one pair a row.
fn table(ui: &mut Ui, name: &str, rows: &[(&'static str, String)]) {
    Grid::new(name).num_columns(2).spacing([14.0, 6.0]).max_col_width(170.0).show(ui, |ui| {
        for (name, value) in rows {
            ui.with_layout(Layout::top_down(Align::Min), |ui| ui.weak(*name));
            ui.add(Label::new(value).wrap().selectable(true));
            ui.end_row();
        }
    });
}

/// The picture itself: file, format, size, depth, colours.
fn facts(picture: &Picture) -> Vec<(&'static str, String)> {
    let megapixels = picture.size.area() as f64 / 1e6;
    let opacity = if picture.alpha.is_some() { "yes" } else { "no" };
    let mut facts = vec![("Name", picture.name())];
    if let Some(folder) = picture.path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        facts.push(("Folder", folder.display().to_string()));
    }
    facts.extend([
        ("Format", picture.format.to_owned()),
        ("Size", format!("{}, {megapixels:.2} megapixels", picture.size)),
        ("Depth", format!("{} bits a colour", picture.rgb.bits())),
        ("Transparency", opacity.to_owned()),
        ("Colours", picture.color.name().to_owned()),
    ]);
    facts.extend(picture.pages.place().map(|place| ("Place", place)));
    if let Some(timing) = picture.pages.timing {
        let (frame, all) = (timing.duration.as_secs_f64(), timing.total.as_secs_f64());
        facts.push(("Shown for", format!("{frame} s of {all} s")));
    }
    facts.extend(picture.exposure.map(|exposure| ("Exposed", format!("by {exposure} stops"))));
    facts.extend(picture.notice.iter().map(|notice| ("Note", notice.clone())));
    facts
}

/// What the camera wrote, and whether the file is what it says.
fn told(shot: &Shot) -> Vec<(&'static str, String)> {
    let position = shot.has_position.then(|| "in the file".to_owned());
    let told = [
        ("Camera", shot.camera.clone()),
        ("Lens", shot.lens.clone()),
        ("Exposure", shot.exposure.clone()),
        ("Taken", shot.taken.clone()),
        ("Position", position),
    ];
    told.into_iter().filter_map(|(name, value)| value.map(|value| (name, value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Size;

    #[test]
    fn what_the_camera_wrote_is_told_and_nothing_else() {
        assert!(told(&Shot::default()).is_empty());
        let shot = Shot { lens: Some("Lens 35".into()), has_position: true, ..Shot::default() };
        assert_eq!(told(&shot), [("Lens", "Lens 35".to_owned()), ("Position", "in the file".to_owned())]);
    }

    #[test]
    fn the_facts_are_the_pictures() {
        let mut picture = Picture::from_rgb8(Size::new(2000, 1500), vec![0; 9_000_000]);
        picture.path = "/photos/bird.png".into();
        let facts = facts(&picture);
        let of = |name: &str| facts.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
        assert_eq!(of("Size"), Some("2000×1500, 3.00 megapixels"));
        assert_eq!((of("Folder"), of("Depth")), (Some("/photos"), Some("8 bits a colour")));
    }
}
