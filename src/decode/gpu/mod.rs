//! The decoder of either family on a graphics device.

mod canvas;
mod field;
mod imnet;

pub use canvas::{
    Atlas, CanvasFrame, CanvasPainter, CanvasSpeed, CanvasView, FieldCells, FieldPacker, FrameBuffers, ReducedFrame,
    Stretch,
};
pub use field::GpuField;
pub use imnet::GpuImnet;

use super::query::{WindowQuery, sample_points};
use super::{Decoder, Sampling};
use crate::geometry::codes_for;
use crate::gpu::{DispatchKind, ElementType, Gpu, GpuError, GpuResult, Variant, VariantTiming};
use crate::task::Interrupt;
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

/// A model's decoder on a graphics device: [`Decoder`] there.
pub enum GpuDecoder {
    /// LIIF's.
    Imnet(Box<GpuImnet>),
    /// A field of waves.
    Field(Box<GpuField>),
}

impl GpuDecoder {
    /// Puts a model on the device. It multiplies values of type `element`.
    ///
    /// # Errors
    /// [`GpuError::Unfit`] if the device is too small for the model or refuses a shader, [`GpuError::OutOfMemory`],
    /// [`GpuError::Lost`].
    pub fn new(gpu: Arc<Gpu>, decoder: &Decoder, element: ElementType) -> GpuResult<Self> {
        Ok(match decoder {
            Decoder::Imnet(params) => Self::Imnet(Box::new(GpuImnet::new(gpu, params, element)?)),
            Decoder::Field(params) => Self::Field(Box::new(GpuField::new(gpu, params, element)?)),
        })
    }

    /// As [`Self::new`], with every access checked by the driver: for the proof that none needs it.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn checked(gpu: Arc<Gpu>, decoder: &Decoder, element: ElementType) -> GpuResult<Self> {
        Ok(match decoder {
            Decoder::Imnet(params) => Self::Imnet(Box::new(GpuImnet::checked(gpu, params, element)?)),
            Decoder::Field(params) => Self::Field(Box::new(GpuField::checked(gpu, params, element)?)),
        })
    }

    /// In which variant its shader computes, if it has any.
    pub fn variant(&self) -> Option<Variant> {
        match self {
            Self::Imnet(imnet) => Some(imnet.variant()),
            Self::Field(_) => None,
        }
    }

    /// How long decoding takes in each variant that the device has; each for at most `limit`.
    ///
    /// # Errors
    /// [`GpuError::Unfit`] if the device refuses one, [`GpuError::OutOfMemory`], [`GpuError::Lost`].
    pub fn time_variants(&self, limit: Duration) -> GpuResult<Vec<VariantTiming>> {
        match self {
            Self::Imnet(imnet) => imnet.time_variants(limit),
            Self::Field(_) => Ok(Vec::new()),
        }
    }

    /// Measures in which variant `decoder` is the fastest, whatever is in use or known.
    pub(crate) fn fastest(gpu: &Arc<Gpu>, decoder: &Decoder, element: ElementType) -> Option<Variant> {
        match decoder {
            Decoder::Imnet(params) => Some(GpuImnet::fastest(gpu, params, element)),
            Decoder::Field(_) => None,
        }
    }

    /// What it multiplies.
    pub fn element_type(&self) -> ElementType {
        match self {
            Self::Imnet(imnet) => imnet.element_type(),
            Self::Field(field) => field.element_type(),
        }
    }

    /// As [`Decoder::query`]: what it answers at every sample, `[grid.y.len, grid.x.len, 3]`, not clamped. If the device
    /// has not the memory for all at once, half of the rows are queried first.
    ///
    /// # Errors
    /// [`GpuError::Cancelled`] between two bands, [`GpuError::OutOfMemory`] if not even one row fits,
    /// [`GpuError::Lost`].
    pub fn query(&self, query: WindowQuery<'_>, interrupt: Interrupt<'_>) -> GpuResult<Vec<f32>> {
        match self {
            Self::Imnet(imnet) => by_halves(query, &|query| imnet.query(query, interrupt)),
            // Cheap enough for every sample.
            Self::Field(field) => {
                by_halves(WindowQuery { sampling: Sampling::Exact, ..query }, &|query| field.query(query, interrupt))
            }
        }
    }

    /// Each kind of dispatch, for `side` × `side` latent codes (an even number of them): what prepares the codes, then
    /// what decodes them.
    ///
    /// # Errors
    /// [`GpuError::OutOfMemory`] or [`GpuError::Lost`].
    pub fn kinds(&self, side: usize) -> GpuResult<Vec<DispatchKind<'_>>> {
        match self {
            Self::Imnet(imnet) => imnet.kinds(side),
            Self::Field(field) => field.kinds(side),
        }
    }
}

/// `whole` of a query; of the halves of its rows, one after the other, if it runs out of memory.
fn by_halves(query: WindowQuery<'_>, whole: &dyn Fn(WindowQuery<'_>) -> GpuResult<Vec<f32>>) -> GpuResult<Vec<f32>> {
    let result = whole(query);
    let (rows, columns) = (query.grid.y.len, query.grid.x.len);
    if result != Err(GpuError::OutOfMemory) || rows < 2 {
        return result;
    }
    let mut values = Vec::with_capacity(rows * columns * 3);
    for half in [0..rows / 2, rows / 2..rows] {
        let grid = query.grid.slice(half, 0..columns);
        // By rounding, a position may come to lie on the other side of a code.
        let needed = codes_for(&sample_points(&grid, query.sampling), query.picture);
        let window = query.window.part(needed.intersection(query.window.rect).unwrap_or(needed));
        values.extend(by_halves(WindowQuery { window: &window, grid: &grid, ..query }, whole)?);
    }
    Ok(values)
}

/// That the device has the type.
fn check_element(gpu: &Gpu, element: ElementType) -> GpuResult<()> {
    if element == ElementType::F16 && !gpu.has_f16() {
        return Err(GpuError::Unfit("it does not compute with 16-bit floats".into()));
    }
    Ok(())
}

/// Codes `[…, channels]`, each filled up to whole quads.
fn in_quads(codes: &[f32], channels: usize) -> Cow<'_, [f32]> {
    if channels.is_multiple_of(4) {
        return codes.into();
    }
    let width = channels.next_multiple_of(4);
    let fill = |code: &[f32]| code.iter().copied().chain(std::iter::repeat(0.0)).take(width).collect::<Vec<_>>();
    codes.chunks_exact(channels).flat_map(fill).collect()
}
