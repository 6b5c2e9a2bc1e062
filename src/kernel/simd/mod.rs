//! One vector type for every width: kernels are written once over [`Simd`] and compiled for each kind of instructions.
//!
//! A value of a type that is [`Simd`] is the proof that the processor has its instructions, so that its methods are
//! safe; only [`run`] makes one, after looking. What a kernel calls must be inlined into the function that is compiled
//! for those instructions: hence `inline(always)`, and plain loops where closures would stay functions of their own.

#![expect(unsafe_code, reason = "loading and storing through pointers, and calling what only some processors have")]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod loops;
#[cfg(target_arch = "aarch64")]
mod neon;
mod scalar;

pub(in crate::kernel) use loops::vectorized;

use super::instructions::Instructions;
use std::mem::MaybeUninit;

/// The most numbers that a vector holds.
pub(in crate::kernel) const MAX_LANES: usize = 16;

/// Some rows of a product by some outputs.
pub(in crate::kernel) trait Strip {
    /// Rows.
    const ROWS: usize;

    /// Outputs: eight times a power of two.
    const COLUMNS: usize;
}

/// Rows by outputs.
pub(in crate::kernel) struct StripOf<const ROWS: usize, const COLUMNS: usize>;

impl<const R: usize, const C: usize> Strip for StripOf<R, C> {
    const ROWS: usize = R;
    const COLUMNS: usize = C;
}

/// Instructions that work on several 32-bit numbers at once.
pub(in crate::kernel) trait Simd: Copy {
    /// Numbers in a vector.
    const LANES: usize;

    /// Sums of a product that live in registers together.
    type Strip: Strip;

    /// The same where few outputs are left.
    type NarrowStrip: Strip;

    /// The same where rows have many zeros: of fewer rows, since only what is zero in all of them is left out.
    type SparseStrip: Strip;

    /// Rows of an outer product whose sums live in registers together, by two vectors of columns.
    const OUTER_ROWS: usize;

    /// Numbers side by side.
    type Vector: Copy;

    /// `value` in every place.
    fn splat(self, value: f32) -> Self::Vector;

    /// The numbers at `from`.
    ///
    /// # Safety
    /// [`Self::LANES`] numbers must be readable there.
    unsafe fn load(self, from: *const f32) -> Self::Vector;

    /// Writes the numbers to `to`.
    ///
    /// # Safety
    /// [`Self::LANES`] numbers must be writable there.
    unsafe fn store(self, vector: Self::Vector, to: *mut f32);

    /// `a + b`.
    fn add(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;

    /// `a - b`.
    fn sub(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;

    /// The larger of each pair; no number where `b` is none.
    fn max(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;

    /// `a * b`.
    fn mul(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;

    /// `sum + a * b`.
    fn mul_add(self, a: Self::Vector, b: Self::Vector, sum: Self::Vector) -> Self::Vector;

    /// A bit for each place, the first one lowest: whether the number there is above zero, or none.
    #[inline(always)]
    fn positive(self, a: Self::Vector) -> u32 {
        let mut numbers = [0.0; MAX_LANES];
        // SAFETY: no vector is longer than the array.
        unsafe { self.store(a, numbers.as_mut_ptr()) };
        let mut mask = 0;
        for (place, number) in numbers.into_iter().enumerate() {
            mask |= u32::from(number > 0.0 || number.is_nan()) << place;
        }
        mask
    }

    /// 2ⁿ of a number that is n + 1.5·2²³, for whole n from -126 to 127.
    fn power_of_two(self, a: Self::Vector) -> Self::Vector;

    /// `a / b`, off by at most 2⁻²² of it, for `b` from 2⁻¹²⁵ to 2¹²⁵.
    fn quotient(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;

    /// What the numbers of each vector sum to.
    #[inline(always)]
    fn sums(self, vectors: [Self::Vector; 4]) -> [f32; 4] {
        let mut sums = [0.0; 4];
        for (sum, vector) in sums.iter_mut().zip(vectors) {
            let mut numbers = [0.0; MAX_LANES];
            // SAFETY: no vector is longer than the array.
            unsafe { self.store(vector, numbers.as_mut_ptr()) };
            for number in numbers {
                *sum += number;
            }
        }
        sums
    }

    /// Zero in every place.
    #[inline(always)]
    fn zero(self) -> Self::Vector {
        self.splat(0.0)
    }

    /// `sum + a * factor`.
    #[inline(always)]
    fn add_scaled(self, sum: Self::Vector, a: Self::Vector, factor: f32) -> Self::Vector {
        self.mul_add(a, self.splat(factor), sum)
    }

    /// The first numbers of a slice; zeros follow where it is shorter than a vector.
    #[inline(always)]
    fn get(self, from: &[f32]) -> Self::Vector {
        if from.len() >= Self::LANES {
            // SAFETY: the slice is long enough.
            return unsafe { self.load(from.as_ptr()) };
        }
        let mut numbers = [0.0; MAX_LANES];
        numbers[..from.len()].copy_from_slice(from);
        // SAFETY: no vector is longer than the array.
        unsafe { self.load(numbers.as_ptr()) }
    }

    /// Writes a vector, or as much of it as there is room for.
    #[inline(always)]
    fn put(self, vector: Self::Vector, to: &mut [f32]) {
        // SAFETY: values that are there may be taken for ones that may not be, as long as only values are written.
        self.put_new(vector, unsafe { &mut *(std::ptr::from_mut(to) as *mut [MaybeUninit<f32>]) });
    }

    /// The same to memory that may hold nothing yet.
    #[inline(always)]
    fn put_new(self, vector: Self::Vector, to: &mut [MaybeUninit<f32>]) {
        if to.len() >= Self::LANES {
            // SAFETY: the slice is long enough.
            return unsafe { self.store(vector, to.as_mut_ptr().cast()) };
        }
        let mut numbers = [0.0; MAX_LANES];
        // SAFETY: no vector is longer than the array.
        unsafe { self.store(vector, numbers.as_mut_ptr()) };
        to.write_copy_of_slice(&numbers[..to.len()]);
    }
}

/// What is compiled once for each kind of instructions.
pub(in crate::kernel) trait Work {
    /// What it yields.
    type Output;

    /// Does it. Implementations are `inline(always)`, and so is what they call.
    fn run<S: Simd>(self, simd: S) -> Self::Output;
}

/// Does work on `instructions`.
///
/// # Panics
/// If the processor lacks them.
pub(in crate::kernel) fn run<W: Work>(instructions: Instructions, work: W) -> W::Output {
    assert!(instructions.is_available(), "this processor has no {instructions} instructions");
    match instructions {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the processor was just asked.
        Instructions::Avx512 => unsafe { avx512::run(work) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the processor was just asked.
        Instructions::Avx2 => unsafe { avx2::run(work) },
        #[cfg(target_arch = "aarch64")]
        Instructions::Neon => neon::run(work),
        _ => scalar::run(work),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct EveryMethod;

    impl Work for EveryMethod {
        type Output = Vec<f32>;

        #[inline(always)]
        fn run<S: Simd>(self, simd: S) -> Vec<f32> {
            let from: Vec<f32> = (0..S::LANES + 3).map(|i| i as f32 - 4.5).collect();
            let (whole, part) = (simd.get(&from), simd.get(&from[S::LANES..]));
            let sum = simd.add_scaled(simd.add(whole, simd.splat(0.5)), simd.max(whole, simd.zero()), 3.0);
            let mut to = vec![7.0; S::LANES + 4];
            simd.put(simd.sub(sum, part), &mut to[1..=S::LANES]);
            simd.put(simd.mul_add(part, part, whole), &mut to[S::LANES + 2..]);
            to.push(simd.positive(whole) as f32);
            to.extend(simd.sums([whole, part, simd.mul(whole, part), simd.splat(0.5)]));
            let start = to.len();
            to.resize(start + 2 * S::LANES, 0.0);
            simd.put(simd.quotient(simd.splat(3.0), whole), &mut to[start..]);
            simd.put(
                simd.power_of_two(simd.add(simd.add(whole, simd.splat(0.5)), simd.splat(12_582_912.0))),
                &mut to[start + S::LANES..],
            );
            to
        }
    }

    #[test]
    fn vectors_compute_what_is_written() {
        for instructions in Instructions::available() {
            let found = run(instructions, EveryMethod);
            let lanes = (found.len() - 9) / 3;
            let at = |i: usize| i as f32 - 4.5;
            let part = |i: usize| if i < 3 { at(lanes + i) } else { 0.0 };
            let mut expected = vec![7.0; lanes + 4];
            for i in 0..lanes {
                expected[1 + i] = at(i) + 0.5 + 3.0 * at(i).max(0.0) - part(i);
            }
            for i in 0..2 {
                expected[lanes + 2 + i] = at(i) + part(i) * part(i);
            }
            expected.push((0..lanes).map(|i| u32::from(at(i) > 0.0) << i).sum::<u32>() as f32);
            let sum = |of: &dyn Fn(usize) -> f32| (0..lanes).map(of).sum::<f32>();
            expected.extend([sum(&at), sum(&part), sum(&|i| at(i) * part(i)), 0.5 * lanes as f32]);
            let (found, rest) = found.split_at(expected.len());
            assert_eq!(found, expected, "{instructions}");
            for (i, (quotient, power)) in rest[..lanes].iter().zip(&rest[lanes..]).enumerate() {
                assert!((quotient * at(i) / 3.0 - 1.0).abs() < 5e-7, "{instructions}: {quotient}");
                assert_eq!(*power, (at(i) + 0.5).exp2(), "{instructions}");
            }
        }
    }
}
