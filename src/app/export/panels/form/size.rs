//! How large an export is.

use crate::app::export::choice::{ExportChoice, Sizing};
use egui::{DragValue, Ui};
use std::ops::RangeInclusive;

/// Draws the choice.
pub(super) fn show(ui: &mut Ui, choice: &mut ExportChoice) {
    ui.horizontal_wrapped(|ui| {
        for (sizing, name) in [
            (Sizing::AsShown, "As on the screen"),
            (Sizing::Scale, "Scale"),
            (Sizing::Pixels, "Pixels"),
            (Sizing::Megapixels, "Megapixels"),
            (Sizing::Paper, "Paper"),
        ] {
            ui.radio_value(&mut choice.sizing, sizing, name);
        }
    });
    ui.horizontal_wrapped(|ui| match choice.sizing {
        Sizing::AsShown => {}
        Sizing::Scale => number(ui, "Times", &mut choice.scale, 0.001..=1000.0, "×"),
        Sizing::Pixels => {
            whole(ui, "Width", &mut choice.width);
            if !choice.keeps_aspect {
                whole(ui, "Height", &mut choice.height);
            }
            ui.checkbox(&mut choice.keeps_aspect, "Keep the aspect");
        }
        Sizing::Megapixels => number(ui, "Million pixels", &mut choice.megapixels, 0.001..=2000.0, ""),
        Sizing::Paper => {
            number(ui, "Wide", &mut choice.width_cm, 0.1..=1000.0, " cm");
            number(ui, "Dots per inch", &mut choice.dpi, 1.0..=10_000.0, "");
        }
    });
}

/// A number with its name.
pub(super) fn number(ui: &mut Ui, name: &str, value: &mut f64, range: RangeInclusive<f64>, unit: &str) {
    let label = ui.label(name);
    let speed = (*value * 0.01).max(0.01);
    ui.add(DragValue::new(value).range(range).speed(speed).max_decimals(3).suffix(unit)).labelled_by(label.id);
}

fn whole(ui: &mut Ui, name: &str, value: &mut usize) {
    let label = ui.label(name);
    ui.add(DragValue::new(value).range(1..=4_000_000).speed(10.0)).labelled_by(label.id);
}
