//! Colours that are multiplied by their opacity, taken apart from it.

use image::ColorType;

/// Divides the colours of samples in memory by their opacity; nothing where there is none.
pub(super) fn unmultiply(color: ColorType, samples: &mut [u8]) {
    match color {
        ColorType::La8 | ColorType::Rgba8 => {
            let channels = usize::from(color.channel_count());
            samples
                .chunks_exact_mut(channels)
                .for_each(|pixel| divide(pixel, u32::from(u8::MAX), u32::from, |v| v as u8));
        }
        ColorType::La16 | ColorType::Rgba16 => {
            for pixel in samples.chunks_exact_mut(usize::from(color.bytes_per_pixel())) {
                let mut values: Vec<u16> = pixel.as_chunks().0.iter().map(|bytes| u16::from_ne_bytes(*bytes)).collect();
                divide(&mut values, u32::from(u16::MAX), u32::from, |v| v as u16);
                pixel.as_chunks_mut().0.iter_mut().zip(values).for_each(|(to, v)| *to = v.to_ne_bytes());
            }
        }
        _ => {}
    }
}

fn divide<T: Copy>(pixel: &mut [T], most: u32, wide: impl Fn(T) -> u32, narrow: impl Fn(u32) -> T) {
    let Some((alpha, colors)) = pixel.split_last_mut() else { return };
    let alpha = u64::from(wide(*alpha));
    if alpha == 0 {
        return;
    }
    for value in colors {
        let divided = (u64::from(wide(*value)) * u64::from(most) + alpha / 2) / alpha;
        *value = narrow(divided.min(u64::from(most)) as u32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_divided_and_opacity_stays() {
        let mut bytes = [50, 100, 200, 128, 9, 9, 9, 0, 7, 8, 9, 255];
        unmultiply(ColorType::Rgba8, &mut bytes);
        assert_eq!(bytes, [100, 199, 255, 128, 9, 9, 9, 0, 7, 8, 9, 255]);
        let mut deep: Vec<u8> = [1000u16, 32768].into_iter().flat_map(u16::to_ne_bytes).collect();
        unmultiply(ColorType::La16, &mut deep);
        assert_eq!(deep, [2000u16, 32768].into_iter().flat_map(u16::to_ne_bytes).collect::<Vec<u8>>());
        let mut opaque = [1, 2, 3];
        unmultiply(ColorType::Rgb8, &mut opaque);
        assert_eq!(opaque, [1, 2, 3]);
    }
}
