//! How different two colours look: CIEDE2000 (CIE 142:2001), by the formulae of Sharma, Wu and Dalal (2005).

/// CIELAB of an encoded sRGB colour, under its own white.
pub(crate) fn lab_of_srgb(color: [f64; 3]) -> [f64; 3] {
    const TO_XYZ: [[f64; 3]; 3] =
        [[0.412_456, 0.357_576, 0.180_437], [0.212_673, 0.715_152, 0.072_175], [0.019_334, 0.119_192, 0.950_304]];
    let linear = color.map(|v| if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) });
    let part = |row: [f64; 3]| {
        let t = (0..3).map(|c| row[c] * linear[c]).sum::<f64>() / row.iter().sum::<f64>();
        if t > (6.0_f64 / 29.0).powi(3) { t.cbrt() } else { t * (29.0_f64 / 6.0).powi(2) / 3.0 + 4.0 / 29.0 }
    };
    let [x, y, z] = TO_XYZ.map(part);
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

/// The difference of two colours in CIELAB.
pub(crate) fn delta_e_2000(first: [f64; 3], second: [f64; 3]) -> f64 {
    let chroma = |lab: [f64; 3]| lab[1].hypot(lab[2]);
    let seventh = |c: f64| (c.powi(7) / (c.powi(7) + 25.0_f64.powi(7))).sqrt();
    let grow = 1.5 - 0.5 * seventh(f64::midpoint(chroma(first), chroma(second)));
    let [c1, c2] = [first, second].map(|lab| (lab[1] * grow).hypot(lab[2]));
    let hue = |lab: [f64; 3]| {
        let hue = lab[2].atan2(lab[1] * grow).to_degrees();
        if hue < 0.0 { hue + 360.0 } else { hue }
    };
    let (h1, h2) = (hue(first), hue(second));
    let is_grey = c1 * c2 == 0.0;
    let apart = match h2 - h1 {
        _ if is_grey => 0.0,
        d if d > 180.0 => d - 360.0,
        d if d < -180.0 => d + 360.0,
        d => d,
    };
    let middle = match h1 + h2 {
        sum if is_grey => sum,
        sum if (h1 - h2).abs() <= 180.0 => sum / 2.0,
        sum if sum < 360.0 => f64::midpoint(sum, 360.0),
        sum => (sum - 360.0) / 2.0,
    };
    let (dl, dc) = (second[0] - first[0], c2 - c1);
    let dh = 2.0 * (c1 * c2).sqrt() * (apart.to_radians() / 2.0).sin();
    let (l, c) = (f64::midpoint(first[0], second[0]), f64::midpoint(c1, c2));
    let cos = |angle: f64| angle.to_radians().cos();
    let t = 1.0 - 0.17 * cos(middle - 30.0) + 0.24 * cos(2.0 * middle) + 0.32 * cos(3.0 * middle + 6.0)
        - 0.20 * cos(4.0 * middle - 63.0);
    let turn = 30.0 * (-((middle - 275.0) / 25.0).powi(2)).exp();
    let away = (l - 50.0).powi(2);
    let (sl, sc, sh) = (1.0 + 0.015 * away / (20.0 + away).sqrt(), 1.0 + 0.045 * c, 1.0 + 0.015 * c * t);
    let rotation = -(2.0 * turn).to_radians().sin() * 2.0 * seventh(c);
    let (dl, dc, dh) = (dl / sl, dc / sc, dh / sh);
    (dl * dl + dc * dc + dh * dh + rotation * dc * dh).sqrt()
}

/// Pairs of Sharma, Wu and Dalal, and white.
#[test]
fn published_differences_come_out() {
    for (first, second, expected) in [
        ([50.0, 2.6772, -79.7751], [50.0, 0.0, -82.7485], 2.0425),
        ([50.0, -1.3802, -84.2814], [50.0, 0.0, -82.7485], 1.0000),
        ([50.0, 2.49, -0.001], [50.0, -2.49, 0.0011], 7.2195),
        ([60.2574, -34.0099, 36.2677], [60.4626, -34.1751, 39.4387], 1.2644),
        ([2.0776, 0.0795, -1.1350], [0.9033, -0.0636, -0.5514], 0.9082),
    ] {
        let seen = delta_e_2000(first, second);
        assert!((seen - expected).abs() < 1e-4, "{seen} instead of {expected}");
    }
    let white = lab_of_srgb([1.0; 3]);
    assert!((white[0] - 100.0).abs() < 1e-3 && white[1].abs() + white[2].abs() < 1e-2, "{white:?}");
}
