//! Red, green and blue as AV1 codes them: brightness and two colour differences (BT.601, full range) of 10 bits.

use crate::geometry::Size;

/// The largest sample.
const MOST: f32 = 1023.0;

/// Shares of red and blue in brightness (ITU-R BT.601); the rest is green's.
const RED: f32 = 0.299;
const BLUE: f32 = 0.114;

/// One tile.
pub(super) struct Planes {
    /// Brightness, then the differences of blue and red to it.
    pub(super) color: [Vec<u16>; 3],
    pub(super) opacity: Option<Vec<u16>>,
}

impl Planes {
    /// The part of `tile`'s size from column `left` on of rows of `channels` 16-bit samples; `size` is that of the rows. What
    /// is beyond them is as the nearest pixel.
    pub(super) fn cut(rows: &[u16], size: Size, channels: usize, left: usize, tile: Size) -> Self {
        let mut color = [(); 3].map(|()| Vec::with_capacity(tile.area()));
        let mut opacity = (channels == 4).then(|| Vec::with_capacity(tile.area()));
        for y in 0..tile.height {
            let row = &rows[y.min(size.height - 1) * size.width * channels..][..size.width * channels];
            for x in left..left + tile.width {
                let pixel = &row[x.min(size.width - 1) * channels..][..channels];
                let [r, g, b] = [0, 1, 2].map(|c| f32::from(pixel[c]) / 65_535.0);
                for (plane, value) in color.iter_mut().zip(parts(r, g, b)) {
                    plane.push(value);
                }
                if let Some(plane) = &mut opacity {
                    plane.push(to_10(f32::from(pixel[3]) / 65_535.0));
                }
            }
        }
        Self { color, opacity }
    }
}

fn parts(r: f32, g: f32, b: f32) -> [u16; 3] {
    let y = RED * r + (1.0 - RED - BLUE) * g + BLUE * b;
    let difference = |value: f32, share: f32| to_10((value - y) / (2.0 * (1.0 - share)) + 512.0 / MOST);
    [to_10(y), difference(b, BLUE), difference(r, RED)]
}

fn to_10(value: f32) -> u16 {
    (value * MOST).round().clamp(0.0, MOST) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greys_have_no_colour_and_edges_go_on() {
        assert_eq!(parts(0.0, 0.0, 0.0), [0, 512, 512]);
        assert_eq!(parts(1.0, 1.0, 1.0), [1023, 512, 512]);
        assert_eq!(parts(0.0, 0.0, 1.0)[1], 1023);
        assert_eq!(parts(1.0, 0.0, 0.0)[2], 1023);
        let rows: Vec<u16> = [[0, 0, 0, 65_535], [65_535, 65_535, 65_535, 0]].concat();
        let planes = Planes::cut(&rows, Size::new(2, 1), 4, 1, Size::new(2, 2));
        assert_eq!(planes.color[0], [1023; 4]);
        assert_eq!(planes.opacity.unwrap(), [0; 4]);
    }
}
