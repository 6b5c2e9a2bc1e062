//! Panels about files.

pub mod info;
pub mod open;
pub mod pages;
mod recent;
