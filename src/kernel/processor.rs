//! What the processor is called, and what it has beside vectors of single numbers.

#[cfg(target_arch = "x86_64")]
use super::instructions::Instructions;

/// The processor's name as it tells itself, where it does: `AMD Ryzen 7 7840U w/ Radeon 780M Graphics`.
pub fn processor_name() -> Option<String> {
    let name = own_name()?;
    let words: Vec<&str> = name.split_whitespace().collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// The 48 letters that x86 processors hold in three leaves of `cpuid`.
#[cfg(target_arch = "x86_64")]
fn own_name() -> Option<String> {
    use std::arch::x86_64::__cpuid;
    const LEAVES: std::ops::RangeInclusive<u32> = 0x8000_0002..=0x8000_0004;
    if __cpuid(0x8000_0000).eax < *LEAVES.end() {
        return None;
    }
    let letters = LEAVES.map(__cpuid).flat_map(|leaf| [leaf.eax, leaf.ebx, leaf.ecx, leaf.edx]);
    let bytes: Vec<u8> = letters.flat_map(u32::to_le_bytes).take_while(|byte| *byte != 0).collect();
    String::from_utf8(bytes).ok()
}

#[cfg(not(target_arch = "x86_64"))]
fn own_name() -> Option<String> {
    None
}

/// Whether AVX-512 is in use and multiplies bfloat16 numbers too.
pub(super) fn has_bf16_vectors() -> bool {
    #[cfg(target_arch = "x86_64")]
    return Instructions::in_use() == Instructions::Avx512 && is_x86_feature_detected!("avx512bf16");
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// Whether AMD made it.
pub(super) fn is_amd() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::arch::x86_64::__cpuid(0).ebx.to_le_bytes() == *b"Auth";
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// Whether it has matrix tiles and this system lets the process use them. Asks the system once.
pub(super) fn has_tiles() -> bool {
    #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
    return has_bf16_vectors() && tiles::are_available();
    #[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
    false
}

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod tiles {
    use std::arch::asm;
    use std::sync::OnceLock;

    pub(super) fn are_available() -> bool {
        static AVAILABLE: OnceLock<bool> = OnceLock::new();
        *AVAILABLE.get_or_init(|| has_instructions() && is_permitted())
    }

    fn has_instructions() -> bool {
        const AMX_BF16: u32 = 1 << 22;
        const AMX_TILE: u32 = 1 << 24;
        // Structured extended features, main leaf.
        std::arch::x86_64::__cpuid_count(7, 0).edx & (AMX_BF16 | AMX_TILE) == AMX_BF16 | AMX_TILE
    }

    /// Asks Linux for the tile state, which is too large to be saved for every process (`arch_prctl(2)`).
    #[expect(unsafe_code, reason = "a system call that no library of ours makes")]
    fn is_permitted() -> bool {
        const ARCH_PRCTL: i64 = 158;
        const ARCH_REQ_XCOMP_PERM: i64 = 0x1023;
        const XFEATURE_XTILEDATA: i64 = 18;
        let result: i64;
        // SAFETY: a system call that reads no memory of ours; `syscall` overwrites rcx and r11, which are named.
        unsafe {
            asm!("syscall", inlateout("rax") ARCH_PRCTL => result, in("rdi") ARCH_REQ_XCOMP_PERM,
                in("rsi") XFEATURE_XTILEDATA, out("rcx") _, out("r11") _, options(nostack));
        }
        result == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_line_of_words() {
        if let Some(name) = processor_name() {
            assert!(!name.contains("  ") && !name.contains(char::is_control) && name.trim() == name, "{name}");
        } else {
            eprintln!("skipped: this processor does not tell its name");
        }
    }
}
