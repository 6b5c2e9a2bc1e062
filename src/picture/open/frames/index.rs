//! Where the frames of an animation are and how long each is shown, by their headers: no pixel is decoded.

use crate::picture::open::avif::Film;
use crate::picture::open::kind::Kind;
use crate::picture::open::limit::MAX_FRAMES;
use image::ImageFormat;
use std::io::{BufReader, Read, Seek};
use std::time::Duration;

/// Chunks and blocks that are looked at.
const MAX_CHUNKS: usize = 1 << 22;

/// How far into a file is looked: a GIF is counted by reading all of it.
const MAX_BYTES: u64 = 1 << 30;

/// The frames of a file.
#[derive(Debug, Default)]
pub(super) struct Index {
    pub(super) durations: Vec<Duration>,
    /// Where the body of each begins, in WebP.
    pub(super) places: Vec<(u64, u64)>,
    /// Where the frames are, in AVIF.
    pub(super) film: Option<Film>,
    /// Whether counting stopped before the end.
    pub(super) has_more: bool,
}

impl Index {
    /// Of a file from its beginning, as far as it can be read; no frames where there is no animation.
    pub(super) fn read<R: Read + Seek>(file: &mut BufReader<R>, kind: Kind) -> Self {
        let mut index = Self::default();
        let _ = match kind {
            Kind::GIF => index.read_gif(file),
            Kind::PNG => index.read_png(file),
            Kind::Common(ImageFormat::WebP) => index.read_webp(file),
            Kind::Avif => index.read_avif(file),
            _ => None,
        };
        index
    }

    /// Nothing where there is no more to count; says so where that is not because of the end.
    fn go_on<R: Seek>(&mut self, file: &mut BufReader<R>, chunks: usize) -> Option<()> {
        let is_enough = self.durations.len() >= MAX_FRAMES || chunks >= MAX_CHUNKS;
        // Asking for the place costs a call to the system.
        let is_far = chunks.is_multiple_of(1024) && file.stream_position().ok()? > MAX_BYTES;
        self.has_more = is_enough || is_far;
        (!self.has_more).then_some(())
    }

    fn read_gif<R: Read + Seek>(&mut self, file: &mut BufReader<R>) -> Option<()> {
        let [.., packed, _, _] = bytes::<13>(file)?;
        skip_colors(file, packed)?;
        let mut delay = 0;
        for chunks in 0.. {
            match bytes::<1>(file)? {
                [0x21] => {
                    if bytes::<1>(file)? == [0xf9] {
                        let [length, _, low, high] = bytes::<4>(file)?;
                        delay = u16::from_le_bytes([low, high]);
                        skip(file, u64::from(length).checked_sub(3)?)?;
                    }
                    skip_blocks(file)?;
                }
                [0x2c] => {
                    self.go_on(file, chunks)?;
                    let [.., packed] = bytes::<9>(file)?;
                    skip_colors(file, packed)?;
                    skip(file, 1)?;
                    self.durations.push(Duration::from_millis(10 * u64::from(std::mem::take(&mut delay))));
                    skip_blocks(file)?;
                }
                _ => break,
            }
        }
        Some(())
    }

    fn read_png<R: Read + Seek>(&mut self, file: &mut BufReader<R>) -> Option<()> {
        skip(file, 8)?;
        let mut is_animated = false;
        for chunks in 0.. {
            let [a, b, c, d, kind @ ..] = bytes::<8>(file)?;
            let length = u64::from(u32::from_be_bytes([a, b, c, d])) + 4;
            match &kind {
                b"acTL" => is_animated = true,
                b"IDAT" if !is_animated => break,
                b"IEND" => break,
                b"fcTL" if length >= 30 => {
                    self.go_on(file, chunks)?;
                    skip(file, 20)?;
                    let [a, b, c, d] = bytes::<4>(file)?;
                    let [parts, of] = [[a, b], [c, d]].map(u16::from_be_bytes).map(u64::from);
                    let of = if of == 0 { 100 } else { of };
                    self.durations.push(Duration::from_micros(parts * 1_000_000 / of));
                    skip(file, length - 24)?;
                    continue;
                }
                _ => {}
            }
            skip(file, length)?;
        }
        Some(())
    }

    fn read_avif<R: Read + Seek>(&mut self, file: &mut BufReader<R>) -> Option<()> {
        let film = Film::read(file)?;
        self.durations.clone_from(&film.durations);
        self.has_more = film.has_more;
        self.film = Some(film);
        Some(())
    }

    fn read_webp<R: Read + Seek>(&mut self, file: &mut BufReader<R>) -> Option<()> {
        skip(file, 12)?;
        let mut at = 12;
        for chunks in 0.. {
            let [kind @ .., a, b, c, d] = bytes::<8>(file)?;
            let length = u64::from(u32::from_le_bytes([a, b, c, d]));
            let padded = length + length % 2;
            // Without this flag the file is a still picture, whatever else is in it.
            if &kind == b"VP8X" {
                let [flags] = bytes::<1>(file)?;
                if flags & 2 == 0 {
                    break;
                }
                skip(file, padded.checked_sub(1)?)?;
            } else if &kind == b"ANMF" {
                self.go_on(file, chunks)?;
                let [.., low, middle, high, _] = bytes::<16>(file)?;
                self.durations.push(Duration::from_millis(u64::from(u32::from_le_bytes([low, middle, high, 0]))));
                self.places.push((at + 8, length));
                skip(file, padded.checked_sub(16)?)?;
            } else if chunks == 0 {
                break;
            } else {
                skip(file, padded)?;
            }
            at += 8 + padded;
        }
        Some(())
    }
}

pub(super) fn bytes<const N: usize>(file: &mut impl Read) -> Option<[u8; N]> {
    let mut found = [0; N];
    file.read_exact(&mut found).ok()?;
    Some(found)
}

fn skip<R: Read + Seek>(file: &mut BufReader<R>, bytes: u64) -> Option<()> {
    file.seek_relative(i64::try_from(bytes).ok()?).ok()
}

/// The table of colours that a packed field of a GIF announces.
fn skip_colors<R: Read + Seek>(file: &mut BufReader<R>, packed: u8) -> Option<()> {
    if packed & 0x80 == 0 { Some(()) } else { skip(file, 3 << ((packed & 7) + 1)) }
}

/// Blocks of a GIF, to the empty one that ends them.
fn skip_blocks<R: Read + Seek>(file: &mut BufReader<R>) -> Option<()> {
    loop {
        match bytes::<1>(file)? {
            [0] => return Some(()),
            [length] => skip(file, u64::from(length))?,
        }
    }
}
