//! Panels about models.

pub mod list;
pub mod save;
