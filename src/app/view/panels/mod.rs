//! Panels about the view.

pub mod minimap;
pub mod zoom;
