//! Unpacking strips and tiles.

use super::entries::{self as tag, Entries};
use super::{Failure, ccitt};
use flate2::read::ZlibDecoder;
use jpeg_decoder::{ColorTransform, Decoder, PixelFormat};
use std::io::{ErrorKind, Read};
use weezl::{BitOrder, LzwStatus};

/// What a strip or tile is unpacked to.
pub(super) struct Shape {
    pub(super) width: usize,
    pub(super) rows: usize,
    /// Samples of a pixel.
    pub(super) samples: usize,
    /// Bits of a sample.
    pub(super) bits: u32,
    /// Bytes of it all.
    pub(super) bytes: usize,
}

pub(super) enum Compression {
    None,
    Lzw,
    Deflate,
    PackBits,
    /// With the tables that its streams share.
    Jpeg(Option<Vec<u8>>),
    WebP,
    Ccitt(ccitt::Kind),
    /// The same with the bits of each byte the other way round.
    Reversed(Box<Compression>),
}

impl Compression {
    pub(super) fn of(entries: &Entries) -> Result<Self, Failure> {
        let is_reversed = entries.number(tag::FILL_ORDER) == Some(2);
        let compression = Self::of_number(entries.number(tag::COMPRESSION).unwrap_or(1), entries)?;
        let is_in_bytes = matches!(compression, Self::Jpeg(_) | Self::WebP);
        Ok(if is_reversed && !is_in_bytes { Self::Reversed(Box::new(compression)) } else { compression })
    }

    fn of_number(number: u64, entries: &Entries) -> Result<Self, Failure> {
        let name = match number {
            1 => return Ok(Self::None),
            2 => return Ok(Self::Ccitt(ccitt::Kind::Huffman)),
            3 if entries.number(tag::T4_OPTIONS).unwrap_or(0) & 1 == 0 => return Ok(Self::Ccitt(ccitt::Kind::Group3)),
            4 => return Ok(Self::Ccitt(ccitt::Kind::Group4)),
            5 => return Ok(Self::Lzw),
            7 => return Ok(Self::Jpeg(entries.bytes(tag::JPEG_TABLES).map(<[u8]>::to_vec))),
            8 | 32946 => return Ok(Self::Deflate),
            32773 => return Ok(Self::PackBits),
            50001 => return Ok(Self::WebP),
            3 => "CCITT Group 3 in two dimensions",
            6 => "the old kind of JPEG",
            34887 => "LERC",
            34925 => "LZMA",
            50000 => "Zstandard",
            50002 | 52546 => "JPEG XL",
            33003 | 33005 | 34712 => "JPEG 2000",
            other => return Err(Failure::Unsupported(format!("it is compressed in a way with the number {other}"))),
        };
        Err(Failure::Unsupported(format!("it is compressed by {name}")))
    }

    /// The bytes of a strip or tile.
    pub(super) fn unpack(&self, mut packed: Vec<u8>, shape: &Shape) -> Result<Vec<u8>, Failure> {
        let expected = shape.bytes;
        let bytes = match self {
            Self::Reversed(inner) => {
                for byte in &mut packed {
                    *byte = byte.reverse_bits();
                }
                return inner.unpack(packed, shape);
            }
            Self::None => packed,
            Self::Lzw => lzw(&packed, expected)?,
            Self::Deflate => deflate(&packed, expected)?,
            Self::PackBits => pack_bits(&packed, expected),
            Self::Jpeg(tables) => jpeg(&packed, tables.as_deref(), shape)?,
            Self::WebP => webp(packed, expected)?,
            Self::Ccitt(kind) => kind.unpack(&packed, shape.width, shape.rows)?,
        };
        if bytes.len() < expected { Err(Failure::Io(ErrorKind::UnexpectedEof.into())) } else { Ok(bytes) }
    }
}

/// As far as it goes, if it is damaged: the caller counts.
fn lzw(packed: &[u8], expected: usize) -> Result<Vec<u8>, Failure> {
    // Until 1987 codes began with their lowest bit; both kinds begin with the code that clears the table.
    let is_old = matches!(packed, [0, second, ..] if second & 1 == 1);
    let mut decoder = if is_old {
        weezl::decode::Decoder::new(BitOrder::Lsb, 8)
    } else {
        weezl::decode::Decoder::with_tiff_size_switch(BitOrder::Msb, 8)
    };
    let mut bytes = vec![0; expected];
    let (mut from, mut to) = (0, 0);
    while to < expected {
        let result = decoder.decode_bytes(&packed[from..], &mut bytes[to..]);
        from += result.consumed_in;
        to += result.consumed_out;
        match result.status {
            Err(_) => return Err(Failure::Damaged("its LZW data is corrupt")),
            Ok(LzwStatus::Done | LzwStatus::NoProgress) => break,
            Ok(LzwStatus::Ok) => {}
        }
    }
    bytes.truncate(to);
    Ok(bytes)
}

fn deflate(packed: &[u8], expected: usize) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    ZlibDecoder::new(packed).take(expected as u64).read_to_end(&mut bytes).map_err(|error| match error.kind() {
        ErrorKind::UnexpectedEof => Failure::Io(error),
        _ => Failure::Damaged("its Deflate data is corrupt"),
    })?;
    Ok(bytes)
}

/// Runs: a count and bytes as they are, or a negative count and one byte to repeat.
fn pack_bits(packed: &[u8], expected: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = packed;
    while let [count, tail @ ..] = rest
        && bytes.len() < expected
    {
        rest = match *count {
            128 => tail,
            count @ 0..128 => {
                let (run, tail) = tail.split_at(tail.len().min(usize::from(count) + 1));
                bytes.extend_from_slice(run);
                tail
            }
            count => {
                let Some((value, tail)) = tail.split_first() else { break };
                bytes.resize(bytes.len() + 257 - usize::from(count), *value);
                tail
            }
        };
    }
    bytes
}

/// The samples as they are stored, brought to one size: what colours they are is TIFF's to say.
fn jpeg(packed: &[u8], tables: Option<&[u8]>, shape: &Shape) -> Result<Vec<u8>, Failure> {
    // Tables are a stream of their own: without their end, and the pixels without their start, they are one.
    let tables = tables.and_then(|tables| tables.strip_suffix(&[0xff, 0xd9]));
    let stream = match tables {
        Some(tables) => [tables, packed.get(2..).unwrap_or_default()].concat(),
        None => packed.to_vec(),
    };
    let mut decoder = Decoder::new(&stream[..]);
    // The last strip may be stored as high as the others.
    decoder.set_max_decoding_buffer_size(usize::from(u16::MAX) * shape.width * shape.samples);
    let damaged = |_| Failure::Damaged("its JPEG data is corrupt");
    decoder.read_info().map_err(damaged)?;
    let info = decoder.info().ok_or(Failure::Damaged("its JPEG data is corrupt"))?;
    let samples = info.pixel_format.pixel_bytes();
    if (usize::from(info.width), samples) != (shape.width, shape.samples)
        || usize::from(info.height) < shape.rows
        || shape.bits != 8
    {
        return Err(Failure::Damaged("its JPEG data is of another size than it says"));
    }
    decoder.set_color_transform(match info.pixel_format {
        PixelFormat::RGB24 => ColorTransform::RGB,
        PixelFormat::CMYK32 => ColorTransform::CMYK,
        PixelFormat::L8 | PixelFormat::L16 => ColorTransform::Grayscale,
    });
    let mut bytes = decoder.decode().map_err(damaged)?;
    if info.pixel_format == PixelFormat::CMYK32 {
        // The decoder takes inks for inverted, as Photoshop stores them outside of TIFF.
        for byte in &mut bytes {
            *byte = 255 - *byte;
        }
    }
    Ok(bytes)
}

fn webp(packed: Vec<u8>, expected: usize) -> Result<Vec<u8>, Failure> {
    let damaged = |_| Failure::Damaged("its WebP data is corrupt");
    let mut decoder = image_webp::WebPDecoder::new(std::io::Cursor::new(packed)).map_err(damaged)?;
    if decoder.output_buffer_size() != Some(expected) {
        return Err(Failure::Damaged("its WebP data is of another size than it says"));
    }
    let mut bytes = vec![0; expected];
    decoder.read_image(&mut bytes).map_err(damaged)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_unpacked() {
        // The example of Apple's technical note 1023.
        let packed = [0xfe, 0xaa, 2, 0x80, 0, 0x2a, 0xfd, 0xaa, 3, 0x80, 0, 0x2a, 0x22, 0xf7, 0xaa];
        let mut expected = vec![0xaa, 0xaa, 0xaa, 0x80, 0, 0x2a, 0xaa, 0xaa, 0xaa, 0xaa, 0x80, 0, 0x2a, 0x22];
        expected.resize(24, 0xaa);
        assert_eq!(pack_bits(&packed, 24), expected);
        assert_eq!(pack_bits(&[5, 1, 2], 24), [1, 2]);
        assert_eq!(pack_bits(&[128, 0, 7, 129], 24), [7]);
    }
}
