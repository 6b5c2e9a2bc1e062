//! Choices that last, and the devices that can be chosen.

pub mod choices;
pub mod devices;
pub mod panel;
