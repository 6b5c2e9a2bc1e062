//! Which device candle encodes on.

use candle_core::Device;

/// The best device that this build of candle reaches: CUDA or Metal where compiled in and present, else the CPU.
pub fn best_device() -> Device {
    #[cfg(feature = "cuda")]
    if cuda_refusal().is_none()
        && let Ok(device) = Device::new_cuda(0)
    {
        return device;
    }
    // `MetalDevice::new` can panic where there is no Metal device (candle 0.11, pull request 3839).
    #[cfg(all(feature = "metal", target_os = "macos"))]
    if let Ok(Ok(device)) = std::panic::catch_unwind(|| Device::new_metal(0)) {
        return device;
    }
    Device::Cpu
}

/// Why a build for CUDA does not compute with it, where its libraries are missing; nothing where they are there or where
/// the build is another.
pub fn cuda_refusal() -> Option<String> {
    // CUDA's libraries are those of the toolkit that candle was built with.
    #[cfg(all(feature = "cuda", target_os = "linux"))]
    return crate::kernel::cuda::load(candle_core::cuda::cudarc::driver::sys::CUDA_VERSION / 1000).err();
    #[cfg(not(all(feature = "cuda", target_os = "linux")))]
    None
}

/// The device's name, for people.
pub fn name(device: &Device) -> &'static str {
    match device {
        Device::Cpu => "CPU",
        Device::Cuda(_) => "NVIDIA GPU (CUDA)",
        Device::Metal(_) => "Apple GPU (Metal)",
    }
}
