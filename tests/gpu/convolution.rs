//! The convolution in every variant of its shader: against the sum as it is written, with odd channels, margins and parts
//! of maps, and networks in each.

use crate::TOLERANCE;
use crate::common::{Arrays, textured, worst};
use crate::devices::{choice, element_types, open};
use std::sync::Arc;
use zoomfield::encode::GpuEncoder;
use zoomfield::gpu::{
    Activation, ConvParams, ConvShape, Convolution, ConvolutionPass, ElementType, Gpu, Pace, Shader, Variant, to_bytes,
};
use zoomfield::task::NEVER;
use zoomfield::weights::Weights;

/// A convolution of an image with margins, written into a part of a larger map.
#[derive(Clone, Copy, Debug)]
struct Case {
    inputs: usize,
    outputs: usize,
    side: usize,
    /// Of the result.
    width: usize,
    height: usize,
    /// Pixels around the result that the input has.
    margin: usize,
    activation: Activation,
    has_residual: bool,
    /// By how much the device's first weight is off.
    off: f32,
}

const PLAIN: Case = Case {
    inputs: 64,
    outputs: 64,
    side: 3,
    width: 13,
    height: 9,
    margin: 0,
    activation: Activation::None,
    has_residual: false,
    off: 0.0,
};

/// Quads of the map that a result is written into, before it and after it.
const BESIDE: usize = 3;

/// Numbers between -1 and 1.
fn values(n: usize, seed: f32) -> Vec<f32> {
    (0..n).map(|i| ((i as f32 + 1.0) * seed).sin()).collect()
}

impl Case {
    fn quads(&self) -> [usize; 2] {
        [self.inputs.div_ceil(4), self.outputs.div_ceil(4)]
    }

    fn input_size(&self) -> [usize; 2] {
        [self.width + 2 * self.margin, self.height + 2 * self.margin]
    }

    /// `[pixels, quads, 4]`, zero beyond the channels.
    fn input(&self) -> Vec<f32> {
        let ([width, height], depth) = (self.input_size(), self.quads()[0] * 4);
        let numbers = values(width * height * depth, 0.71);
        numbers.iter().enumerate().map(|(i, v)| if i % depth < self.inputs { *v } else { 0.0 }).collect()
    }

    /// `[taps, inputs, outputs]`, and the bias.
    fn weights(&self) -> [Vec<f32>; 2] {
        let scale = 1.0 / (self.side * self.side * self.inputs) as f32;
        let weights = values(self.side * self.side * self.inputs * self.outputs, 1.37);
        [weights.iter().map(|v| v * scale.sqrt()).collect(), values(self.outputs, 0.37)]
    }

    /// The map before the convolution, which is also the residual: `[pixels, BESIDE + quads + BESIDE, 4]`.
    fn map(&self) -> Vec<f32> {
        values(self.width * self.height * (self.quads()[1] + 2 * BESIDE) * 4, 0.53)
    }

    /// The map after it, by the definition, in f64.
    fn expected(&self) -> Vec<f32> {
        let ([width, height], [depth, columns]) = (self.input_size(), self.quads());
        let (input, [weights, bias], mut map) = (self.input(), self.weights(), self.map());
        for (pixel, out) in (0..self.width * self.height).flat_map(|p| (0..self.outputs).map(move |o| (p, o))) {
            let mut sum = f64::from(bias[out]);
            for tap in 0..self.side * self.side {
                let at = |position: usize, tap: usize| (position + self.margin + tap).wrapping_sub(self.side / 2);
                let (y, x) = (at(pixel / self.width, tap / self.side), at(pixel % self.width, tap % self.side));
                if y < height && x < width {
                    let code = &input[(y * width + x) * depth * 4..];
                    let row = &weights[tap * self.inputs * self.outputs..];
                    let product = |i: usize| f64::from(code[i]) * f64::from(row[i * self.outputs + out]);
                    sum += (0..self.inputs).map(product).sum::<f64>();
                }
            }
            let value = match self.activation {
                Activation::None => sum,
                Activation::Relu => sum.max(0.0),
                Activation::Silu => sum / (1.0 + (-sum).exp()),
            } * 0.5;
            let to = &mut map[(pixel * (columns + 2 * BESIDE) + BESIDE) * 4 + out];
            *to = (value + if self.has_residual { f64::from(*to) } else { 0.0 }) as f32;
        }
        map
    }

    /// The map after it, by a device.
    fn by(&self, gpu: &Gpu, variant: Variant, element: ElementType, is_checked: bool) -> Vec<f32> {
        let shape = ConvShape::new(self.inputs, self.outputs, element, variant, &gpu.capacity());
        let make = if is_checked { Convolution::checked } else { Convolution::new };
        let (convolution, [mut weights, bias]) = (make(gpu, shape).unwrap(), self.weights());
        weights[0] += self.off;
        let (stride, [depth, columns]) = (shape.weight_stride(self.outputs), self.quads());
        let ([width, height], wide) = (self.input_size(), columns + 2 * BESIDE);
        let (input, map) = (self.input(), self.map());
        let data = gpu.storage((input.len() + map.len()) / 4 * element.quad_bytes()).unwrap();
        gpu.write(&data, 0, &to_bytes(&[input.as_slice(), &map].concat(), element)).unwrap();
        let params = ConvParams {
            output: (input.len() / 4 + BESIDE) as u32,
            residual: (input.len() / 4 + BESIDE) as u32,
            bias: (self.side * self.side * depth * 4 * stride) as u32,
            input_stride: depth as u32,
            output_stride: wide as u32,
            residual_stride: wide as u32,
            weight_stride: stride as u32,
            input_width: width as u32,
            input_height: height as u32,
            output_width: self.width as u32,
            end: (self.width * self.height) as u32,
            depth: depth as u32,
            columns: columns as u32,
            side: self.side as u32,
            shift: self.margin as i32 - self.side as i32 / 2,
            activation: self.activation as u32,
            has_residual: u32::from(self.has_residual),
            scale: 0.5,
            ..ConvParams::default()
        };
        let packed = gpu.upload(&shape.pack(&weights, &bias, self.inputs)).unwrap();
        let piece = ConvolutionPass { convolution: &convolution, params };
        Convolution::run(gpu, &[piece], &packed, &data, &Pace::default(), NEVER).unwrap();
        gpu.read(&data, input.len(), map.len(), element).unwrap()
    }

    /// What of a map is the result's channels and what is beside them, which must be kept. What fills up the last quad is
    /// written and means nothing.
    fn known(&self, map: &[f32]) -> Vec<f32> {
        let [_, columns] = self.quads();
        let width = (columns + 2 * BESIDE) * 4;
        let is_filling = |i: usize| (BESIDE * 4 + self.outputs..(BESIDE + columns) * 4).contains(&(i % width));
        map.iter().enumerate().filter(|(i, _)| !is_filling(*i)).map(|(_, v)| *v).collect()
    }
}

fn cases() -> Vec<Case> {
    vec![
        Case { activation: Activation::Relu, has_residual: true, ..PLAIN },
        Case { inputs: 5, outputs: 7, margin: 1, ..PLAIN },
        Case { inputs: 6, outputs: 22, activation: Activation::Silu, ..PLAIN },
        Case { inputs: 12, outputs: 40, side: 1, width: 67, height: 5, ..PLAIN },
        Case { inputs: 32, outputs: 32, activation: Activation::Silu, has_residual: true, margin: 1, ..PLAIN },
        // Several workgroups side by side, in some variants or in all.
        Case { inputs: 8, outputs: 250, width: 5, height: 4, ..PLAIN },
        Case { inputs: 4, outputs: 296, side: 1, width: 5, height: 4, has_residual: true, ..PLAIN },
    ]
}

#[test]
fn every_variant_is_the_sum_as_it_is_written_and_keeps_what_is_beside_it() {
    let Some(gpu) = open() else { return };
    let least = Gpu::open_least(&choice().unwrap()).unwrap();
    for case in cases() {
        let expected = case.known(&case.expected());
        let narrow = case.by(&gpu, Variant::Narrow, ElementType::F32, false);
        for variant in Variant::ALL {
            for element in element_types(&gpu) {
                let ours = case.by(&gpu, variant, element, false);
                let off = worst(&case.known(&ours), &expected);
                assert!(
                    off < if element == ElementType::F32 { 4e-6 } else { 1e-2 },
                    "{case:?} {variant:?} {element:?}: {off}"
                );
                if element == ElementType::F32 {
                    assert_eq!(ours, narrow, "{case:?} {variant:?}: not the same bits");
                    // What a trusted module reads or writes outside its buffers, a checked one does not.
                    assert_eq!(ours, case.by(&gpu, variant, element, true), "{case:?} {variant:?}");
                }
            }
            let on_least = case.known(&case.by(&least, variant, ElementType::F32, false));
            assert!(worst(&on_least, &expected) < 4e-6, "{case:?} {variant:?}: least limits");
        }
        let off = Case { off: 0.05, ..case }.by(&gpu, Variant::Shared, ElementType::F32, false);
        assert!(worst(&case.known(&off), &expected) > 1e-4, "{case:?}: a weight that is off is not noticed");
    }
}

#[test]
fn networks_are_the_same_in_every_variant() {
    let Some(gpu) = open() else { return };
    let picture = textured(37, 29);
    for name in ["liif_edsr_tiny", "liif_rdn_tiny", "built-in"] {
        let built_in = || Weights::builtin().unwrap();
        let fixture = || Arrays::load(&format!("{name}.safetensors")).weights("model.");
        let weights = if name == "built-in" { built_in() } else { fixture() };
        for element in element_types(&gpu) {
            let mut first: Option<Vec<f32>> = None;
            for variant in Variant::ALL {
                let gpu = Arc::new(Gpu::open(&choice().unwrap()).unwrap());
                assert!(gpu.use_variant(Shader::Convolution, variant) && gpu.conv_variant(element) == variant);
                let encoder = GpuEncoder::new(gpu, &weights, element).unwrap();
                let codes = encoder.encode(&picture, picture.size.rect(), NEVER).unwrap().0;
                let first = first.get_or_insert_with(|| codes.clone());
                let (off, most) = (worst(&codes, first), first.iter().fold(1.0, |a: f32, b| a.max(b.abs())));
                let tolerance = if element == ElementType::F32 { TOLERANCE } else { 1e-2 };
                assert!(off / most < tolerance, "{name} {element:?} {variant:?}: {off} of {most}");
            }
        }
    }
}

#[test]
fn software_computes_in_the_default_variant_and_what_has_computed_stays_as_it_is() {
    let Some(gpu) = open() else { return };
    let before = gpu.conv_variant(ElementType::F32);
    assert!(!gpu.description().is_software || before == Variant::default());
    let other = Variant::ALL.into_iter().find(|variant| *variant != before).unwrap();
    assert!(!gpu.use_variant(Shader::Convolution, other) && gpu.conv_variant(ElementType::F32) == before);
}
