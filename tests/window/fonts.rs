//! Names in letters that the built-in fonts lack.

use crate::Harness;
use crate::stub::{wait_for, window};
use eframe::egui::{FallbackRequest, FontFamily, FontId, FontProvider, MissingGlyphPolicy};
use egui_system_font_provider::SystemFontProvider;
use zoomfield::app::{App, files};

/// Han, Hangul, Devanagari, Arabic, Armenian, Georgian, Lao, Tifinagh.
const LETTERS: [char; 8] = ['字', '한', 'न', 'ع', 'Ա', 'ა', 'ກ', 'ⵣ'];

fn is_drawn(harness: &Harness<'_, App>, letter: char) -> bool {
    harness.ctx.fonts_mut(|fonts| fonts.has_glyph(&FontId::proportional(13.0), letter))
}

#[test]
fn the_systems_fonts_are_asked_once_a_letter_is_missing() {
    let (mut harness, _) = window(1.0, |_| None);
    harness.ctx.set_missing_glyph_policy(MissingGlyphPolicy::default());
    harness.run();
    let system = SystemFontProvider::new();
    let is_known = |letter: &char| {
        let cluster = letter.to_string();
        system.font_for(&FallbackRequest { cluster: &cluster, family: &FontFamily::Proportional }).is_some()
    };
    let Some(letter) = LETTERS.into_iter().find(is_known) else {
        eprintln!("skipped: no font of this system has any of {LETTERS:?}");
        return;
    };
    harness.state_mut().apply(files::Command::Open(format!("/photos/{letter}.png").into()));
    wait_for(&mut harness, |harness| harness.state().picture().is_some());
    wait_for(&mut harness, |harness| is_drawn(harness, letter));
}
