//! The window, in slices.
//!
//! A slice has its state, its commands, and its panels in its own folder, and knows only the slices above it in this
//! list. [`window`] has all of them, and the loop: `logic` drains what the threads have sent; `ui` draws and collects
//! commands; [`App::apply`] has the slices carry them out. Nothing here waits for work.

pub mod compare;
pub mod export;
pub mod files;
pub mod kit;
pub mod models;
pub mod ports;
pub mod settings;
pub mod training;
pub mod view;
pub mod window;

pub use models::slot::{LoadFn, ModelSource};
pub use ports::Services;
pub use window::app::{App, AppOptions};
pub use window::command::{Command, ViewCommand};
pub use window::run::{Watcher, native_options, run, run_watched};
