//! From what decoders answer to colours.

use crate::decode::Decoder;
use crate::geometry::SampleGrid;
use crate::picture::{Picture, Raster, resample};
use crate::weights::Normalization;

/// Makes colours, of which most are in [0, 1], of what a decoder answers on a grid of a picture: of LIIF normalised RGB, of a
/// field what is added to the bicubic picture.
pub(super) fn add_what_is_left_out(
    values: &mut [f32],
    decoder: &Decoder,
    Normalization { mean, std }: Normalization,
    (picture, grid): (&Picture, &SampleGrid),
) {
    let pixels = values.as_chunks_mut::<3>().0;
    match decoder {
        Decoder::Imnet(_) => {
            for pixel in pixels {
                (0..3).for_each(|c| pixel[c] = pixel[c] * std[c] + mean[c]);
            }
        }
        Decoder::Field(_) => {
            let base = resample::bicubic_region(picture, grid);
            for (pixel, base) in pixels.iter_mut().zip(base.as_chunks::<3>().0) {
                (0..3).for_each(|c| pixel[c] = pixel[c] * std[c] + base[c]);
            }
        }
    }
}

/// Colours of a grid, `[height, width, 3]`, beside the opacity of the picture there, if it has some.
pub(super) fn with_opacity(picture: &Picture, grid: &SampleGrid, colors: Vec<f32>) -> Raster {
    let opaque = Raster { size: grid.size(), channels: 3, data: colors };
    match resample::alpha_region(picture, grid) {
        Some(alpha) => opaque.with_alpha(&alpha),
        None => opaque,
    }
}

/// Draws colours towards those of `plain`, of the same size and channels; `share` of them stays.
pub(super) fn mix(colors: &mut Raster, plain: &Raster, share: f32) {
    colors.data.iter_mut().zip(&plain.data).for_each(|(own, plain)| *own = plain + (*own - plain) * share);
}

/// Cuts colours off to [0, 1], and makes every pixel of a grey picture grey: a network that learned colours gives greys a
/// slight one. Opacity is not levelled.
pub(super) fn within_range(colors: &mut Raster, is_grey: bool) {
    colors.data.iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
    if !is_grey {
        return;
    }
    for pixel in colors.data.chunks_exact_mut(colors.channels) {
        let [red, green, blue, ..] = pixel else { continue };
        let mean = (*red + *green + *blue) / 3.0;
        (*red, *green, *blue) = (mean, mean, mean);
    }
}
