//! The graphics device behind a model, and what happens when it fails: the processor goes on.

use super::reconnect::Reconnect;
use crate::decode::{Decoder, GpuDecoder, Sampling, WindowQuery};
use crate::encode::self_test::{self, SINGLE_TOLERANCE, encoding_time, is_second_used, noise, noisy_picture};
use crate::encode::{GpuEncoder, PictureEncoder};
use crate::error::{Error, Result};
use crate::feature::FeatureWindow;
use crate::geometry::{PixelRect, Region, SampleGrid, Size};
use crate::gpu::{AdapterChoice, ElementType, Gpu, GpuError, GpuResult};
use crate::kernel::Precision;
use crate::picture::Picture;
use crate::task::{Interrupt, NEVER};
use crate::weights::Weights;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// After this long a lost device is tried again.
const RETRY: Duration = Duration::from_secs(30);

/// Points of the self-test, along each axis.
const TEST_SIDE: usize = 16;

/// How far the device may be off in half precision in the self-test, in units of its largest value.
const HALF_TOLERANCE: f32 = 2e-2;

/// A model on a device.
struct GpuModel {
    gpu: Arc<Gpu>,
    /// None where candle encodes, on CUDA or Metal.
    encoder: Option<GpuEncoder>,
    decoder: GpuDecoder,
}

/// A model on a graphics device, as long as that works.
pub(super) struct Accelerator {
    choice: AdapterChoice,
    weights: Weights,
    encodes: bool,
    name: String,
    element: ElementType,
    engine: Reconnect<GpuModel>,
    /// Dispatches of devices that are lost.
    dispatches_before: AtomicU64,
    warning: Mutex<Option<String>>,
}

impl GpuModel {
    fn open(gpu: Arc<Gpu>, weights: &Weights, encodes: bool, element: ElementType) -> GpuResult<Self> {
        let reference = Decoder::new(weights, Precision::F32);
        let encoder = if encodes { Some(GpuEncoder::new(gpu.clone(), weights, element)?) } else { None };
        let engine = Self { decoder: GpuDecoder::new(gpu.clone(), &reference, element)?, encoder, gpu };
        let tolerance = if element == ElementType::F16 { HALF_TOLERANCE } else { SINGLE_TOLERANCE };
        engine.test_decoder(&reference, tolerance)?;
        engine.test_encoder(weights, tolerance)?;
        Ok(engine)
    }

    /// Decodes 256 points between known codes and compares with the processor.
    fn test_decoder(&self, processor: &Decoder, tolerance: f32) -> GpuResult<()> {
        let picture = Size::new(5, 6);
        let (margin, channels) = (processor.margin(), processor.channels());
        let side = |n: usize| n + 2 * margin;
        let codes = (0..side(picture.width) * side(picture.height) * channels).map(noise).collect();
        let window = FeatureWindow { rect: picture.rect(), margin, channels, codes };
        let grid = SampleGrid::spanning(Region::whole(picture), Size::new(TEST_SIDE, TEST_SIDE));
        let query = WindowQuery::new(&window, picture, &grid, Sampling::Exact);
        let ours = self.decoder.query(query, NEVER)?;
        let reference = processor.query(&window, picture, &grid, Sampling::Exact, NEVER);
        compare("decoding", &ours, &reference.map_err(|_| GpuError::Cancelled)?, tolerance)
    }

    /// Encodes a small picture and compares with the processor.
    fn test_encoder(&self, weights: &Weights, tolerance: f32) -> GpuResult<()> {
        let Some(encoder) = &self.encoder else { return Ok(()) };
        let picture = noisy_picture(self_test::SIDE);
        let (ours, _) = encoder.encode(&picture, picture.size.rect(), NEVER)?;
        let reference = self_test::expected_codes(weights).map_err(|error| GpuError::Unfit(error.to_string()))?;
        compare("encoding", &ours, &reference, tolerance)
    }
}

/// Refuses a device whose answer is off.
fn compare(what: &str, ours: &[f32], reference: &[f32], tolerance: f32) -> GpuResult<()> {
    let worst = self_test::off(ours, reference);
    if worst <= tolerance {
        return Ok(());
    }
    let percent = f64::from(worst) * 100.0;
    Err(GpuError::Unfit(format!("its self-test failed: {what} is off by {percent:.2} %")))
}

impl Accelerator {
    /// Opens the device that `choice` means and puts the model on it. It encodes unless candle does, and computes in half
    /// precision if `half` allows it, the device can, and the self-test agrees.
    ///
    /// # Errors
    /// [`Error::Device`] if there is no device, or it is not fit.
    pub(super) fn open(choice: AdapterChoice, weights: &Weights, encodes: bool, half: bool) -> Result<Self> {
        let gpu = Gpu::shared(&choice)?;
        Self::with(gpu, choice, weights, encodes, half)
    }

    /// As [`Self::open`], on a device that is open already.
    ///
    /// # Errors
    /// [`Error::Device`] if it is not fit.
    pub(super) fn with(
        gpu: Arc<Gpu>,
        choice: AdapterChoice,
        weights: &Weights,
        encodes: bool,
        half: bool,
    ) -> Result<Self> {
        let name = gpu.description().in_words();
        let engine = best(gpu, weights, encodes, half).map_err(|failure| failure.into_error(&name))?;
        let (element, weights) = (engine.decoder.element_type(), weights.clone());
        let engine = Reconnect::new(engine, RETRY);
        let (dispatches_before, warning) = (AtomicU64::new(0), Mutex::default());
        Ok(Self { choice, weights, encodes, name, element, engine, dispatches_before, warning })
    }

    /// The same, but a lost device is tried again after another pause.
    pub(super) fn retrying_after(self, pause: Duration) -> Self {
        Self { engine: self.engine.pausing(pause), ..self }
    }

    /// Whether it encodes faster than candle does on a device of its own, by a short measurement.
    pub(super) fn encodes_faster_than(&self, candle: &PictureEncoder) -> bool {
        let of_candle = |picture: &Picture| candle.encode(picture, picture.size.rect(), NEVER).ok();
        let own = |picture: &Picture| self.encode(picture, picture.size.rect(), NEVER)?.ok();
        is_second_used(encoding_time(of_candle), encoding_time(own))
    }

    /// The same, but another device encodes.
    pub(super) fn without_encoding(self) -> Self {
        Self { encodes: false, ..self }
    }

    /// The device's name, for people.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether it encodes, or candle does.
    pub(super) fn encodes(&self) -> bool {
        self.encodes
    }

    pub(super) fn element_type(&self) -> ElementType {
        self.element
    }

    /// In which arithmetic it computes, as people and names say it.
    pub(super) fn arithmetic(&self) -> &'static str {
        match self.element {
            ElementType::F32 => "f32",
            ElementType::F16 => "f16",
        }
    }

    /// Whether the device computes at present.
    pub(super) fn is_ready(&self) -> bool {
        self.engine.present().is_some()
    }

    /// Dispatches so far.
    pub(super) fn dispatches(&self) -> u64 {
        let present = self.engine.present().map_or(0, |engine| engine.gpu.dispatches());
        self.dispatches_before.load(Ordering::Relaxed) + present
    }

    /// What has gone wrong since this was asked last, in one sentence.
    pub(super) fn take_warning(&self) -> Option<String> {
        lock(&self.warning).take()
    }

    /// As [`Decoder::query`]; none if the processor has to do it.
    pub(super) fn query(&self, query: WindowQuery<'_>, interrupt: Interrupt<'_>) -> Option<Result<Vec<f32>>> {
        self.attempt(|engine| engine.decoder.query(query, interrupt))
    }

    /// As [`PictureEncoder::encode`]; none if another encoder has to do it.
    pub(super) fn encode(
        &self,
        picture: &Picture,
        rect: PixelRect,
        interrupt: Interrupt<'_>,
    ) -> Option<Result<(Vec<f32>, PixelRect)>> {
        if !self.encodes {
            return None;
        }
        self.attempt(|engine| match &engine.encoder {
            Some(encoder) => encoder.encode(picture, rect, interrupt),
            None => Err(GpuError::Unfit("another device encodes".into())),
        })
    }

    fn attempt<T>(&self, work: impl FnOnce(&GpuModel) -> GpuResult<T>) -> Option<Result<T>> {
        let engine = self.engine.get(Instant::now(), || self.open_again())?;
        match work(&engine) {
            Ok(value) => Some(Ok(value)),
            Err(GpuError::Cancelled) => Some(Err(Error::Cancelled)),
            // Whatever fails on a lost device fails because it is lost.
            Err(failure) if matches!(failure, GpuError::Lost(_)) || engine.gpu.loss().is_some() => {
                if self.engine.lose(&engine, Instant::now()) {
                    self.dispatches_before.fetch_add(engine.gpu.dispatches(), Ordering::Relaxed);
                    self.note(&failure, "goes on");
                }
                None
            }
            Err(failure) => {
                self.note(&failure, "does this part");
                None
            }
        }
    }

    fn open_again(&self) -> Option<GpuModel> {
        let gpu = Gpu::shared(&self.choice).ok()?;
        GpuModel::open(gpu, &self.weights, self.encodes, self.element).ok()
    }

    fn note(&self, failure: &GpuError, what: &str) {
        let (name, reason) = (&self.name, failure.reason());
        *lock(&self.warning) = Some(format!("the graphics card {name} failed: {reason}; the processor {what}"));
    }
}

/// An engine in half precision if that is allowed and passes its test, else in single precision.
fn best(gpu: Arc<Gpu>, weights: &Weights, encodes: bool, half: bool) -> GpuResult<GpuModel> {
    if half && gpu.has_f16() {
        let engine = GpuModel::open(gpu.clone(), weights, encodes, ElementType::F16);
        if engine.is_ok() {
            return engine;
        }
    }
    GpuModel::open(gpu, weights, encodes, ElementType::F32)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is inside is replaced as a whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
