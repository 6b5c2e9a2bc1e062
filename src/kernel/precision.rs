//! In which arithmetic the kernels run, and on which instructions.

use super::instructions::Instructions;
use super::processor;
use std::fmt;
use std::str::FromStr;

/// The arithmetic of convolutions and hidden layers. Sums, biases and the encoder's residuals are 32-bit everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Precision {
    /// 32-bit floats, on every processor.
    F32,
    /// Products of bfloat16 numbers, added in 32 bits, on vectors (AVX-512 BF16: AMD since Zen 4). With the shipped
    /// model the picture stays the same within 70 dB PSNR.
    Bf16Vectors,
    /// The same on matrix tiles (AMX-BF16: Intel Xeon since Sapphire Rapids), Linux only.
    Bf16Tiles,
}

impl Precision {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::F32, Self::Bf16Vectors, Self::Bf16Tiles];

    /// The fastest that this processor has. Intel's vectors multiply pairs at half the rate of single numbers (measured
    /// on Sapphire Rapids), AMD's at the full rate: there alone they gain.
    pub fn best() -> Self {
        if Self::Bf16Tiles.is_available() {
            Self::Bf16Tiles
        } else if Self::Bf16Vectors.is_available() && processor::is_amd() {
            Self::Bf16Vectors
        } else {
            Self::F32
        }
    }

    /// Whether this processor has it.
    pub fn is_available(self) -> bool {
        match self {
            Self::F32 => true,
            Self::Bf16Vectors => processor::has_bf16_vectors(),
            Self::Bf16Tiles => processor::has_tiles(),
        }
    }

    /// Whether products are those of bfloat16 numbers.
    pub fn is_bf16(self) -> bool {
        self != Self::F32
    }

    /// Which arithmetic on which instructions, for people: `f32 AVX2`, `bf16-amx`.
    pub fn path(self) -> String {
        match self {
            Self::F32 => format!("{self} {}", Instructions::in_use()),
            other => other.to_string(),
        }
    }

    /// Numbers in 32 bits.
    pub(super) fn values_per_word(self) -> usize {
        if self.is_bf16() { 2 } else { 1 }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F32 => "f32",
            Self::Bf16Vectors => "bf16-avx512",
            Self::Bf16Tiles => "bf16-amx",
        })
    }
}

/// What a person asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PrecisionChoice {
    /// The fastest, unless exactness is asked for too.
    #[default]
    Auto,
    /// This one.
    Only(Precision),
    /// Half precision, which graphics devices alone have; where the processor stands in, its fastest.
    Half,
}

impl PrecisionChoice {
    /// The precision to use on the processor; [`Precision::best`] where none of its own is named.
    pub fn or_best(self) -> Precision {
        match self {
            Self::Auto | Self::Half => Precision::best(),
            Self::Only(precision) => precision,
        }
    }
}

impl fmt::Display for PrecisionChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Only(precision) => precision.fmt(f),
            Self::Half => f.write_str("f16"),
        }
    }
}

impl FromStr for PrecisionChoice {
    type Err = String;

    /// `auto`, `f32`, `f16`, `bf16` (the fastest kind of it), or one kind by name. What this processor lacks is an error.
    fn from_str(name: &str) -> Result<Self, String> {
        let named = match name {
            "auto" => return Ok(Self::Auto),
            "f16" => return Ok(Self::Half),
            "bf16" if Precision::Bf16Tiles.is_available() => Precision::Bf16Tiles,
            "bf16" => Precision::Bf16Vectors,
            _ => *Precision::ALL
                .iter()
                .find(|precision| precision.to_string() == name)
                .ok_or_else(|| format!("`{name}` is no precision; choose auto, f32, bf16 or f16"))?,
        };
        if named.is_available() {
            Ok(Self::Only(named))
        } else {
            Err(format!("this processor has no instructions for {name}; choose auto or f32"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_nonsense_is_refused() {
        for precision in Precision::ALL.into_iter().filter(|precision| precision.is_available()) {
            assert_eq!(precision.to_string().parse(), Ok(PrecisionChoice::Only(precision)));
        }
        for choice in [PrecisionChoice::Auto, PrecisionChoice::Half] {
            assert_eq!(choice.to_string().parse(), Ok(choice));
        }
        assert!("f23".parse::<PrecisionChoice>().unwrap_err().contains("choose auto, f32, bf16 or f16"));
        assert!(Precision::best().is_available());
    }
}
