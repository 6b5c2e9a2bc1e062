//! Which graphics cards there are, and which one computes.

use crate::error::{Error, Result};
use std::future::Future;
use std::pin::pin;
use std::sync::OnceLock;
use std::task::{Context, Poll, Waker};

/// A graphics card, or a program that stands in for one.
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
        Self { name: info.name.clone(), kind, backend: info.backend.to_string(), is_software }
    }

    /// For people: `Radeon 780M (integrated, vulkan)`.
    pub fn in_words(&self) -> String {
        format!("{} ({}, {})", self.name, self.kind, self.backend)
    }
}

/// Which card is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum AdapterChoice {
    /// The fastest that is real.
    #[default]
    Best,
    /// One whose name contains these words, in any case; software too.
    Named(String),
}

/// Waits for what is ready at once outside browsers.
pub(super) fn ready<F: Future>(future: F) -> F::Output {
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

/// The graphics cards of this machine, the best first.
pub fn adapters() -> Vec<AdapterDescription> {
    usable().iter().map(|adapter| AdapterDescription::of(&adapter.get_info())).collect()
}

/// Whether there is a graphics card that is not software. Asked once.
pub fn has_real_adapter() -> bool {
    static ANSWER: OnceLock<bool> = OnceLock::new();
    *ANSWER.get_or_init(|| adapters().iter().any(|adapter| !adapter.is_software))
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
        AdapterChoice::Named(words) => adapter.name.to_lowercase().contains(&words.to_lowercase()),
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
        AdapterDescription { name: name.into(), kind, backend: "vulkan".into(), is_software }
    }

    #[test]
    fn software_is_chosen_by_name_alone() {
        let known = [adapter("llvmpipe", true), adapter("Radeon 780M", false)];
        assert_eq!(position(&known, &AdapterChoice::Best), Some(1));
        assert_eq!(position(&known[..1], &AdapterChoice::Best), None);
        assert_eq!(position(&known, &AdapterChoice::Named("LLVM".into())), Some(0));
        assert_eq!(position(&known, &AdapterChoice::Named("GeForce".into())), None);
    }

    #[test]
    fn who_finds_nothing_learns_what_there_is() {
        let sentence = missing(&[adapter("Radeon 780M", false)], &AdapterChoice::Named("RTX".into()));
        assert!(sentence.contains("`RTX`") && sentence.contains("Radeon 780M (integrated, vulkan)"));
        assert!(missing(&[], &AdapterChoice::Best).contains("none at all"));
    }
}
