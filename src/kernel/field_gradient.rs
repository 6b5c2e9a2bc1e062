//! A field of waves in training: forward, L1 loss and backward in one go, image by image.
//!
//! Amplitudes follow from the latent codes by one matrix. Inside, every row has a slot for each wave of the brightness and
//! for each wave of either colour difference, cosines first, filled up to whole vectors: whatever is done to a query is done
//! to rows. One sine and cosine of a wave serve all four pixels that a query reads, because those lie a whole pixel apart.
//! Sums run image by image, in the same order however many threads there are.

use super::field_rows::{add_corner, add_slopes, basis, by_channel, corner_backward, fade, spread};
use super::field_shape::{FieldQuery, FieldShape, Slot};
use super::instructions::Instructions;
use super::matrix::{Lhs, Matrix};
use super::mlp_rows::add;
use super::outer::{Outer, OuterScratch, Samples, add_outer_packed};
use super::target::Targets;
use crate::task::Interrupt;
use rayon::prelude::*;

/// Queries between two looks at whether anybody still wants the result.
const BLOCK_QUERIES: usize = 256;

/// Slots are a multiple of this.
const LANES: usize = 16;

/// A batch's loss, and its gradients.
pub struct FieldGradient {
    /// The mean absolute difference of all predicted values.
    pub loss: f64,
    /// The predictions, image by image.
    pub predictions: Vec<[f32; 3]>,
    /// The gradient of the latent codes, like them; none if it is not wanted.
    pub codes: Option<Vec<f32>>,
    /// The gradient of the parameters, like them.
    pub parameters: Vec<f32>,
}

/// A field's parameters, prepared.
pub struct TrainedField<'a> {
    shape: &'a FieldShape,
    slots: Vec<Slot>,
    /// Values in a row.
    width: usize,
    /// y and x of every slot's wave.
    waves: [Vec<f32>; 2],
    /// What a wave turns by a pixel to the right, down, and both: a row of cosines and one of sines each.
    turns: Vec<f32>,
    /// Which slots are of which channel.
    masks: [Vec<f32>; 3],
    kappa: f32,
    /// From codes to a row of cosines and one of sines, and from the gradient of those back.
    matrices: [Matrix; 2],
}

/// Buffers of one thread.
#[derive(Default)]
struct Scratch {
    /// `[codes, 2, width]`, and its gradient.
    amplitudes: Vec<f32>,
    gradient: Vec<f32>,
    fade: Vec<f32>,
    /// `[4, 2, width]`.
    basis: Vec<f32>,
    /// `[3, width]`: see [`add_corner`].
    sums: Vec<f32>,
    slope: Vec<f32>,
    /// `[4, width]`: see [`add_slopes`].
    rows: Vec<f32>,
    /// `[2, width, channels]`.
    weight: Vec<f32>,
    bias: Vec<f32>,
    outer: OuterScratch,
}

/// One image on its way through.
struct ImageTask<'a> {
    codes: &'a [f32],
    queries: &'a [FieldQuery],
    targets: Targets<'a>,
    predictions: &'a mut [[f32; 3]],
    code_gradient: Option<&'a mut [f32]>,
    parameter_gradient: Vec<f32>,
    loss: f64,
}

impl<'a> TrainedField<'a> {
    /// Prepares `parameters` (in the order of [`FieldShape`]).
    ///
    /// # Panics
    /// If there are more or fewer than the shape says.
    pub fn new(shape: &'a FieldShape, parameters: &[f32]) -> Self {
        assert_eq!(parameters.len(), shape.parameters(), "parameters do not fit {shape:?}");
        let (slots, channels) = (shape.slots(), shape.channels);
        let width = slots.len().next_multiple_of(LANES);
        let (weight, rest) = parameters.split_at(shape.amplitudes() * channels);
        let (bias, waves) = rest.split_at(shape.amplitudes());
        let row = |of: &dyn Fn(&Slot) -> f32| {
            let mut row: Vec<f32> = slots.iter().map(of).collect();
            row.resize(width, 0.0);
            row
        };
        let [y, x] = [0, 1].map(|axis| row(&|slot| waves[2 * slot.wave + axis]));
        let mut turns = Vec::new();
        for [down, across] in [[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]] {
            let phases = y.iter().zip(&x).map(|(y, x)| f64::from(*y) * down + f64::from(*x) * across);
            turns.extend(phases.clone().map(|phase| phase.cos() as f32));
            turns.extend(phases.map(|phase| phase.sin() as f32));
        }
        let amplitude = |o: usize| {
            let slot = slots.get(o % width)?;
            Some(if o < width { slot.cos } else { slot.sin })
        };
        let at = |k: usize, o: usize| amplitude(o).map_or(0.0, |row| weight[row * channels + k]);
        let bias: Vec<f32> = (0..2 * width).map(|o| amplitude(o).map_or(0.0, |row| bias[row])).collect();
        let matrices =
            [Matrix::new(channels, &bias, at), Matrix::new(2 * width, &vec![0.0; channels], |o, k| at(k, o))];
        let masks = [0, 1, 2].map(|channel| row(&|slot| f32::from(u8::from(slot.channel == channel))));
        Self { shape, width, waves: [y, x], turns, masks, kappa: waves[2 * shape.waves()], matrices, slots }
    }

    /// Predicts every query of every image from its latent `codes` (all images' `[codes, channels]`, one after the other),
    /// compares with `targets` and returns the mean absolute difference with its gradients. `interrupt` is checked every few
    /// milliseconds; what comes after it said yes is left out.
    ///
    /// # Panics
    /// If the images are none, or anything is not of the size that the queries need.
    pub fn l1(
        &self,
        codes: &[f32],
        queries: &[Vec<FieldQuery>],
        mut targets: Targets<'_>,
        wants_codes: bool,
        interrupt: Interrupt<'_>,
    ) -> FieldGradient {
        let total: usize = queries.iter().map(Vec::len).sum();
        assert!(total > 0 && targets.are_of(total), "as many targets as queries");
        let image_len = codes.len() / queries.len();
        let mut predictions = vec![[0.0; 3]; total];
        let mut gradient = wants_codes.then(|| vec![0.0; codes.len()]);
        let mut rest = &mut predictions[..];
        let mut parts = gradient.as_mut().map(|gradient| gradient.chunks_exact_mut(image_len));
        let mut tasks = Vec::with_capacity(queries.len());
        for (queries, codes) in queries.iter().zip(codes.chunks_exact(image_len)) {
            let (predictions, others) = rest.split_at_mut(queries.len());
            rest = others;
            tasks.push(ImageTask {
                codes,
                queries,
                targets: targets.take(queries.len()),
                predictions,
                code_gradient: parts.as_mut().and_then(Iterator::next),
                parameter_gradient: vec![0.0; self.shape.parameters()],
                loss: 0.0,
            });
        }
        let share = 1.0 / (3 * total) as f32;
        tasks
            .par_iter_mut()
            .for_each_init(Scratch::default, |scratch, task| self.image(task, share, scratch, interrupt));
        let mut parameters = vec![0.0; self.shape.parameters()];
        for task in &tasks {
            add(&task.parameter_gradient, &mut parameters);
        }
        let loss = tasks.iter().map(|task| task.loss).sum::<f64>() / (3 * total) as f64;
        drop(tasks);
        FieldGradient { loss, predictions, codes: gradient, parameters }
    }

    /// Predicts every query of every image from its latent `codes`, image by image; nothing else. `interrupt` is as in
    /// [`Self::l1`].
    pub fn predict(&self, codes: &[f32], queries: &[Vec<FieldQuery>], interrupt: Interrupt<'_>) -> Vec<[f32; 3]> {
        let image_len = codes.len() / queries.len().max(1);
        let of = |scratch: &mut Scratch, (queries, codes): (&Vec<FieldQuery>, &[f32])| {
            self.prepare(codes, scratch);
            let mut pitch = [f32::NAN; 2];
            let predict = |(i, query): (usize, &FieldQuery)| {
                if i.is_multiple_of(BLOCK_QUERIES) && interrupt() {
                    [0.0; 3]
                } else {
                    self.forward(query, &mut pitch, scratch)
                }
            };
            queries.iter().enumerate().map(predict).collect::<Vec<_>>()
        };
        let images = queries.par_iter().zip(codes.par_chunks_exact(image_len));
        images.map_init(Scratch::default, of).collect::<Vec<_>>().concat()
    }

    /// The amplitudes of an image, and room for what is made of them.
    fn prepare(&self, codes: &[f32], scratch: &mut Scratch) {
        let (channels, width) = (self.shape.channels, self.width);
        let count = codes.len() / channels;
        let Scratch { amplitudes, fade, basis, sums, slope, .. } = scratch;
        for (values, len) in [(&mut *amplitudes, count * 2), (fade, 1), (basis, 8), (sums, 3), (slope, 1)] {
            values.resize(len * width, 0.0);
        }
        self.matrices[0].multiply(Lhs::rows(codes, channels), count, false, amplitudes);
    }

    /// One image, forward and backward; `share` is what one value weighs in the loss.
    fn image(&self, task: &mut ImageTask<'_>, share: f32, scratch: &mut Scratch, interrupt: Interrupt<'_>) {
        let (channels, width) = (self.shape.channels, self.width);
        let count = task.codes.len() / channels;
        self.prepare(task.codes, scratch);
        let Scratch { gradient, rows, .. } = scratch;
        for (values, len) in [(gradient, count * 2), (rows, 4)] {
            values.clear();
            values.resize(len * width, 0.0);
        }
        let mut pitch = [f32::NAN; 2];
        for (i, query) in task.queries.iter().enumerate() {
            if i.is_multiple_of(BLOCK_QUERIES) && interrupt() {
                return;
            }
            task.predictions[i] = self.forward(query, &mut pitch, scratch);
            let (loss, slopes) = task.targets.compare(i, task.predictions[i]);
            task.loss += loss;
            self.backward(query, slopes.map(|slope| share * slope), scratch);
        }
        self.to_parameters(task, scratch);
        if let Some(to) = task.code_gradient.as_deref_mut().filter(|_| !interrupt()) {
            self.matrices[1].multiply(Lhs::rows(&scratch.gradient, 2 * width), count, false, to);
        }
    }

    /// Its colour; the waves and what they sum up to stay in `scratch`, whose fading is for `pitch`.
    fn forward(&self, query: &FieldQuery, pitch: &mut [f32; 2], scratch: &mut Scratch) -> [f32; 3] {
        let ([y, x], width) = (&self.waves, self.width);
        if query.pitch != *pitch {
            *pitch = query.pitch;
            fade(y, x, self.kappa, query.pitch, query.presence, &mut scratch.fade);
        }
        basis(y, x, &self.turns, &scratch.fade, query.offset, &mut scratch.basis);
        scratch.sums.fill(0.0);
        for (corner, (weight, offset)) in
            query.corners().into_iter().enumerate().filter(|(_, (weight, _))| *weight != 0.0)
        {
            let amplitudes = &scratch.amplitudes[query.codes[corner] as usize * 2 * width..][..2 * width];
            let waves = &scratch.basis[corner * 2 * width..][..2 * width];
            add_corner(amplitudes, waves, weight, offset, &mut scratch.sums);
        }
        let ycbcr = by_channel(&scratch.sums[..width], &self.masks);
        let of = |c: usize| query.base[c] + (0..3).map(|i| self.shape.rgb[c][i] * ycbcr[i]).sum::<f32>();
        [of(0), of(1), of(2)]
    }

    /// From the slopes of its colour to those of amplitudes and waves.
    fn backward(&self, query: &FieldQuery, rgb: [f32; 3], scratch: &mut Scratch) {
        let width = self.width;
        let slopes = [0, 1, 2].map(|i| (0..3).map(|c| self.shape.rgb[c][i] * rgb[c]).sum::<f32>());
        spread(slopes, &self.masks, &mut scratch.slope);
        add_slopes(&scratch.slope, &scratch.sums, query.pitch, &mut scratch.rows);
        for (corner, (weight, _)) in query.corners().into_iter().enumerate().filter(|(_, (weight, _))| *weight != 0.0) {
            let gradient = &mut scratch.gradient[query.codes[corner] as usize * 2 * width..][..2 * width];
            corner_backward(&scratch.slope, &scratch.basis[corner * 2 * width..][..2 * width], weight, gradient);
        }
    }

    /// From what an image's queries added up to the gradient of the parameters.
    fn to_parameters(&self, task: &mut ImageTask<'_>, scratch: &mut Scratch) {
        let (channels, width) = (self.shape.channels, self.width);
        let Scratch { gradient, rows, weight: sums, bias: bias_sums, outer, .. } = scratch;
        for (values, len) in [(&mut *sums, 2 * width * channels), (&mut *bias_sums, 2 * width)] {
            values.clear();
            values.resize(len, 0.0);
        }
        gradient.chunks_exact(2 * width).for_each(|row| add(row, bias_sums));
        let (left, right) =
            (Samples { data: gradient, stride: 2 * width }, Samples { data: task.codes, stride: channels });
        let depth = task.codes.len() / channels;
        let product = Outer { left, rows: 2 * width, right, columns: channels, depth, sums };
        add_outer_packed(Instructions::in_use(), product, outer);
        let (weight, rest) = task.parameter_gradient.split_at_mut(self.shape.amplitudes() * channels);
        let (bias, waves) = rest.split_at_mut(self.shape.amplitudes());
        let (waves, kappa) = waves.split_at_mut(2 * self.shape.waves());
        for (i, slot) in self.slots.iter().enumerate() {
            for (row, from) in [(slot.cos, i), (slot.sin, width + i)] {
                weight[row * channels..][..channels].copy_from_slice(&sums[from * channels..][..channels]);
                bias[row] = bias_sums[from];
            }
            for axis in 0..2 {
                let (wave, faded) = (self.waves[axis][i], rows[(2 + axis) * width + i]);
                waves[2 * slot.wave + axis] += rows[axis * width + i] - 2.0 * self.kappa * wave * faded;
                kappa[0] -= wave * wave * faded;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::tests::noise;
    use crate::task::NEVER;

    const SHAPE: FieldShape = FieldShape {
        channels: 5,
        luma_waves: 3,
        chroma_waves: 2,
        rgb: [[1.0, 0.0, 1.4], [1.0, -0.3, -0.7], [1.0, 1.8, 0.0]],
    };

    fn queries(seed: u32) -> Vec<FieldQuery> {
        let query = |i: u32| {
            let n = noise(7, seed + 17 * i).iter().map(|v| v.abs()).collect::<Vec<_>>();
            let share = if i.is_multiple_of(5) { [0.0, n[1]] } else { [n[0], n[1]] };
            let code = i % 4;
            let pitch = if i.is_multiple_of(2) { [0.5, 0.3] } else { [n[2], n[3]] };
            FieldQuery {
                codes: [code, code + 1, code + 4, code + 5],
                offset: [n[0], n[1]],
                share,
                pitch,
                presence: 1.0 - pitch[0] * pitch[1] / 2.0,
                base: [n[4], n[5], n[6]],
            }
        };
        (0..40).map(query).collect()
    }

    /// Central differences along the gradient itself and along noise: a sum over all parameters tells of any that is wrong.
    #[test]
    fn gradients_are_central_differences() {
        let parameters: Vec<f32> = noise(SHAPE.parameters(), 1).iter().map(|v| 0.6 * v).collect();
        let codes = noise(2 * 9 * SHAPE.channels, 2);
        let queries = [queries(5), queries(6)];
        let targets: Vec<[f32; 3]> =
            noise(240, 3).as_chunks().0.iter().map(|c: &[f32; 3]| c.map(|v| 9.0 * v)).collect();
        let l1 = |codes: &[f32], parameters: &[f32]| {
            TrainedField::new(&SHAPE, parameters).l1(codes, &queries, Targets::from(&targets[..]), true, NEVER)
        };
        let found = l1(&codes, &parameters);
        assert_eq!(TrainedField::new(&SHAPE, &parameters).predict(&codes, &queries, NEVER), found.predictions);
        let nudged = |values: &[f32], i: usize, by: f32| {
            let mut values = values.to_vec();
            values[i] += by;
            values
        };
        let step = 1.0 / 256.0;
        let of_codes = found.codes.unwrap();
        let largest = |values: &[f32]| values.iter().fold(0.0_f32, |a, b| a.max(b.abs()));
        for i in 0..parameters.len() {
            let at = |by: f32| l1(&codes, &nudged(&parameters, i, by)).loss;
            let expected = (at(step) - at(-step)) / f64::from(2.0 * step);
            let off = (f64::from(found.parameters[i]) - expected).abs();
            assert!(off < 2e-3 * f64::from(largest(&found.parameters)), "parameter {i}: {off:e}");
        }
        for i in (0..codes.len()).step_by(7) {
            let at = |by: f32| l1(&nudged(&codes, i, by), &parameters).loss;
            let expected = (at(step) - at(-step)) / f64::from(2.0 * step);
            let off = (f64::from(of_codes[i]) - expected).abs();
            assert!(off < 2e-3 * f64::from(largest(&of_codes)), "code {i}: {off:e}");
        }
    }
}
