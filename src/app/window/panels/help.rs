//! Keys and gestures, from the tables that the keys themselves are read from.

use crate::app::kit::widgets::modal;
use crate::app::window::command::Command;
use crate::app::window::keys::{GESTURES, Group, SHORTCUTS};
use egui::{Align, Context, Grid, Layout, RichText, ScrollArea, Ui};

/// Draws the panel.
pub(in crate::app) fn show(ctx: &Context, commands: &mut Vec<Command>) {
    modal(ctx, "Keys and gestures", 580.0, (commands, Command::Back), |ui, commands| {
        let height = ctx.content_rect().height() - 180.0;
        ScrollArea::vertical().max_height(height).min_scrolled_height(height).show(ui, |ui| {
            for group in Group::ALL {
                ui.strong(group.heading());
                let rows = SHORTCUTS.iter().filter(|shortcut| shortcut.group == group);
                table(ui, group.heading(), rows.map(|shortcut| (shortcut.keys, shortcut.label)));
                ui.add_space(6.0);
            }
            ui.strong("Mouse and touchpad");
            table(ui, "gestures", GESTURES.iter().copied());
        });
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if ui.button("Close").clicked() {
                commands.push(Command::Back);
            }
        });
    });
}

fn table(ui: &mut Ui, name: &str, rows: impl Iterator<Item = (&'static str, &'static str)>) {
    Grid::new(name).num_columns(2).spacing([24.0, 6.0]).min_col_width(130.0).show(ui, |ui| {
        for (keys, label) in rows {
            ui.label(RichText::new(keys).strong());
            ui.label(label);
            ui.end_row();
        }
    });
}
