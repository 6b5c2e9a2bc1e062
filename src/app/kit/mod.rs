//! What every slice draws and waits with.

pub mod folders;
pub mod one_shot;
pub mod service;
pub mod text;
pub mod theme;
pub mod toasts;
pub mod widgets;
