//! The window's graphics device, with the limits that its adapter really has.

use eframe::egui_wgpu::{WgpuConfiguration, WgpuSetup};
use std::sync::Arc;

/// The window's device.
///
/// The default asks for textures of at most 8192 pixels a side and then panics in a window that is larger.
pub(in crate::app) fn configuration() -> WgpuConfiguration {
    let mut configuration = WgpuConfiguration::default();
    if let WgpuSetup::CreateNew(setup) = &mut configuration.wgpu_setup {
        setup.device_descriptor = Arc::new(device_descriptor);
    }
    configuration
}

fn device_descriptor(adapter: &wgpu::Adapter) -> wgpu::DeviceDescriptor<'static> {
    wgpu::DeviceDescriptor {
        label: Some("zoomfield window"),
        required_limits: adapter.limits(),
        ..wgpu::DeviceDescriptor::default()
    }
}
