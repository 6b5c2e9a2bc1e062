//! At ×1 the live picture is the file: what a field adds at the centre of its own pixel is nothing there.
//!
//! That is so for every picture if, over the waves of one colour, the amplitudes' weights of the cosines, each times what
//! is left of its wave at ×1, sum to zero. Weights are brought to the nearest that do.

use crate::weights::{Array, FieldConfig};
use std::collections::BTreeMap;

/// What is left of every wave at ×1, and which amplitudes are whose.
pub(super) struct Anchor {
    /// First amplitude of the cosines of a colour, and the shares of its waves.
    colors: [(usize, Vec<f64>); 3],
    amplitudes: usize,
}

impl Anchor {
    /// Of a live network's arrays.
    pub(super) fn of(arrays: &BTreeMap<String, Array>, field: &FieldConfig) -> Self {
        let kappa = arrays.get("field.kappa").map_or(0.0, |kappa| f64::from(kappa.data[0]));
        let shares = |name: &str| {
            let waves = arrays.get(name).map(|array| array.data.as_chunks::<2>().0);
            let squares = waves.unwrap_or_default().iter().map(|[y, x]| f64::from(*y).powi(2) + f64::from(*x).powi(2));
            squares.map(|square| (-kappa * square).exp()).collect::<Vec<f64>>()
        };
        let (luma, chroma) = (shares("field.luma_waves"), shares("field.chroma_waves"));
        let first = [0, 2 * luma.len(), 2 * luma.len() + 2 * chroma.len()];
        let colors = [(first[0], luma), (first[1], chroma.clone()), (first[2], chroma)];
        Self { colors, amplitudes: field.amplitudes() }
    }

    /// Anchors weights and bias of the amplitudes.
    pub(super) fn hold(&self, arrays: &mut BTreeMap<String, Array>) {
        for (name, array) in arrays {
            self.hold_values(name, &mut array.data);
        }
    }

    /// Leaves of gradients what the anchor lets through: steps do not pull at it.
    pub(super) fn hold_gradients(&self, gradients: &mut BTreeMap<String, Vec<f32>>) {
        for (name, values) in gradients {
            self.hold_values(name, values);
        }
    }

    fn hold_values(&self, name: &str, values: &mut [f32]) {
        if name.starts_with("field.amplitudes.") {
            let width = values.len() / self.amplitudes;
            for (first, shares) in &self.colors {
                silence(&mut values[first * width..(first + shares.len()) * width], shares, width);
            }
        }
    }
}

/// The nearest rows of so many values whose sum, each times its share, is zero.
fn silence(rows: &mut [f32], shares: &[f64], width: usize) {
    let squares: f64 = shares.iter().map(|share| share * share).sum();
    for column in 0..width {
        let values = || rows.iter().skip(column).step_by(width);
        let sum: f64 = values().zip(shares).map(|(v, share)| f64::from(*v) * share).sum();
        let values = rows.iter_mut().skip(column).step_by(width);
        values.zip(shares).for_each(|(v, share)| *v -= (sum / squares * share) as f32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::random::{Random, untrained};
    use crate::weights::{EncoderConfig, ModelConfig, Normalization};

    #[test]
    fn what_is_added_at_the_own_centre_vanishes_and_nothing_else_does() {
        let field = FieldConfig { luma_waves: 5, chroma_waves: 3 };
        let encoder = EncoderConfig::Plain { blocks: 1, convs: 1, features: 4 };
        let config = ModelConfig { encoder, decoder: field.clone().into(), normalization: Normalization::LIIF };
        let mut arrays = untrained(&config, 1).unwrap().arrays().clone();
        let mut random = Random::of(&[2]);
        for name in ["field.amplitudes.weight", "field.amplitudes.bias"] {
            arrays.get_mut(name).unwrap().data.iter_mut().for_each(|v| *v = random.between(-1.0, 1.0) as f32);
        }
        let before = arrays.clone();
        Anchor::of(&arrays, &field).hold(&mut arrays);
        let kappa = f64::from(arrays["field.kappa"].data[0]);
        for (name, first, count) in [("luma", 0, 5), ("chroma", 10, 3), ("chroma", 16, 3)] {
            let waves = arrays[&format!("field.{name}_waves")].data.as_chunks::<2>().0;
            let sum: f64 = (0..count)
                .map(|k| {
                    let square: f64 = waves[k].iter().map(|v| f64::from(*v).powi(2)).sum();
                    (-kappa * square).exp() * f64::from(arrays["field.amplitudes.bias"].data[first + k])
                })
                .sum();
            assert!(sum.abs() < 1e-6, "{sum}");
        }
        // Sines add nothing there anyway, and the encoder is not concerned.
        let (old, new) = (&before["field.amplitudes.bias"].data, &arrays["field.amplitudes.bias"].data);
        assert!(old[..5] != new[..5] && old[5..10] == new[5..10]);
        assert_eq!(before["encoder.head.weight"], arrays["encoder.head.weight"]);
        let once = arrays.clone();
        Anchor::of(&arrays, &field).hold(&mut arrays);
        let off =
            |name: &str| once[name].data.iter().zip(&arrays[name].data).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(off("field.amplitudes.weight") < 1e-6);
    }
}
