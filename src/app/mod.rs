//! The window.
//!
//! `logic` drains what the threads have sent into [`state::State`]; `ui` draws the state and collects
//! [`command::Command`]s; [`App::apply`] carries them out. Nothing here waits for work.

mod actions;
mod browsing;
pub mod canvas;
pub mod command;
mod configuring;
pub mod copying;
pub mod devices;
pub mod dialogs;
mod draw;
pub mod exporting;
mod exports;
pub mod files;
mod folders;
mod fonts;
mod gpu_setup;
mod incoming;
pub mod keys;
pub mod library;
mod logic;
pub mod look;
mod looking;
pub mod models;
pub mod motion;
pub mod one_shot;
pub mod open;
mod panels;
pub mod rate;
mod requests;
pub mod samples;
pub mod services;
pub mod settings;
pub mod state;
pub mod textures;
pub mod theme;
pub mod toasts;
pub mod training;
mod window;
pub mod zoom;

pub use command::{Command, ViewCommand};
pub use models::{LoadFn, ModelSource};
pub use services::Services;
pub use window::{Watcher, native_options, run, run_watched};

use crate::geometry::{PixelRect, View};
use crate::picture::Picture;
use crate::render::Compute;
use canvas::Canvas;
use open::Opened;
use requests::Requests;
use state::{Sharpness, State};
use std::path::PathBuf;
use std::sync::Arc;
use textures::TileTextures;

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
}

/// The window's whole inside.
pub struct App {
    ctx: egui::Context,
    state: State,
    textures: TileTextures,
    requests: Requests,
    services: Services,
    fonts: fonts::Fonts,
    title: String,
    has_unkept_settings: bool,
}

impl App {
    /// The program's own window.
    ///
    /// # Errors
    /// [`crate::error::Error::Device`] if the system has no thread for the renderer.
    pub fn new(cc: &eframe::CreationContext<'_>, options: AppOptions) -> crate::error::Result<Self> {
        let home = options.data.as_deref().map(Services::home_in);
        let services = Services { home, ..Services::start(&cc.egui_ctx, options.settings.clone())? };
        Ok(Self::with_services(&cc.egui_ctx, options, services))
    }

    /// A window with other connections to the world: what tests use.
    pub fn with_services(ctx: &egui::Context, options: AppOptions, services: Services) -> Self {
        theme::apply(ctx);
        ctx.options_mut(|options| {
            // Ctrl with + and - zooms the picture, not the buttons.
            options.zoom_with_keyboard = false;
            // A notch of the wheel with Ctrl zooms as far as one without.
            options.input_options.scroll_zoom_speed = canvas::input::scroll_zoom_speed(&options.input_options);
        });
        let (settings, complaint) = options.settings.as_deref().map_or_else(Default::default, settings::load);
        let mut app = Self {
            ctx: ctx.clone(),
            state: State { store: services.features.clone(), ..State::new(settings) },
            textures: TileTextures::default(),
            requests: Requests::default(),
            services,
            fonts: fonts::Fonts::wait(ctx),
            title: String::new(),
            has_unkept_settings: false,
        };
        if let Some(file) = &options.settings {
            app.state.files.recent = files::recent::Recent::load(&files::recent::beside(file));
        }
        app.follow_settings();
        app.state.compute = options.compute;
        let model = app.or_default(options.model);
        app.start_model(model);
        if let Some(complaint) = complaint {
            app.fail(complaint);
        }
        app.look_for_interrupted();
        if !options.files.is_empty() {
            app.apply(Command::OpenAll(options.files));
        }
        app
    }

    /// Shows a picture that is already in memory.
    pub fn show(&mut self, picture: Picture) {
        self.show_opened(Opened::new(picture));
    }

    /// The view at this moment, if there is a picture.
    pub fn view(&self) -> Option<View> {
        self.state.view()
    }

    /// The picture, if there is one.
    pub fn picture(&self) -> Option<&Arc<Picture>> {
        self.state.shown.as_ref().map(|shown| &shown.picture)
    }

    /// Where the canvas lies in the window, in physical pixels.
    pub fn canvas_rect_in_pixels(&self) -> PixelRect {
        let Canvas { origin_in_window: [x, y], size, .. } = self.state.canvas;
        PixelRect { x: x as usize, y: y as usize, width: size.width, height: size.height }
    }

    /// Whether the canvas shows exactly the pixels that an export of the view would write: at rest, all tiles there,
    /// none fading.
    pub fn is_exact(&self) -> bool {
        matches!(self.state.sharpness, Sharpness::Exact | Sharpness::Resampled)
    }

    /// The toolkit's side of it, by which other threads wake the window.
    pub fn context(&self) -> &egui::Context {
        &self.ctx
    }

    /// What the window shows, to look at.
    pub fn state(&self) -> &State {
        &self.state
    }
}

impl eframe::App for App {
    fn logic(&mut self, _ctx: &egui::Context, _frame: &mut eframe::Frame) {
        self.drain();
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        self.begin_frame();
        let mut commands = keys::pressed(&self.ctx);
        let is_held = keys::holds_original(&self.ctx);
        if is_held != self.state.is_original_held {
            commands.push(Command::View(ViewCommand::HoldOriginal(is_held)));
        }
        commands.extend(incoming::commands(&self.ctx));
        commands.extend(draw::frame(ui, &self.state, &mut self.textures));
        let has_changed = !commands.is_empty();
        for command in commands {
            self.apply(command);
        }
        self.end_frame(has_changed);
    }
}
