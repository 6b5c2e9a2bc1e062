//! The devices that can compute, and how fast each is: found out on a thread when the settings are first looked at, and
//! remembered by them, as is why one could not be measured.

use super::choices::Settings;
use crate::app::env::Env;
use crate::app::kit::one_shot::{OneShot, OneShotStatus};
use crate::bench::{Device, Speed};
use crate::error::{Error, Result};
use crate::task::Gate;

/// What is known of the devices, apart from their speeds and failures, which the choices keep.
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
        self.waiting = self.found().to_vec();
        self.measure_next(env);
    }

    /// Takes in what was found and measured. True if there is something to remember.
    pub(super) fn drain(&mut self, choices: &mut Settings, env: &mut Env<'_>) -> bool {
        if let Some(listing) = self.listing.take() {
            match listing.poll() {
                OneShotStatus::Pending => self.listing = Some(listing),
                OneShotStatus::Done(found) => self.take_devices(found, choices, env),
                OneShotStatus::Lost => {
                    self.found = Some(Vec::new());
                    env.fail("the graphics drivers cannot be queried; the CPU computes");
                }
            }
        }
        let Some(measuring) = self.measuring.take() else { return false };
        let result = match measuring.job.poll() {
            OneShotStatus::Pending => {
                self.measuring = Some(measuring);
                return false;
            }
            OneShotStatus::Done(result) => result,
            OneShotStatus::Lost => Err(Error::device("measuring it failed unexpectedly")),
        };
        take_speed(&measuring.device, result, choices);
        self.measure_next(env);
        true
    }

    fn take_devices(&mut self, found: Vec<Device>, choices: &Settings, env: &mut Env<'_>) {
        let is_known = |name: &String| choices.speeds.contains_key(name) || choices.failures.contains_key(name);
        self.waiting = found.iter().filter(|device| !is_known(&device.identity())).cloned().collect();
        self.found = Some(found);
        self.measure_next(env);
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

fn take_speed(device: &Device, result: Result<Speed>, choices: &mut Settings) {
    let name = device.identity();
    choices.speeds.remove(&name);
    choices.failures.remove(&name);
    match result {
        Ok(speed) => drop(choices.speeds.insert(name, speed)),
        Err(error) => drop(choices.failures.insert(name, error.to_string())),
    }
}
