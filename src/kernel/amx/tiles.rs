//! The tiles themselves.
#![expect(
    unsafe_code,
    reason = "tiles are reached through assembly and intrinsics; buffers are sized and aligned here"
)]

use crate::kernel::mlp::Layer;
use half::bf16;
use std::arch::asm;
use std::arch::x86_64::{__m512bh, _mm512_cvtne2ps_pbh, _mm512_loadu_ps};
use std::sync::OnceLock;

/// Rows and columns of a block of the result: two by two tiles.
const BLOCK: usize = 32;

/// Inputs that one tile multiplies.
const DEPTH: usize = 32;

/// 32 bfloat16 numbers on a cache line of their own: tiles load whole lines, and twice as fast if they are aligned.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([u16; 32]);

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

/// Whether this processor has tiles and this system lets the process use them. Asks the system once.
pub(crate) fn is_available() -> bool {
    static AVAILABLE: OnceLock<bool> = OnceLock::new();
    *AVAILABLE.get_or_init(|| has_instructions() && is_permitted())
}

fn has_instructions() -> bool {
    const AMX_BF16: u32 = 1 << 22;
    const AMX_TILE: u32 = 1 << 24;
    // Structured extended features, main leaf.
    let tiles = std::arch::x86_64::__cpuid_count(7, 0).edx & (AMX_BF16 | AMX_TILE) == AMX_BF16 | AMX_TILE;
    tiles && is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bf16")
}

/// Asks Linux for the tile state, which is too large to be saved for every process (`arch_prctl(2)`).
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

/// A layer's weights in the order in which tiles want them: `[output / 16][input / 32]` tiles of sixteen pairs of
/// inputs by sixteen outputs.
#[derive(Clone)]
struct TileLayer {
    weight: Vec<Line>,
    bias: Vec<f32>,
    inputs: usize,
}

/// Layers with a ReLU after each.
#[derive(Clone)]
pub(crate) struct TileLayers(Vec<TileLayer>);

impl std::fmt::Debug for TileLayers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TileLayers({})", self.0.len())
    }
}

/// Buffers of one thread.
#[derive(Default)]
pub(crate) struct TileScratch {
    now: Vec<Line>,
    next: Vec<Line>,
}

impl TileLayers {
    /// The layers for tiles, if there are tiles and every width is a multiple of [`BLOCK`].
    pub(crate) fn new(layers: &[Layer]) -> Option<Self> {
        let fits = |layer: &Layer| layer.inputs().is_multiple_of(DEPTH) && layer.outputs().is_multiple_of(BLOCK);
        (is_available() && !layers.is_empty() && layers.iter().all(fits))
            .then(|| Self(layers.iter().map(pack).collect()))
    }

    /// Runs `rows` rows of `values [rows, width]` through all layers, in place; `values` must have room for the widest
    /// layer. Results are clamped at zero.
    ///
    /// # Panics
    /// If `values` is too short.
    pub(crate) fn forward(&self, rows: usize, values: &mut [f32], scratch: &mut TileScratch) {
        let padded = rows.next_multiple_of(BLOCK);
        let widest = self.0.iter().map(|layer| layer.inputs.max(layer.bias.len())).max().unwrap_or(0);
        assert!(values.len() >= rows * widest, "no room for the widest layer");
        for buffer in [&mut scratch.now, &mut scratch.next] {
            if buffer.len() < padded * widest / DEPTH {
                buffer.resize(padded * widest / DEPTH, Line([0; 32]));
            }
        }
        // SAFETY: `is_available` found AVX-512 BF16 and tiles when the layers were packed, and the buffers hold
        // `padded` rows of the widest layer.
        unsafe { self.run(rows, padded, values, scratch) }
    }

    #[target_feature(enable = "avx512f,avx512bf16")]
    unsafe fn run(&self, rows: usize, padded: usize, values: &mut [f32], scratch: &mut TileScratch) {
        let inputs = self.0[0].inputs;
        narrow(&values[..rows * inputs], &mut scratch.now);
        // SAFETY: the configuration is a valid one for palette 1 and lives as long as the instruction.
        unsafe { asm!("ldtilecfg [{}]", in(reg) &raw const CONFIG, options(nostack, readonly)) };
        let last = self.0.len() - 1;
        for (i, layer) in self.0.iter().enumerate() {
            for row in (0..padded).step_by(BLOCK) {
                let real = rows.saturating_sub(row).min(BLOCK);
                for column in (0..layer.bias.len()).step_by(BLOCK) {
                    let sums = multiply(layer, &scratch.now, row, column);
                    if i < last {
                        store_narrow(layer, &sums, row, column, &mut scratch.next);
                    } else {
                        store_wide(layer, &sums, row, column, real, values);
                    }
                }
            }
            std::mem::swap(&mut scratch.now, &mut scratch.next);
        }
        // SAFETY: gives the tiles back; nothing of ours lives in them.
        unsafe { asm!("tilerelease", options(nostack, nomem)) };
    }
}

fn pack(layer: &Layer) -> TileLayer {
    let (inputs, outputs) = (layer.inputs(), layer.outputs());
    let mut weight = Vec::with_capacity(inputs * outputs / 32);
    for (output, input) in (0..outputs).step_by(16).flat_map(|o| (0..inputs).step_by(DEPTH).map(move |i| (o, i))) {
        for pair in 0..16 {
            let at = |k: usize| layer.weight[(input + 2 * pair + k % 2) * outputs + output + k / 2];
            weight.push(Line(std::array::from_fn(|k| bf16::from_f32(at(k)).to_bits())));
        }
    }
    TileLayer { weight, bias: layer.bias.clone(), inputs }
}

/// Rounds `values` to bfloat16, line by line.
#[target_feature(enable = "avx512f,avx512bf16")]
fn narrow(values: &[f32], lines: &mut [Line]) {
    for (from, to) in values.as_chunks::<32>().0.iter().zip(lines) {
        // SAFETY: sixteen values each from both halves of a chunk of 32, and a line of 32 results; a vector of
        // bfloat16 is 32 numbers of 16 bits.
        unsafe {
            let (low, high) = (_mm512_loadu_ps(from.as_ptr()), _mm512_loadu_ps(from.as_ptr().add(16)));
            to.0 = std::mem::transmute::<__m512bh, [u16; 32]>(_mm512_cvtne2ps_pbh(high, low));
        }
    }
}

/// 32×32 sums on the stack, row by row.
#[repr(C, align(64))]
struct Sums([[f32; BLOCK]; BLOCK]);

/// The block of the product at (`row`, `column`) of the result.
#[target_feature(enable = "avx512f,avx512bf16")]
fn multiply(layer: &TileLayer, input: &[Line], row: usize, column: usize) -> Sums {
    let steps = layer.inputs / DEPTH;
    let mut sums = std::mem::MaybeUninit::<Sums>::uninit();
    // Sixteen lines a tile.
    let weights = [column / 16, column / 16 + 1].map(|tile| &layer.weight[tile * steps * 16..][..steps * 16]);
    let rows = [row, row + 16].map(|row| &input[row * steps..][..16 * steps]);
    // SAFETY: the tiles are configured by the caller. Each step reads sixteen lines of both weights, and one line of
    // sixteen rows of both inputs, `steps` lines apart: all inside the slices above. The four results fill `sums`.
    unsafe {
        asm!(
            "tilezero tmm0", "tilezero tmm1", "tilezero tmm2", "tilezero tmm3",
            "2:",
            "tileloadd tmm4, [{a0} + {a_stride}*1]",
            "tileloadd tmm6, [{b0} + {b_stride}*1]",
            "tdpbf16ps tmm0, tmm4, tmm6",
            "tileloadd tmm7, [{b1} + {b_stride}*1]",
            "tdpbf16ps tmm1, tmm4, tmm7",
            "tileloadd tmm5, [{a1} + {a_stride}*1]",
            "tdpbf16ps tmm2, tmm5, tmm6",
            "tdpbf16ps tmm3, tmm5, tmm7",
            "add {a0}, 64", "add {a1}, 64", "add {b0}, 1024", "add {b1}, 1024",
            "dec {left}",
            "jnz 2b",
            "tilestored [{c} + {c_stride}*1], tmm0",
            "tilestored [{c} + {c_stride}*1 + 64], tmm1",
            "tilestored [{c} + {c_stride}*1 + 2048], tmm2",
            "tilestored [{c} + {c_stride}*1 + 2112], tmm3",
            a0 = inout(reg) rows[0].as_ptr() => _,
            a1 = inout(reg) rows[1].as_ptr() => _,
            b0 = inout(reg) weights[0].as_ptr() => _,
            b1 = inout(reg) weights[1].as_ptr() => _,
            left = inout(reg) steps => _,
            c = in(reg) sums.as_mut_ptr(),
            a_stride = in(reg) steps * size_of::<Line>(),
            b_stride = in(reg) size_of::<Line>(),
            c_stride = in(reg) BLOCK * size_of::<f32>(),
            options(nostack),
        );
        sums.assume_init()
    }
}

/// Bias, ReLU, and back to bfloat16 for the next layer.
#[target_feature(enable = "avx512f,avx512bf16")]
fn store_narrow(layer: &TileLayer, sums: &Sums, row: usize, column: usize, out: &mut [Line]) {
    let lines = layer.bias.len() / BLOCK;
    let mut wide = Sums([[0.0; BLOCK]; BLOCK]);
    for (i, values) in sums.0.iter().enumerate() {
        activate(values, &layer.bias[column..], &mut wide.0[i]);
        narrow(&wide.0[i], &mut out[(row + i) * lines + column / BLOCK..][..1]);
    }
}

/// Bias and ReLU, for what comes after the last hidden layer.
#[target_feature(enable = "avx512f,avx512bf16")]
fn store_wide(layer: &TileLayer, sums: &Sums, row: usize, column: usize, real: usize, out: &mut [f32]) {
    for (i, values) in sums.0.iter().take(real).enumerate() {
        let at = (row + i) * layer.bias.len() + column;
        let out: &mut [f32] = &mut out[at..at + BLOCK];
        let mut wide = [0.0; BLOCK];
        activate(values, &layer.bias[column..], &mut wide);
        out.copy_from_slice(&wide);
    }
}

#[target_feature(enable = "avx512f,avx512bf16")]
fn activate(values: &[f32; BLOCK], bias: &[f32], out: &mut [f32; BLOCK]) {
    for ((value, bias), out) in values.iter().zip(bias).zip(out) {
        *out = (value + bias).max(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(n: usize, seed: u32, scale: f32) -> Vec<f32> {
        let value = |i: u32| ((i ^ seed).wrapping_mul(2_654_435_761) >> 8) as f32 / 8_388_608.0 - 1.0;
        (0..n as u32).map(|i| scale * value(i)).collect()
    }

    /// The same arithmetic, one product at a time: bfloat16 factors, single-precision sums.
    fn scalar_twin(layers: &[Layer], rows: usize, values: &[f32]) -> Vec<f32> {
        let round = |v: f32| bf16::from_f32(v).to_f32();
        layers.iter().fold(values.to_vec(), |values, layer| {
            let (inputs, outputs) = (layer.inputs(), layer.outputs());
            let sum = |r: usize, o: usize| -> f32 {
                (0..inputs).map(|i| round(values[r * inputs + i]) * round(layer.weight[i * outputs + o])).sum()
            };
            (0..rows * outputs).map(|k| (sum(k / outputs, k % outputs) + layer.bias[k % outputs]).max(0.0)).collect()
        })
    }

    #[test]
    fn tiles_do_what_their_scalar_twin_does() {
        if !is_available() {
            eprintln!("skipped: this processor has no matrix tiles (AMX-BF16)");
            return;
        }
        for (rows, widths) in [(1, [32, 64, 32]), (33, [96, 32, 64]), (256, [256, 256, 256])] {
            let layer = |i: usize| {
                let weight = noise(widths[i] * widths[i + 1], 7 + i as u32, 0.1);
                Layer { weight, bias: noise(widths[i + 1], 3, 0.2) }
            };
            let layers = [layer(0), layer(1)];
            let widest = *widths.iter().max().unwrap();
            let mut values = noise(rows * widths[0], 1, 1.0);
            let expected = scalar_twin(&layers, rows, &values);
            values.resize(rows * widest, 0.0);
            TileLayers::new(&layers).unwrap().forward(rows, &mut values, &mut TileScratch::default());
            let worst = expected.iter().zip(&values).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            let size = expected.iter().map(|v| v.abs()).fold(0.0, f32::max);
            // Sums run in another order, and a rounding to bfloat16 between the layers may fall the other way.
            assert!(worst <= 0.01 * size, "{rows} rows of {widths:?}: {worst} of {size}");
            let slipped = expected.iter().zip(&values[1..]).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(rows * widths[2] < 64 || slipped > 0.01 * size, "the comparison cannot fail");
        }
    }
}
