//! A loupe around the cursor, as long as a key is held.

use crate::fields::{live, locked, off_in, off_view, picture, until, window};
use eframe::egui::{Key, pos2};
use zoomfield::app::view::Command;
use zoomfield::app::view::fields::CanvasChoice;
use zoomfield::app::{App, ModelSource};
use zoomfield::geometry::PixelRect;
use zoomfield::recipe::Source;

#[test]
fn a_loupe_shows_what_an_export_at_four_times_the_zoom_would_write() {
    let model = live();
    for zoom in [1.0, 5.0] {
        let Some(mut harness) = window(picture(), ModelSource::Loaded(model.clone()), CanvasChoice::Tiles) else {
            return;
        };
        harness.run_steps(3);
        harness.state_mut().apply(Command::ZoomTo(zoom));
        until(&mut harness, "the view", App::is_exact);
        let canvas = harness.state().canvas_rect_in_pixels();
        let at = pos2((canvas.x + canvas.width / 2) as f32 + 3.0, (canvas.y + canvas.height / 2) as f32 - 5.0);
        harness.hover_at(at);
        harness.key_down(Key::X);
        until(&mut harness, "the loupe", |app| app.loupe().is_some_and(|(_, is_there)| is_there));
        harness.step();
        let (near, _) = harness.state().loupe().expect("the key is held");
        assert_eq!(near.zoom, 4.0 * zoom);
        if std::env::var_os("ZOOMFIELD_SHOTS").is_some() {
            let image = harness.render().expect("the window is drawn");
            crate::pixels::save(&image, &format!("loupe {zoom}"));
        }
        // Inside of the disc, above the cursor, which is painted too; and the corner of the canvas is as it was.
        let part = PixelRect { x: canvas.width / 2 - 57, y: canvas.height / 2 - 100, width: 120, height: 85 };
        let off = off_view(&mut harness, &model, locked(Source::NEURAL), (&near, part));
        assert!(off <= 1.0, "in the loupe at ×{zoom} the screen is {off} steps off");
        let corner = PixelRect { x: canvas.width / 2 - 145, y: canvas.height / 2 - 105, width: 16, height: 12 };
        assert!(off_in(&mut harness, &model, corner) <= 1.0, "around it nothing has changed");
        harness.key_up(Key::X);
        harness.step();
        harness.step();
        assert!(harness.state().loupe().is_none() && harness.state().is_exact());
    }
}
