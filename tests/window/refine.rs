//! A live network shows a view at once, and the model in use refines it once nothing else is to be done.

use crate::Harness;
use crate::fields::{is_at_rest, live, locked, off_in, off_view, until, window};
use crate::stub::view;
use eframe::egui::Key;
use egui_kittest::kittest::Queryable;
use std::sync::Arc;
use zoomfield::app::settings::Refine;
use zoomfield::app::view::fields::CanvasChoice;
use zoomfield::app::view::{Command, Sharpness};
use zoomfield::app::{App, ModelSource, settings};
use zoomfield::geometry::{PixelRect, Size};
use zoomfield::kernel::Precision;
use zoomfield::picture::Picture;
use zoomfield::recipe::Source;
use zoomfield::render::LoadedModel;
use zoomfield::weights::Builtin;

fn liif() -> Arc<LoadedModel> {
    Arc::new(LoadedModel::on_cpu(&Builtin::Liif.weights().expect("built in"), Precision::F32).expect("loads"))
}

/// Frames until something is so, and one more, whose bars say so.
fn seen(harness: &mut Harness<'_, App>, what: &str, is_so: impl Fn(&App) -> bool) {
    until(harness, what, is_so);
    harness.step();
}

/// A window that begins with what is part of the program, on the processor, both networks loaded.
fn ready(choice: CanvasChoice) -> Option<Harness<'static, App>> {
    let mut harness = window(picture(), ModelSource::File(None), choice)?;
    seen(&mut harness, "both networks", |app| {
        let models = &app.slices().models;
        models.own.model().is_some() && models.quick.model().is_some()
    });
    Some(harness)
}

/// Squares of one to three pixels, on which no two networks agree.
fn picture() -> Picture {
    let size = Size::new(300, 220);
    let value = |x: usize, y: usize| ((x / 3 * 7919 + y / 2 * 104_729) % 251) as u8 / 2 + (x * 5 + y * 3) as u8 % 90;
    Picture::from_rgb8(size, (0..3 * size.area()).map(|i| value(i / 3 % size.width, i / 3 / size.width)).collect())
}

/// A corner of the canvas, where refinement ends.
const CORNER: PixelRect = PixelRect { x: 4, y: 4, width: 100, height: 80 };

/// How far the corner is off what a model makes of it.
fn off(harness: &mut Harness<'_, App>, model: &LoadedModel) -> f32 {
    off_in(harness, model, CORNER)
}

/// The same of what the live network shows first: tiles of it are its own, and not locked yet.
fn off_at_first(harness: &mut Harness<'_, App>, live: &LoadedModel, choice: CanvasChoice) -> f32 {
    let view = view(harness);
    let recipe = if choice == CanvasChoice::Tiles { Source::NEURAL.into() } else { locked(Source::NEURAL) };
    off_view(harness, live, recipe, (&view, CORNER))
}

fn is_live(app: &App) -> bool {
    is_at_rest(app) && app.slices().view.sharpness == Sharpness::Live
}

/// Takes over a setting.
fn refine(harness: &mut Harness<'_, App>, refine: Refine) {
    let choices = settings::Settings { refine, ..harness.state().slices().settings.choices.clone() };
    harness.state_mut().apply(settings::Command::Change(choices));
}

#[test]
fn a_view_is_live_first_and_then_what_the_model_in_use_makes_of_it() {
    let (live, liif) = (live(), liif());
    for choice in [CanvasChoice::Tiles, CanvasChoice::Shader] {
        let Some(mut harness) = ready(choice) else { return };
        harness.state_mut().apply(Command::ZoomTo(3.0));
        let is_drawn = |app: &App| app.draws_fields() == (choice == CanvasChoice::Shader);
        until(&mut harness, "the live view", |app| is_live(app) && is_drawn(app));
        let (from_live, from_liif) = (off_at_first(&mut harness, &live, choice), off(&mut harness, &liif));
        assert!(from_live < 1.5, "{choice:?}: live is {from_live} steps off");
        assert!(from_liif > 3.0, "the two networks differ, or nothing is shown");
        harness.step();
        harness.get_by_label("Live");
        seen(&mut harness, "the refined view", App::is_exact);
        let (from_live, from_liif) = (off(&mut harness, &live), off(&mut harness, &liif));
        assert!(from_liif <= 1.0 && from_live > 3.0, "{choice:?}: {from_liif} off LIIF, {from_live} off live");
        harness.get_by_label("Sharp (LIIF)");
        harness.key_down(Key::R);
        seen(&mut harness, "the live network by itself", |app| {
            app.is_exact() && app.slices().compare.held != zoomfield::app::compare::Held::Nothing
        });
        assert!(off(&mut harness, &live) < 1.5, "{choice:?}: the key shows live alone");
        harness.get_by_label("Live");
        harness.key_up(Key::R);
        seen(&mut harness, "the refined view again", App::is_exact);
        assert!(off(&mut harness, &liif) <= 1.0);
    }
}

/// What is seen of the corner, in steps of 8 bits.
fn corner(harness: &mut Harness<'_, App>) -> Vec<f32> {
    let canvas = harness.state().canvas_rect_in_pixels();
    let image = harness.render().expect("the window is drawn");
    let places = (0..CORNER.height).flat_map(|y| (0..CORNER.width).map(move |x| (x, y)));
    let pixel = |(x, y)| image.get_pixel((canvas.x + CORNER.x + x) as u32, (canvas.y + CORNER.y + y) as u32).0;
    places.flat_map(|at| pixel(at)[..3].to_vec()).map(f32::from).collect()
}

/// What a larger model has made fades when the view is left: in no frame it is gone at once.
#[test]
fn a_refined_view_that_is_left_does_not_jump() {
    let Some(mut harness) = ready(CanvasChoice::Shader) else { return };
    harness.state_mut().apply(Command::ZoomTo(3.0));
    seen(&mut harness, "the refined view", App::is_exact);
    let mut frames = vec![corner(&mut harness)];
    // So little that nothing but the network is another one.
    harness.state_mut().apply(Command::ZoomTo(3.0003));
    for _ in 0..8 {
        harness.step();
        assert!(!is_at_rest(harness.state()));
        frames.push(corner(&mut harness));
    }
    let distance = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum::<f32>() / a.len() as f32;
    let all = distance(&frames[0], &frames[8]);
    let most = frames.windows(2).map(|pair| distance(&pair[0], &pair[1])).fold(0.0, f32::max);
    assert!(all > 1.0, "the networks differ by {all} steps");
    assert!(most < 0.4 * all, "{most} of {all} steps in one frame");
}

/// Whatever the larger model is at: another view is live before that goes on.
#[test]
fn another_view_does_not_wait_for_the_refinement() {
    let Some(mut harness) = ready(CanvasChoice::Tiles) else { return };
    harness.state_mut().apply(Command::ZoomTo(3.0));
    seen(&mut harness, "the live view", is_live);
    harness.state_mut().apply(Command::ZoomTo(7.0));
    until(&mut harness, "the next live view, before the first is refined", is_live);
    assert!(off_at_first(&mut harness, &live(), CanvasChoice::Tiles) < 1.5);
}

#[test]
fn without_refinement_the_live_network_has_the_last_word() {
    let Some(mut harness) = ready(CanvasChoice::Tiles) else { return };
    refine(&mut harness, Refine::Off);
    harness.state_mut().apply(Command::ZoomTo(3.0));
    seen(&mut harness, "the final view", App::is_exact);
    harness.get_by_label("Live");
    assert!(harness.state().scene().model().is_some_and(|model| model.is_live()), "and it is what an export takes");
    assert!(off(&mut harness, &live()) <= 1.0);
    // A model that is chosen has the last word again.
    harness.state_mut().apply(zoomfield::app::models::Command::Use(None));
    assert_eq!(harness.state().slices().settings.choices.refine, Refine::WhenIdle);
    seen(&mut harness, "LIIF's view", |app| {
        app.is_exact() && app.scene().model().is_some_and(|model| !model.is_live())
    });
    assert!(off(&mut harness, &liif()) <= 1.0);
}
