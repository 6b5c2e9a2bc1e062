//! Panels about files.

pub mod info;
pub mod open;
mod recent;
