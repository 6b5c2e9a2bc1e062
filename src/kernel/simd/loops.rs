//! Plain loops, compiled once for every kind of instructions.

/// Defines functions that are compiled for each kind of instructions, and run on those in use.
macro_rules! vectorized {
    ($($(#[$doc:meta])* $visibility:vis fn $name:ident($($argument:ident: $kind:ty),* $(,)?) $(-> $result:ty)? $body:block)*) => {
        $($(#[$doc])*
        $visibility fn $name($($argument: $kind),*) $(-> $result)? {
            #[inline(always)]
            fn plain($($argument: $kind),*) $(-> $result)? $body

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx2,fma")]
            fn avx512($($argument: $kind),*) $(-> $result)? {
                plain($($argument),*)
            }

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            fn avx2($($argument: $kind),*) $(-> $result)? {
                plain($($argument),*)
            }

            match $crate::kernel::Instructions::in_use() {
                #[cfg(target_arch = "x86_64")]
                // SAFETY: what is in use, the processor has.
                $crate::kernel::Instructions::Avx512 => unsafe { avx512($($argument),*) },
                #[cfg(target_arch = "x86_64")]
                // SAFETY: what is in use, the processor has.
                $crate::kernel::Instructions::Avx2 => unsafe { avx2($($argument),*) },
                _ => plain($($argument),*),
            }
        })*
    };
}

pub(in crate::kernel) use vectorized;
