//! The eight symmetries of the square, in the weights: a network that sees every picture turned, and turns back what it
//! answers, is a network of the same kind with its kernels turned.
//!
//! With T a symmetry, E convolutions and D the decoder, for every picture I and position u
//!
//! ```text
//! f_T(I)(u) = f(T I)(T u):   W'[δ] = W[T δ]          kernels and the unfolded neighbourhood of a code
//!                            w'·d = w·(T d)           columns of `rel_coord` and of `rel_cell`; waves of a field
//! ```
//!
//! So the members of a geometric self-ensemble (Lim et al., EDSR, 2017, section 3.3) are models like any other: their
//! features are tiled, kept and named as such, on every device, and no picture is copied.

use super::{Array, Weights};
use crate::weights::DecoderConfig;
use std::sync::Arc;

/// A symmetry of the square.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Symmetry {
    /// Rows and columns change places, before anything is mirrored.
    is_transposed: bool,
    /// Whether y and x are mirrored.
    is_mirrored: [bool; 2],
}

impl Symmetry {
    /// All of them: nothing, a half turn, the two quarter turns, then those that mirror.
    pub const ALL: [Self; 8] = [
        Self::new(false, false, false),
        Self::new(false, true, true),
        Self::new(true, true, false),
        Self::new(true, false, true),
        Self::new(false, true, false),
        Self::new(false, false, true),
        Self::new(true, false, false),
        Self::new(true, true, true),
    ];

    const fn new(is_transposed: bool, y: bool, x: bool) -> Self {
        Self { is_transposed, is_mirrored: [y, x] }
    }

    /// A place (y, x) in a square of `side` places along an edge, turned.
    pub fn place(self, [y, x]: [usize; 2], side: usize) -> [usize; 2] {
        let turned = if self.is_transposed { [x, y] } else { [y, x] };
        std::array::from_fn(|a| if self.is_mirrored[a] { side - 1 - turned[a] } else { turned[a] })
    }

    /// Of factors (y, x) of a turned offset, those of the offset itself.
    fn factors(self, [y, x]: [f32; 2]) -> [f32; 2] {
        let mirrored = [(y, 0), (x, 1)].map(|(factor, a)| if self.is_mirrored[a] { -factor } else { factor });
        if self.is_transposed { [mirrored[1], mirrored[0]] } else { mirrored }
    }

    /// The same of sizes, which have no sign.
    fn sizes(self, [y, x]: [f32; 2]) -> [f32; 2] {
        if self.is_transposed { [x, y] } else { [y, x] }
    }
}

impl Weights {
    /// The network that turns every picture, and turns back what this one makes of it.
    #[must_use]
    pub fn turned(&self, symmetry: Symmetry) -> Self {
        let arrays = self.arrays().iter().map(|(name, array)| {
            let mut turned = array.clone();
            match (name.as_str(), array.shape.as_slice()) {
                (_, [.., rows, columns]) if array.shape.len() == 4 && rows == columns => {
                    turn_kernels(&mut turned.data, &array.data, *rows, symmetry);
                }
                ("imnet.layers.0.weight", [_, inputs]) => self.turn_inputs(&mut turned, *inputs, symmetry),
                (name, [_, 2]) if name.ends_with("_waves") => {
                    turned.data.as_chunks_mut().0.iter_mut().for_each(|wave| *wave = symmetry.factors(*wave));
                }
                _ => {}
            }
            (name.clone(), turned)
        });
        Self { arrays: Arc::new(arrays.collect()), ..self.clone() }
    }

    /// Turns what imnet's first layer reads: the code, unfolded or not, `rel_coord`, `rel_cell`.
    fn turn_inputs(&self, layer: &mut Array, inputs: usize, symmetry: Symmetry) {
        let DecoderConfig::Imnet(imnet) = &self.config.decoder else { return };
        let code = imnet.code_width(self.config.encoder.features());
        for row in layer.data.chunks_exact_mut(inputs) {
            if imnet.feat_unfold {
                let before = row[..code].to_vec();
                turn_kernels(&mut row[..code], &before, 3, symmetry);
            }
            for (pair, turn) in row[code..].as_chunks_mut().0.iter_mut().zip([Symmetry::factors, Symmetry::sizes]) {
                *pair = turn(symmetry, *pair);
            }
        }
    }
}

/// Squares of `side` values along an edge, one behind the other.
fn turn_kernels(turned: &mut [f32], kernels: &[f32], side: usize, symmetry: Symmetry) {
    let area = side * side;
    for (to, from) in turned.chunks_exact_mut(area).zip(kernels.chunks_exact(area)) {
        for (i, value) in to.iter_mut().enumerate() {
            let [y, x] = symmetry.place([i / side, i % side], side);
            *value = from[y * side + x];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn all_are_different_and_none_is_more_than_a_turn() {
        let corners = |symmetry: Symmetry| [[0, 0], [0, 2], [2, 0], [1, 0]].map(|place| symmetry.place(place, 3));
        assert_eq!(Symmetry::ALL.map(corners).into_iter().collect::<HashSet<_>>().len(), 8);
        for symmetry in Symmetry::ALL {
            // w'·d = w·(T d), for offsets from the middle.
            let (w, d) = ([0.3_f32, -1.7], [0usize, 2]);
            let dot = |w: [f32; 2], place: [usize; 2]| (0..2).map(|a| w[a] * (place[a] as f32 - 1.0)).sum::<f32>();
            assert!((dot(symmetry.factors(w), d) - dot(w, symmetry.place(d, 3))).abs() < 1e-6, "{symmetry:?}");
        }
    }
}
