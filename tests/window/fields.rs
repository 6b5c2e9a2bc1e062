//! A canvas that draws the field itself: neural in every frame, and each frame what an export at its zoom would be.

use crate::Harness;
use crate::icc;
use crate::stub::view;
use crate::tagged::tagged;
use eframe::egui::{self, Key};
use eframe::egui_wgpu::RendererOptions;
use egui_kittest::wgpu::{WgpuTestRenderer, create_render_state, default_wgpu_setup};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};
use zoomfield::app::settings::Settings;
use zoomfield::app::settings::mode::Mode;
use zoomfield::app::view::Command;
use zoomfield::app::view::fields::{CanvasChoice, CanvasDevice};
use zoomfield::app::{App, AppOptions, ModelSource, Services, settings};
use zoomfield::geometry::{AxisGrid, Size, View};
use zoomfield::geometry::{PixelRect, SampleGrid};
use zoomfield::kernel::{Precision, PrecisionChoice};
use zoomfield::picture::{Picture, Samples, Screen};
use zoomfield::recipe::{Ensemble, Recipe, Source, Stage, Strength};
use zoomfield::render::{Backend, Compute, LoadedModel, RenderOptions, Renderer};
use zoomfield::task::NEVER;
use zoomfield::weights::Builtin;

const PICTURE: Size = Size::new(300, 220);

pub(crate) fn live() -> Arc<LoadedModel> {
    Arc::new(LoadedModel::on_cpu(&Builtin::Live.weights().expect("built in"), Precision::F32).expect("loads"))
}

/// A whole window with a real renderer, drawn on a software adapter; none where there is no driver for it.
pub(crate) fn window(picture: Picture, model: ModelSource, choice: CanvasChoice) -> Option<Harness<'static, App>> {
    window_on(picture, model, Screen::default(), |device| CanvasDevice { choice, ..device })
}

/// The same on another screen, whose canvas draws on another device.
fn window_on(
    picture: Picture,
    model: ModelSource,
    screen: Screen,
    other: impl FnOnce(CanvasDevice) -> CanvasDevice,
) -> Option<Harness<'static, App>> {
    let state =
        catch_unwind(AssertUnwindSafe(|| create_render_state(default_wgpu_setup(), RendererOptions::PREDICTABLE)));
    let Ok(state) = state else {
        assert!(
            std::env::var_os("ZOOMFIELD_REQUIRE_SCREEN").is_none(),
            "a Vulkan driver is required but there is none"
        );
        eprintln!("skipped: drawing the window needs a Vulkan driver (Debian: apt-get install mesa-vulkan-drivers)");
        return None;
    };
    let device = CanvasDevice {
        adapter: state.adapter.clone(),
        device: state.device.clone(),
        format: state.target_format,
        choice: CanvasChoice::Shader,
    };
    let device = other(device);
    let mut harness = Harness::builder()
        .with_size(egui::vec2(700.0, 560.0))
        .with_step_dt(1.0 / 60.0)
        .renderer(WgpuTestRenderer::from_render_state(state))
        .build_eframe(move |cc| {
            let compute = Compute {
                backend: Backend::Cpu,
                precision: PrecisionChoice::Only(Precision::F32),
                ..Compute::default()
            };
            let options = AppOptions { files: Vec::new(), model, compute, settings: None, data: None, screen: None };
            let services = Services::start(&cc.egui_ctx, None, None, screen).expect("threads");
            let mut app = App::with_services(&cc.egui_ctx, options, services);
            app.draw_fields_on(device);
            app
        });
    harness.state_mut().show(picture);
    Some(harness)
}

/// Frames until something is so: one at least, which takes in what was asked for before. Software paints slowly, and on the
/// processor that the renderer waits for: the first frame and each fourth behind it bring what has arrived to the device.
pub(crate) fn until(harness: &mut Harness<'_, App>, what: &str, is_so: impl Fn(&App) -> bool) {
    let frames = Cell::new(0);
    frames_until(harness, what, is_so, |harness| {
        if frames.replace(frames.get() + 1) % 4 == 0 {
            harness.render().expect("the window is drawn");
        }
    });
}

fn frames_until(
    harness: &mut Harness<'_, App>,
    what: &str,
    is_so: impl Fn(&App) -> bool,
    paint: impl Fn(&mut Harness<'_, App>),
) {
    let begin = Instant::now();
    loop {
        harness.step();
        paint(harness);
        if is_so(harness.state()) {
            return;
        }
        assert!(begin.elapsed() < Duration::from_mins(1), "waited too long: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The cat's face.
pub(crate) fn picture() -> Picture {
    let cat = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/chelsea.png");
    let cat = Picture::open(cat.as_ref()).expect("the sample picture is there");
    let Samples::U8(rgb) = &cat.rgb else { panic!("8 bits") };
    let rows = (30..30 + PICTURE.height).map(|y| 3 * (y * cat.size.width + 70));
    Picture::from_rgb8(PICTURE, rows.flat_map(|at| rgb[at..at + 3 * PICTURE.width].to_vec()).collect())
}

pub(crate) fn is_at_rest(app: &App) -> bool {
    app.scene().view.shown.as_ref().is_some_and(|shown| shown.motion.is_at_rest())
}

/// What an export with the zoom of a view, be it in flight, would write in part of the canvas, in the screen's colours.
fn expected(picture: &Picture, model: &LoadedModel, recipe: Recipe, (view, part): (&View, PixelRect)) -> Vec<f32> {
    let axis = |start: usize, corner: f64, len: usize| AxisGrid {
        origin: (start as f64 - corner) / view.zoom,
        pitch: 1.0 / view.zoom,
        len,
    };
    let [x, y] = view.corner_on_screen;
    let grid = SampleGrid { y: axis(part.y, y, part.height), x: axis(part.x, x, part.width) };
    let mut renderer = Renderer::new(RenderOptions::VIEW);
    let mut raster = renderer.render(picture, model, &grid, recipe, NEVER).expect("renders");
    picture.color.show(&mut raster);
    raster.data
}

/// The largest difference between the middle of the screen and what is expected there, in steps of 8 bits.
fn off(harness: &mut Harness<'_, App>, model: &LoadedModel, source: Source) -> f32 {
    let (canvas, view) = (harness.state().canvas_rect_in_pixels(), view(harness));
    let part = PixelRect { x: canvas.width / 2 - 50, y: canvas.height / 2 - 40, width: 100, height: 80 };
    off_view(harness, model, locked(source), (&view, part))
}

/// As pixels of a source are made unless something else is chosen.
pub(crate) fn locked(source: Source) -> Recipe {
    Recipe::from(source).with(Stage::Lock(Strength::FULL))
}

/// The same of a network's pixels in a part of the canvas.
pub(crate) fn off_in(harness: &mut Harness<'_, App>, model: &LoadedModel, part: PixelRect) -> f32 {
    let view = view(harness);
    off_view(harness, model, locked(Source::NEURAL), (&view, part))
}

/// The same where a part of the canvas shows another view.
pub(crate) fn off_view(
    harness: &mut Harness<'_, App>,
    model: &LoadedModel,
    recipe: impl Into<Recipe>,
    (view, part): (&View, PixelRect),
) -> f32 {
    let app = harness.state();
    let (canvas, picture) = (app.canvas_rect_in_pixels(), app.picture().expect("a picture").clone());
    let expected = expected(&picture, model, recipe.into(), (view, part));
    let image = harness.render().expect("the window is drawn");
    let mut worst: f32 = 0.0;
    for (i, pixel) in expected.chunks_exact(3).enumerate() {
        let (x, y) = (canvas.x + part.x + i % part.width, canvas.y + part.y + i / part.width);
        let seen = image.get_pixel(x as u32, y as u32).0;
        (0..3).for_each(|c| worst = worst.max((f32::from(seen[c]) - pixel[c] * 255.0).abs()));
    }
    worst
}

/// At a place that was encoded at ×1 a zoom to ×30 and back shows the network in every frame, at that frame's own zoom; and
/// from there to ×0.5 the picture at that frame's own zoom.
#[test]
fn no_frame_of_a_zoom_is_without_the_network() {
    let model = live();
    let Some(mut harness) = window(picture(), ModelSource::Loaded(model.clone()), CanvasChoice::Shader) else { return };
    harness.run_steps(3);
    harness.state_mut().apply(Command::ZoomTo(1.0));
    until(&mut harness, "the fields around the view", |app| app.field_tiles() == 5 * 4 && app.is_exact());
    let (mut frames, mut enlarged, mut compared) = (0, 0, 0);
    for zoom in [2.0, 5.5, 13.0, 30.0, 30.0, 9.0, 3.0, 1.0, 0.5] {
        harness.state_mut().apply(Command::ZoomTo(zoom));
        for step in 0..7 {
            harness.step();
            frames += 1;
            // A strip of the zoom for people to look at, where `ZOOMFIELD_SHOTS` says.
            if frames % 3 == 0 && std::env::var_os("ZOOMFIELD_SHOTS").is_some() {
                let image = harness.render().expect("the window is drawn");
                crate::pixels::save(&image, &format!("zoom {frames:02}"));
            }
            let zoom = view(&harness).zoom;
            if zoom > 1.0 {
                enlarged += 1;
                let is_neural = harness.state().draws_fields() || harness.state().is_exact();
                assert!(is_neural, "at ×{zoom} the canvas has other pixels than the network's");
            }
            if step % 3 == 1 {
                compared += 1;
                let off = off(&mut harness, &model, Source::NEURAL);
                assert!(off < 1.5, "at ×{zoom} the screen is {off} steps off");
            }
        }
    }
    assert!(enlarged > 40 && compared > 12, "{enlarged} frames, {compared} of them compared");
}

/// A window that gets another size is drawn for that size in the very frame that finds it out.
#[test]
fn a_frame_is_drawn_for_the_canvas_that_it_is_judged_by() {
    let model = live();
    let Some(mut harness) = window(picture(), ModelSource::Loaded(model.clone()), CanvasChoice::Shader) else { return };
    harness.run_steps(3);
    harness.state_mut().apply(Command::ZoomTo(4.0));
    until(&mut harness, "the view", |app| is_at_rest(app) && app.is_exact());
    for (width, height) in [(660.0, 521.0), (612.0, 560.0)] {
        let before = harness.state().canvas_rect_in_pixels();
        harness.set_size(egui::vec2(width, height));
        harness.step();
        assert_ne!(harness.state().canvas_rect_in_pixels(), before);
        let off = off(&mut harness, &model, Source::NEURAL);
        assert!(off < 1.5, "{width}×{height}: the screen is {off} steps off");
    }
}

/// What arrives while frames are made that nobody paints, as of a hidden window, is there in the next one that is painted.
#[test]
fn frames_that_are_not_painted_lose_nothing() {
    let model = live();
    let Some(mut harness) = window(picture(), ModelSource::Loaded(model.clone()), CanvasChoice::Shader) else { return };
    harness.run_steps(3);
    harness.state_mut().apply(Command::ZoomTo(1.0));
    let is_there = |app: &App| app.field_tiles() == 5 * 4;
    frames_until(&mut harness, "the fields around the view", is_there, |_| ());
    harness.state_mut().apply(Command::ZoomTo(5.5));
    harness.run_steps(2);
    assert!(harness.state().draws_fields() && !is_at_rest(harness.state()), "the canvas draws a view in flight");
    let off = off(&mut harness, &model, Source::NEURAL);
    assert!(off < 1.5, "the screen is {off} steps off");
}

/// Other looks, and pictures with a profile, are drawn at each frame's own zoom as well.
#[test]
fn every_look_is_drawn_at_the_frames_own_zoom() {
    let (model, plain) = (live(), picture());
    let tags = icc::matrix(icc::ADOBE_RGB, &icc::gamma(563));
    let wide = tagged(&plain, icc::assemble([2, 0x40, 0, 0], *b"RGB ", *b"XYZ ", tags));
    assert!(!wide.color.is_srgb());
    for (picture, source) in [(&plain, Source::Bicubic), (&wide, Source::NEURAL), (&wide, Source::Bicubic)] {
        let Some(mut harness) = window(picture.clone(), ModelSource::Loaded(model.clone()), CanvasChoice::Shader)
        else {
            return;
        };
        harness.run_steps(3);
        harness.state_mut().apply(Command::ZoomTo(1.0));
        until(&mut harness, "the canvas, and the fields around the view", |app| app.field_tiles() == 5 * 4);
        harness.state_mut().apply(Command::SetMode(Mode::Always(source)));
        harness.run_steps(3);
        until(&mut harness, "the source", App::is_exact);
        let mut in_flight = 0;
        for zoom in [3.0, 17.0, 0.6] {
            harness.state_mut().apply(Command::ZoomTo(zoom));
            for _ in 0..4 {
                harness.step();
                in_flight += usize::from(!is_at_rest(harness.state()));
                let (zoom, off) = (view(&harness).zoom, off(&mut harness, &model, source));
                assert!(off < 2.0, "{source} at ×{zoom} is {off} steps off");
            }
            harness.run_steps(30);
        }
        assert!(in_flight > 6, "{in_flight} frames");
    }
}

/// On a screen of other colours shader and tiles show the same, and what is copied and exported stays sRGB.
#[test]
fn a_screen_of_its_own_colours_is_drawn_for() {
    let (model, plain) = (live(), picture());
    let tags = icc::matrix(icc::ADOBE_RGB, &icc::gamma(563));
    let screen = Screen::from_profile(&icc::assemble([2, 0x40, 0, 0], *b"RGB ", *b"XYZ ", tags)).expect("a screen");
    for choice in [CanvasChoice::Shader, CanvasChoice::Tiles] {
        let other = |device: CanvasDevice| CanvasDevice { choice, ..device };
        let Some(mut harness) = window_on(plain.clone(), ModelSource::Loaded(model.clone()), screen.clone(), other)
        else {
            return;
        };
        harness.run_steps(3);
        harness.state_mut().apply(Command::ZoomTo(5.0));
        let is_drawn = |app: &App| app.is_exact() || choice == CanvasChoice::Shader && app.draws_fields();
        until(&mut harness, "the view", |app| is_at_rest(app) && is_drawn(app));
        let seen = off(&mut harness, &model, Source::NEURAL);
        assert!(seen < 1.5, "{choice:?}: the screen is {seen} steps off");
        // The same window for a screen that is sRGB.
        let shown = harness.state().picture().expect("a picture").clone();
        assert!(shown.color.is_srgb() && !shown.color.is_screens());
        let view = view(&harness);
        let part = PixelRect { x: 200, y: 150, width: 80, height: 60 };
        let of = |picture: &Picture| expected(picture, &model, locked(Source::NEURAL), (&view, part));
        let pairs = of(&shown).into_iter().zip(of(&plain));
        let apart = pairs.map(|(a, b)| (a - b).abs() * 255.0).fold(0.0, f32::max);
        assert!(apart > 5.0, "{choice:?}: the screen's colours are {apart} steps from sRGB's only");
    }
}

/// At rest the view becomes what an export writes, and its colours under the cursor are known, as without a shader.
#[test]
fn at_rest_the_view_is_exact_also_with_opacity() {
    let (model, opaque) = (live(), picture());
    let alpha = (0..PICTURE.area()).map(|i| 255 - (i % PICTURE.width / 2) as u8).collect();
    let clear = Picture::from_samples(PICTURE, opaque.rgb.clone(), Some(Samples::U8(alpha)));
    for picture in [opaque, clear] {
        let Some(mut harness) = window(picture, ModelSource::Loaded(model.clone()), CanvasChoice::Shader) else {
            return;
        };
        harness.run_steps(3);
        harness.state_mut().apply(Command::ZoomTo(1.0));
        until(&mut harness, "the canvas, and the fields around the view", |app| app.field_tiles() == 5 * 4);
        harness.state_mut().apply(Command::ZoomTo(6.0));
        until(&mut harness, "a neural frame at rest", |app| app.draws_fields() && is_at_rest(app));
        let first = harness.render().expect("the window is drawn");
        until(&mut harness, "the exact view", App::is_exact);
        let last = harness.render().expect("the window is drawn");
        let canvas = harness.state().canvas_rect_in_pixels();
        let mut worst = 0;
        for (x, y) in (0..canvas.width).step_by(3).flat_map(|x| (0..canvas.height).step_by(5).map(move |y| (x, y))) {
            let at = ((canvas.x + x) as u32, (canvas.y + y) as u32);
            let (a, b) = (first.get_pixel(at.0, at.1).0, last.get_pixel(at.0, at.1).0);
            (0..3).for_each(|c| worst = worst.max(a[c].abs_diff(b[c])));
        }
        assert!(worst <= 1, "the shader's frame is {worst} steps from the tiles'");
        harness.key_press(Key::Num1);
        harness.run_steps(3);
    }
}

/// A view at rest is locked, and the mean of several, as an export with the same settings.
#[test]
fn at_rest_the_view_is_locked_as_an_export_is() {
    let model = live();
    for choice in [CanvasChoice::Shader, CanvasChoice::Tiles] {
        let Some(mut harness) = window(picture(), ModelSource::Loaded(model.clone()), choice) else { return };
        let choices = harness.state().slices().settings.choices.clone();
        let choices = Settings { lock: true, ensemble: Ensemble::Four, ..choices };
        harness.state_mut().apply(settings::Command::Change(choices));
        harness.run_steps(3);
        harness.state_mut().apply(Command::ZoomTo(4.0));
        until(&mut harness, "the exact view", App::is_exact);
        harness.step();
        let recipe = harness.state().scene().recipe().expect("a view");
        assert_eq!(recipe.to_string(), "neural+ensemble:4+lock");
        let (canvas, view) = (harness.state().canvas_rect_in_pixels(), view(&harness));
        let part = PixelRect { x: canvas.width / 2 - 50, y: canvas.height / 2 - 40, width: 100, height: 80 };
        let locked = off_view(&mut harness, &model, recipe, (&view, part));
        let plain = off_view(&mut harness, &model, Source::NEURAL, (&view, part));
        assert!(locked <= 1.0 && plain > 2.0, "{choice:?}: {locked} steps off, and {plain} off the network alone");
    }
}

/// A device that has nothing left for the canvas's tiles leaves the view to others.
#[test]
fn a_device_that_is_gone_leaves_the_view_to_tiles() {
    let gone = |device: CanvasDevice| {
        // Not that of the window, which goes on being drawn.
        let other = create_render_state(default_wgpu_setup(), RendererOptions::PREDICTABLE);
        other.device.destroy();
        CanvasDevice { device: other.device.clone(), ..device }
    };
    let Some(mut harness) = window_on(picture(), ModelSource::Loaded(live()), Screen::default(), gone) else { return };
    harness.run_steps(3);
    for zoom in [6.0, 0.6] {
        harness.state_mut().apply(Command::ZoomTo(zoom));
        until(&mut harness, "the exact view", |app| {
            assert!(!app.draws_fields() && app.field_tiles() == 0);
            app.is_exact() && is_at_rest(app)
        });
    }
}
