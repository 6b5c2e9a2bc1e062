//! Intel's matrix tiles (AMX-BF16, Xeon since Sapphire Rapids), on Linux.
//!
//! The intrinsics are not stable yet, so tiles are driven by `asm!`. Every block of assembly zeroes or loads, uses and
//! stores its tiles itself, and names them as overwritten.

#![expect(unsafe_code, reason = "tiles are reached through assembly alone")]

use super::{Rows, Sums};
use crate::kernel::lines::{LINE_WORDS, Line};
use crate::kernel::processor::has_tiles;
use std::arch::asm;

/// The shape of eight tiles of sixteen rows of 64 bytes.
#[repr(C, align(64))]
struct TileConfig {
    palette: u8,
    start_row: u8,
    reserved: [u8; 14],
    bytes_per_row: [u16; 16],
    rows: [u8; 16],
}

static CONFIG: TileConfig = {
    let (mut bytes_per_row, mut rows) = ([0; 16], [0; 16]);
    let mut tile = 0;
    while tile < 8 {
        bytes_per_row[tile] = 64;
        rows[tile] = 16;
        tile += 1;
    }
    TileConfig { palette: 1, start_row: 0, reserved: [0; 14], bytes_per_row, rows }
};

/// Shapes this thread's tiles. The processor and the system must have them.
pub(super) fn configure() {
    assert!(has_tiles(), "no matrix tiles");
    // SAFETY: the instruction exists and is permitted; the configuration is a valid one for palette 1.
    unsafe { asm!("ldtilecfg [{}]", in(reg) &raw const CONFIG, options(nostack, readonly)) };
}

/// Gives this thread's tiles back. The processor and the system must have them.
pub(super) fn release() {
    assert!(has_tiles(), "no matrix tiles");
    // SAFETY: the instruction exists and is permitted; nothing of ours lives in tiles between two products.
    unsafe { asm!("tilerelease", options(nostack, nomem)) };
}

/// 32 rows by two panels: two by two tiles of sums, one line of depth at a time.
///
/// # Safety
/// Tiles must be configured; `rows` must have a run, hold 32 rows of whole lines (one or more), and both panels as many
/// words.
pub(super) unsafe fn multiply(rows: Rows<'_>, weights: [&[Line]; 2], sums: &mut Sums) {
    const LINE_BYTES: usize = size_of::<Line>();
    let bytes = |words: usize| words * size_of::<u32>();
    let start = rows.data.as_ptr();
    // SAFETY: every step reads a line of each of 32 rows (`a0` sixteen, `a1` sixteen more, `stride` apart) and sixteen
    // lines of both panels, as the caller promises; after the last line of a run `jump` leads to the next run. The four
    // results fill `sums`, whose rows are two lines long.
    unsafe {
        asm!(
            "tilezero tmm0", "tilezero tmm1", "tilezero tmm2", "tilezero tmm3",
            "3:",
            "mov {left}, {lines}",
            "2:",
            "tileloadd tmm4, [{a0} + {stride}*1]",
            "tileloadd tmm6, [{b0} + {line}*1]",
            "tdpbf16ps tmm0, tmm4, tmm6",
            "tileloadd tmm7, [{b1} + {line}*1]",
            "tdpbf16ps tmm1, tmm4, tmm7",
            "tileloadd tmm5, [{a1} + {stride}*1]",
            "tdpbf16ps tmm2, tmm5, tmm6",
            "tdpbf16ps tmm3, tmm5, tmm7",
            "add {a0}, 64", "add {a1}, 64", "add {b0}, 1024", "add {b1}, 1024",
            "dec {left}",
            "jnz 2b",
            "add {a0}, {jump}", "add {a1}, {jump}",
            "dec {runs}",
            "jnz 3b",
            "tilestored [{c} + {line}*2], tmm0",
            "tilestored [{c} + {line}*2 + 64], tmm1",
            "tilestored [{c} + {line}*2 + 2048], tmm2",
            "tilestored [{c} + {line}*2 + 2112], tmm3",
            a0 = inout(reg) start => _,
            a1 = inout(reg) start.add(16 * rows.stride) => _,
            b0 = inout(reg) weights[0].as_ptr() => _,
            b1 = inout(reg) weights[1].as_ptr() => _,
            left = out(reg) _,
            lines = in(reg) rows.words / LINE_WORDS,
            runs = inout(reg) rows.runs => _,
            jump = in(reg) bytes(rows.pitch).wrapping_sub(bytes(rows.words)),
            c = in(reg) sums.0.as_mut_ptr(),
            stride = in(reg) bytes(rows.stride),
            line = in(reg) LINE_BYTES,
            out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
            out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
            options(nostack),
        );
    }
}
