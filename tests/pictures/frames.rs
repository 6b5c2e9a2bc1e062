//! First frames of GIFs: on the logical screen, at their place; a frame beyond it makes it larger, as in browsers.

use crate::open_bytes;
use zoomfield::geometry::Size;
use zoomfield::picture::{Picture, Samples};

/// A GIF of one frame, 2×2, with red, green, blue and white pixels.
fn gif(screen: (u16, u16), left: u16, top: u16) -> Vec<u8> {
    let mut bytes = b"GIF89a".to_vec();
    bytes.extend([screen.0, screen.1].into_iter().flat_map(u16::to_le_bytes));
    bytes.extend([0x81, 0, 0]);
    bytes.extend([255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255]);
    bytes.push(0x2c);
    bytes.extend([left, top, 2, 2].into_iter().flat_map(u16::to_le_bytes));
    // Codes of three bits: clear, 0, 1, 2; the table is full then, and 3 and the end have four.
    let codes = [(4u32, 3), (0, 3), (1, 3), (2, 3), (3, 4), (5, 4)];
    let (mut bits, mut at) = (0u32, 0);
    for (code, width) in codes {
        bits |= code << at;
        at += width;
    }
    bytes.extend([0, 2, 3]);
    bytes.extend(&bits.to_le_bytes()[..3]);
    bytes.extend([0, 0x3b]);
    bytes
}

/// Colour and opacity of a pixel.
fn pixel(picture: &Picture, x: usize, y: usize) -> ([u8; 3], u8) {
    let at = y * picture.size.width + x;
    let Samples::U8(rgb) = &picture.rgb else { panic!("deep") };
    let opacity = picture.alpha.as_ref().map_or(255, |alpha| alpha.as_bytes()[at]);
    ([rgb[3 * at], rgb[3 * at + 1], rgb[3 * at + 2]], opacity)
}

#[test]
fn frames_lie_where_they_belong() {
    for (screen, left, top, size) in [
        ((2, 2), 0, 0, Size::new(2, 2)),
        ((5, 4), 2, 1, Size::new(5, 4)),
        ((5, 2), 0, 0, Size::new(5, 2)),
        ((2, 5), 0, 3, Size::new(2, 5)),
        ((1, 1), 0, 0, Size::new(2, 2)),
        ((2, 2), 3, 1, Size::new(5, 3)),
        ((4, 1), 1, 0, Size::new(4, 2)),
        ((0, 0), 0, 0, Size::new(2, 2)),
    ] {
        let picture = open_bytes("a.gif", &gif(screen, left, top));
        assert_eq!(picture.size, size, "{screen:?} {left} {top}");
        let (left, top) = (usize::from(left), usize::from(top));
        let colors = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]];
        for (x, y) in (0..size.height).flat_map(|y| (0..size.width).map(move |x| (x, y))) {
            let is_inside = (left..left + 2).contains(&x) && (top..top + 2).contains(&y);
            let (color, opacity) = pixel(&picture, x, y);
            assert_eq!(opacity, if is_inside { 255 } else { 0 }, "{screen:?} {left} {top}: {x} {y}");
            if is_inside {
                assert_eq!(color, colors[(y - top) * 2 + x - left], "{screen:?} {left} {top}: {x} {y}");
            }
        }
    }
}
