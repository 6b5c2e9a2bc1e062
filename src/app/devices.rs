//! The devices that can compute, and how fast each is: found out on a thread when the settings are first looked at, and
//! remembered by them, as is why one could not be measured.

use super::App;
use super::one_shot::{OneShot, Outcome};
use crate::bench::{Device, Speed};
use crate::error::{Error, Result};
use crate::task::{Gate, Interrupt};

/// Lists the devices. Runs on a thread of its own.
pub type ListFn = dyn Fn() -> Vec<Device> + Send + Sync;
/// Measures one. Runs on a thread of its own.
pub type MeasureFn = dyn Fn(&Device, Interrupt<'_>) -> Result<Speed> + Send + Sync;

/// What is known of the devices, apart from their speeds and failures, which the settings keep.
#[derive(Default)]
pub struct Devices {
    found: Option<Vec<Device>>,
    listing: Option<OneShot<Vec<Device>>>,
    measuring: Option<Measuring>,
    /// Still to be measured.
    waiting: Vec<Device>,
}

/// A measurement under way; it stops when nobody waits for it any more.
struct Measuring {
    device: Device,
    job: OneShot<Result<Speed>>,
    gate: Gate,
}

impl Drop for Measuring {
    fn drop(&mut self) {
        self.gate.stop();
    }
}

impl Devices {
    /// Those that were found, in the order of the list.
    pub fn found(&self) -> &[Device] {
        self.found.as_deref().unwrap_or_default()
    }

    /// Whether they are being looked for.
    pub fn is_listing(&self) -> bool {
        self.listing.is_some()
    }

    /// Whether any is being measured.
    pub fn is_measuring(&self) -> bool {
        self.measuring.is_some()
    }

    /// Whether this one is being measured, or will be.
    pub fn awaits(&self, device: &Device) -> bool {
        self.measuring.as_ref().is_some_and(|measuring| measuring.device == *device) || self.waiting.contains(device)
    }
}

impl App {
    /// Has the devices looked for, once.
    pub(super) fn look_for_devices(&mut self) {
        let devices = &mut self.state.devices;
        if devices.found.is_some() || devices.listing.is_some() {
            return;
        }
        let list = self.services.list_devices.clone();
        match OneShot::start("list devices", &self.ctx, move || list()) {
            Ok(job) => self.state.devices.listing = Some(job),
            Err(error) => self.fail(format!("cannot look for graphics cards: {error}")),
        }
    }

    /// Measures all devices, whatever is known of them.
    pub(super) fn measure_devices(&mut self) {
        let devices = &mut self.state.devices;
        devices.waiting = devices.found().to_vec();
        self.measure_next_device();
    }

    /// Takes in what was found and measured.
    pub(super) fn drain_devices(&mut self) {
        if let Some(listing) = self.state.devices.listing.take() {
            match listing.poll() {
                Outcome::Pending => self.state.devices.listing = Some(listing),
                Outcome::Done(found) => self.take_devices(found),
                Outcome::Lost => {
                    self.state.devices.found = Some(Vec::new());
                    self.fail("the graphics drivers cannot be asked; the CPU computes".into());
                }
            }
        }
        if let Some(measuring) = self.state.devices.measuring.take() {
            match measuring.job.poll() {
                Outcome::Pending => self.state.devices.measuring = Some(measuring),
                Outcome::Done(result) => self.take_speed(&measuring.device, result),
                Outcome::Lost => {
                    self.take_speed(&measuring.device, Err(Error::device("measuring it failed unexpectedly")));
                }
            }
        }
    }

    fn take_devices(&mut self, found: Vec<Device>) {
        let settings = &self.state.settings;
        let is_known = |name: &String| settings.speeds.contains_key(name) || settings.failures.contains_key(name);
        let waiting = found.iter().filter(|device| !is_known(&device.identity())).cloned().collect();
        self.state.devices.waiting = waiting;
        self.state.devices.found = Some(found);
        self.measure_next_device();
    }

    fn take_speed(&mut self, device: &Device, result: Result<Speed>) {
        let (settings, name) = (&mut self.state.settings, device.identity());
        settings.speeds.remove(&name);
        settings.failures.remove(&name);
        match result {
            Ok(speed) => drop(settings.speeds.insert(name, speed)),
            Err(error) => drop(settings.failures.insert(name, error.to_string())),
        }
        self.keep_settings();
        self.measure_next_device();
    }

    /// One at a time: two would slow each other down.
    fn measure_next_device(&mut self) {
        let devices = &mut self.state.devices;
        if devices.measuring.is_some() || devices.waiting.is_empty() {
            return;
        }
        let device = devices.waiting.remove(0);
        let (measure, measured, gate) = (self.services.measure_device.clone(), device.clone(), Gate::default());
        let inner = gate.clone();
        match OneShot::start("measure device", &self.ctx, move || measure(&measured, &|| inner.is_stopped())) {
            Ok(job) => self.state.devices.measuring = Some(Measuring { device, job, gate }),
            Err(error) => self.fail(format!("cannot measure the devices: {error}")),
        }
    }
}
