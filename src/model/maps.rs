//! Feature maps between two convolutions: candle's tensors, or what our own kernels read where it lies.

use crate::kernel::{Order, Spare};
use candle_core::{Result, Tensor, bail};
use std::sync::Arc;

/// Feature maps of one or several pictures. Clones share them.
#[derive(Clone)]
pub enum Maps {
    /// `[n, channels, height, width]`; `[n, height, width, channels]` for training.
    Tensor(Tensor),
    /// Of one picture, for our own kernels.
    Held(Arc<HeldMaps>),
}

/// Feature maps of one picture. Their memory goes back to where it came from.
pub struct HeldMaps {
    pub(super) values: Vec<f32>,
    pub(super) order: Order,
    /// Channels, height and width.
    pub(super) shape: [usize; 3],
    pub(super) spare: Spare,
}

impl Drop for HeldMaps {
    fn drop(&mut self) {
        self.spare.put(std::mem::take(&mut self.values));
    }
}

impl From<Tensor> for Maps {
    fn from(tensor: Tensor) -> Self {
        Self::Tensor(tensor)
    }
}

impl From<HeldMaps> for Maps {
    fn from(held: HeldMaps) -> Self {
        Self::Held(Arc::new(held))
    }
}

impl Maps {
    /// # Errors
    /// If they are not candle's.
    pub(super) fn tensor(&self) -> Result<&Tensor> {
        match self {
            Self::Tensor(tensor) => Ok(tensor),
            Self::Held(_) => bail!("feature maps for our own kernels are no tensor"),
        }
    }

    /// # Errors
    /// If they are not for our own kernels.
    pub(super) fn held(&self) -> Result<&HeldMaps> {
        match self {
            Self::Tensor(_) => bail!("a tensor is not for our own kernels"),
            Self::Held(held) => Ok(held),
        }
    }

    /// The values that lie there, if nothing else holds them; else a copy.
    ///
    /// # Errors
    /// If they are not for our own kernels.
    pub(super) fn into_values(self) -> Result<Vec<f32>> {
        let Self::Held(held) = self else { bail!("a tensor is not for our own kernels") };
        Ok(Arc::try_unwrap(held).map_or_else(|held| held.values.clone(), |mut held| std::mem::take(&mut held.values)))
    }

    /// These times `scale`, plus others of the same shape.
    ///
    /// # Errors
    /// candle's, for maps of other shapes or kinds.
    pub(super) fn scaled_add(&self, scale: f64, others: &Self) -> Result<Self> {
        if let Self::Tensor(tensor) = self {
            return Ok(((tensor * scale)? + others.tensor()?)?.into());
        }
        let (a, b) = (self.held()?, others.held()?);
        if (a.order, a.shape) != (b.order, b.shape) {
            bail!("feature maps of {:?} and of {:?} have no sum", a.shape, b.shape);
        }
        let mut values = a.spare.take(a.values.len());
        for ((to, a), b) in values.iter_mut().zip(&a.values).zip(&b.values) {
            *to = a * scale as f32 + b;
        }
        Ok(HeldMaps { values, order: a.order, shape: a.shape, spare: a.spare.clone() }.into())
    }
}
