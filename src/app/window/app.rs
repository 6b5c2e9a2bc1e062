//! The window: its slices and the loop.
//!
//! `logic` drains what the threads have sent into the slices; `ui` draws them and collects
//! [commands](super::command::Command); [`App::apply`] has them carried out, and what the slices have to tell each other
//! delivered. Nothing here waits for work.

use super::screen::{self, Found};
use super::services::Services;
use super::state::{Slices, State};
use super::{draw, fonts, incoming, keys};
use crate::app::env::{Env, Event};
use crate::app::files::recent::{Recent, beside};
use crate::app::kit::theme;
use crate::app::models::slot::ModelSource;
use crate::app::ports::{Opened, Ports};
use crate::app::settings::Settings;
use crate::app::view::Sharpness;
use crate::app::view::canvas::{Canvas, input};
use crate::app::view::fields::{CanvasChoice, CanvasDevice};
use crate::app::view::frame::Frame;
use crate::app::view::scene::Scene;
use crate::app::view::tiles::Tiles;
use crate::app::{compare, export, files, models, settings, training, view};
use crate::geometry::{PixelRect, View};
use crate::picture::{Picture, Screen};
use crate::render::Compute;
use std::path::PathBuf;
use std::sync::Arc;

/// What the window starts with.
pub struct AppOptions {
    /// Picture files and folders of pictures. One file is shown among its neighbours, several are a list.
    pub files: Vec<PathBuf>,
    /// The model that enlarges.
    pub model: ModelSource,
    /// What computes this time; the settings say what this leaves open.
    pub compute: Compute,
    /// The file that remembers settings; without one nothing does.
    pub settings: Option<PathBuf>,
    /// The folder that keeps models and trainings; without one nothing does.
    pub data: Option<PathBuf>,
    /// The screen's own colours; what the system says, unless the settings do not want it, where none are given.
    pub screen: Option<Screen>,
}

/// The window's whole inside.
pub struct App {
    pub(super) ctx: egui::Context,
    pub(super) ports: Ports,
    pub(super) state: State,
    pub(super) slices: Slices,
    pub(super) tiles: Tiles,
    pub(super) events: Vec<Event>,
    pub(super) fonts: fonts::Fonts,
    pub(super) title: String,
}

impl App {
    /// The program's own window.
    ///
    /// # Errors
    /// [`crate::error::Error::Device`] if the system has no thread for the renderer.
    pub fn new(cc: &eframe::CreationContext<'_>, options: AppOptions) -> crate::error::Result<Self> {
        let (choices, damage) = loaded(&options);
        let given = options.screen.clone().map(|screen| Found { screen, complaint: None });
        let Found { screen, complaint } = given.unwrap_or_else(|| screen::find(choices.screen));
        let services = Services::start(&cc.egui_ctx, options.settings.clone(), options.data.as_deref(), screen)?;
        let mut app = Self::with_settings(&cc.egui_ctx, options, (choices, damage), services);
        if let Some(complaint) = complaint {
            app.parts().0.fail(complaint);
        }
        app.draw_on(cc);
        Ok(app)
    }

    /// Takes over the window's device, on which the canvas may draw fields itself.
    pub(super) fn draw_on(&mut self, cc: &eframe::CreationContext<'_>) {
        if let Some(state) = &cc.wgpu_render_state {
            self.draw_fields_on(CanvasDevice {
                adapter: state.adapter.clone(),
                device: state.device.clone(),
                format: state.target_format,
                choice: CanvasChoice::of_environment(),
            });
        }
    }

    /// The same with a device by itself: what tests use.
    pub fn draw_fields_on(&mut self, device: CanvasDevice) {
        self.tiles.fields.attach(device);
    }

    /// A window with other connections to the world: what tests use.
    pub fn with_services(ctx: &egui::Context, options: AppOptions, services: Services) -> Self {
        let settings = loaded(&options);
        Self::with_settings(ctx, options, settings, services)
    }

    /// The choices are those of the file of settings, with what is to be said of it.
    fn with_settings(
        ctx: &egui::Context,
        options: AppOptions,
        (choices, damage): (Settings, Option<String>),
        services: Services,
    ) -> Self {
        theme::apply(ctx);
        ctx.options_mut(|options| {
            // Ctrl with + and - zooms the picture, not the buttons.
            options.zoom_with_keyboard = false;
            // A notch of the wheel with Ctrl zooms as far as one without.
            options.input_options.scroll_zoom_speed = input::scroll_zoom_speed(&options.input_options);
        });
        let AppOptions { files, model, compute, settings, .. } = options;
        let recent = settings.as_deref().map_or_else(Recent::default, |file| Recent::load(&beside(file)));
        let Services { ports, features, folders, settings_writer, files: threads } = services;
        let (library, workplace) = folders.map(|folders| (folders.library, folders.workplace)).unzip();
        let slices = Slices {
            settings: settings::State::new(choices, compute, settings_writer),
            files: files::State::new(threads, recent),
            models: models::State::new(library),
            view: view::State { store: features, ..view::State::default() },
            compare: compare::State::default(),
            export: export::State::default(),
            training: training::State::new(workplace),
        };
        let mut app = Self {
            ctx: ctx.clone(),
            state: State { screen: ports.screen.clone(), ..State::default() },
            ports,
            slices,
            tiles: Tiles::default(),
            events: Vec::new(),
            fonts: fonts::Fonts::wait(ctx),
            title: String::new(),
        };
        app.begin(files, model, damage);
        app
    }

    fn begin(&mut self, files: Vec<PathBuf>, model: ModelSource, damage: Option<String>) {
        let (mut env, slices, _) = self.parts();
        slices.settings.follow(env.ctx);
        slices.models.start(model, &slices.settings, &mut env);
        if let Some(damage) = damage {
            env.fail(damage);
        }
        slices.training.look_for_interrupted(&env);
        if !files.is_empty() {
            self.apply(files::Command::OpenAll(files));
        }
    }

    /// What a slice works with, apart from the slices.
    pub(super) fn parts(&mut self) -> (Env<'_>, &mut Slices, &mut Tiles) {
        let env = Env {
            ctx: &self.ctx,
            ports: &self.ports,
            now_secs: self.state.now_secs,
            toasts: &mut self.state.toasts,
            panel: &mut self.state.panel,
            events: &mut self.events,
        };
        (env, &mut self.slices, &mut self.tiles)
    }

    /// Shows a picture that is already in memory.
    pub fn show(&mut self, picture: Picture) {
        let (mut env, slices, _) = self.parts();
        let picture = picture.seen_on(&env.ports.screen);
        slices.files.show(Opened::new(picture), false, &mut env);
        self.deliver();
    }

    /// The view at this moment, if there is a picture.
    pub fn view(&self) -> Option<View> {
        self.slices.view.view(self.state.now_secs)
    }

    /// The picture, if there is one.
    pub fn picture(&self) -> Option<&Arc<Picture>> {
        self.slices.view.shown.as_ref().map(|shown| &shown.picture)
    }

    /// Where the canvas lies in the window, in physical pixels.
    pub fn canvas_rect_in_pixels(&self) -> PixelRect {
        let Canvas { origin_in_window: [x, y], size, .. } = self.slices.view.canvas;
        PixelRect { x: x as usize, y: y as usize, width: size.width, height: size.height }
    }

    /// Whether the canvas shows exactly the pixels that an export of the view would write: at rest, all tiles there,
    /// none fading.
    pub fn is_exact(&self) -> bool {
        matches!(self.slices.view.sharpness, Sharpness::Exact | Sharpness::Resampled)
    }

    /// Whether in the last frame the canvas has drawn all of what it shows of the network itself, at that frame's zoom.
    pub fn draws_fields(&self) -> bool {
        self.tiles.fields.is_whole()
    }

    /// What the loupe shows, if its key is held, and whether all of it is there.
    pub fn loupe(&self) -> Option<(View, bool)> {
        let Tiles { loupe, textures, .. } = &self.tiles;
        let is_there = |frame: &Frame| textures.are_settled(frame.finals(), self.state.now_secs);
        loupe.as_ref().map(|(loupe, frame)| (loupe.view, is_there(frame)))
    }

    /// How many feature tiles the canvas can draw itself.
    pub fn field_tiles(&self) -> usize {
        self.tiles.fields.tiles()
    }

    /// The toolkit's side of it, by which other threads wake the window.
    pub fn context(&self) -> &egui::Context {
        &self.ctx
    }

    /// The slices, to look at.
    pub fn slices(&self) -> &Slices {
        &self.slices
    }

    /// What is known of the window itself, to look at.
    pub fn window(&self) -> &State {
        &self.state
    }

    /// What is looked at, with what it is made with.
    pub fn scene(&self) -> Scene<'_> {
        self.slices.scene(self.state.now_secs)
    }
}

/// The choices in the file of settings, and what is to be said of it.
fn loaded(options: &AppOptions) -> (Settings, Option<String>) {
    options.settings.as_deref().map_or_else(Default::default, settings::file::load)
}

impl eframe::App for App {
    fn logic(&mut self, _ctx: &egui::Context, _frame: &mut eframe::Frame) {
        self.drain();
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        self.begin_frame();
        let mut commands = keys::pressed(&self.ctx);
        let held = keys::held(&self.ctx);
        if held != self.slices.compare.held {
            commands.push(compare::Command::Hold(held).into());
        }
        commands.extend(incoming::commands(&self.ctx));
        commands.extend(draw::frame(ui, &self.state, &self.slices, &mut self.tiles));
        let has_changed = !commands.is_empty();
        for command in commands {
            self.apply(command);
        }
        self.end_frame(has_changed);
    }
}
