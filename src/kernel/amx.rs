//! Hidden layers on Intel's matrix tiles (AMX-BF16, Xeon since Sapphire Rapids), Linux only.
//!
//! The intrinsics are not stable yet, so tiles are driven by `asm!`. Tile registers belong to the thread and cannot be
//! named as clobbers: every block of assembly therefore loads, uses and stores its tiles itself.

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod tiles;

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
pub(super) use tiles::{TileLayers, TileScratch, is_available};

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
mod absent {
    use crate::kernel::mlp::Layer;

    /// Tiles do not exist here.
    pub(crate) fn is_available() -> bool {
        false
    }

    /// Never made here.
    #[derive(Clone, Debug)]
    pub(crate) enum TileLayers {}

    /// Nothing.
    #[derive(Default)]
    pub(crate) struct TileScratch;

    impl TileLayers {
        pub(crate) fn new(_layers: &[Layer]) -> Option<Self> {
            None
        }

        pub(crate) fn forward(&self, _rows: usize, _values: &mut [f32], _scratch: &mut TileScratch) {
            match *self {}
        }
    }
}

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
pub(super) use absent::{TileLayers, TileScratch, is_available};
