//! Which vector instructions the kernels run on: the widest that the processor has, or those that were asked for.

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

/// Vector instructions, and with them the shape of every block of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Instructions {
    /// Sixteen numbers in each of 32 registers (x86-64 servers, AMD since Zen 4).
    Avx512,
    /// Eight numbers in each of 16 registers, with fused multiply-add (Intel since Haswell, AMD since Zen).
    Avx2,
    /// Four numbers in each of 32 registers (every 64-bit ARM processor).
    Neon,
    /// What every processor has: loops that the compiler turns into vectors where it can.
    Scalar,
}

impl Instructions {
    /// All of them, the widest first.
    pub const ALL: [Self; 4] = [Self::Avx512, Self::Avx2, Self::Neon, Self::Scalar];

    /// The environment variable that forces one kind, by its name in lower case.
    pub const VARIABLE: &str = "ZOOMFIELD_INSTRUCTIONS";

    /// Whether this processor has them.
    pub fn is_available(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => is_x86_feature_detected!("avx512f") && Self::Avx2.is_available(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            #[cfg(target_arch = "aarch64")]
            Self::Neon => true,
            Self::Scalar => true,
            _ => false,
        }
    }

    /// Those that this processor has, the widest first.
    pub fn available() -> Vec<Self> {
        Self::ALL.into_iter().filter(|instructions| instructions.is_available()).collect()
    }

    /// The widest that this processor has.
    pub fn best() -> Self {
        Self::ALL.into_iter().find(|instructions| instructions.is_available()).unwrap_or(Self::Scalar)
    }

    /// What [`Self::VARIABLE`] asks for; [`Self::best`] if it is not set.
    ///
    /// # Errors
    /// A sentence for people if it names nothing, or what this processor lacks.
    pub fn from_environment() -> Result<Self, String> {
        match std::env::var(Self::VARIABLE) {
            Ok(name) if !name.is_empty() => name.parse().map_err(|reason| format!("{}: {reason}", Self::VARIABLE)),
            _ => Ok(Self::best()),
        }
    }

    /// Those that this process computes with, decided once; [`Self::best`] where [`Self::from_environment`] fails.
    pub fn in_use() -> Self {
        static IN_USE: OnceLock<Instructions> = OnceLock::new();
        *IN_USE.get_or_init(|| Self::from_environment().unwrap_or_else(|_| Self::best()))
    }

    /// The name by which they are asked for.
    pub fn name(self) -> &'static str {
        match self {
            Self::Avx512 => "avx512",
            Self::Avx2 => "avx2",
            Self::Neon => "neon",
            Self::Scalar => "scalar",
        }
    }
}

impl fmt::Display for Instructions {
    /// As their makers write them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Avx512 => "AVX-512",
            Self::Avx2 => "AVX2",
            Self::Neon => "NEON",
            Self::Scalar => "scalar",
        })
    }
}

impl FromStr for Instructions {
    type Err = String;

    /// By [`Instructions::name`]. What this processor lacks is an error.
    fn from_str(name: &str) -> Result<Self, String> {
        let names = || Self::available().iter().map(|known| known.name()).collect::<Vec<_>>().join(" or ");
        match Self::ALL.into_iter().find(|known| known.name() == name) {
            Some(known) if known.is_available() => Ok(known),
            Some(known) => Err(format!("this processor has no {known} instructions; choose {}", names())),
            None => Err(format!("`{name}` names no instructions; choose {}", names())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_what_is_missing_is_said() {
        for instructions in Instructions::available() {
            assert_eq!(instructions.name().parse(), Ok(instructions));
        }
        let missing = Instructions::ALL.into_iter().find(|instructions| !instructions.is_available()).unwrap();
        let reason = missing.name().parse::<Instructions>().unwrap_err();
        assert!(reason.contains(&format!("no {missing} instructions; choose ")), "{reason}");
        assert!("sse9".parse::<Instructions>().unwrap_err().contains("or scalar"));
    }

    #[test]
    fn the_widest_is_used_unless_another_is_asked_for() {
        assert_eq!(Instructions::best(), Instructions::available()[0]);
        assert_eq!(Ok(Instructions::in_use()), Instructions::from_environment());
    }
}
