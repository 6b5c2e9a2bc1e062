//! What an animation is drawn on, as browsers do: a transparent screen on which each frame is put at its place, over or
//! instead of what is there, and taken away again before the next one, or not.

use crate::geometry::Size;

/// What is left of a frame before the next one is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Disposal {
    /// All of it.
    Keep,
    /// Transparent pixels in its place.
    Clear,
    /// What was there before it.
    Restore,
}

/// A frame as its file has it.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// From the left, from the top, width, height, in pixels of the screen; what lies outside is cut off.
    pub(super) place: [usize; 4],
    /// Its pixels, `height * width * 4`, with the opacity not multiplied in.
    pub(super) rgba: Vec<u8>,
    /// Whether it is mixed with what is there; it replaces that otherwise.
    pub(super) is_over: bool,
    pub(super) disposal: Disposal,
}

/// The screen.
pub(super) struct Canvas {
    width: usize,
    height: usize,
    /// `height * width * 4`.
    rgba: Vec<u8>,
    /// What is to be done before the next frame: the place, and what was there if that comes back.
    leaving: Option<([usize; 4], Option<Vec<u8>>)>,
}

impl Canvas {
    pub(super) fn size(&self) -> Size {
        Size::new(self.width, self.height)
    }

    pub(super) fn new((width, height): (usize, usize)) -> Self {
        Self { width, height, rgba: vec![0; width * height * 4], leaving: None }
    }

    /// Draws the next frame; the screen with it, `height * width * 4`.
    pub(super) fn draw(&mut self, part: &Part) -> &[u8] {
        if let Some((place, before)) = self.leaving.take() {
            self.leave(place, before.as_deref());
        }
        let [left, top, width, height] = part.place;
        let inside =
            [left, top, width.min(self.width.saturating_sub(left)), height.min(self.height.saturating_sub(top))];
        self.leaving = match part.disposal {
            Disposal::Keep => None,
            Disposal::Clear => Some((inside, None)),
            Disposal::Restore => Some((inside, Some(self.copy(inside)))),
        };
        for (row, from) in part.rgba.chunks_exact((width * 4).max(1)).take(inside[3]).enumerate() {
            let to = self.row(inside, row);
            if part.is_over {
                let pixels = to.as_chunks_mut::<4>().0.iter_mut().zip(from.as_chunks::<4>().0);
                pixels.for_each(|(under, over)| *under = mixed(*over, *under));
            } else {
                to.copy_from_slice(&from[..inside[2] * 4]);
            }
        }
        &self.rgba
    }

    /// A row of a rectangle.
    fn row(&mut self, [left, top, width, _]: [usize; 4], row: usize) -> &mut [u8] {
        let start = ((top + row) * self.width + left) * 4;
        if width == 0 { &mut [] } else { &mut self.rgba[start..start + width * 4] }
    }

    fn copy(&mut self, place: [usize; 4]) -> Vec<u8> {
        (0..place[3]).flat_map(|row| self.row(place, row).to_vec()).collect()
    }

    fn leave(&mut self, place: [usize; 4], before: Option<&[u8]>) {
        for row in 0..place[3] {
            let bytes = place[2] * 4;
            let to = self.row(place, row);
            match before {
                Some(before) => to.copy_from_slice(&before[row * bytes..(row + 1) * bytes]),
                None => to.fill(0),
            }
        }
    }
}

/// A colour over another one, neither with its opacity multiplied in.
fn mixed(over: [u8; 4], under: [u8; 4]) -> [u8; 4] {
    let [above, below] = [over[3], under[3]].map(u32::from);
    if above == 255 || below == 0 {
        return if above == 0 { under } else { over };
    }
    // Of 255².
    let [share, rest] = [above * 255, below * (255 - above)];
    let opacity = share + rest;
    if opacity == 0 {
        return under;
    }
    let color = |c: usize| ((u32::from(over[c]) * share + u32::from(under[c]) * rest + opacity / 2) / opacity) as u8;
    [color(0), color(1), color(2), ((opacity + 127) / 255) as u8]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_mixed_by_their_opacity() {
        assert_eq!(mixed([9, 9, 9, 255], [1, 2, 3, 200]), [9, 9, 9, 255]);
        assert_eq!(mixed([9, 9, 9, 0], [1, 2, 3, 200]), [1, 2, 3, 200]);
        assert_eq!(mixed([200, 100, 0, 51], [0, 0, 0, 255]), [40, 20, 0, 255]);
        assert_eq!(mixed([200, 100, 0, 51], [7, 7, 7, 0]), [200, 100, 0, 51]);
        assert_eq!(mixed([255, 0, 0, 128], [0, 255, 0, 128]), [170, 85, 0, 192]);
    }

    #[test]
    fn what_lies_outside_is_cut_off_and_comes_back_with_the_rest() {
        let mut canvas = Canvas::new((2, 2));
        let part = |place: [usize; 4], value: u8, disposal| Part {
            place,
            rgba: vec![value; place[2] * place[3] * 4],
            is_over: false,
            disposal,
        };
        let values = |rgba: &[u8]| rgba.iter().step_by(4).copied().collect::<Vec<_>>();
        assert_eq!(values(canvas.draw(&part([0, 0, 2, 2], 1, Disposal::Keep))), [1, 1, 1, 1]);
        assert_eq!(values(canvas.draw(&part([1, 1, 3, 3], 2, Disposal::Restore))), [1, 1, 1, 2]);
        assert_eq!(values(canvas.draw(&part([0, 1, 1, 1], 3, Disposal::Clear))), [1, 1, 3, 1]);
        assert_eq!(values(canvas.draw(&part([5, 5, 1, 1], 4, Disposal::Restore))), [1, 1, 0, 1]);
        assert_eq!(values(canvas.draw(&part([1, 0, 1, 1], 5, Disposal::Keep))), [1, 5, 0, 1]);
    }
}
