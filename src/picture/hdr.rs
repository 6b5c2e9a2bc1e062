//! Linear light of the two HDR curves (ITU-R BT.2100): PQ, which says how bright a pixel is, and HLG, which says it of a scene.
//!
//! One is the white of a page, 203 candela a square metre (ITU-R BT.2408), in sRGB's primaries: what other colours have is below
//! 0 or beyond 1. HLG is as on a screen of 1000 candela.

/// The white of a page, in candela a square metre.
pub(super) const WHITE: f32 = 203.0;

/// The brightest that PQ can say, and HLG's screen.
const PQ_PEAK: f32 = 10_000.0;
const HLG_PEAK: f32 = 1000.0;

/// HLG's exponent from scene to screen, at its peak.
const SYSTEM_GAMMA: f32 = 1.2;

/// Weights of red, green and blue in the brightness: of sRGB, BT.2020 and Display P3.
const LUMA_OF_SRGB: [f32; 3] = [0.2126, 0.7152, 0.0722];
const LUMA_OF_BT2020: [f32; 3] = [0.2627, 0.6780, 0.0593];
const LUMA_OF_P3: [f32; 3] = [0.2290, 0.6917, 0.0793];

/// Rows to sRGB's red, green and blue from those of its own primaries, BT.2020 (ITU-R BT.2087) and Display P3.
const FROM_SRGB: [[f32; 3]; 3] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
const FROM_BT2020: [[f32; 3]; 3] =
    [[1.660_491, -0.587_641, -0.072_850], [-0.124_551, 1.132_9, -0.008_349], [-0.018_151, -0.100_579, 1.118_73]];
const FROM_P3: [[f32; 3]; 3] =
    [[1.224_94, -0.224_94, 0.0], [-0.042_057, 1.042_057, 0.0], [-0.019_638, -0.078_636, 1.098_274]];

/// What the numbers of an HDR picture mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Hdr {
    curve: Curve,
    primaries: Primaries,
}

/// Rows to sRGB's primaries, and what each of its own weighs in the brightness.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Primaries {
    to_srgb: [[f32; 3]; 3],
    luma: [f32; 3],
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Curve {
    Pq,
    Hlg,
    /// None; how bright 1 is, of the white of a page.
    Linear(f32),
}

impl Hdr {
    /// By the numbers of primaries and curve (ITU-T H.273); none if these are not HDR, or primaries that HDR is not made with.
    pub(super) fn of(primaries: u16, curve: u16) -> Option<Self> {
        let curve = match curve {
            16 => Curve::Pq,
            18 => Curve::Hlg,
            _ => return None,
        };
        Some(Self { curve, primaries: Primaries::of(primaries)? })
    }

    /// Numbers that are light already, in any of the same primaries; 1 is so many times the white of a page.
    pub(super) fn linear(primaries: u16, one: f32) -> Option<Self> {
        Some(Self { curve: Curve::Linear(one), primaries: Primaries::of(primaries)? })
    }

    /// Linear light of a colour, whose values go from 0 to 1 on a curve.
    pub(super) fn light(&self, rgb: [f32; 3]) -> [f32; 3] {
        let within = || rgb.map(|value| value.clamp(0.0, 1.0));
        let own = match self.curve {
            Curve::Linear(one) => rgb.map(|value| value * one),
            Curve::Pq => within().map(|value| of_pq(value) * (PQ_PEAK / WHITE)),
            Curve::Hlg => {
                let scene = within().map(of_hlg);
                let brightness: f32 = scene.iter().zip(self.primaries.luma).map(|(value, weight)| value * weight).sum();
                let gain = HLG_PEAK / WHITE * brightness.max(f32::MIN_POSITIVE).powf(SYSTEM_GAMMA - 1.0);
                scene.map(|value| value * gain)
            }
        };
        self.primaries.to_srgb.map(|row| row.iter().zip(own).map(|(weight, value)| weight * value).sum())
    }
}

impl Primaries {
    /// Those of a number of H.273.
    fn of(number: u16) -> Option<Self> {
        let (to_srgb, luma) = match number {
            1 => (FROM_SRGB, LUMA_OF_SRGB),
            9 => (FROM_BT2020, LUMA_OF_BT2020),
            12 => (FROM_P3, LUMA_OF_P3),
            _ => return None,
        };
        Some(Self { to_srgb, luma })
    }
}

/// BT.2100, table 4: a share of the brightest.
fn of_pq(value: f32) -> f32 {
    const M1: f32 = 2610.0 / 16_384.0;
    const M2: f32 = 2523.0 / 32.0;
    const C1: f32 = 3424.0 / 4096.0;
    const C2: f32 = 2413.0 / 128.0;
    const C3: f32 = 2392.0 / 128.0;
    let root = value.powf(1.0 / M2);
    ((root - C1).max(0.0) / (C2 - C3 * root)).powf(1.0 / M1)
}

/// BT.2100, table 5: a share of the scene's brightest.
fn of_hlg(value: f32) -> f32 {
    const A: f32 = 0.178_832_77;
    const B: f32 = 1.0 - 4.0 * A;
    const C: f32 = 0.559_910_7;
    if value <= 0.5 { value * value / 3.0 } else { (((value - C) / A).exp() + B) / 12.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// BT.2408, table 1: where the white of a page is, and where a grey card of 26 candela.
    #[test]
    fn white_and_grey_are_where_the_report_has_them() {
        for (curve, white, grey) in [(16, 0.5807, 0.38), (18, 0.75, 0.3786)] {
            for primaries in [1, 9, 12] {
                let hdr = Hdr::of(primaries, curve).unwrap();
                for (value, light) in [(white, 1.0), (grey, 26.0 / 203.0), (0.0, 0.0)] {
                    for found in hdr.light([value; 3]) {
                        assert!(
                            (found - light).abs() < 0.01 * light + 1e-4,
                            "{curve}, {primaries}: {found}, not {light}"
                        );
                    }
                }
            }
        }
        let most = |curve| Hdr::of(9, curve).unwrap().light([1.0; 3])[0];
        assert!((most(16) - 49.26).abs() < 0.01 && (most(18) - 4.926).abs() < 0.001);
    }

    #[test]
    fn colours_beyond_srgb_are_below_black() {
        let [r, g, b] = Hdr::of(9, 16).unwrap().light([0.0, 0.5807, 0.0]);
        assert!(r < -0.5 && g > 1.1 && b < -0.05, "{r} {g} {b}");
        assert_eq!([Hdr::of(9, 13), Hdr::of(2, 16)], [None, None]);
    }
}
