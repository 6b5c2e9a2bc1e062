//! In which arithmetic the kernels run.

use std::fmt;
use std::str::FromStr;

/// The arithmetic of hidden layers. Weights and sums are kept in single precision everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// 32-bit floats, on every processor.
    F32,
    /// Products of bfloat16 numbers, added in 32 bits, where the processor has tiles for them (AMX). The
    /// picture stays the same within 70 dB PSNR.
    Bf16,
}

impl Precision {
    /// The fastest that this processor has, unless the environment variable `ZOOMFIELD_PRECISION` names one.
    pub fn best() -> Self {
        let named = std::env::var("ZOOMFIELD_PRECISION").ok().and_then(|name| name.parse().ok());
        named.unwrap_or(if super::amx::is_available() { Self::Bf16 } else { Self::F32 })
    }

    /// Whether this processor has it.
    pub fn is_available(self) -> bool {
        self == Self::F32 || super::amx::is_available()
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
        })
    }
}

impl FromStr for Precision {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "f32" => Ok(Self::F32),
            "bf16" => Ok(Self::Bf16),
            _ => Err(format!("`{name}` is no precision; f32 and bf16 are")),
        }
    }
}
