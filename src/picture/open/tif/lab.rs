//! CIE L\*a\*b\* of illuminant D50, as `CIELab` and `ICCLab` store it, to sRGB. Colours that sRGB does not have are cut off.

use super::Failure;
use crate::picture::open::convert::srgb_curve;

/// D50, as ICC profiles have it.
const WHITE: [f32; 3] = [0.9642, 1.0, 0.8249];

/// XYZ of D50 to linear sRGB, adapted after Bradford (the inverse of sRGB's ICC profile).
const TO_SRGB: [[f32; 3]; 3] =
    [[3.134_136, -1.617_386, -0.490_662], [-0.978_796, 1.916_254, 0.033_443], [0.071_955, -0.228_977, 1.405_386]];

pub(super) struct Lab {
    /// Where a and b are 0: in `CIELab` they have signs.
    is_signed: bool,
    bits: u32,
}

impl Lab {
    /// `kind` is the photometric interpretation.
    pub(super) fn of(kind: u64, bits: u32) -> Result<Self, Failure> {
        let is_known = matches!(bits, 8 | 16);
        let lab = Self { is_signed: kind == 8, bits };
        is_known.then_some(lab).ok_or_else(|| Failure::Unsupported(format!("its Lab colours have {bits} bits")))
    }

    /// From samples as they are stored.
    pub(super) fn to_srgb(&self, stored: [u64; 3]) -> [f32; 3] {
        let unit = (1u32 << (self.bits - 8)) as f32;
        let most = match (self.is_signed, self.bits) {
            (_, 8) => 255.0,
            (true, _) => 65535.0,
            // ICC's old encoding.
            (false, _) => 65280.0,
        };
        let difference = |v: u64| match (self.is_signed, self.bits) {
            (true, 8) => f32::from(v as u8 as i8),
            (true, _) => f32::from(v as u16 as i16) / unit,
            (false, _) => v as f32 / unit - 128.0,
        };
        let (a, b) = (difference(stored[1]), difference(stored[2]));
        let y = (stored[0] as f32 / most * 100.0 + 16.0) / 116.0;
        let [x, y, z] = [y + a / 500.0, y, y - b / 200.0].map(uncompressed);
        let xyz = [x * WHITE[0], y * WHITE[1], z * WHITE[2]];
        TO_SRGB.map(|row| srgb_curve(row[0] * xyz[0] + row[1] * xyz[1] + row[2] * xyz[2]))
    }
}

/// The inverse of L\*a\*b\*'s cube root, which is a line near black.
fn uncompressed(value: f32) -> f32 {
    if value > 6.0 / 29.0 { value.powi(3) } else { (value - 4.0 / 29.0) * 108.0 / 841.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(lab: &Lab, stored: [u64; 3]) -> [i32; 3] {
        lab.to_srgb(stored).map(|v| (v * 255.0).round() as i32)
    }

    #[test]
    fn known_colours_come_out() {
        // L 53.585, a 0, b 0 is grey 128; L 54.29, a 80.81, b 69.89 is sRGB's red under D50.
        let signed = |l: u64, a: i8, b: i8| [l, u64::from(a as u8), u64::from(b as u8)];
        let lab = Lab::of(8, 8).unwrap();
        assert_eq!(bytes(&lab, signed(255, 0, 0)), [255; 3]);
        assert_eq!(bytes(&lab, signed(137, 0, 0)), [128; 3]);
        let [r, g, b] = bytes(&lab, signed(138, 81, 70));
        assert!(r >= 253 && g <= 12 && b <= 5, "{r} {g} {b}");
        let icc = Lab::of(9, 16).unwrap();
        assert_eq!(bytes(&icc, [65280, 128 * 256, 128 * 256]), [255; 3]);
        assert!(Lab::of(8, 32).is_err());
    }
}
