//! What is seen is what is exported: the shader's frame beside the file that the copied command writes.

use crate::Harness;
use crate::commands::copied;
use crate::exports::{choose, draft};
use crate::fields::{is_at_rest, picture, until, window};
use crate::icc::ADOBE_RGB;
use crate::profile::{Curve, DISPLAY_P3, Profile};
use crate::table::{self, Kind};
use crate::tagged::tagged_file;
use eframe::egui::Key;
use std::path::Path;
use std::process::Command as Process;
use zoomfield::app::export::choice::ExportChoice;
use zoomfield::app::settings::Settings;
use zoomfield::app::view::fields::CanvasChoice;
use zoomfield::app::{App, ModelSource, export, settings, view};
use zoomfield::geometry::Size;
use zoomfield::metrics::{Channels, psnr};
use zoomfield::picture::{Picture, Raster};
use zoomfield::recipe::Strength;

/// Least PSNR between screen and file, in dB: differences come from rounding to 8 bits alone.
const SAME: f64 = 50.0;
/// Rows of the canvas at its top and its bottom that labels cover.
const COVERED: usize = 10;

#[test]
fn the_copied_command_writes_what_the_shader_has_drawn() {
    let folder = tempfile::tempdir().expect("a folder");
    let p3 = Profile::rgb("P3", DISPLAY_P3, Curve::Srgb);
    let adobe = Profile::rgb("A", ADOBE_RGB, Curve::Gamma(563));
    let profiles = [
        None,
        Some(p3.bytes()),
        Some(adobe.bytes()),
        Some(table::bytes(&p3, Kind::Mft2)),
        Some(table::bytes(&adobe, Kind::MAb)),
    ];
    let mut drawn = 0;
    for (i, profile) in profiles.into_iter().enumerate() {
        let file = folder.path().join(format!("{i}.png"));
        let tagged = tagged_file(&file, &picture(), profile);
        let model = ModelSource::File(Some("builtin:live".into()));
        let Some(mut harness) = window(tagged, model, CanvasChoice::Shader) else { return };
        let choices = Settings { minimap: false, ..harness.state().slices().settings.choices.clone() };
        harness.state_mut().apply(settings::Command::Change(choices));
        harness.run_steps(3);
        harness.state_mut().apply(view::Command::ZoomTo(1.0));
        until(&mut harness, "the canvas, and the fields around the view", |app| app.field_tiles() == 5 * 4);
        let mut before: Option<Raster> = None;
        for (strength, zoom) in [(100, 5.3), (40, 5.3), (75, 3.0)] {
            harness.state_mut().apply(view::Command::SetStrength(Strength::percent(strength)));
            harness.state_mut().apply(view::Command::ZoomTo(zoom));
            harness.step();
            until(&mut harness, "a frame at rest", |app| is_at_rest(app) && (app.draws_fields() || app.is_exact()));
            drawn += usize::from(harness.state().draws_fields());
            let screen = harness.render().expect("the window is drawn");
            until(&mut harness, "the exact view", App::is_exact);
            let written = exported(&mut harness, &folder.path().join("out.png"));
            let seen = of_canvas(&harness, &screen);
            let quality = psnr_of(&written, &seen);
            assert!(quality >= SAME, "profile {i}, strength {strength}, ×{zoom}: {quality:.1} dB");
            // Of another strength, it is another picture.
            if let Some(before) = before.filter(|before| before.size == written.size) {
                let quality = psnr_of(&before, &seen);
                assert!(quality < SAME, "{quality:.1} dB from another strength");
            }
            before = Some(written);
        }
    }
    assert!(drawn >= 10, "the shader drew {drawn} of 15 frames");
}

/// What the program writes when it is given the copied command, in the screen's colours, without covered rows.
fn exported(harness: &mut Harness<'_, App>, to: &Path) -> Raster {
    harness.state_mut().apply(export::Command::Show);
    harness.run_steps(3);
    choose(harness, ExportChoice::default());
    let text = copied(harness);
    let output = draft(harness).output;
    let line = text.replacen("zoomfield", env!("CARGO_BIN_EXE_zoomfield"), 1);
    let line = line.replace(output.to_str().expect("a plain path"), to.to_str().expect("a plain path"));
    assert!(line.contains("builtin:live") && line != text, "{text}");
    let run = Process::new("sh").args(["-c", &format!("{line} --overwrite")]).output().expect("a shell");
    assert!(run.status.success(), "{line}: {}", String::from_utf8_lossy(&run.stderr));
    harness.key_press(Key::Escape);
    harness.run_steps(3);
    let written = Picture::open(to).expect("what was written opens");
    assert_eq!(written.size.width, harness.state().canvas_rect_in_pixels().width, "the picture fills the canvas");
    let data = (0..written.size.area() * 3).map(|i| written.rgb.unit(i)).collect();
    let mut raster = Raster { size: written.size, channels: 3, data };
    written.color.show(&mut raster);
    uncovered(&raster)
}

/// The part of a frame where the canvas is.
fn of_canvas(harness: &Harness<'_, App>, screen: &image::RgbaImage) -> Raster {
    let canvas = harness.state().canvas_rect_in_pixels();
    let pixel = |i: usize| {
        let (x, y) = (canvas.x + i % canvas.width, canvas.y + i / canvas.width);
        let [r, g, b, _] = screen.get_pixel(x as u32, y as u32).0;
        [r, g, b].map(|value| f32::from(value) / 255.0)
    };
    let size = Size::new(canvas.width, canvas.height);
    uncovered(&Raster { size, channels: 3, data: (0..size.area()).flat_map(pixel).collect() })
}

/// Its right half: on the left there are messages.
fn uncovered(canvas: &Raster) -> Raster {
    let Size { width, height } = canvas.size;
    let rows = (COVERED..height - COVERED).map(|y| 3 * y * width);
    let data = rows.flat_map(|at| canvas.data[at + 3 * (width / 2)..at + 3 * width].to_vec()).collect();
    Raster { size: Size::new(width - width / 2, height - 2 * COVERED), channels: 3, data }
}

fn psnr_of(a: &Raster, b: &Raster) -> f64 {
    psnr(a, b, Channels::Rgb, 0).expect("two of one size")
}
