//! Panels about exports.

pub mod form;
pub mod progress;
