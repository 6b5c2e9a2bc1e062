//! What the processor is called.

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
