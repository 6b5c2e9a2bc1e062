//! Which device candle encodes on.

use candle_core::Device;

/// The best device that this build of candle reaches: CUDA or Metal where compiled in and present, else the CPU.
pub fn best_device() -> Device {
    #[cfg(feature = "cuda")]
    if let Ok(device) = Device::new_cuda(0) {
        return device;
    }
    // `MetalDevice::new` can panic where there is no Metal device (candle 0.11, pull request 3839).
    #[cfg(all(feature = "metal", target_os = "macos"))]
    if let Ok(Ok(device)) = std::panic::catch_unwind(|| Device::new_metal(0)) {
        return device;
    }
    Device::Cpu
}

/// The device's name, for people.
pub fn name(device: &Device) -> &'static str {
    match device {
        Device::Cpu => "CPU",
        Device::Cuda(_) => "NVIDIA GPU (CUDA)",
        Device::Metal(_) => "Apple GPU (Metal)",
    }
}
