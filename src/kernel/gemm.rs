//! Matrix products through the `gemm` crate, behind bounds checks.
#![expect(unsafe_code, reason = "the gemm crate takes pointers; every extent is asserted before the call")]

/// The left matrix `[rows, depth]`; consecutive rows lie `stride` values apart and may overlap.
#[derive(Clone, Copy)]
pub struct Lhs<'a> {
    /// Its values.
    pub data: &'a [f32],
    /// Values from one row to the next.
    pub stride: usize,
}

/// `out = lhs · rhs`, or `out += lhs · rhs` if `accumulate`, on one thread.
///
/// Shapes: `lhs [rows, depth]`, `rhs [depth, columns]` and `out [rows, columns]`, the last two without gaps.
///
/// # Panics
/// If a slice is too short for its shape.
pub fn gemm(rows: usize, columns: usize, depth: usize, lhs: Lhs<'_>, rhs: &[f32], out: &mut [f32], accumulate: bool) {
    if rows == 0 || columns == 0 {
        return;
    }
    assert!(holds(lhs.data, rows - 1, lhs.stride, depth), "left matrix is too short");
    assert!(holds(rhs, depth, columns, 0), "right matrix is too short");
    assert!(holds(out, rows, columns, 0), "result is too short");
    // SAFETY: the extents were asserted above, `out` is borrowed mutably, and the strides describe row-major matrices.
    unsafe {
        raw_gemm(
            rows,
            columns,
            depth,
            lhs.data.as_ptr(),
            lhs.stride,
            rhs.as_ptr(),
            columns,
            out.as_mut_ptr(),
            columns,
            accumulate,
        );
    }
}

/// Whether there are `lines * stride + more` values.
fn holds(values: &[f32], lines: usize, stride: usize, more: usize) -> bool {
    lines.checked_mul(stride).and_then(|n| n.checked_add(more)).is_some_and(|n| n <= values.len())
}

/// The left matrix `[rows, depth]`, which lies column by column: columns are `stride` values apart and may overlap.
#[derive(Clone, Copy)]
pub(super) struct Transposed<'a> {
    pub(super) data: &'a [f32],
    pub(super) stride: usize,
}

/// `out += lhs · rhs` on one thread, for a left matrix that lies column by column.
///
/// # Panics
/// If a slice is too short for its shape.
pub(super) fn gemm_transposed(
    rows: usize,
    columns: usize,
    depth: usize,
    lhs: Transposed<'_>,
    rhs: &[f32],
    out: &mut [f32],
) {
    if rows == 0 || columns == 0 || depth == 0 {
        return;
    }
    assert!(holds(lhs.data, depth - 1, lhs.stride, rows), "left matrix is too short");
    assert!(holds(rhs, depth, columns, 0), "right matrix is too short");
    assert!(holds(out, rows, columns, 0), "result is too short");
    let (stride, width) = (lhs.stride as isize, columns as isize);
    let (lhs, rhs, out) = (lhs.data.as_ptr(), rhs.as_ptr(), out.as_mut_ptr());
    let alone = gemm::Parallelism::None;
    // SAFETY: the extents were asserted above, and `out` is borrowed mutably.
    unsafe {
        gemm::gemm(
            rows, columns, depth, out, 1, width, true, lhs, stride, 1, rhs, 1, width, 1.0, 1.0, false, false, false,
            alone,
        );
    }
}

/// The product on pointers, for results that are not one slice: `out` has its own row stride.
///
/// # Safety
/// `lhs [rows, depth]` and `rhs [depth, columns]` must be readable and `out [rows, columns]` writable with the given
/// row strides, `out` by this call alone.
#[expect(clippy::too_many_arguments, reason = "a matrix product is its extents and strides")]
pub(super) unsafe fn raw_gemm(
    rows: usize,
    columns: usize,
    depth: usize,
    lhs: *const f32,
    lhs_stride: usize,
    rhs: *const f32,
    rhs_stride: usize,
    out: *mut f32,
    out_stride: usize,
    accumulate: bool,
) {
    let stride = |n: usize| n as isize;
    let keep = if accumulate { 1.0 } else { 0.0 };
    let one_thread = gemm::Parallelism::None;
    // SAFETY: as the caller promises; `gemm` reads `out` only if told to accumulate.
    unsafe {
        gemm::gemm(
            rows,
            columns,
            depth,
            out,
            1,
            stride(out_stride),
            accumulate,
            lhs,
            1,
            stride(lhs_stride),
            rhs,
            1,
            stride(rhs_stride),
            keep,
            1.0,
            false,
            false,
            false,
            one_thread,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_right_and_may_accumulate() {
        // Rows of the left matrix overlap by one value, as those of an image do.
        let lhs = Lhs { data: &[1.0, 2.0, 3.0], stride: 1 };
        let rhs = [1.0, 0.5, 10.0, 5.0];
        let mut out = [100.0; 4];
        gemm(2, 2, 2, lhs, &rhs, &mut out, false);
        assert_eq!(out, [21.0, 10.5, 32.0, 16.0]);
        gemm(2, 2, 2, lhs, &rhs, &mut out, true);
        assert_eq!(out, [42.0, 21.0, 64.0, 32.0]);
    }

    #[test]
    #[should_panic(expected = "left matrix is too short")]
    fn a_short_matrix_is_refused() {
        gemm(2, 1, 2, Lhs { data: &[1.0; 3], stride: 2 }, &[1.0; 2], &mut [0.0; 2], false);
    }
}
