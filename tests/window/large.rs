//! A gigapixel in the window: at once, whole and near, in bounded memory.

use crate::fields::{is_at_rest, picture, until, window};
use crate::gigapixel::{COLORS, Page, color_of, write_pages};
use crate::stub::view;
use zoomfield::app::settings::mode::Mode;
use zoomfield::app::view::fields::CanvasChoice;
use zoomfield::app::view::{Command, Sharpness};
use zoomfield::app::{App, ModelSource, files};
use zoomfield::recipe::Source;

const SIDE: usize = 32_768;

#[test]
fn a_gigapixel_is_looked_at_from_the_whole_to_the_pixel() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("gigapixel.tif");
    // With smaller versions of its own: otherwise the window would go on reading all of it.
    let pages = [(SIDE, 256), (SIDE / 4, 64), (SIDE / 8, 32)];
    write_pages(&path, &pages.map(|(side, tile)| Page { side, tile }));
    for choice in [CanvasChoice::Tiles, CanvasChoice::Shader] {
        let model = ModelSource::File(Some("builtin:live".into()));
        let Some(mut harness) = window(picture(), model, choice) else { return };
        harness.state_mut().apply(files::Command::Open(path.clone()));
        until(&mut harness, "the gigapixel", |app| app.picture().is_some_and(|picture| picture.size.width == SIDE));
        harness.state_mut().apply(Command::SetMode(Mode::Always(Source::Nearest)));
        // The whole, a part of it reduced, and a few pixels; across the border of four tiles.
        let center = [80.0 * 256.0, 41.0 * 256.0];
        for (zoom, off) in [(0.3, 40.0), (30.0, 2.0)] {
            harness.state_mut().apply(Command::CenterOn(center));
            harness.state_mut().apply(Command::ZoomTo(zoom));
            harness.state_mut().apply(Command::CenterOn(center));
            harness.step();
            until(&mut harness, "the view at rest", |app| is_at_rest(app) && App::is_exact(app));
            assert_eq!(harness.state().scene().view.sharpness, Sharpness::Resampled);
            let screen = harness.render().expect("the window is drawn");
            if let Some(folder) = std::env::var_os("ZOOMFIELD_SCREENSHOTS") {
                let name = format!("gigapixel-{choice:?}-{zoom}.png");
                screen.save(std::path::Path::new(&folder).join(name)).expect("the screenshot is written");
            }
            let (canvas, view) = (harness.state().canvas_rect_in_pixels(), view(&harness));
            for at in [[-off, -off], [off, -off], [-off, off], [off, off]] {
                let at = [center[0] + at[0], center[1] + at[1]];
                let on_screen = view.screen_from_image(at);
                let seen =
                    screen.get_pixel(canvas.x as u32 + on_screen[0] as u32, canvas.y as u32 + on_screen[1] as u32);
                let expected = COLORS[color_of(at[0] as usize / 256, at[1] as usize / 256)];
                let off = (0..3).map(|c| seen.0[c].abs_diff(expected[c])).max();
                assert!(off <= Some(1), "{choice:?}, ×{zoom}, {at:?}: {seen:?} and not {expected:?}");
            }
        }
    }
}
