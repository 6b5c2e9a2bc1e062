//! Distances between colours as people see them: CIE 1976 (L*, a*, b*) and its ΔE*ab (CIE 15:2004, section 8.2.1).
//!
//! A distance of about 2.3 is just seen (Mahy, Van Eycken, Oosterlinck, "Evaluation of uniform color spaces developed
//! after the adoption of CIELAB and CIELUV", 1994). The older formula and not `OKLab` or CIEDE2000: near black it is a
//! straight line, so that rounding is not magnified there, and it is a distance, so that means and root mean squares of it
//! mean something.

/// Linear sRGB (IEC 61966-2-1) to X, Y, Z over those of its own white, D65.
const FROM_LINEAR: [[f32; 3]; 3] = [
    [0.412_456 / 0.950_47, 0.357_576 / 0.950_47, 0.180_437 / 0.950_47],
    [0.212_673, 0.715_152, 0.072_175],
    [0.019_334 / 1.088_83, 0.119_192 / 1.088_83, 0.950_304 / 1.088_83],
];

/// L*, a*, b* of an sRGB colour in [0, 1]; what lies outside is clamped.
pub fn lab_of_srgb(rgb: [f32; 3]) -> [f32; 3] {
    let linear = rgb.map(linear);
    let [x, y, z] =
        FROM_LINEAR.map(|row| compressed(row.iter().zip(linear).map(|(weight, value)| weight * value).sum()));
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

/// ΔE*ab between two colours (L*, a*, b*).
pub fn color_distance(a: [f32; 3], b: [f32; 3]) -> f32 {
    (0..3).map(|c| (a[c] - b[c]).powi(2)).sum::<f32>().sqrt()
}

fn linear(value: f32) -> f32 {
    let value = value.clamp(0.0, 1.0);
    if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
}

/// The cube root; near black a line that meets it.
fn compressed(value: f32) -> f32 {
    const KNEE: f32 = 216.0 / 24_389.0;
    if value > KNEE { value.cbrt() } else { value * (841.0 / 108.0) + 4.0 / 29.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_have_the_values_of_the_books() {
        for (rgb, lab) in [
            ([0.0, 0.0, 0.0], [0.0, 0.0, 0.0]),
            ([1.0, 1.0, 1.0], [100.0, 0.0, 0.0]),
            ([1.0, 0.0, 0.0], [53.24, 80.09, 67.20]),
            ([0.0, 1.0, 0.0], [87.73, -86.18, 83.18]),
            ([0.0, 0.0, 1.0], [32.30, 79.19, -107.86]),
            ([0.5, 0.5, 0.5], [53.39, 0.0, 0.0]),
        ] {
            let off = color_distance(lab_of_srgb(rgb), lab);
            assert!(off < 0.03, "{rgb:?}: off by {off}");
        }
        assert_eq!(lab_of_srgb([-1.0, 2.0, 0.0]), lab_of_srgb([0.0, 1.0, 0.0]));
    }
}
