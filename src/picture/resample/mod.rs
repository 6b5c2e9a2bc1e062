//! Resampling: Pillow's bicubic to the bit, and regions of a picture at any scale.

mod blur;
mod pillow;
mod projection;
mod region;
mod taps;

pub use blur::blur_u8;
pub use pillow::{resize_bicubic, resize_bicubic_u8};
pub use projection::BackProjection;
pub use region::{alpha_region, bicubic_region, resample_region};
pub use taps::{bicubic_at, mip_taps};

/// Keys' cubic with a = -0.5, which is Pillow's `BICUBIC`.
fn cubic(x: f64) -> f64 {
    const A: f64 = -0.5;
    let x = x.abs();
    if x < 1.0 {
        ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0
    } else if x < 2.0 {
        (((x - 5.0) * x + 8.0) * x - 4.0) * A
    } else {
        0.0
    }
}
