//! What goes wrong on graphics devices.

use crate::error::Error;
use crate::task::Interrupt;

/// Why a graphics device did not deliver.
#[derive(Clone, Debug, PartialEq)]
pub enum GpuError {
    /// The device is gone: reset, unplugged, or its driver failed. The words are the driver's.
    Lost(String),
    /// It has no memory of that size left; less at a time may work.
    OutOfMemory,
    /// It cannot do what is asked: limits too small, a shader that its driver refuses, a wrong result.
    Unfit(String),
    /// Nobody wants the result any more.
    Cancelled,
}

/// What a graphics device delivers.
pub type GpuResult<T> = Result<T, GpuError>;

impl GpuError {
    /// The reason in words that complete a sentence.
    pub fn reason(&self) -> String {
        match self {
            Self::Lost(words) => format!("it was lost ({words})"),
            Self::OutOfMemory => "it has not enough memory".into(),
            Self::Unfit(words) => words.clone(),
            Self::Cancelled => "the work was stopped".into(),
        }
    }

    /// As an error of this crate, about the device of this name.
    pub fn into_error(self, device: &str) -> Error {
        match self {
            Self::Cancelled => Error::Cancelled,
            other => Error::device(format!(
                "the graphics card {device} cannot be used: {}; compute with `--backend cpu`",
                other.reason()
            )),
        }
    }
}

/// Stops the caller if the result is no longer wanted.
///
/// # Errors
/// [`GpuError::Cancelled`].
pub(super) fn check(interrupt: Interrupt<'_>) -> GpuResult<()> {
    if interrupt() { Err(GpuError::Cancelled) } else { Ok(()) }
}
