//! The encoder's kinds of dispatches, to be measured one by one.

use super::{GpuEncoder, GpuLayer};
use crate::geometry::Size;
use crate::gpu::{Activation, Convolution, DispatchKind, GpuResult};

/// Where in the network the layer of this name in the checkpoint is.
fn place(name: &str) -> &'static str {
    match name {
        _ if name.starts_with("head") || name.starts_with("SFENet") => "head",
        _ if name.contains(".body.") || name.contains(".convs.") || name.starts_with("blocks.") => "body",
        _ if name.contains(".LFF") || name == "GFF.0" => "fusion",
        _ => "tail",
    }
}

impl GpuLayer {
    /// What tells kinds of layers apart: `body convolution 64→64, 3×3, ReLU`.
    fn kind(&self) -> String {
        let ([inputs, outputs], side) = (self.channels, self.side);
        let activation = match self.activation {
            Activation::None => "",
            Activation::Relu => ", ReLU",
            Activation::Silu => ", SiLU",
        };
        let residual = if self.residual.is_some() { ", residual" } else { "" };
        format!("{} convolution {inputs}→{outputs}, {side}×{side}{activation}{residual}", place(&self.name))
    }

    /// Multiply-adds of a pixel, those with padding left out.
    fn useful_macs(&self) -> f64 {
        (self.side * self.side * self.channels[0] * self.channels[1]) as f64
    }
}

impl GpuEncoder {
    /// Each kind of dispatch, once for a whole picture of `size`, in the order of the network. What the feature maps
    /// hold is not defined.
    ///
    /// # Errors
    /// [`crate::gpu::GpuError::OutOfMemory`] or [`crate::gpu::GpuError::Lost`].
    pub fn kinds(&self, size: Size) -> GpuResult<Vec<DispatchKind<'_>>> {
        let data = self.gpu.storage(size.area() * self.quads * self.element.quad_bytes())?;
        let mut kinds: Vec<DispatchKind<'_>> = Vec::new();
        for layer in &self.layers {
            let name = layer.kind();
            if let Some(kind) = kinds.iter_mut().find(|kind| kind.name == name) {
                kind.count += 1;
                continue;
            }
            let pieces = [self.piece(layer, size.rect())];
            let dispatches = Convolution::in_whole(&self.gpu, &pieces, &self.weights, &data)?;
            kinds.push(DispatchKind { name, count: 1, macs: layer.useful_macs() * size.area() as f64, dispatches });
        }
        Ok(kinds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layer_of_every_network_has_its_place() {
        for (name, expected) in [
            ("head.0", "head"),
            ("body.3.body.0", "body"),
            ("body.3.body.2", "body"),
            ("body.16", "tail"),
            ("SFENet2", "head"),
            ("RDBs.1.convs.2.conv.0", "body"),
            ("RDBs.1.LFF", "fusion"),
            ("GFF.0", "fusion"),
            ("GFF.1", "tail"),
            ("head", "head"),
            ("blocks.2.3", "body"),
            ("tail", "tail"),
        ] {
            assert_eq!(place(name), expected, "{name}");
        }
    }
}
