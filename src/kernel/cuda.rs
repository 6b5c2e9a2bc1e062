//! CUDA's libraries, opened when they are asked for.
//!
//! candle has its `cudarc` linked to them (`dynamic-linking`, which leaves no choice to those who use candle), so a
//! program built so does not even start where one is missing: the loader ends it before `main`. Therefore this module
//! defines every function that candle calls, each as a jump through a slot, and the linker finds nothing any more for
//! which the program would need the libraries. [`load`] opens them and fills the slots. Before that, and where it fails,
//! each function answers with [`NO_DEVICE`], whatever it is asked.
//!
//! Functions that candle calls and this list lacks are linked as ever: `.ci/link-cuda` says so. On other systems than
//! Linux the program is linked as candle asks for it.
#![expect(unsafe_code, reason = "functions are found by name at run time, and reached through assembly")]
#![allow(non_upper_case_globals, reason = "a slot is called what its function is called")]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, Ordering};

/// `CUDA_ERROR_NO_DEVICE`: what a function that is not there answers.
const NO_DEVICE: c_int = 100;

/// `RTLD_NOW` of `dlopen`.
const NOW: c_int = 2;

unsafe extern "C" {
    fn dlopen(name: *const c_char, flags: c_int) -> *mut c_void;
    fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
}

extern "C" fn missing() -> c_int {
    NO_DEVICE
}

/// Where a function lies, once its library is open.
struct Slot {
    name: &'static CStr,
    address: &'static AtomicPtr<c_void>,
}

/// The functions of a library, each a jump through a slot of its own.
macro_rules! functions {
    ($list:ident: $($name:ident)*) => {
        $(
            static $name: AtomicPtr<c_void> = AtomicPtr::new(missing as *mut c_void);
            #[cfg(target_arch = "x86_64")]
            std::arch::global_asm!(
                concat!(".globl ", stringify!($name)),
                concat!(".type ", stringify!($name), ", @function"),
                concat!(stringify!($name), ":"),
                "jmp qword ptr [rip + {slot}]",
                slot = sym $name,
            );
            #[cfg(target_arch = "aarch64")]
            std::arch::global_asm!(
                concat!(".globl ", stringify!($name)),
                concat!(".type ", stringify!($name), ", @function"),
                concat!(stringify!($name), ":"),
                "adrp x16, {slot}",
                "ldr x16, [x16, :lo12:{slot}]",
                "br x16",
                slot = sym $name,
            );
        )*
        const $list: &[Slot] = &[$(Slot { name: name(concat!(stringify!($name), "\0")), address: &$name }),*];
    };
}

const fn name(with_zero: &'static str) -> &'static CStr {
    match CStr::from_bytes_with_nul(with_zero.as_bytes()) {
        Ok(name) => name,
        Err(_) => panic!("a name of a function ends with the only zero in it"),
    }
}

functions!(
    DRIVER:
    cuCtxDestroy_v2 cuCtxGetCurrent cuCtxSetCurrent cuDeviceGet cuDeviceGetAttribute cuDevicePrimaryCtxRelease_v2
    cuDevicePrimaryCtxRetain cuEventCreate cuEventDestroy_v2 cuEventRecord cuGetErrorString cuInit cuLaunchKernel
    cuMemAllocAsync cuMemAlloc_v2 cuMemFreeAsync cuMemFree_v2 cuMemcpyDtoDAsync_v2 cuMemcpyDtoHAsync_v2
    cuMemcpyHtoDAsync_v2 cuMemcpyPeerAsync cuMemsetD8Async cuModuleGetFunction cuModuleLoad cuModuleLoadData
    cuModuleUnload cuStreamDestroy_v2 cuStreamIsCapturing cuStreamSynchronize cuStreamWaitEvent
);
functions!(
    CUBLAS:
    cublasCreate_v2 cublasDestroy_v2 cublasDgemmStridedBatched cublasGemmStridedBatchedEx cublasSetStream_v2
);
functions!(
    CURAND:
    curandCreateGenerator curandDestroyGenerator curandSetPseudoRandomGeneratorSeed curandSetStream
);
// Only candle's kernels for quantised networks call these, which register themselves before `main`; nobody here calls those
// kernels. So these functions never do anything.
functions!(
    RUNTIME:
    __cudaGetKernel __cudaLaunchKernel_ptsz __cudaPopCallConfiguration __cudaPushCallConfiguration
    __cudaRegisterFatBinary __cudaRegisterFatBinaryEnd __cudaRegisterFunction __cudaRegisterVar
    __cudaUnregisterFatBinary cudaDeviceGetAttribute cudaFree cudaFreeAsync_ptsz cudaFuncGetAttributes cudaFuncSetAttribute
    cudaGetDevice cudaGetDeviceCount cudaGetErrorName cudaGetErrorString cudaGetLastError cudaMalloc
    cudaMallocAsync_ptsz cudaMemsetAsync_ptsz cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags
    cudaPeekAtLastError cudaSetDevice cudaStreamSynchronize_ptsz
);

/// Opens the libraries of CUDA's `major` version, with which the program was built, once.
///
/// # Errors
/// A sentence for people: which library is missing, or lacks a function.
pub fn load(major: u32) -> Result<(), String> {
    static LOADED: OnceLock<Result<(), String>> = OnceLock::new();
    LOADED.get_or_init(|| fill(major)).clone()
}

fn fill(major: u32) -> Result<(), String> {
    debug_assert!(RUNTIME.iter().all(|slot| slot.address.load(Ordering::Relaxed) == missing as *mut c_void));
    let toolkit = format!("CUDA {major}");
    let libraries = [
        ("libcuda.so.1".to_owned(), "NVIDIA's driver", DRIVER),
        // Its version is not that of CUDA; it is the same in CUDA 11, 12 and 13.
        ("libcurand.so.10".to_owned(), toolkit.as_str(), CURAND),
        (format!("libcublas.so.{major}"), toolkit.as_str(), CUBLAS),
    ];
    let mut found = Vec::new();
    for (name, part_of, slots) in libraries {
        let reason = |what: &str| format!("{what}, a part of {part_of}, so candle does not compute with CUDA");
        let library = open(&name).ok_or_else(|| reason(&format!("{name} cannot be opened")))?;
        for slot in slots {
            // SAFETY: the library is open and is never closed, and the name ends with a zero.
            let address = unsafe { dlsym(library, slot.name.as_ptr()) };
            if address.is_null() {
                return Err(reason(&format!("{name} has no {}", slot.name.to_string_lossy())));
            }
            found.push((slot.address, address));
        }
    }
    // All of them, or none.
    for (slot, address) in found {
        slot.store(address, Ordering::Release);
    }
    Ok(())
}

/// A library by its name, where the loader finds it.
fn open(name: &str) -> Option<*mut c_void> {
    let name = CString::new(name).ok()?;
    // SAFETY: the name ends with a zero. What NVIDIA's libraries do while they are opened is theirs, as it would be if the
    // loader had opened them before `main`.
    let library = unsafe { dlopen(name.as_ptr(), NOW) };
    (!library.is_null()).then_some(library)
}
