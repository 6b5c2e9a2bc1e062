//! The colours of the invention map: from dark blue to pale yellow, lighter with every step and in steps that look even.

/// The distance ΔE*ab from which on the map has its last colour. About 2.3 are just seen.
pub const MOST_INVENTED: f32 = 10.0;

/// sRGB, from none to [`MOST_INVENTED`], each 8.3 to 9.8 from the one before in ΔE*ab.
const COLORS: [[u8; 3]; 17] = [
    [23, 17, 28],
    [30, 28, 49],
    [27, 40, 71],
    [12, 53, 91],
    [16, 69, 101],
    [20, 87, 113],
    [25, 106, 125],
    [30, 124, 135],
    [34, 141, 143],
    [37, 156, 146],
    [66, 170, 146],
    [100, 184, 146],
    [131, 196, 147],
    [162, 209, 150],
    [192, 220, 154],
    [223, 232, 161],
    [254, 242, 172],
];

/// The sRGB colour, in [0, 1], of a distance ΔE*ab.
pub fn invention_color(distance: f32) -> [f32; 3] {
    let place = (distance / MOST_INVENTED).clamp(0.0, 1.0) * (COLORS.len() - 1) as f32;
    let first = (place as usize).min(COLORS.len() - 2);
    let share = place - first as f32;
    let [from, to] = [first, first + 1].map(|i| COLORS[i].map(|value| f32::from(value) / 255.0));
    std::array::from_fn(|c| from[c] + (to[c] - from[c]) * share)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{color_distance, lab_of_srgb};

    #[test]
    fn steps_look_even_and_grow_lighter() {
        let steps = 64;
        let lab: Vec<_> =
            (0..=steps).map(|i| lab_of_srgb(invention_color(MOST_INVENTED * i as f32 / steps as f32))).collect();
        assert!(lab.windows(2).all(|pair| pair[0][0] < pair[1][0]), "lightness: {lab:?}");
        let far: Vec<f32> = lab.windows(2).map(|pair| color_distance(pair[0], pair[1])).collect();
        let (least, most) =
            (far.iter().copied().fold(f32::INFINITY, f32::min), far.iter().copied().fold(0.0, f32::max));
        assert!(most / least < 1.4, "steps from {least} to {most}");
    }

    #[test]
    fn the_ends_are_the_ends() {
        assert_eq!(invention_color(-1.0), invention_color(0.0));
        assert_eq!(invention_color(1e9), invention_color(MOST_INVENTED));
    }
}
