//! Two ways of making pixels, side by side.

pub mod panel;
