//! An opened device.

use super::adapter::{AdapterChoice, AdapterDescription, find, ready};
use super::clock::Clock;
use super::error::{GpuError, GpuResult};
use super::faults::Faults;
use super::guard::guarded;
use super::variant::{Capacity, Subgroups, Variant};
use crate::error::{Error, Result};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

/// The most workgroup memory that a shader of ours takes, in bytes.
const WORKGROUP_BYTES: u32 = 32 << 10;

/// The largest buffer that is asked for, in bytes.
const BUFFER_BYTES: u64 = 1 << 30;

/// A band takes some 10 ms; what has not ended after this many looks at this distance has failed. Looking several
/// times forgives a process that was halted meanwhile; software, which compiles its shaders then, is given longer.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOKS: usize = 3;
const SOFTWARE_LOOKS: usize = 60;

/// A graphics device, opened for computing: no window knows it.
pub struct Gpu {
    pub(super) device: wgpu::Device,
    pub(super) queue: wgpu::Queue,
    description: AdapterDescription,
    /// Why the device is gone, once it is.
    lost: Arc<OnceLock<String>>,
    clock: Option<Clock>,
    pub(super) dispatches: AtomicU64,
    /// Bands whose time is by the device's own clock.
    pub(super) timed: AtomicU64,
    /// In which variants shaders compute here, once that is known: of each in single and in half precision.
    pub(super) variants: [[OnceLock<Variant>; 2]; 2],
    subgroups: Option<Subgroups>,
    faults: Faults,
}

/// Devices that are open, by what was asked for.
static SHARED: Mutex<Vec<(AdapterChoice, Arc<Gpu>)>> = Mutex::new(Vec::new());

impl Gpu {
    /// Opens the device that `choice` means, with the limits that our shaders need and it has.
    ///
    /// # Errors
    /// [`Error::Device`] if there is none, or it cannot be opened.
    pub fn open(choice: &AdapterChoice) -> Result<Self> {
        let adapter = find(choice)?;
        let limits = Self::limits_for(&adapter.limits());
        let wanted = wgpu::Features::SHADER_F16 | wgpu::Features::SUBGROUP | Clock::FEATURES;
        let features = wanted & adapter.features();
        Self::open_with(&adapter, limits, features)
    }

    /// As [`Self::open`], but with no more than every adapter has: the least limits and no features.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_least(choice: &AdapterChoice) -> Result<Self> {
        let adapter = find(choice)?;
        let limits = wgpu::Limits::downlevel_defaults().or_worse_values_from(&adapter.limits());
        Self::open_with(&adapter, limits, wgpu::Features::empty())
    }

    /// The device that everybody shares who asks for the same; a lost one is replaced.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn shared(choice: &AdapterChoice) -> Result<Arc<Self>> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.retain(|(_, gpu)| gpu.loss().is_none());
        if let Some((_, gpu)) = shared.iter().find(|(known, _)| known == choice) {
            return Ok(gpu.clone());
        }
        let gpu = Arc::new(Self::open(choice)?);
        shared.push((choice.clone(), gpu.clone()));
        Ok(gpu)
    }

    fn limits_for(has: &wgpu::Limits) -> wgpu::Limits {
        let least = wgpu::Limits::downlevel_defaults();
        let wanted = wgpu::Limits {
            max_compute_workgroup_storage_size: WORKGROUP_BYTES,
            max_storage_buffer_binding_size: BUFFER_BYTES,
            max_buffer_size: BUFFER_BYTES,
            ..least
        };
        wanted.or_worse_values_from(has)
    }

    fn open_with(adapter: &wgpu::Adapter, limits: wgpu::Limits, features: wgpu::Features) -> Result<Self> {
        let description = AdapterDescription::of(&adapter.get_info());
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("zoomfield compute"),
            required_features: features,
            required_limits: limits,
            ..wgpu::DeviceDescriptor::default()
        };
        let (device, queue) = ready(adapter.request_device(&descriptor)).map_err(|error| {
            Error::device(format!(
                "the graphics card {} cannot be opened: {error}; compute with `--backend cpu`",
                description.in_words()
            ))
        })?;
        let lost = Arc::new(OnceLock::new());
        let (on_loss, on_error) = (lost.clone(), lost.clone());
        device.set_device_lost_callback(move |_, words| drop(on_loss.set(words)));
        // Nothing that was not foreseen may pass for a result: the device counts as lost.
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| drop(on_error.set(error.to_string()))));
        let (dispatches, timed, faults) = (AtomicU64::new(0), AtomicU64::new(0), Faults::default());
        let clock = Clock::of(&device, &queue);
        let has_subgroups = features.contains(wgpu::Features::SUBGROUP);
        let subgroups = has_subgroups.then(|| Subgroups::of(&adapter.get_info())).flatten();
        let variants = Default::default();
        Ok(Self { device, queue, description, lost, clock, dispatches, timed, variants, subgroups, faults })
    }

    /// What it is.
    pub fn description(&self) -> &AdapterDescription {
        &self.description
    }

    /// What it can do, as far as it was asked for.
    pub fn limits(&self) -> wgpu::Limits {
        self.device.limits()
    }

    /// What it offers to a workgroup.
    pub fn capacity(&self) -> Capacity {
        Capacity { limits: self.limits(), subgroups: self.subgroups }
    }

    /// Whether shaders may compute with 16-bit floats.
    pub fn has_f16(&self) -> bool {
        self.device.features().contains(wgpu::Features::SHADER_F16)
    }

    /// How many dispatches it has carried out.
    pub fn dispatches(&self) -> u64 {
        self.dispatches.load(Ordering::Relaxed)
    }

    /// How many bands it has timed by its own clock.
    pub fn timed_bands(&self) -> u64 {
        self.timed.load(Ordering::Relaxed)
    }

    /// Whether it has a clock of its own.
    pub fn has_clock(&self) -> bool {
        self.clock.is_some()
    }

    /// Why it is gone, if it is.
    pub fn loss(&self) -> Option<&str> {
        self.lost.get().map(String::as_str)
    }

    /// Switches to make it fail.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// [`GpuError::Lost`] if the device is gone.
    pub(super) fn check_alive(&self) -> GpuResult<()> {
        self.loss().map_or(Ok(()), |words| Err(GpuError::Lost(words.to_owned())))
    }

    /// The device's clock, unless it is made to have none.
    pub(super) fn clock(&self) -> Option<&Clock> {
        self.clock.as_ref().filter(|_| !self.faults.is_without_clock())
    }

    pub(super) fn submit(&self, encoder: wgpu::CommandEncoder) -> wgpu::SubmissionIndex {
        if self.faults.is_time_to_fail() {
            self.device.destroy();
        }
        self.queue.submit([encoder.finish()])
    }

    /// Waits until what was submitted is done.
    pub(super) fn wait_for(&self, submission: wgpu::SubmissionIndex) -> GpuResult<()> {
        let looks = if self.description.is_software { SOFTWARE_LOOKS } else { LOOKS };
        let wait = wgpu::PollType::Wait { submission_index: Some(submission), timeout: Some(PATIENCE) };
        let ends = (0..looks).any(|_| self.device.poll(wait.clone()).is_ok() || self.loss().is_some());
        self.check_alive()?;
        if ends {
            return Ok(());
        }
        let words = "it did not answer in time";
        drop(self.lost.set(words.into()));
        Err(GpuError::Lost(words.into()))
    }

    /// Runs `work`, and turns what the device says about it into failures.
    pub(super) fn attempt<T>(&self, work: impl FnOnce() -> T) -> GpuResult<T> {
        let result = guarded(&self.device, work);
        if result.is_err() {
            // A lost device says so only when it is looked at.
            let _ = self.device.poll(wgpu::PollType::Poll);
        }
        self.check_alive()?;
        result
    }
}
