//! The part of a coded picture that is to be shown (`clap`).

use super::items::{Fields, Items};

/// The rectangle that is shown.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Crop {
    pub(super) left: usize,
    pub(super) top: usize,
    pub(super) width: usize,
    pub(super) height: usize,
}

impl Crop {
    /// What `clap` says, else everything; nothing if that does not fall on whole pixels of the picture.
    pub(super) fn of(items: &Items, (width, height): (usize, usize)) -> Option<Self> {
        let Some(body) = items.property(items.primary, *b"clap") else {
            return Some(Self { left: 0, top: 0, width, height });
        };
        let mut fields = Fields(body);
        // Of a fraction, the whole number that twice it is; offsets have signs.
        let mut twice = || {
            let (above, below) = (fields.number(4)? as u32 as i32, fields.number(4)? as u32 as i32);
            let above = 2 * i64::from(above);
            (below > 0 && above % i64::from(below) == 0).then(|| above / i64::from(below))
        };
        let (width2, height2, right2, down2) = (twice()?, twice()?, twice()?, twice()?);
        let along = |whole: usize, part2: i64, offset2: i64| {
            let start2 = whole as i64 - part2 / 2 + offset2;
            let fits = part2 > 0 && part2 % 2 == 0 && start2 >= 0 && start2 % 2 == 0;
            (fits && start2 + part2 <= 2 * whole as i64).then_some(((start2 / 2) as usize, (part2 / 2) as usize))
        };
        let ((left, width), (top, height)) = (along(width, width2, right2)?, along(height, height2, down2)?);
        Some(Self { left, top, width, height })
    }
}
