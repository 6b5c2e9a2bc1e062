//! Exports, and copies of the view.

pub mod apply;
pub mod choice;
pub mod copying;
pub mod panels;
pub mod queue;
pub mod running;
