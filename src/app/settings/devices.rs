//! The devices that can compute, and how fast each is: found out on a thread when the settings are first looked at, and
//! remembered by them.

use crate::app::env::Env;
use crate::app::kit::one_shot::{OneShot, Outcome};
use crate::bench::{Device, Speed};
use crate::error::{Error, Result};
use crate::task::Gate;
use std::collections::BTreeMap;

/// How fast devices were, by identity.
type Speeds = BTreeMap<String, Speed>;

/// What is known of the devices, apart from their speeds.
#[derive(Default)]
pub struct Devices {
    found: Option<Vec<Device>>,
    listing: Option<OneShot<Vec<Device>>>,
    measuring: Option<Measuring>,
    /// Still to be measured.
    waiting: Vec<Device>,
    /// Why they could not be measured, by identity.
    failures: BTreeMap<String, String>,
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

    /// Why this one could not be measured.
    pub fn failure(&self, device: &Device) -> Option<&str> {
        self.failures.get(&device.identity()).map(String::as_str)
    }

    /// Has the devices looked for, once.
    pub(super) fn look_for(&mut self, env: &mut Env<'_>) {
        if self.found.is_some() || self.listing.is_some() {
            return;
        }
        let list = env.ports.list_devices.clone();
        match OneShot::start("list devices", env.ctx, move || list()) {
            Ok(job) => self.listing = Some(job),
            Err(error) => env.fail(format!("cannot look for graphics cards: {error}")),
        }
    }

    /// Measures all devices, whatever is known of them.
    pub(super) fn measure_all(&mut self, env: &mut Env<'_>) {
        self.failures.clear();
        self.waiting = self.found().to_vec();
        self.measure_next(env);
    }

    /// Takes in what was found and measured. True if the speeds have changed.
    pub(super) fn drain(&mut self, speeds: &mut Speeds, env: &mut Env<'_>) -> bool {
        if let Some(listing) = self.listing.take() {
            match listing.poll() {
                Outcome::Pending => self.listing = Some(listing),
                Outcome::Done(found) => self.take_devices(found, speeds, env),
                Outcome::Lost => {
                    self.found = Some(Vec::new());
                    env.fail("the graphics drivers cannot be asked; the CPU computes");
                }
            }
        }
        let Some(measuring) = self.measuring.take() else { return false };
        let result = match measuring.job.poll() {
            Outcome::Pending => {
                self.measuring = Some(measuring);
                return false;
            }
            Outcome::Done(result) => result,
            Outcome::Lost => Err(Error::device("measuring it failed unexpectedly")),
        };
        let is_known = self.take_speed(&measuring.device, result, speeds);
        self.measure_next(env);
        is_known
    }

    fn take_devices(&mut self, found: Vec<Device>, speeds: &Speeds, env: &mut Env<'_>) {
        let is_new = |device: &&Device| !speeds.contains_key(&device.identity());
        self.waiting = found.iter().filter(is_new).cloned().collect();
        self.found = Some(found);
        self.measure_next(env);
    }

    /// True if there is a speed to remember.
    fn take_speed(&mut self, device: &Device, result: Result<Speed>, speeds: &mut Speeds) -> bool {
        let is_known = result.is_ok();
        match result {
            Ok(speed) => drop(speeds.insert(device.identity(), speed)),
            Err(error) => {
                speeds.remove(&device.identity());
                self.failures.insert(device.identity(), error.to_string());
            }
        }
        is_known
    }

    /// One at a time: two would slow each other down.
    fn measure_next(&mut self, env: &mut Env<'_>) {
        if self.measuring.is_some() || self.waiting.is_empty() {
            return;
        }
        let device = self.waiting.remove(0);
        let (measure, measured, gate) = (env.ports.measure_device.clone(), device.clone(), Gate::default());
        let inner = gate.clone();
        match OneShot::start("measure device", env.ctx, move || measure(&measured, &|| inner.is_stopped())) {
            Ok(job) => self.measuring = Some(Measuring { device, job, gate }),
            Err(error) => env.fail(format!("cannot measure the devices: {error}")),
        }
    }
}
