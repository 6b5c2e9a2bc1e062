//! Colours under full transparency. Nobody sees them, but the network does: a cut-out on black would get dark seams.
//! They become those of the nearest visible pixel.

use crate::geometry::Size;
use crate::picture::Samples;

/// The samples with every pixel of no opacity in the colour of the nearest one (nearly: a chamfer distance in two
/// passes) that has some. Pictures in which nothing is visible stay as they are.
pub(in crate::picture) fn covered(size: Size, rgb: Samples, alpha: &Samples) -> Samples {
    let is_hidden: Vec<bool> = match alpha {
        Samples::U8(values) => values.iter().map(|v| *v == 0).collect(),
        Samples::U16(values) => values.iter().map(|v| *v == 0).collect(),
    };
    if !is_hidden.contains(&true) || !is_hidden.contains(&false) {
        return rgb;
    }
    match rgb {
        Samples::U8(mut values) => {
            spread(size, values.as_chunks_mut().0, &is_hidden);
            Samples::U8(values)
        }
        Samples::U16(mut values) => {
            spread(size, values.as_chunks_mut().0, &is_hidden);
            Samples::U16(values)
        }
    }
}

/// Weights of a step along an axis and across.
const STRAIGHT: u32 = 5;
const DIAGONAL: u32 = 7;

fn spread<T: Copy>(size: Size, pixels: &mut [[T; 3]], is_hidden: &[bool]) {
    let mut distance: Vec<u32> = is_hidden.iter().map(|hidden| if *hidden { u32::MAX } else { 0 }).collect();
    let width = size.width;
    // Forward from the left and from above, then backward from the right and from below.
    for i in 0..pixels.len() {
        let (x, inner) = (i % width, i >= width);
        let neighbors = [
            (x > 0).then(|| (i - 1, STRAIGHT)),
            inner.then(|| (i - width, STRAIGHT)),
            (inner && x > 0).then(|| (i - width - 1, DIAGONAL)),
            (inner && x + 1 < width).then(|| (i - width + 1, DIAGONAL)),
        ];
        take_nearest(i, neighbors, pixels, &mut distance);
    }
    for i in (0..pixels.len()).rev() {
        let (x, inner) = (i % width, i + width < pixels.len());
        let neighbors = [
            (x + 1 < width).then(|| (i + 1, STRAIGHT)),
            inner.then(|| (i + width, STRAIGHT)),
            (inner && x + 1 < width).then(|| (i + width + 1, DIAGONAL)),
            (inner && x > 0).then(|| (i + width - 1, DIAGONAL)),
        ];
        take_nearest(i, neighbors, pixels, &mut distance);
    }
}

fn take_nearest<T: Copy>(i: usize, neighbors: [Option<(usize, u32)>; 4], pixels: &mut [[T; 3]], distance: &mut [u32]) {
    if distance[i] == 0 {
        return;
    }
    for (from, step) in neighbors.into_iter().flatten() {
        let through = distance[from].saturating_add(step);
        if through < distance[i] {
            distance[i] = through;
            pixels[i] = pixels[from];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_pixels_take_the_nearest_visible_colour_and_visible_ones_stay() {
        let size = Size::new(5, 3);
        let mut rgb = vec![0u8; 45];
        let mut alpha = vec![0u8; 15];
        for (at, value) in [(5, 10), (9, 90)] {
            rgb[3 * at..3 * at + 3].fill(value);
            alpha[at] = 1;
        }
        let Samples::U8(filled) = covered(size, Samples::U8(rgb), &Samples::U8(alpha)) else { panic!() };
        let red: Vec<u8> = filled.iter().step_by(3).copied().collect();
        for row in red.chunks(5) {
            assert_eq!((row[0], row[1], row[3], row[4]), (10, 10, 90, 90), "{red:?}");
        }
    }

    #[test]
    fn nothing_changes_where_all_or_nothing_is_visible() {
        let rgb = Samples::U16(vec![1, 2, 3, 4, 5, 6]);
        for opacity in [0, 9] {
            assert_eq!(covered(Size::new(2, 1), rgb.clone(), &Samples::U16(vec![opacity; 2])), rgb);
        }
    }
}
