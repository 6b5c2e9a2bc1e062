//! The encoder on a graphics device: every layer is one convolution of `gpu`, on feature maps that stay on the device.
//!
//! All maps lie in one buffer, each `[height, width, quads of channels]`. RDN's growing concatenation is one map that
//! its convolutions write further channels of; its global fusion is summed up block by block, so that the blocks'
//! results need not be kept.

mod kinds;

use super::normalized_planes;
use crate::geometry::PixelRect;
use crate::gpu::{
    Activation, ConvParams, ConvShape, Convolution, ConvolutionPass, ElementType, Gpu, GpuError, GpuResult, Pace,
    Variant, to_bytes,
};
use crate::picture::Picture;
use crate::task::Interrupt;
use crate::weights::{EncoderConfig, Normalization, Weights};
use std::sync::Arc;

/// Some channels of a feature map. All counts are in quads of channels.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Map {
    /// Quads of a pixel in all maps before this one.
    start: usize,
    /// Quads of a pixel.
    stride: usize,
    /// The first quad meant.
    first: usize,
}

impl Map {
    fn from(self, first: usize) -> Self {
        Self { first, ..self }
    }
}

/// One layer of the network.
struct GpuLayer {
    /// Its name in the checkpoint.
    name: String,
    /// Channels in and out.
    channels: [usize; 2],
    /// Which of the compiled convolutions.
    convolution: usize,
    /// Where its weights and its bias begin, in quads.
    weight: usize,
    bias: usize,
    weight_stride: usize,
    side: usize,
    /// Quads in and out.
    depth: usize,
    columns: usize,
    input: Map,
    output: Map,
    residual: Option<Map>,
    activation: Activation,
    scale: f32,
}

/// An encoder on a graphics device.
pub struct GpuEncoder {
    gpu: Arc<Gpu>,
    element: ElementType,
    convolutions: Vec<Convolution>,
    layers: Vec<GpuLayer>,
    weights: wgpu::Buffer,
    config: EncoderConfig,
    normalization: Normalization,
    /// Quads of a pixel in all maps.
    quads: usize,
    result: Map,
    pace: Pace,
}

/// The network as it is being put together.
struct Builder<'a> {
    gpu: &'a Gpu,
    weights: &'a Weights,
    element: ElementType,
    variant: Variant,
    convolutions: Vec<Convolution>,
    layers: Vec<GpuLayer>,
    packed: Vec<u8>,
    quads: usize,
}

/// What a layer reads and writes.
struct Wiring {
    input: Map,
    output: Map,
    residual: Option<Map>,
    activation: Activation,
    scale: f32,
}

impl Wiring {
    fn plain(input: Map, output: Map) -> Self {
        Self { input, output, residual: None, activation: Activation::None, scale: 1.0 }
    }

    fn relu(input: Map, output: Map) -> Self {
        Self { activation: Activation::Relu, ..Self::plain(input, output) }
    }

    fn add(input: Map, output: Map, residual: Map) -> Self {
        Self { residual: Some(residual), ..Self::plain(input, output) }
    }
}

impl Builder<'_> {
    fn map(&mut self, channels: usize) -> Map {
        let stride = channels.div_ceil(4);
        self.quads += stride;
        Map { start: self.quads - stride, stride, first: 0 }
    }

    /// A layer by its name in the checkpoint.
    fn layer(&mut self, name: &str, wiring: Wiring) -> GpuResult<()> {
        let weights = self.weights;
        let inputs = weights.array(&format!("encoder.{name}.weight")).shape[1];
        let bias = &weights.array(&format!("encoder.{name}.bias")).data;
        self.layer_of(name, 0..inputs, bias, wiring)
    }

    /// A layer of some of its input channels, with a bias of its own.
    fn layer_of(&mut self, name: &str, taken: std::ops::Range<usize>, bias: &[f32], wiring: Wiring) -> GpuResult<()> {
        let weight = self.weights.array(&format!("encoder.{name}.weight"));
        let (inputs, outputs, side) = (taken.len(), weight.shape[0], weight.shape[2]);
        let shape = ConvShape::new(inputs, outputs, self.element, self.variant, &self.gpu.capacity());
        let known = self.convolutions.iter().position(|known| known.shape() == shape);
        if known.is_none() {
            self.convolutions.push(Convolution::new(self.gpu, shape)?);
        }
        let convolution = known.unwrap_or(self.convolutions.len() - 1);
        let (taps, all) = (side * side, weight.shape[1]);
        let at = |tap: usize, input: usize, output: usize| weight.data[(output * all + input) * taps + tap];
        let row = |tap: usize, input: usize| (0..outputs).map(move |output| at(tap, input, output));
        let ordered: Vec<f32> =
            (0..taps).flat_map(|tap| taken.clone().flat_map(move |input| row(tap, input))).collect();
        let start = self.packed.len() / self.element.quad_bytes();
        self.packed.extend(shape.pack(&ordered, bias, inputs));
        let (depth, stride) = (inputs.div_ceil(4), shape.weight_stride(outputs));
        self.layers.push(GpuLayer {
            name: name.to_owned(),
            channels: [inputs, outputs],
            convolution,
            weight: start,
            bias: start + taps * depth * 4 * stride,
            weight_stride: stride,
            side,
            depth,
            columns: outputs.div_ceil(4),
            input: wiring.input,
            output: wiring.output,
            residual: wiring.residual,
            activation: wiring.activation,
            scale: wiring.scale,
        });
        Ok(())
    }

    /// As `model::Edsr`.
    fn edsr(&mut self, blocks: usize, features: usize, res_scale: f32) -> GpuResult<Map> {
        let x = self.map(3);
        let [h, r, inner] = [0; 3].map(|_| self.map(features));
        self.layer("head.0", Wiring::plain(x, h))?;
        let mut now = h;
        for i in 0..blocks {
            self.layer(&format!("body.{i}.body.0"), Wiring::relu(now, inner))?;
            let second = Wiring { scale: res_scale, ..Wiring::add(inner, r, now) };
            self.layer(&format!("body.{i}.body.2"), second)?;
            now = r;
        }
        self.layer(&format!("body.{blocks}"), Wiring::add(now, inner, h))?;
        Ok(inner)
    }

    /// As `model::Rdn`.
    fn rdn(&mut self, blocks: usize, convs: usize, growth: usize, features: usize) -> GpuResult<Map> {
        if !features.is_multiple_of(4) || !growth.is_multiple_of(4) || features > 256 {
            return Err(GpuError::Unfit("its shaders take RDN with channels in fours, at most 256".into()));
        }
        self.variant = self.variant.in_place(features);
        let x = self.map(3);
        let [f1, fused] = [0; 2].map(|_| self.map(features));
        let cat = self.map(features + convs * growth);
        self.layer("SFENet1", Wiring::plain(x, f1))?;
        self.layer("SFENet2", Wiring::plain(f1, cat))?;
        let bias = self.weights.array("encoder.GFF.0.bias").data.clone();
        for i in 0..blocks {
            for c in 0..convs {
                let output = cat.from((features + c * growth) / 4);
                self.layer(&format!("RDBs.{i}.convs.{c}.conv.0"), Wiring::relu(cat, output))?;
            }
            // In place: a workgroup has read all of its pixels before it writes any, and no other reads them.
            self.layer(&format!("RDBs.{i}.LFF"), Wiring::add(cat, cat, cat))?;
            let (bias, residual) = if i == 0 { (bias.clone(), None) } else { (vec![0.0; features], Some(fused)) };
            let sum = Wiring { residual, ..Wiring::plain(cat, fused) };
            self.layer_of("GFF.0", i * features..(i + 1) * features, &bias, sum)?;
        }
        self.layer("GFF.1", Wiring::add(fused, f1, f1))?;
        Ok(f1)
    }

    /// As `model::Plain`.
    fn live(&mut self, blocks: usize, convs: usize, features: usize) -> GpuResult<Map> {
        let x = self.map(3);
        let h = self.map(features);
        let maps = [0; 3].map(|_| self.map(features));
        // A 3×3 convolution reads what lies around the pixels that it writes: never in place.
        let free = |taken: [Map; 2]| maps.into_iter().find(|map| !taken.contains(map)).unwrap_or(maps[0]);
        self.layer("head", Wiring::plain(x, h))?;
        let mut r = h;
        for i in 0..blocks {
            let mut inner = r;
            for c in 0..convs {
                let output = free([r, inner]);
                let residual = (c + 1 == convs).then_some(r);
                let silu = Wiring { activation: Activation::Silu, residual, ..Wiring::plain(inner, output) };
                self.layer(&format!("blocks.{i}.{c}"), silu)?;
                inner = output;
            }
            r = inner;
        }
        let output = free([r, r]);
        self.layer("tail", Wiring::add(r, output, h))?;
        Ok(output)
    }
}

impl GpuEncoder {
    /// Puts the encoder's weights on the device. It multiplies and keeps values of type `element`.
    ///
    /// # Errors
    /// [`GpuError::Unfit`] if the device refuses a shader or the network's shape, [`GpuError::OutOfMemory`],
    /// [`GpuError::Lost`].
    pub fn new(gpu: Arc<Gpu>, weights: &Weights, element: ElementType) -> GpuResult<Self> {
        if element == ElementType::F16 && !gpu.has_f16() {
            return Err(GpuError::Unfit("it does not compute with 16-bit floats".into()));
        }
        let mut builder = Builder {
            gpu: &gpu,
            weights,
            element,
            variant: gpu.conv_variant(element),
            convolutions: Vec::new(),
            layers: Vec::new(),
            packed: Vec::new(),
            quads: 0,
        };
        let config = weights.config();
        let result = match config.encoder {
            EncoderConfig::Edsr { blocks, features, res_scale } => builder.edsr(blocks, features, res_scale)?,
            EncoderConfig::Rdn { blocks, convs, growth, features } => builder.rdn(blocks, convs, growth, features)?,
            EncoderConfig::Plain { blocks, convs, features } => builder.live(blocks, convs, features)?,
        };
        let Builder { convolutions, layers, packed, quads, .. } = builder;
        Ok(Self {
            weights: gpu.upload(&packed)?,
            gpu,
            element,
            convolutions,
            layers,
            config: config.encoder.clone(),
            normalization: config.normalization,
            quads,
            result,
            pace: Pace::default(),
        })
    }

    /// What it multiplies.
    pub fn element_type(&self) -> ElementType {
        self.element
    }

    /// Latent codes of `rect`, `[height, width, channels]` over the returned rectangle, which contains `rect`. Codes in
    /// `rect` are those of the whole picture. If the device has not the memory for all at once, the halves of `rect`
    /// are encoded one after the other.
    ///
    /// # Errors
    /// [`GpuError::Cancelled`] between two bands, [`GpuError::OutOfMemory`] if not even one pixel and its halo fit,
    /// [`GpuError::Lost`].
    pub fn encode(
        &self,
        picture: &Picture,
        rect: PixelRect,
        interrupt: Interrupt<'_>,
    ) -> GpuResult<(Vec<f32>, PixelRect)> {
        let grown = rect.grown_within(self.config.radius(), picture.size);
        let result = self.encode_whole(picture, grown, interrupt);
        if result != Err(GpuError::OutOfMemory) || rect.area() < 2 {
            return result.map(|codes| (codes, grown));
        }
        let channels = self.config.features();
        let mut codes = vec![0.0; rect.area() * channels];
        for half in halves(rect) {
            let (part, from) = self.encode(picture, half, interrupt)?;
            for y in half.y..half.bottom() {
                let source = ((y - from.y) * from.width + half.x - from.x) * channels;
                let target = ((y - rect.y) * rect.width + half.x - rect.x) * channels;
                let len = half.width * channels;
                codes[target..target + len].copy_from_slice(&part[source..source + len]);
            }
        }
        Ok((codes, rect))
    }

    fn encode_whole(&self, picture: &Picture, rect: PixelRect, interrupt: Interrupt<'_>) -> GpuResult<Vec<f32>> {
        let pixels = rect.area();
        let data = self.gpu.storage(pixels * self.quads * self.element.quad_bytes())?;
        let planes = normalized_planes(picture, rect, self.normalization);
        let quad = |i: usize| [planes[i], planes[pixels + i], planes[2 * pixels + i], 0.0];
        let seen: Vec<f32> = (0..pixels).flat_map(quad).collect();
        self.gpu.write(&data, 0, &to_bytes(&seen, self.element))?;
        let pieces: Vec<ConvolutionPass<'_>> = self.layers.iter().map(|layer| self.piece(layer, rect)).collect();
        Convolution::run(&self.gpu, &pieces, &self.weights, &data, &self.pace, interrupt)?;
        let stride = self.result.stride * 4;
        let values = self.gpu.read(&data, self.result.start * pixels * 4, pixels * stride, self.element)?;
        let channels = self.config.features();
        if channels == stride {
            return Ok(values);
        }
        Ok(values.chunks_exact(stride).flat_map(|code| &code[..channels]).copied().collect())
    }

    fn piece(&self, layer: &GpuLayer, rect: PixelRect) -> ConvolutionPass<'_> {
        let at = |map: Map| (map.start * rect.area() + map.first) as u32;
        let residual = layer.residual.unwrap_or(layer.output);
        let params = ConvParams {
            input: at(layer.input),
            output: at(layer.output),
            residual: at(residual),
            weight: layer.weight as u32,
            bias: layer.bias as u32,
            input_stride: layer.input.stride as u32,
            output_stride: layer.output.stride as u32,
            residual_stride: residual.stride as u32,
            weight_stride: layer.weight_stride as u32,
            input_width: rect.width as u32,
            input_height: rect.height as u32,
            output_width: rect.width as u32,
            start: 0,
            end: rect.area() as u32,
            depth: layer.depth as u32,
            columns: layer.columns as u32,
            side: layer.side as u32,
            shift: -(layer.side as i32 / 2),
            activation: layer.activation as u32,
            has_residual: u32::from(layer.residual.is_some()),
            scale: layer.scale,
        };
        ConvolutionPass { convolution: &self.convolutions[layer.convolution], params }
    }
}

/// A rectangle of at least two pixels, cut across its longer side.
fn halves(rect: PixelRect) -> [PixelRect; 2] {
    if rect.width > rect.height {
        let width = rect.width / 2;
        [PixelRect { width, ..rect }, PixelRect { x: rect.x + width, width: rect.width - width, ..rect }]
    } else {
        let height = rect.height / 2;
        [PixelRect { height, ..rect }, PixelRect { y: rect.y + height, height: rect.height - height, ..rect }]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_cover_a_rectangle() {
        for (width, height) in [(7, 3), (2, 1), (1, 2), (5, 5)] {
            let rect = PixelRect { x: 3, y: 4, width, height };
            let [a, b] = halves(rect);
            assert!(a.union(b) == rect && a.area() + b.area() == rect.area() && a.area().min(b.area()) > 0);
        }
    }
}
