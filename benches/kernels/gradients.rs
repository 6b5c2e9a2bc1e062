//! The gradients of training.

use super::{Kernel, noise};
use zoomfield::kernel::{
    FieldQuery, FieldShape, ImageBatch, ImageGradient, MlpShape, QueryTerm, QueryTerms, ResultGradient, Targets,
    TrainedField, TrainedMlp, convolve_batch_backward,
};
use zoomfield::task::NEVER;

const IMAGES: usize = 16;
const SIDE: usize = 48;

/// All of them.
pub(super) fn all() -> [Kernel; 3] {
    [of_convolutions(), of_imnet(), of_a_field()]
}

/// The gradients of 64×64 kernels, and of the images, over sixteen images of 48×48.
fn of_convolutions() -> Kernel {
    let (input, gradient) = (noise(IMAGES * 64 * SIDE * SIDE), noise(IMAGES * 64 * SIDE * SIDE));
    let (weight, mut of_images) = (noise(64 * 64 * 9), vec![0.0; input.len()]);
    let flop = 4.0 * (64 * 64 * 9 * SIDE * SIDE * IMAGES) as f64;
    let work = move || {
        let batch = ImageBatch { values: &input, height: SIDE, width: SIDE, channels: 64 };
        let gradient = ResultGradient::of_sums(&gradient);
        let images = Some(ImageGradient { to: &mut of_images, plus: None });
        std::hint::black_box(convolve_batch_backward(&weight, 64, batch, gradient, images, NEVER));
    };
    // Images and gradients are read, and the images' gradients written; the weights and their gradients.
    let bytes = (size_of::<f32>() * (3 * IMAGES * 64 * SIDE * SIDE + 2 * 9 * 64 * 64)) as f64;
    Kernel { name: "3×3 gradients 64→64, 16 × 48², f32".to_owned(), flop, bytes, run: Box::new(work) }
}

/// imnet forward, its loss and all gradients: 512 queries of four codes each an image, three hidden products of 256.
fn of_imnet() -> Kernel {
    const QUERIES: usize = 512;
    const WIDTH: usize = 256;
    let shape = MlpShape { inputs: 4, widths: vec![WIDTH; 4] };
    let parameters: Vec<f32> = noise(shape.parameters()).iter().map(|w| 0.1 * w).collect();
    let codes = noise(IMAGES * SIDE * SIDE * WIDTH);
    let term =
        |row: usize| QueryTerm { code: (row * 7 % (SIDE * SIDE)) as u32, inputs: [0.3, -0.4, 0.5, 0.5], weight: 0.25 };
    let terms = QueryTerms {
        rows: (0..4 * QUERIES).map(term).collect(),
        ends: (1..=QUERIES).map(|query| 4 * query as u32).collect(),
    };
    let terms = vec![terms; IMAGES];
    let truth = vec![[0.25; 3]; IMAGES * QUERIES];
    // Forward, and back to what goes in and to the weights; four inputs of a row come without codes.
    let flop = 3.0 * 2.0 * ((3 * WIDTH + 3 + 4) * WIDTH * 4 * QUERIES * IMAGES) as f64;
    // Codes and weights are read, and the gradients of both written; what the queries are made of.
    let numbers = 2 * codes.len() + 2 * parameters.len() + 3 * truth.len();
    let bytes = (size_of::<f32>() * numbers + size_of::<QueryTerm>() * 4 * QUERIES * IMAGES) as f64;
    let mut room = vec![0.0; codes.len()];
    let work = move || {
        let gradient = std::mem::take(&mut room);
        let targets = Targets::from(&truth[..]);
        room = TrainedMlp::new(&shape, &parameters).l1(&codes, &terms, targets, gradient, NEVER).codes;
    };
    let name = format!("imnet forward and back, {IMAGES} × {QUERIES} queries, f32");
    Kernel { name, flop, bytes, run: Box::new(work) }
}

/// A field of 32 and 8 waves forward, its loss and all gradients: 1024 queries an image.
fn of_a_field() -> Kernel {
    const QUERIES: usize = 1024;
    const CHANNELS: usize = 32;
    const RGB: [[f32; 3]; 3] = [[1.0, 0.0, 1.4], [1.0, -0.34, -0.71], [1.0, 1.77, 0.0]];
    let shape = FieldShape { channels: CHANNELS, luma_waves: 32, chroma_waves: 8, rgb: RGB };
    let parameters = noise(shape.parameters());
    let codes = noise(IMAGES * SIDE * SIDE * CHANNELS);
    let query = |i: usize| {
        let code = i * 2 % (SIDE * (SIDE - 1) - 1);
        FieldQuery {
            codes: [0, 1, SIDE, SIDE + 1].map(|step| (code + step) as u32),
            offset: [0.3, 0.6],
            share: [0.3, 0.6],
            pitch: [0.25; 2],
            presence: 1.0,
            base: [0.1; 3],
        }
    };
    let queries = vec![(0..QUERIES).map(query).collect::<Vec<_>>(); IMAGES];
    let truth = vec![[0.25; 3]; IMAGES * QUERIES];
    // Cosines and sines of the brightness and of both colour differences.
    let amplitudes = 2 * (shape.luma_waves + 2 * shape.chroma_waves);
    let macs = amplitudes * (CHANNELS * SIDE * SIDE + 4 * QUERIES) * IMAGES;
    let numbers = 2 * codes.len() + 2 * parameters.len() + 3 * truth.len();
    let bytes = (size_of::<f32>() * numbers + size_of::<FieldQuery>() * QUERIES * IMAGES) as f64;
    let work = move || {
        let targets = Targets::from(&truth[..]);
        std::hint::black_box(TrainedField::new(&shape, &parameters).l1(&codes, &queries, targets, true, NEVER));
    };
    let name = format!("field forward and back, {IMAGES} × {QUERIES} queries, f32");
    Kernel { name, flop: 3.0 * 2.0 * macs as f64, bytes, run: Box::new(work) }
}
