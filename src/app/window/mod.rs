//! The loop, the keys, and what surrounds the picture.

mod answers;
pub mod app;
mod apply;
mod closing;
pub mod command;
mod desktop;
pub mod dialogs;
mod draw;
mod fonts;
mod gpu_setup;
mod incoming;
pub mod keys;
mod logic;
mod panels;
pub mod run;
mod screen;
pub mod services;
pub mod state;
