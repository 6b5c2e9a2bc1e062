//! imnet in training: forward, L1 loss and backward in one go, on blocks of rows that stay in the cache.
//!
//! The first layer's code columns are projected beforehand, once per latent code. What is left is per row: the columns
//! of `rel_coord` and `rel_cell`, the hidden layers, three colours, and the ensemble's weighted sum per query. The loss
//! being a plain mean, its gradient is known as soon as a query is predicted, so nothing is kept for later and nothing
//! is computed twice. Sums run image by image, in the same order however many threads there are.

use super::instructions::Instructions;
use super::matrix::{Lhs, Matrix};
use super::mlp_rows::{add, first_backward, first_forward, last_backward, mask};
use super::mlp_shape::{MlpShape, QueryTerm, QueryTerms};
use super::outer::{Outer, OuterScratch, Samples, add_outer_packed};
use super::rows::three_dots;
use super::target::Targets;
use crate::task::Interrupt;
use rayon::prelude::*;
use std::ops::Range;

/// Queries that go through together: up to four rows each.
const BLOCK_QUERIES: usize = 64;

/// A batch's loss, and its gradients.
pub struct L1Gradient {
    /// The mean absolute difference of all predicted values.
    pub loss: f64,
    /// The predictions, image by image.
    pub predictions: Vec<[f32; 3]>,
    /// The gradient of the projected codes, like them.
    pub codes: Vec<f32>,
    /// The gradient of the parameters, like them.
    pub parameters: Vec<f32>,
}

/// imnet's parameters, prepared.
pub struct TrainedMlp<'a> {
    shape: &'a MlpShape,
    parameters: &'a [f32],
    /// Hidden layers, and what turns the gradient of what one yields into that of what it reads.
    hidden: Vec<[Matrix; 2]>,
    /// The last weight's three rows.
    last: [Vec<f32>; 3],
}

/// Buffers of one thread.
#[derive(Default)]
struct GradientScratch {
    /// What every hidden layer yields, `[rows, width]`.
    activations: Vec<Vec<f32>>,
    gradient: Vec<f32>,
    next: Vec<f32>,
    rgb: Vec<[f32; 3]>,
    outer: OuterScratch,
}

/// One image on its way through.
struct ImageTask<'a> {
    codes: &'a [f32],
    terms: &'a QueryTerms,
    targets: Targets<'a>,
    predictions: &'a mut [[f32; 3]],
    code_gradient: &'a mut [f32],
    parameter_gradient: Vec<f32>,
    /// What one value weighs in the loss.
    share: f32,
    loss: f64,
}

impl<'a> TrainedMlp<'a> {
    /// Prepares `parameters` (in the order of [`MlpShape`]).
    ///
    /// # Panics
    /// If there are more or fewer than the shape says.
    pub fn new(shape: &'a MlpShape, parameters: &'a [f32]) -> Self {
        assert_eq!(parameters.len(), shape.parameters(), "parameters do not fit {shape:?}");
        let matrices = |i: usize| {
            let (inputs, outputs) = (shape.widths[i], shape.widths[i + 1]);
            let (weight, bias) = shape.hidden(i);
            let weight = &parameters[weight];
            let forward = Matrix::new(inputs, &parameters[bias], |k, o| weight[o * inputs + k]);
            [forward, Matrix::new(outputs, &vec![0.0; inputs], |o, k| weight[o * inputs + k])]
        };
        let last = &parameters[shape.last()];
        let row = |i: usize| last[i * last.len() / 3..(i + 1) * last.len() / 3].to_vec();
        Self {
            shape,
            parameters,
            hidden: (0..shape.widths.len() - 1).map(matrices).collect(),
            last: [row(0), row(1), row(2)],
        }
    }

    /// Predicts every query of every image from its projected `codes` (all images' `[codes, widths[0]]`, one after the
    /// other), compares with `targets` and returns the mean absolute difference with its gradients. `gradient`,
    /// whose values are overwritten, becomes that of the codes. `interrupt` is checked before each block of queries; those
    /// after it said yes are left out.
    ///
    /// # Panics
    /// If the images are none, or anything is not of the size that the queries need.
    pub fn l1(
        &self,
        codes: &[f32],
        terms: &[QueryTerms],
        mut targets: Targets<'_>,
        mut gradient: Vec<f32>,
        interrupt: Interrupt<'_>,
    ) -> L1Gradient {
        let total: usize = terms.iter().map(|terms| terms.ends.len()).sum();
        assert!(total > 0 && targets.are_of(total), "as many targets as queries");
        let image_len = codes.len() / terms.len();
        assert_eq!(gradient.len(), codes.len(), "the gradient has the shape of the codes");
        let mut predictions = vec![[0.0; 3]; total];
        let mut rest = &mut predictions[..];
        let mut tasks = Vec::with_capacity(terms.len());
        let code_gradients = gradient.chunks_exact_mut(image_len);
        for ((terms, code_gradient), codes) in terms.iter().zip(code_gradients).zip(codes.chunks_exact(image_len)) {
            let (predictions, others) = rest.split_at_mut(terms.ends.len());
            rest = others;
            let parameter_gradient = vec![0.0; self.parameters.len()];
            let share = 1.0 / (3 * total) as f32;
            let (targets, loss) = (targets.take(terms.ends.len()), 0.0);
            tasks.push(ImageTask {
                codes,
                terms,
                targets,
                predictions,
                code_gradient,
                parameter_gradient,
                share,
                loss,
            });
        }
        tasks.par_iter_mut().for_each_init(GradientScratch::default, |scratch, task| {
            task.code_gradient.fill(0.0);
            for start in (0..task.terms.ends.len()).step_by(BLOCK_QUERIES) {
                if interrupt() {
                    return;
                }
                self.block(task, start..(start + BLOCK_QUERIES).min(task.terms.ends.len()), scratch);
            }
        });
        let mut parameters = vec![0.0; self.parameters.len()];
        for task in &tasks {
            add(&task.parameter_gradient, &mut parameters);
        }
        let loss = tasks.iter().map(|task| task.loss).sum::<f64>() / (3 * total) as f64;
        drop(tasks);
        L1Gradient { loss, predictions, codes: gradient, parameters }
    }

    /// Predicts every query of every image from its projected `codes`, image by image; nothing else. `interrupt` is as in
    /// [`Self::l1`].
    pub fn predict(&self, codes: &[f32], terms: &[QueryTerms], interrupt: Interrupt<'_>) -> Vec<[f32; 3]> {
        let image_len = codes.len() / terms.len().max(1);
        let of = |scratch: &mut GradientScratch, (terms, codes): (&QueryTerms, &[f32])| {
            let mut found = vec![[0.0; 3]; terms.ends.len()];
            for (block, found) in found.chunks_mut(BLOCK_QUERIES).enumerate() {
                if interrupt() {
                    break;
                }
                let queries = block * BLOCK_QUERIES..block * BLOCK_QUERIES + found.len();
                let rows = terms.rows_of(queries.clone());
                self.forward(codes, &terms.rows[rows.clone()], scratch);
                for (query, found) in queries.zip(found) {
                    let own = terms.rows_of(query..query + 1);
                    let rgb = &scratch.rgb[own.start - rows.start..own.end - rows.start];
                    *found = weighted(&terms.rows[own], rgb);
                }
            }
            found
        };
        let images = terms.par_iter().zip(codes.par_chunks_exact(image_len));
        images.map_init(GradientScratch::default, of).collect::<Vec<_>>().concat()
    }

    /// A block of queries, forward and backward.
    fn block(&self, task: &mut ImageTask<'_>, queries: Range<usize>, scratch: &mut GradientScratch) {
        let rows = task.terms.rows_of(queries.clone());
        let (terms, first) = (&task.terms.rows[rows.clone()], rows.start);
        self.forward(task.codes, terms, scratch);
        for query in queries {
            let own = task.terms.rows_of(query..query + 1);
            let own = own.start - first..own.end - first;
            let prediction = weighted(&terms[own.clone()], &scratch.rgb[own.clone()]);
            let (loss, slope) = task.targets.compare(query, prediction);
            task.loss += loss;
            task.predictions[query] = prediction;
            let slope = slope.map(|slope| task.share * slope);
            for (term, rgb) in terms[own.clone()].iter().zip(&mut scratch.rgb[own]) {
                *rgb = slope.map(|g| term.weight * g);
            }
        }
        self.backward(task.code_gradient, &mut task.parameter_gradient, terms, scratch);
    }

    /// Leaves every layer's rows and the colours in `scratch`.
    fn forward(&self, codes: &[f32], terms: &[QueryTerm], scratch: &mut GradientScratch) {
        let (widths, inputs) = (&self.shape.widths, self.shape.inputs);
        let columns = &self.parameters[..inputs * widths[0]];
        scratch.activations.resize(widths.len(), Vec::new());
        for (activation, width) in scratch.activations.iter_mut().zip(widths) {
            activation.resize(terms.len() * width, 0.0);
        }
        for (term, out) in terms.iter().zip(scratch.activations[0].chunks_exact_mut(widths[0])) {
            let code = &codes[term.code as usize * widths[0]..][..widths[0]];
            first_forward(code, &term.inputs[..inputs], columns, out);
        }
        for (i, [matrix, _]) in self.hidden.iter().enumerate() {
            let (before, after) = scratch.activations.split_at_mut(i + 1);
            matrix.multiply(Lhs::rows(&before[i], widths[i]), terms.len(), true, &mut after[0]);
        }
        let bias = &self.parameters[self.shape.last().end..];
        let rows = scratch.activations[widths.len() - 1].chunks_exact(widths[widths.len() - 1]);
        let rgb = rows.map(|row| three_dots(row, &self.last)).map(|sums| [0, 1, 2].map(|c| sums[c] + bias[c]));
        scratch.rgb.clear();
        scratch.rgb.extend(rgb);
    }

    /// From the gradients of the colours, which are in `scratch.rgb`, to all others.
    fn backward(&self, codes: &mut [f32], parameters: &mut [f32], terms: &[QueryTerm], scratch: &mut GradientScratch) {
        let (widths, inputs) = (&self.shape.widths, self.shape.inputs);
        let inner = widths.len() - 1;
        let GradientScratch { activations, gradient, next, rgb, outer } = scratch;
        gradient.resize(terms.len() * widths[inner], 0.0);
        let (sums, bias) = parameters[self.shape.last().start..].split_at_mut(3 * widths[inner]);
        let weight = &self.parameters[self.shape.last()];
        let rows = activations[inner].chunks_exact(widths[inner]).zip(gradient.chunks_exact_mut(widths[inner]));
        for ((row, gradient), rgb) in rows.zip(rgb.iter()) {
            last_backward(*rgb, row, weight, sums, gradient);
            (0..3).for_each(|c| bias[c] += rgb[c]);
        }
        for i in (0..inner).rev() {
            let (weight, bias) = self.shape.hidden(i);
            gradient.chunks_exact(widths[i + 1]).for_each(|row| add(row, &mut parameters[bias.clone()]));
            let left = Samples { data: gradient, stride: widths[i + 1] };
            let (right, depth) = (Samples { data: &activations[i], stride: widths[i] }, terms.len());
            let (rows, columns, sums) = (widths[i + 1], widths[i], &mut parameters[weight]);
            let instructions = Instructions::in_use();
            add_outer_packed(instructions, Outer { left, rows, right, columns, depth, sums }, outer);
            next.resize(depth * columns, 0.0);
            self.hidden[i][1].multiply(Lhs::rows(gradient, rows), depth, false, next);
            let rows = activations[i].chunks_exact(widths[i]).zip(next.chunks_exact_mut(widths[i]));
            rows.for_each(|(row, gradient)| mask(row, gradient));
            std::mem::swap(gradient, next);
        }
        let columns = &mut parameters[..inputs * widths[0]];
        for (term, gradient) in terms.iter().zip(gradient.chunks_exact(widths[0])) {
            let code = &mut codes[term.code as usize * widths[0]..][..widths[0]];
            first_backward(gradient, &term.inputs[..inputs], columns, code);
        }
    }
}

/// The ensemble's weighted sum.
fn weighted(terms: &[QueryTerm], rgb: &[[f32; 3]]) -> [f32; 3] {
    let mut sum = [0.0; 3];
    for (term, rgb) in terms.iter().zip(rgb) {
        (0..3).for_each(|c| sum[c] += term.weight * rgb[c]);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::tests::noise;
    use crate::task::NEVER;

    /// Of the central differences.
    const STEP: f32 = 1.0 / 1024.0;

    /// Two images of nine codes; queries of one, two and four rows, more than a block of them.
    fn query_terms() -> Vec<QueryTerms> {
        let image = |seed: u32| {
            let mut terms = QueryTerms::default();
            for query in 0..70_u32 {
                let count = [1, 2, 4][query as usize % 3];
                for row in 0..count {
                    let inputs = noise(4, seed + 31 * query + row);
                    let inputs = [inputs[0], inputs[1], inputs[2], inputs[3]];
                    terms.rows.push(QueryTerm { code: (query + 2 * row) % 9, inputs, weight: 1.0 / count as f32 });
                }
                terms.ends.push(terms.rows.len() as u32);
            }
            terms
        };
        vec![image(5), image(6)]
    }

    #[test]
    fn gradients_are_central_differences_for_every_depth() {
        for (inputs, widths) in [(4, vec![24, 16, 20]), (2, vec![12, 8]), (4, vec![10])] {
            let shape = MlpShape { inputs, widths };
            let parameters: Vec<f32> = noise(shape.parameters(), 1).iter().map(|v| 0.5 * v).collect();
            let codes = noise(2 * 9 * shape.widths[0], 2);
            let terms = query_terms();
            let targets: Vec<[f32; 3]> = noise(420, 3).as_chunks().0.to_vec();
            let found = TrainedMlp::new(&shape, &parameters).l1(
                &codes,
                &terms,
                Targets::from(&targets[..]),
                vec![7.0; codes.len()],
                NEVER,
            );
            assert_eq!(TrainedMlp::new(&shape, &parameters).predict(&codes, &terms, NEVER), found.predictions);
            let loss = |codes: &[f32], parameters: &[f32]| {
                let gradient = vec![0.0; codes.len()];
                TrainedMlp::new(&shape, parameters).l1(codes, &terms, Targets::from(&targets[..]), gradient, NEVER).loss
            };
            let nudged = |values: &[f32], i: usize, by: f32| {
                let mut values = values.to_vec();
                values[i] += by;
                values
            };
            let slope = |at: &dyn Fn(f32) -> f64| (at(STEP) - at(-STEP)) / f64::from(2.0 * STEP);
            let largest = found.parameters.iter().fold(0.0_f32, |a, b| a.max(b.abs()));
            for i in (0..parameters.len()).step_by(7).chain([parameters.len() - 1]) {
                let expected = slope(&|by| loss(&codes, &nudged(&parameters, i, by)));
                // ReLU and absolute value bend within a step for a few of the rows.
                assert!((f64::from(found.parameters[i]) - expected).abs() < 0.02 * f64::from(largest), "parameter {i}");
            }
            let largest = found.codes.iter().fold(0.0_f32, |a, b| a.max(b.abs()));
            for i in (0..codes.len()).step_by(5) {
                let expected = slope(&|by| loss(&nudged(&codes, i, by), &parameters));
                assert!((f64::from(found.codes[i]) - expected).abs() < 0.05 * f64::from(largest), "code {i}");
            }
        }
    }

    #[test]
    fn one_row_by_hand() {
        // One hidden layer of two: row = relu(code + 2 · column), colours are its sum times 1, 0 and -1, plus a bias.
        let shape = MlpShape { inputs: 1, widths: vec![2] };
        let parameters = [0.5, -1.0, 1.0, 1.0, 0.0, 0.0, -1.0, -1.0, 0.0, 0.25, 0.0];
        let term = QueryTerm { code: 0, inputs: [2.0, 0.0, 0.0, 0.0], weight: 0.5 };
        let terms = [QueryTerms { rows: vec![term], ends: vec![1] }];
        let found = TrainedMlp::new(&shape, &parameters).l1(
            &[1.0, 1.0],
            &terms,
            Targets::from(&[[0.0, 0.125, 0.0]][..]),
            vec![0.0; 2],
            NEVER,
        );
        assert_eq!(found.predictions, [[1.0, 0.125, -1.0]]);
        assert!((found.loss - 2.0 / 3.0).abs() < 1e-6);
        let third = 0.5_f32 * (1.0 / 3.0);
        // The first hidden value is 2 and passes, the second is clamped: slopes 1 and -1 of two colours add up.
        assert_eq!(found.codes, [2.0 * third, 0.0]);
        assert_eq!(
            found.parameters,
            [4.0 * third, 0.0, 2.0 * third, 0.0, 0.0, 0.0, -2.0 * third, 0.0, third, 0.0, -third]
        );
    }
}
