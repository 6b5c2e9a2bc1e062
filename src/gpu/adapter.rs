//! Which graphics devices there are, and which one computes.

use crate::error::{Error, Result};
use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::sync::OnceLock;
use std::task::{Context, Poll, Waker};

/// A graphics device, or a program that stands in for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdapterDescription {
    /// Its name, as its driver tells it.
    pub name: String,
    /// What it is: `integrated`, `discrete`, `virtual`, `software` or `other`.
    pub kind: &'static str,
    /// How it is reached: `vulkan`, `metal`, `dx12`, …
    pub backend: String,
    /// Whether it is the processor after all: never chosen unless it is named.
    pub is_software: bool,
    /// The driver and its version, as far as it tells.
    pub driver: String,
}

impl AdapterDescription {
    pub(super) fn of(info: &wgpu::AdapterInfo) -> Self {
        let kind = match info.device_type {
            wgpu::DeviceType::IntegratedGpu => "integrated",
            wgpu::DeviceType::DiscreteGpu => "discrete",
            wgpu::DeviceType::VirtualGpu => "virtual",
            wgpu::DeviceType::Cpu => "software",
            wgpu::DeviceType::Other => "other",
        };
        let is_software = info.device_type == wgpu::DeviceType::Cpu;
        let driver = format!("{} {}", info.driver, info.driver_info).trim().to_owned();
        Self { name: info.name.clone(), kind, backend: info.backend.to_string(), is_software, driver }
    }

    /// For people: `Radeon 780M (integrated, vulkan)`.
    pub fn in_words(&self) -> String {
        format!("{} ({}, {})", self.name, self.kind, self.backend)
    }

    /// Name and driver: what the device's speed depends on.
    pub fn identity(&self) -> String {
        if self.driver.is_empty() { self.in_words() } else { format!("{}; {}", self.in_words(), self.driver) }
    }
}

/// Which device is requested.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum AdapterChoice {
    /// The fastest that is real.
    #[default]
    Best,
    /// One whose name, kind and interface ([`AdapterDescription::in_words`]) contain these words, in any case; software too.
    Named(String),
}

/// Waits for what is ready at once outside browsers.
pub(crate) fn ready<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
        std::thread::yield_now();
    }
}

/// All adapters that can run our shaders, the best first. `WGPU_BACKEND` names the interfaces to look behind.
fn usable() -> Vec<wgpu::Adapter> {
    let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle_from_env();
    descriptor.backends = wgpu::Backends::PRIMARY.with_env();
    let backends = descriptor.backends;
    let mut found = ready(wgpu::Instance::new(descriptor).enumerate_adapters(backends));
    found.retain(|adapter| adapter.get_downlevel_capabilities().flags.contains(wgpu::DownlevelFlags::COMPUTE_SHADERS));
    found.sort_by_key(|adapter| match adapter.get_info().device_type {
        wgpu::DeviceType::DiscreteGpu => 0,
        wgpu::DeviceType::IntegratedGpu => 1,
        wgpu::DeviceType::VirtualGpu => 2,
        wgpu::DeviceType::Other => 3,
        wgpu::DeviceType::Cpu => 4,
    });
    found
}

/// The graphics devices of this machine, the best first.
pub fn adapters() -> Vec<AdapterDescription> {
    usable().iter().map(|adapter| AdapterDescription::of(&adapter.get_info())).collect()
}

/// Whether there is a graphics device that is not software. Looked up once.
pub fn has_real_adapter() -> bool {
    static ANSWER: OnceLock<bool> = OnceLock::new();
    *ANSWER.get_or_init(|| !is_surely_without() && adapters().iter().any(|adapter| !adapter.is_software))
}

/// Whether there is surely no graphics device, without asking the drivers.
///
/// On Linux, the loader of drivers looks for a desktop whenever adapters are listed (wgpu names the extension for it,
/// asked or not), and where there is no session it complains on stderr. That is not for people who export on a server.
fn is_surely_without() -> bool {
    let has_session = std::env::var_os("XDG_RUNTIME_DIR").is_some_and(|folder| Path::new(&folder).is_absolute());
    cfg!(target_os = "linux") && !has_session && !has_device_file(Path::new("/dev"))
}

/// Whether `folder` holds a file by which the kernel hands out a graphics device.
fn has_device_file(folder: &Path) -> bool {
    const BEGINNINGS: [&str; 8] = ["dri", "nvidia", "nvhost", "nvgpu", "kfd", "dxg", "mali", "kgsl"];
    let is_device = |name: &str| BEGINNINGS.iter().any(|beginning| name.starts_with(beginning));
    // What cannot be listed is not known to be empty.
    std::fs::read_dir(folder)
        .map_or(true, |entries| entries.flatten().any(|entry| is_device(&entry.file_name().to_string_lossy())))
}

/// The adapter that `choice` means.
///
/// # Errors
/// [`Error::Device`] if there is none; the sentence names those that there are.
pub(super) fn find(choice: &AdapterChoice) -> Result<wgpu::Adapter> {
    let found = usable();
    let known: Vec<AdapterDescription> = found.iter().map(|a| AdapterDescription::of(&a.get_info())).collect();
    let Some(at) = position(&known, choice) else { return Err(Error::device(missing(&known, choice))) };
    found.into_iter().nth(at).ok_or_else(|| Error::device(missing(&known, choice)))
}

fn position(known: &[AdapterDescription], choice: &AdapterChoice) -> Option<usize> {
    known.iter().position(|adapter| match choice {
        AdapterChoice::Best => !adapter.is_software,
        AdapterChoice::Named(words) => adapter.in_words().to_lowercase().contains(&words.to_lowercase()),
    })
}

fn missing(known: &[AdapterDescription], choice: &AdapterChoice) -> String {
    let listed: Vec<String> = known.iter().map(AdapterDescription::in_words).collect();
    let there = if listed.is_empty() { "none at all".to_owned() } else { listed.join("; ") };
    let instead = format!("there is {there}; name one with `--device`, or leave the choice to `--backend auto`");
    match choice {
        AdapterChoice::Best => format!("no graphics card can compute: {instead}"),
        AdapterChoice::Named(words) => format!("no graphics card is called `{words}`: {instead}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adapter(name: &str, is_software: bool) -> AdapterDescription {
        let kind = if is_software { "software" } else { "integrated" };
        AdapterDescription { name: name.into(), kind, backend: "vulkan".into(), is_software, driver: String::new() }
    }

    #[test]
    fn software_is_chosen_by_name_alone() {
        let known = [adapter("llvmpipe", true), adapter("Radeon 780M", false)];
        assert_eq!(position(&known, &AdapterChoice::Best), Some(1));
        assert_eq!(position(&known[..1], &AdapterChoice::Best), None);
        assert_eq!(position(&known, &AdapterChoice::Named("LLVM".into())), Some(0));
        assert_eq!(position(&known, &AdapterChoice::Named("GeForce".into())), None);
        assert_eq!(position(&known, &AdapterChoice::Named(known[1].in_words())), Some(1));
    }

    #[test]
    fn drivers_are_queried_only_where_there_may_be_a_device() {
        let folder = tempfile::tempdir().unwrap();
        let add = |name: &str| std::fs::create_dir(folder.path().join(name)).unwrap();
        ["null", "tty0", "loop7", "video0"].into_iter().for_each(add);
        assert!(!has_device_file(folder.path()));
        add("dri");
        assert!(has_device_file(folder.path()) && has_device_file(&folder.path().join("missing")));
    }

    #[test]
    fn who_finds_nothing_learns_what_there_is() {
        let sentence = missing(&[adapter("Radeon 780M", false)], &AdapterChoice::Named("RTX".into()));
        assert!(sentence.contains("`RTX`") && sentence.contains("Radeon 780M (integrated, vulkan)"));
        assert!(missing(&[], &AdapterChoice::Best).contains("none at all"));
    }
}
