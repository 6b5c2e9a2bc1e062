//! LIIF by its definition, one sum at a time, in double precision: shares no code with the program but the grid.

use super::Arrays;
use zoomfield::geometry::{AxisGrid, SampleGrid};
use zoomfield::weights::{Array, ImnetConfig, Weights};

/// A feature map `[1, channels, height, width]` as imnet reads it.
struct Codes<'a> {
    map: &'a Array,
    is_unfolded: bool,
}

impl Codes<'_> {
    fn at(&self, channel: usize, y: isize, x: isize) -> f64 {
        let (height, width) = (self.map.shape[2], self.map.shape[3]);
        let is_inside = (0..height as isize).contains(&y) && (0..width as isize).contains(&x);
        if is_inside { f64::from(self.map.data[(channel * height + y as usize) * width + x as usize]) } else { 0.0 }
    }

    /// The code at a place, with its neighbours if unfolded, channel by channel.
    fn code(&self, y: usize, x: usize) -> Vec<f64> {
        let (y, x, channels) = (y as isize, x as isize, self.map.shape[1]);
        if !self.is_unfolded {
            return (0..channels).map(|channel| self.at(channel, y, x)).collect();
        }
        let tap = |i: usize| self.at(i / 9, y + (i % 9 / 3) as isize - 1, x + (i % 3) as isize - 1);
        (0..9 * channels).map(tap).collect()
    }
}

/// Which codes a position reads along one axis of `n`, and their shares.
fn corners(u: f64, n: usize, local_ensemble: bool) -> Vec<(usize, f64)> {
    let place = |code: f64| code.clamp(0.0, (n - 1) as f64) as usize;
    if !local_ensemble {
        return vec![(place(u.round_ties_even()), 1.0)];
    }
    let below = u.floor();
    vec![(place(below), 1.0 - (u - below)), (place(below + 1.0), u - below)]
}

fn layer(weights: &Weights, index: usize, x: &[f64]) -> Vec<f64> {
    let [weight, bias] = ["weight", "bias"].map(|kind| weights.array(&format!("imnet.layers.{}.{kind}", 2 * index)));
    let sum =
        |(row, bias): (&[f32], &f32)| row.iter().zip(x).map(|(w, x)| f64::from(*w) * x).sum::<f64>() + f64::from(*bias);
    weight.data.chunks_exact(x.len()).zip(&bias.data).map(sum).collect()
}

fn imnet_of(weights: &Weights) -> &ImnetConfig {
    weights.config().decoder.imnet().unwrap()
}

fn imnet(weights: &Weights, mut x: Vec<f64>) -> Vec<f64> {
    let hidden = imnet_of(weights).hidden.len();
    for index in 0..hidden {
        x = layer(weights, index, &x).into_iter().map(|v| v.max(0.0)).collect();
    }
    layer(weights, hidden, &x)
}

/// Normalised RGB on `grid`, `[rows, columns, 3]`.
pub(crate) fn query_rgb(weights: &Weights, map: &Array, grid: &SampleGrid) -> Vec<f32> {
    let config = imnet_of(weights);
    let codes = Codes { map, is_unfolded: config.feat_unfold };
    let position = |axis: &AxisGrid, i: usize| axis.latent_position(i);
    let mut rgb = Vec::new();
    for (i, j) in (0..grid.y.len).flat_map(|i| (0..grid.x.len).map(move |j| (i, j))) {
        let (u, v) = (position(&grid.y, i), position(&grid.x, j));
        let mut pixel = [0.0; 3];
        for (y, share_y) in corners(u, map.shape[2], config.local_ensemble) {
            for (x, share_x) in corners(v, map.shape[3], config.local_ensemble) {
                let mut input = codes.code(y, x);
                input.extend([2.0 * (u - y as f64), 2.0 * (v - x as f64)]);
                if config.cell_decode {
                    input.extend([2.0 * grid.y.pitch, 2.0 * grid.x.pitch]);
                }
                let color = imnet(weights, input);
                (0..3).for_each(|c| pixel[c] += share_y * share_x * color[c]);
            }
        }
        rgb.extend(pixel.map(|v| v as f32));
    }
    rgb
}

/// A fixture's own weights, or the built-in ones.
pub(crate) fn weights_of(name: &str, arrays: &Arrays) -> Weights {
    if name.ends_with("official") { Weights::builtin().unwrap() } else { arrays.weights("model.") }
}
