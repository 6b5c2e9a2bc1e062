//! A shader's work, as it is tried in every variant.

use super::error::GpuResult;
use super::pipeline::Dispatch;
use super::stopwatch::Timing;
use super::variant::Variant;

/// A shader's work in one variant, as it is tried.
pub trait Trial {
    /// Sides of the picture that it is tried on, the first on slow devices, each of four times the work.
    const SIDES: [usize; 3];

    /// In which variant it computes.
    fn variant(&self) -> Variant;

    /// The work.
    ///
    /// # Errors
    /// [`super::GpuError::OutOfMemory`] or [`super::GpuError::Lost`].
    fn dispatches(&self) -> GpuResult<Vec<Dispatch<'_>>>;

    /// Multiply-adds of it.
    fn macs(&self) -> f64;

    /// Some of what it computes.
    ///
    /// # Errors
    /// As [`Self::dispatches`].
    fn answer(&self) -> GpuResult<Vec<f32>>;
}

/// How long a shader's work takes in one variant.
#[derive(Clone, Copy, Debug)]
pub struct VariantTiming {
    /// Which.
    pub variant: Variant,
    /// How long one run takes.
    pub timing: Timing,
    /// Multiply-adds of it.
    pub macs: f64,
}
