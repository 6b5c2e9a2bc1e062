//! Panels about the view.

pub mod inquiry;
pub mod minimap;
pub mod zoom;
