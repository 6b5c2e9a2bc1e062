//! Where one looks, and what is there.

pub mod apply;
pub mod canvas;
pub mod look;
pub mod motion;
pub mod panels;
pub mod rate;
pub mod requests;
pub mod textures;
pub mod zoom;
