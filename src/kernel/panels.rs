//! Weights in the order in which the blocked product reads them.

use super::lines::{LINE_WORDS, Line};
use super::precision::Precision;
use half::bf16;

/// Outputs that one panel holds: the lanes of a vector, the columns of a tile.
pub(super) const PANEL: usize = 16;

/// Outputs that one block of the product computes: two panels.
pub(super) const BLOCK_COLUMNS: usize = 2 * PANEL;

/// A matrix `[depth, outputs]` cut into panels of sixteen outputs: `[outputs / 16][words][16 outputs]`, where a word is
/// one `f32`, or the bfloat16 numbers of two consecutive depths. Missing outputs are zero.
#[derive(Clone)]
pub(super) struct Panels {
    lines: Vec<Line>,
    words: usize,
}

impl Panels {
    /// Packs `at(depth, output)` for a product in `precision`. `depth` must be even for bfloat16.
    pub(super) fn pack(depth: usize, outputs: usize, precision: Precision, at: impl Fn(usize, usize) -> f32) -> Self {
        let value = |k: usize, o: usize| if o < outputs { at(k, o) } else { 0.0 };
        let per_word = precision.values_per_word();
        let words = depth / per_word;
        assert_eq!(words * per_word, depth, "an odd depth does not fit pairs");
        let word = |k: usize, o: usize| match precision {
            Precision::F32 => value(k, o).to_bits(),
            _ => pair(value(2 * k, o), value(2 * k + 1, o)),
        };
        let panels = outputs.next_multiple_of(BLOCK_COLUMNS) / PANEL;
        let line = |panel: usize, k: usize| Line(std::array::from_fn(|o| word(k, panel * PANEL + o)));
        let lines = (0..panels).flat_map(|panel| (0..words).map(move |k| (panel, k)));
        Self { lines: lines.map(|(panel, k)| line(panel, k)).collect(), words }
    }

    /// Room for a matrix in single precision, all zero.
    pub(super) fn zero(depth: usize, outputs: usize) -> Self {
        let panels = outputs.next_multiple_of(BLOCK_COLUMNS) / PANEL;
        Self { lines: vec![Line([0; LINE_WORDS]); panels * depth], words: depth }
    }

    /// Sets one value in single precision.
    pub(super) fn set(&mut self, depth: usize, output: usize, value: f32) {
        self.lines[output / PANEL * self.words + depth].0[output % PANEL] = value.to_bits();
    }

    /// Lines of a panel: words of depth.
    pub(super) fn words(&self) -> usize {
        self.words
    }

    /// Panel `index` and those behind it.
    pub(super) fn panel(&self, index: usize) -> &[Line] {
        &self.lines[index * self.words..]
    }

    /// How many panels there are: an even number.
    pub(super) fn count(&self) -> usize {
        self.lines.len() / self.words.max(1)
    }

    /// Both panels of block `index`.
    #[cfg(target_arch = "x86_64")]
    pub(super) fn block(&self, index: usize) -> [&[Line]; 2] {
        [2 * index, 2 * index + 1].map(|panel| &self.lines[panel * self.words..(panel + 1) * self.words])
    }

    /// How many blocks of [`BLOCK_COLUMNS`] outputs there are.
    pub(super) fn blocks(&self) -> usize {
        self.count() / 2
    }
}

const _: () = assert!(PANEL == LINE_WORDS, "a line holds one word of every output of a panel");

fn pair(low: f32, high: f32) -> u32 {
    u32::from(bf16::from_f32(low).to_bits()) | u32::from(bf16::from_f32(high).to_bits()) << 16
}
