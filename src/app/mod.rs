//! The window, in slices.
//!
//! A slice has its state, its commands, and its panels in its own folder. It calls the slices below it, and tells those
//! above it by an [`env::Event`]. From low to high: [`kit`], [`ports`], [`mod@env`] (what all work with), [`settings`],
//! [`files`], [`models`], [`view`], [`compare`], [`export`], [`training`], and [`window`], which has all of them, and the
//! loop: `logic` drains what the threads have sent; `ui` draws and collects commands; [`App::apply`] has the slices carry
//! them out. Nothing here waits for work.

pub mod compare;
pub mod env;
pub mod export;
pub mod files;
pub mod kit;
pub mod models;
pub mod ports;
pub mod settings;
pub mod training;
pub mod view;
pub mod window;

pub use models::slot::ModelSource;
pub use ports::{LoadFn, Ports};
pub use window::app::{App, AppOptions};
pub use window::command::Command;
pub use window::run::{Watcher, native_options, run, run_watched};
pub use window::services::Services;
