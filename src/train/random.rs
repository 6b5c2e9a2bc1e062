//! Random numbers that are the same on every machine, and the values that untrained networks start from.

use crate::weights::{Array, ModelConfig, Weights};

/// `SplitMix64` (Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014).
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// A stream of its own for every list of numbers.
    pub(crate) fn of(parts: &[u64]) -> Self {
        let mut state = Self(0x9e37_79b9_7f4a_7c15);
        for part in parts {
            state.0 ^= *part;
            state.0 = state.next();
        }
        state
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// In [0, 1).
    pub(super) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// In [low, high).
    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// True for this share of the draws; nothing is drawn for a share of 0.
    pub(super) fn happens(&mut self, share: f64) -> bool {
        share > 0.0 && self.unit() < share
    }

    /// One of `0 .. n`; `n` is at least 1.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.next()) * n as u128) >> 64) as usize
    }

    /// Of mean 0 and variance 1 (Box and Muller).
    pub(super) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// `count` different ones of `0 .. n`, in random order.
    ///
    /// # Panics
    /// If there are not that many.
    pub(super) fn choose(&mut self, n: usize, count: usize) -> Vec<u32> {
        assert!(count <= n, "{count} of {n} cannot be different");
        let mut all: Vec<u32> = (0..n as u32).collect();
        for i in 0..count {
            let other = i + self.below(n - i);
            all.swap(i, other);
        }
        all.truncate(count);
        all
    }
}

/// `sqrt(ln 4) / (2π²)`: how soon waves fade as pixels grow (Becker et al., "Thera", 2023).
const KAPPA: f32 = 0.059_648_29;

/// `count` waves (y, x) of any direction, evenly spread up to `longest` times π radians per source pixel.
fn waves(count: usize, longest: f64, random: &mut Random) -> Vec<f32> {
    let wave = |_| {
        let radius = random.unit().sqrt() * longest * std::f64::consts::PI;
        let angle = random.between(0.0, std::f64::consts::PI);
        [(radius * angle.sin()) as f32, (radius * angle.cos()) as f32]
    };
    (0..count).flat_map(wave).collect()
}

/// Weights of a network that has learnt nothing, as PyTorch starts convolutions and linear layers: uniform within
/// `1 / sqrt(fan_in)`, biases too. A field adds nothing to the bicubic picture, and its waves are spread evenly over those
/// that a picture's pixels can hold, and some beyond.
///
/// # Errors
/// The reason alone, if no model is of this shape.
pub fn untrained(config: &ModelConfig, seed: u64) -> Result<Weights, String> {
    config.check()?;
    let expected = config.expected_arrays();
    let fan_in = |name: &str| {
        let weight = name.replace(".bias", ".weight");
        let shape = expected.iter().find(|(other, _)| *other == weight).map(|(_, shape)| shape.as_slice());
        shape.map_or(1, |shape| shape[1..].iter().product::<usize>())
    };
    let array = |(i, (name, shape)): (usize, &(String, Vec<usize>))| {
        let (bound, mut random) = (1.0 / (fan_in(name) as f64).sqrt(), Random::of(&[seed, i as u64]));
        let count = shape.iter().product();
        let data = match name.as_str() {
            "field.amplitudes.weight" | "field.amplitudes.bias" => vec![0.0; count],
            "field.luma_waves" => waves(shape[0], 2.2, &mut random),
            "field.chroma_waves" => waves(shape[0], 1.6, &mut random),
            "field.kappa" => vec![KAPPA],
            _ => (0..count).map(|_| random.between(-bound, bound) as f32).collect(),
        };
        (name.clone(), Array { shape: shape.clone(), data })
    };
    Weights::new(config.clone(), expected.iter().enumerate().map(array).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::{EncoderConfig, FieldConfig, Normalization};

    #[test]
    fn numbers_are_reproducible_different_and_in_range() {
        let mut a = Random::of(&[1, 2]);
        let values: Vec<f64> = (0..1000).map(|_| a.unit()).collect();
        let mut again = Random::of(&[1, 2]);
        assert!(values.iter().all(|v| *v == again.unit() && (0.0..1.0).contains(v)));
        assert_ne!(Random::of(&[2, 1]).unit(), values[0]);
        let mean = values.iter().sum::<f64>() / 1000.0;
        assert!((mean - 0.5).abs() < 0.05, "{mean}");
        let normal: Vec<f64> = (0..4000).map(|_| a.normal()).collect();
        let variance = normal.iter().map(|v| v * v).sum::<f64>() / 4000.0;
        assert!((variance - 1.0).abs() < 0.1, "{variance}");
    }

    #[test]
    fn choices_are_all_different() {
        let mut chosen = Random::of(&[7]).choose(50, 50);
        chosen.sort_unstable();
        assert_eq!(chosen, (0..50).collect::<Vec<u32>>());
        assert_eq!(Random::of(&[7]).choose(1000, 3).len(), 3);
    }

    #[test]
    fn an_untrained_field_is_silent_and_its_waves_are_spread() {
        let encoder = EncoderConfig::Plain { blocks: 1, convs: 2, features: 8 };
        let decoder = FieldConfig { luma_waves: 64, chroma_waves: 16 }.into();
        let config = ModelConfig { encoder, decoder, normalization: Normalization::LIIF };
        let weights = untrained(&config, 3).unwrap();
        for name in ["field.amplitudes.weight", "field.amplitudes.bias"] {
            assert!(weights.array(name).data.iter().all(|v| *v == 0.0));
        }
        for (name, most) in [("field.luma_waves", 2.2), ("field.chroma_waves", 1.6)] {
            let lengths = weights.array(name).data.as_chunks::<2>().0.iter().map(|[y, x]| y.hypot(*x));
            let longest = lengths.fold(0.0, f32::max) / std::f32::consts::PI;
            assert!((0.8 * most..=most).contains(&longest), "{longest}");
        }
        let kappa = 4.0_f64.ln().sqrt() / (2.0 * std::f64::consts::PI.powi(2));
        assert!((f64::from(weights.array("field.kappa").data[0]) - kappa).abs() < 1e-7);
    }

    #[test]
    fn untrained_values_keep_within_their_bound() {
        let config = Weights::builtin().unwrap().config().clone();
        let weights = untrained(&config, 3).unwrap();
        let largest = |name: &str| weights.array(name).data.iter().fold(0.0_f32, |a, b| a.max(b.abs()));
        let bound = 1.0 / 576_f32.sqrt();
        assert!((0.99 * bound..=bound).contains(&largest("encoder.body.3.body.0.weight")));
        assert!(largest("encoder.body.3.body.0.bias") <= bound);
        assert_ne!(weights.id(), untrained(&config, 4).unwrap().id());
    }
}
