//! What surrounds the picture.

pub mod closing;
pub mod help;
pub mod status;
pub mod toasts;
pub mod toolbar;
