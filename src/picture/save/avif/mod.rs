//! AVIF: AV1 by `rav1e`, 10 bits, colour as fine as brightness, in the boxes of ISO/IEC 23000-22.
//!
//! A large picture is a grid of tiles of one size, each coded by itself: one row of them is held, and the code of all.

mod boxes;
mod planes;

use super::{SaveOptions, Sink};
use crate::atomic::describe_io;
use crate::geometry::Size;
use crate::picture::Raster;
use boxes::{Described, Item};
use planes::Planes;
use rav1e::prelude::{
    ChromaSampling, ColorDescription, ColorPrimaries, Config, Context, EncoderConfig, EncoderStatus,
    MatrixCoefficients, PixelRange, SpeedSettings, TransferCharacteristics,
};
use std::fs::File;
use std::io::{BufWriter, Write};

/// The longest side of a tile, and the shortest that the standard (ISO/IEC 23000-22, 7.3.11.4.2) allows in a grid. Viewers
/// decode tiles side by side.
const MOST_TILE_SIDE: usize = 2048;
const LEAST_TILE_SIDE: usize = 64;

/// The longest side that is written: 32 tiles.
pub(super) const MOST_SIDE: usize = 65_535;

/// The longest code: what boxes can count, with room for the rest of the file.
const MOST_CODE_BYTES: u64 = (4 << 30) - (64 << 20);

/// Of how many pixels a byte of code is held, roughly, until all are coded.
const PIXELS_OF_A_BYTE: u64 = 4;

/// Bytes of a pixel that encoding a tile takes beside its samples: planes of 16 bits, and what the encoder keeps of them.
const ENCODER_BYTES: usize = 60;

/// How long the encoder looks for the shortest code, 10 the least. A photograph at 8 is a twentieth shorter and 0.6 dB nearer
/// than at 10, for half as much time again.
const SPEED: u8 = 8;

/// Parts of a tile that threads code side by side; however many threads there are, since other parts are other bytes.
const PARTS: usize = 4;

/// How a picture is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Tiling {
    columns: usize,
    rows: usize,
    /// Of each; those at the right and bottom edge reach beyond the picture.
    tile: Size,
}

impl Tiling {
    fn of(size: Size) -> Self {
        let count = |side: usize| side.div_ceil(MOST_TILE_SIDE);
        let (columns, rows) = (count(size.width), count(size.height));
        let least = if columns * rows > 1 { LEAST_TILE_SIDE } else { 1 };
        let tile = Size::new(size.width.div_ceil(columns).max(least), size.height.div_ceil(rows).max(least));
        Self { columns, rows, tile }
    }
}

/// What is held while a picture of `size` is written, in bytes.
pub(super) fn held_bytes(size: Size, channels: usize) -> u64 {
    let Tiling { tile, .. } = Tiling::of(size);
    let row = (size.width as u64 * tile.height as u64).saturating_mul(2 * channels as u64);
    let code = (size.width as u64).saturating_mul(size.height as u64) / PIXELS_OF_A_BYTE;
    row.saturating_add((tile.area() * ENCODER_BYTES) as u64).saturating_add(code)
}

pub(super) struct AvifSink {
    file: BufWriter<File>,
    options: SaveOptions,
    tiling: Tiling,
    /// Rows that are not coded yet, and how many have been.
    rows: Vec<u16>,
    coded_rows: usize,
    colors: Vec<Vec<u8>>,
    opacities: Vec<Vec<u8>>,
}

impl AvifSink {
    pub(super) fn start(file: File, options: &SaveOptions) -> Result<Self, String> {
        let tiling = Tiling::of(options.size);
        let mut rows = Vec::new();
        rows.try_reserve_exact(options.size.width * tiling.tile.height.min(options.size.height) * options.channels)
            .map_err(|_| format!("there is not enough memory for {}; use .png or .tif", options.size))?;
        Ok(Self {
            file: BufWriter::new(file),
            options: options.clone(),
            tiling,
            rows,
            coded_rows: 0,
            colors: Vec::new(),
            opacities: Vec::new(),
        })
    }

    /// Codes what is held as one row of tiles.
    fn encode_row(&mut self) -> Result<(), String> {
        let SaveOptions { size, channels, quality, .. } = self.options;
        let height = self.rows.len() / (size.width * channels);
        for column in 0..self.tiling.columns {
            let left = column * self.tiling.tile.width;
            let planes = Planes::cut(&self.rows, Size::new(size.width, height), channels, left, self.tiling.tile);
            self.colors.push(encode(&planes.color, self.tiling.tile, quality, Some(self.description()))?);
            if let Some(opacity) = &planes.opacity {
                self.opacities.push(encode(std::slice::from_ref(opacity), self.tiling.tile, quality, None)?);
            }
        }
        self.coded_rows += height;
        self.rows.clear();
        let coded = |tiles: &[Vec<u8>]| tiles.iter().map(|tile| tile.len() as u64).sum::<u64>();
        if coded(&self.colors) + coded(&self.opacities) > MOST_CODE_BYTES {
            return Err("its code would be longer than the 4 GiB that AVIF can count; use .png or .tif".into());
        }
        Ok(())
    }

    /// What the numbers mean, as the stream says it: with a profile, nothing but how they were made of red, green and blue.
    fn description(&self) -> ColorDescription {
        let has_profile = self.options.metadata.icc_profile.is_some();
        ColorDescription {
            color_primaries: if has_profile { ColorPrimaries::Unspecified } else { ColorPrimaries::BT709 },
            transfer_characteristics: if has_profile {
                TransferCharacteristics::Unspecified
            } else {
                TransferCharacteristics::SRGB
            },
            matrix_coefficients: MatrixCoefficients::BT601,
        }
    }

    fn described(&mut self) -> Described {
        let exif = self.options.exif_with_resolution();
        let metadata = std::mem::take(&mut self.options.metadata);
        Described { size: self.options.size, profile: metadata.icc_profile, exif, xmp: metadata.xmp }
    }
}

impl Sink for AvifSink {
    fn write(&mut self, band: &Raster) -> Result<(), String> {
        let SaveOptions { size, channels, .. } = self.options;
        let samples = band.to_u16();
        let mut rest = samples.as_slice();
        while !rest.is_empty() {
            let wanted = self.tiling.tile.height.min(size.height - self.coded_rows) * size.width * channels;
            let (part, others) = rest.split_at(rest.len().min(wanted - self.rows.len()));
            self.rows.extend_from_slice(part);
            rest = others;
            if self.rows.len() == wanted {
                self.encode_row()?;
            }
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<u64, String> {
        let Tiling { columns, rows, tile } = self.tiling;
        let described = self.described();
        let item = |tiles| Item { tiles, columns, rows, tile };
        let opacity = (!self.opacities.is_empty()).then(|| item(std::mem::take(&mut self.opacities)));
        let color = item(std::mem::take(&mut self.colors));
        let write = || {
            boxes::write(&mut self.file, &described, color, opacity)?;
            self.file.flush()
        };
        write().map(|()| 0).map_err(|error| describe_io(&error))
    }
}

/// Codes planes of 10-bit samples, one (brightness) or three, as a picture of its own.
fn encode(
    planes: &[Vec<u16>],
    size: Size,
    quality: u8,
    color_description: Option<ColorDescription>,
) -> Result<Vec<u8>, String> {
    let failed = |reason: &dyn std::fmt::Display| format!("its encoder failed ({reason})");
    let encoder = EncoderConfig {
        width: size.width,
        height: size.height,
        bit_depth: 10,
        chroma_sampling: if planes.len() == 1 { ChromaSampling::Cs400 } else { ChromaSampling::Cs444 },
        pixel_range: PixelRange::Full,
        color_description,
        still_picture: true,
        quantizer: quantizer(quality),
        tiles: PARTS,
        speed_settings: SpeedSettings::from_preset(SPEED),
        ..EncoderConfig::default()
    };
    let config = Config::new().with_encoder_config(encoder);
    let mut context: Context<u16> = config.new_context().map_err(|error| failed(&error))?;
    let mut frame = context.new_frame();
    for (to, from) in frame.planes.iter_mut().zip(planes) {
        to.copy_from_raw_u8(bytemuck::cast_slice(from), size.width * size_of::<u16>(), size_of::<u16>());
    }
    context.send_frame(frame).map_err(|error| failed(&error))?;
    context.flush();
    let mut coded = Vec::new();
    loop {
        match context.receive_packet() {
            Ok(packet) => coded.extend(packet.data),
            Err(EncoderStatus::Encoded) => {}
            Err(EncoderStatus::LimitReached) => return Ok(coded),
            Err(error) => return Err(failed(&error)),
        }
    }
}

/// AV1's quantizer, 0 to 255, for a quality of 1 to 100: at the same quality about as near to the picture as our JPEG.
fn quantizer(quality: u8) -> usize {
    let loss = 1.0 - f64::from(quality.clamp(1, 100)) / 100.0;
    (255.0 * loss.powf(0.7)).round() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_are_of_one_size_and_cover_the_picture() {
        for size in [Size::new(1, 1), Size::new(2048, 2049), Size::new(65_535, 30), Size::new(40_000, 30_000)] {
            let Tiling { columns, rows, tile } = Tiling::of(size);
            assert!(tile.width * columns >= size.width && tile.height * rows >= size.height);
            assert!(tile.width * (columns - 1) < size.width && tile.height * (rows - 1) < size.height);
            assert!(tile.width <= MOST_TILE_SIDE && tile.height <= MOST_TILE_SIDE && columns.max(rows) <= 256);
            assert!(columns * rows == 1 || tile.width.min(tile.height) >= LEAST_TILE_SIDE);
        }
    }

    #[test]
    fn better_is_quantized_less() {
        assert_eq!([1, 100, 101].map(quantizer), [253, 0, 0]);
        assert!((1..100).all(|quality| quantizer(quality) > quantizer(quality + 1)));
    }
}
