//! Winograd's F(4×4, 3×3) (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", CVPR 2016): its transforms
//! along one axis.
//!
//! Tiles of 4×4 results are each made from 6×6 values. The points of interpolation are 0, ±1, ±2 and infinity.

use crate::kernel::simd::{Simd, Strip};

/// Results of a tile along an axis.
pub(super) const RESULTS: usize = 4;

/// Values of a tile along an axis.
pub(super) const SIDE: usize = RESULTS + 2;

/// Values of a tile.
pub(super) const POINTS: usize = SIDE * SIDE;

/// About how many tiles go through together, so that what lies before and after the products stays in the L2 cache.
const CHUNK: usize = 30;

/// A line of a tile of values.
pub(super) type Line<V> = [V; SIDE];

/// How many tiles go through together: whole strips of rows.
pub(super) fn chunk<S: Simd>() -> usize {
    CHUNK / S::Strip::ROWS * S::Strip::ROWS
}

/// `Bᵀ d`, of a line of the image.
#[inline(always)]
pub(super) fn from_image<S: Simd>(simd: S, d: Line<S::Vector>) -> Line<S::Vector> {
    let (a, b) = (simd.add_scaled(d[4], d[2], -4.0), simd.add_scaled(d[3], d[1], -4.0));
    let (c, e) = (simd.sub(d[4], d[2]), simd.sub(d[3], d[1]));
    [
        simd.add_scaled(simd.add_scaled(d[4], d[2], -5.0), d[0], 4.0),
        simd.add(a, b),
        simd.sub(a, b),
        simd.add_scaled(c, e, 2.0),
        simd.add_scaled(c, e, -2.0),
        simd.add_scaled(simd.add_scaled(d[5], d[3], -5.0), d[1], 4.0),
    ]
}

/// `Aᵀ m`, to a line of results.
#[inline(always)]
pub(super) fn to_results<S: Simd>(simd: S, m: Line<S::Vector>) -> [S::Vector; RESULTS] {
    let (s1, d1) = (simd.add(m[1], m[2]), simd.sub(m[1], m[2]));
    let (s2, d2) = (simd.add(m[3], m[4]), simd.sub(m[3], m[4]));
    [
        simd.add(simd.add(m[0], s1), s2),
        simd.add_scaled(d1, d2, 2.0),
        simd.add_scaled(s1, s2, 4.0),
        simd.add(simd.add_scaled(d1, d2, 8.0), m[5]),
    ]
}

/// `A e`, of a line of the gradient of results.
#[inline(always)]
pub(super) fn from_gradient<S: Simd>(simd: S, e: [S::Vector; RESULTS]) -> Line<S::Vector> {
    let (a, b) = (simd.add(e[0], e[2]), simd.add(e[1], e[3]));
    let (c, d) = (simd.add_scaled(e[0], e[2], 4.0), simd.add_scaled(e[1], e[3], 4.0));
    [e[0], simd.add(a, b), simd.sub(a, b), simd.add_scaled(c, d, 2.0), simd.add_scaled(c, d, -2.0), e[3]]
}

/// `G g`, of a line of a kernel.
pub(super) fn from_kernel([a, b, c]: [f64; 3]) -> Line<f64> {
    let (even, odd) = (a + c, a + 4.0 * c);
    [a / 4.0, -(even + b) / 6.0, -(even - b) / 6.0, (odd + 2.0 * b) / 24.0, (odd - 2.0 * b) / 24.0, c]
}

/// `Gᵀ m`, to a line of the gradient of a kernel.
#[inline(always)]
pub(super) fn to_kernel<S: Simd>(simd: S, m: Line<S::Vector>) -> [S::Vector; 3] {
    let (s1, d1) = (simd.add(m[1], m[2]), simd.sub(m[1], m[2]));
    let (s2, d2) = (simd.add(m[3], m[4]), simd.sub(m[3], m[4]));
    let quarter = simd.add_scaled(simd.zero(), m[0], 0.25);
    let half = simd.add_scaled(simd.zero(), d2, 1.0 / 12.0);
    [
        simd.add_scaled(simd.add_scaled(quarter, s1, -1.0 / 6.0), s2, 1.0 / 24.0),
        simd.add_scaled(half, d1, -1.0 / 6.0),
        simd.add_scaled(m[5], simd.sub(s2, s1), 1.0 / 6.0),
    ]
}
