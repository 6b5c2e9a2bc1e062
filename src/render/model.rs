//! A model ready to render.

#[cfg(feature = "gpu")]
use super::accelerator::Accelerator;
use super::color;
use super::compute::{Backend, Compute};
use super::names::Names;
use super::schedule::coarse_saves;
#[cfg(feature = "gpu")]
use crate::decode::FieldPacker;
use crate::decode::{Decoder, FieldParams, Sampling, WindowQuery};
use crate::encode::self_test::trusted_device;
use crate::encode::{self, NamedTile, PictureEncoder, device_name};
use crate::error::{Error, Result};
use crate::feature::{FeaturePrecision, FeatureTile, FeatureWindow};
use crate::geometry::{PixelRect, SampleGrid, Size};
#[cfg(feature = "gpu")]
use crate::gpu::{AdapterChoice, ElementType, Gpu};
use crate::kernel::Precision;
use crate::key::{DecodedBy, EncodedBy, ModelId};
use crate::picture::{Picture, Raster};
use crate::recipe::{Recipe, Strength};
use crate::task::Interrupt;
use crate::weights::{FieldConfig, ModelConfig, Normalization, Symmetry, Weights};
use candle_core::Device;
use std::cell::Cell;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Weights, loaded into an encoder and a decoder.
pub struct LoadedModel {
    /// Name of its configuration and weights.
    pub id: ModelId,
    names: Names,
    /// Blocks that were encoded.
    encoded: AtomicU64,
    /// What it is.
    pub config: ModelConfig,
    /// In which arithmetic it was loaded for the processor.
    pub precision: Precision,
    /// Picture to features, by candle.
    pub encoder: PictureEncoder,
    /// Features to colours, on the processor.
    pub decoder: Decoder,
    #[cfg(feature = "gpu")]
    accelerator: Option<Accelerator>,
    /// For the canvas, once it is asked for.
    #[cfg(feature = "gpu")]
    packer: OnceLock<FieldPacker>,
    /// Why there is no graphics device although there might have been.
    refusal: Option<String>,
    /// What its ensemble is made of; none in a member of one.
    weights: Option<Weights>,
    /// The other members of its ensemble, once they are asked for.
    others: OnceLock<Vec<LoadedModel>>,
}

impl LoadedModel {
    /// Loads `weights`; candle's encoder runs on `device`; convolutions and hidden layers on the CPU in `precision`. No
    /// graphics device takes part beside candle's.
    ///
    /// # Errors
    /// [`crate::error::Error::Device`] if the device cannot take them.
    pub fn new(weights: &Weights, device: Device, precision: Precision) -> Result<Self> {
        let names = Names::new(weights, device_name(&device), precision);
        Ok(Self {
            id: weights.id(),
            names,
            encoded: AtomicU64::new(0),
            config: weights.config().clone(),
            precision,
            encoder: PictureEncoder::new(weights, device, precision)?,
            decoder: Decoder::new(weights, precision),
            #[cfg(feature = "gpu")]
            accelerator: None,
            #[cfg(feature = "gpu")]
            packer: OnceLock::new(),
            refusal: None,
            weights: Some(weights.clone()),
            others: OnceLock::new(),
        })
    }

    /// The first so many of the seven models that see every picture turned or mirrored, and turn back what this one makes of
    /// it. They are loaded when they are first asked for, on what computes then.
    ///
    /// # Errors
    /// [`crate::error::Error::Device`] if the device cannot take them.
    pub fn others(&self, count: usize) -> Result<&[Self]> {
        if count == 0 {
            return Ok(&[]);
        }
        let others = if let Some(others) = self.others.get() {
            others
        } else {
            let none = || Error::device("a member of an ensemble has no ensemble of its own");
            let (compute, weights) = (self.computed(), self.weights.as_ref().ok_or_else(none)?);
            let turned = |it: &Symmetry| Ok(Self { weights: None, ..Self::on(&weights.turned(*it), &compute)? });
            let loaded = Symmetry::ALL[1..].iter().map(turned).collect::<Result<Vec<_>>>()?;
            self.others.get_or_init(|| loaded)
        };
        Ok(&others[..count])
    }

    /// Loads `weights` on what `compute` asks for.
    ///
    /// # Errors
    /// [`crate::error::Error::Device`] if a graphics device is asked for and there is none that is fit.
    pub fn on(weights: &Weights, compute: &Compute) -> Result<Self> {
        if compute.is_cpu() {
            return Self::new(weights, Device::Cpu, compute.precision.or_best());
        }
        let (device, refusal) = trusted_device(weights);
        let model = Self { refusal, ..Self::new(weights, device, compute.precision.or_best())? };
        model.accelerated(weights, compute)
    }

    /// [`Self::new`] on the CPU, whatever else there is.
    ///
    /// # Errors
    /// [`crate::error::Error::Device`] if memory runs out.
    pub fn on_cpu(weights: &Weights, precision: Precision) -> Result<Self> {
        Self::new(weights, Device::Cpu, precision)
    }

    /// The model that is part of the program, EDSR-baseline-LIIF, on what is best here and in the best precision.
    ///
    /// # Errors
    /// [`crate::error::Error::Device`] if the device cannot take it.
    pub fn builtin() -> Result<Self> {
        Self::on(&Weights::builtin()?, &Compute::default())
    }

    #[cfg(feature = "gpu")]
    fn accelerated(self, weights: &Weights, compute: &Compute) -> Result<Self> {
        let is_demanded = compute.backend == Backend::Gpu;
        if !is_demanded && compute.device.is_none() && !crate::gpu::has_real_adapter() {
            return Ok(self);
        }
        let is_chosen = is_demanded || compute.device.is_some();
        let open = |encodes| Accelerator::open(compute.choice(), weights, encodes, compute.allows_half());
        // Candle's device encodes where the other one cannot.
        let opened = open(true).or_else(|error| if self.encoder.is_on_cpu() { Err(error) } else { open(false) });
        match opened {
            Ok(accelerator)
                if is_demanded && compute.demands_half() && accelerator.element_type() != ElementType::F16 =>
            {
                let reason = format!("{} has no half precision that can be trusted", accelerator.name());
                Err(Error::device(format!("{reason}; choose --precision f32")))
            }
            Ok(accelerator) => {
                let encodes = is_chosen || self.encoder.is_on_cpu() || accelerator.encodes_faster_than(&self.encoder);
                Ok(self.with_accelerator(if encodes { accelerator } else { accelerator.without_encoding() }))
            }
            Err(error) if is_demanded => Err(error),
            Err(error) => Ok(Self { refusal: Some(error.to_string()), ..self }),
        }
    }

    #[cfg(not(feature = "gpu"))]
    fn accelerated(self, _weights: &Weights, compute: &Compute) -> Result<Self> {
        let reason = "this build computes on the processor only; build with the feature `gpu`";
        match compute.backend {
            Backend::Gpu if self.encoder.is_on_cpu() || compute.device.is_some() => Err(Error::device(reason)),
            _ => Ok(Self { refusal: compute.device.as_ref().map(|_| reason.to_owned()).or(self.refusal), ..self }),
        }
    }

    /// Loads `weights` on a graphics device that is open already; the processor computes in `precision` if it fails.
    ///
    /// # Errors
    /// [`crate::error::Error::Device`] if the device is not fit.
    #[cfg(feature = "gpu")]
    pub fn on_gpu(weights: &Weights, gpu: std::sync::Arc<Gpu>, precision: Precision, half: bool) -> Result<Self> {
        let choice = AdapterChoice::Named(gpu.description().in_words());
        let accelerator = Accelerator::with(gpu, choice, weights, true, half)?;
        Ok(Self::new(weights, Device::Cpu, precision)?.with_accelerator(accelerator))
    }

    #[cfg(feature = "gpu")]
    fn with_accelerator(self, accelerator: Accelerator) -> Self {
        let names = self.names.beside(accelerator.name(), accelerator.arithmetic(), accelerator.encodes());
        Self { names, accelerator: Some(accelerator), ..self }
    }

    /// The same, but a graphics device that was lost is tried again after this long; 30 seconds where this is not called.
    #[cfg(feature = "gpu")]
    #[must_use]
    pub fn retrying_after(self, pause: std::time::Duration) -> Self {
        Self { accelerator: self.accelerator.map(|accelerator| accelerator.retrying_after(pause)), ..self }
    }

    /// What makes features of `precision` at present.
    pub fn encoded_by(&self, precision: FeaturePrecision) -> EncodedBy {
        self.names.encoded_by(self.adapter().is_some(), precision)
    }

    /// Names of the features that it may decode: those that it would make at present first. While a graphics device computes,
    /// the processor has encoded what the device had no memory for; once it is lost what it has made is not used any more.
    pub fn readable(&self, precision: FeaturePrecision) -> Vec<EncodedBy> {
        let mut names = vec![self.encoded_by(precision), self.names.encoded_by(false, precision)];
        names.dedup();
        names
    }

    /// What makes pixels out of features of `precision` at present.
    pub fn decoded_by(&self, precision: FeaturePrecision) -> DecodedBy {
        self.names.decoded_by(self.adapter().is_some(), precision)
    }

    /// What makes the view's pixels at present: other than before once a graphics device was lost, or is back.
    pub fn key(&self) -> DecodedBy {
        self.decoded_by(FeaturePrecision::Half)
    }

    /// How often it has encoded something.
    pub fn encoded(&self) -> u64 {
        self.encoded.load(Ordering::Relaxed)
    }

    /// The graphics device that computes at present, if one does: its name.
    #[cfg(feature = "gpu")]
    pub fn adapter(&self) -> Option<&str> {
        self.accelerator.as_ref().filter(|accelerator| accelerator.is_ready()).map(Accelerator::name)
    }

    /// The graphics device that computes at present, if one does: its name.
    #[cfg(not(feature = "gpu"))]
    pub fn adapter(&self) -> Option<&str> {
        None
    }

    /// Dispatches that its graphics device has carried out, for everybody who shares it.
    #[cfg(feature = "gpu")]
    pub fn dispatches(&self) -> u64 {
        self.accelerator.as_ref().map_or(0, Accelerator::dispatches)
    }

    /// Dispatches that its graphics device has carried out, for everybody who shares it.
    #[cfg(not(feature = "gpu"))]
    pub fn dispatches(&self) -> u64 {
        0
    }

    /// In which arithmetic colours are computed at present.
    pub fn arithmetic(&self) -> String {
        #[cfg(feature = "gpu")]
        if let Some(accelerator) = self.accelerator.as_ref().filter(|accelerator| accelerator.is_ready()) {
            return accelerator.arithmetic().to_owned();
        }
        self.precision.to_string()
    }

    /// How much its colours are locked to their source unless somebody asks otherwise: not those of a model that is meant to
    /// depart from it.
    pub fn usual_lock(&self) -> Strength {
        if self.weights.as_ref().is_some_and(Weights::restores) { Strength::NONE } else { Strength::FULL }
    }

    /// What has gone wrong with its graphics device since this was asked last, in one sentence.
    pub fn take_warning(&self) -> Option<String> {
        #[cfg(feature = "gpu")]
        if let Some(warning) = self.accelerator.as_ref().and_then(Accelerator::take_warning) {
            return Some(warning);
        }
        None
    }

    /// Why no graphics device computes although there is one, in one sentence.
    pub fn refusal(&self) -> Option<&str> {
        self.refusal.as_deref()
    }

    /// As [`Decoder::query`], on what computes at present.
    ///
    /// # Errors
    /// [`crate::error::Error::Cancelled`] if interrupted.
    pub fn query_rgb(
        &self,
        window: &FeatureWindow,
        picture: Size,
        grid: &SampleGrid,
        sampling: Sampling,
        interrupt: Interrupt<'_>,
    ) -> Result<Vec<f32>> {
        self.answer(WindowQuery::new(window, picture, grid, sampling), interrupt)
    }

    /// As [`Self::query_rgb`], with samples that stand for pixels of any size.
    ///
    /// # Errors
    /// As [`Self::query_rgb`].
    pub fn answer(&self, query: WindowQuery<'_>, interrupt: Interrupt<'_>) -> Result<Vec<f32>> {
        #[cfg(feature = "gpu")]
        if let Some(accelerator) = &self.accelerator
            && let Some(result) = accelerator.query(query, interrupt)
        {
            return result;
        }
        self.decoder.answer(query, interrupt)
    }

    /// Whether it is a live network.
    pub fn is_live(&self) -> bool {
        matches!(self.decoder, Decoder::Field(_))
    }

    /// Its field, if it is a live network.
    pub fn field_params(&self) -> Option<&FieldParams> {
        if let Decoder::Field(params) = &self.decoder { Some(params) } else { None }
    }

    /// What packs its fields for the canvas, if it is a live network.
    #[cfg(feature = "gpu")]
    pub(super) fn field_packer(&self) -> Option<&FieldPacker> {
        let params = self.field_params()?;
        Some(self.packer.get_or_init(|| FieldPacker::new(params)))
    }

    /// Whether the processor makes its tiles, each on one thread, as fast as bicubic ones.
    pub fn is_instant(&self) -> bool {
        self.is_live() && self.adapter().is_none()
    }

    /// Whether it makes any of the pixels of a recipe on `grid`: not where the picture is reduced, and of a field's at ×1
    /// nothing is to be seen.
    pub fn makes(&self, grid: &SampleGrid, recipe: Recipe) -> bool {
        let is_silent = self.is_live() && FieldConfig::presence([grid.y.pitch, grid.x.pitch]) <= 0.0;
        recipe.is_neural() && !grid.is_reduction() && !is_silent
    }

    /// Whether a coarse pass is worth being made at a zoom: a field of waves is evaluated at every pixel in any pass.
    pub fn coarse_saves(&self, zoom: f64) -> bool {
        self.decoder.sampling(Sampling::Coarse) == Sampling::Coarse && coarse_saves(zoom)
    }

    /// Colours in [0, 1] out of what [`Self::query_rgb`] answers on `grid`.
    pub fn colors(&self, values: Vec<f32>, picture: &Picture, grid: &SampleGrid) -> Raster {
        let data = self.unclamped(values, picture, grid).into_iter().map(|value| value.clamp(0.0, 1.0)).collect();
        Raster { size: grid.size(), channels: 3, data }
    }

    /// The same as they come: a network leaves [0, 1] beside edges.
    pub(super) fn unclamped(&self, mut values: Vec<f32>, picture: &Picture, grid: &SampleGrid) -> Vec<f32> {
        color::add_what_is_left_out(&mut values, &self.decoder, self.config.normalization, (picture, grid));
        values
    }

    /// What LIIF answers where these are its colours: the way back of [`Self::unclamped`].
    pub(super) fn answers(&self, colors: &[[f32; 3]]) -> Vec<[f32; 3]> {
        let Normalization { mean, std } = self.config.normalization;
        let answer = |color: &[f32; 3]| std::array::from_fn(|c| (color[c] - mean[c]) / std[c]);
        colors.iter().map(answer).collect()
    }

    /// Feature tiles of a picture ([`encode::encode_tiles`]), on what computes at present, and what that was.
    ///
    /// # Errors
    /// [`crate::error::Error::Cancelled`] if interrupted, [`crate::error::Error::Device`] if the encoder fails.
    pub fn encode_tiles(
        &self,
        picture: &Picture,
        tiles: PixelRect,
        precision: FeaturePrecision,
        interrupt: Interrupt<'_>,
    ) -> Result<(Vec<NamedTile>, EncodedBy)> {
        let is_by_device = Cell::new(false);
        let tiles = encode::encode_tiles(picture.size, tiles, precision, |rect| {
            self.encoded.fetch_add(1, Ordering::Relaxed);
            #[cfg(feature = "gpu")]
            if let Some(accelerator) = &self.accelerator
                && let Some(result) = accelerator.encode(picture, rect, interrupt)
            {
                is_by_device.set(true);
                return result;
            }
            self.encoder.encode(picture, rect, interrupt)
        })?;
        Ok((tiles, self.names.encoded_by(is_by_device.get(), precision)))
    }

    /// Features of exactly these source pixels, by the encoder that is always there.
    ///
    /// # Errors
    /// As [`Self::encode_tiles`].
    pub fn encode_exactly(
        &self,
        picture: &Picture,
        pixels: PixelRect,
        precision: FeaturePrecision,
        interrupt: Interrupt<'_>,
    ) -> Result<FeatureTile> {
        self.encoded.fetch_add(1, Ordering::Relaxed);
        let (codes, from) = self.encoder.encode(picture, pixels, interrupt)?;
        Ok(FeatureTile::cut(&codes, from, pixels, precision))
    }
}
