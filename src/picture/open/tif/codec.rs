//! Unpacking strips and tiles.

use super::entries::{self as tag, Entries};
use super::{Failure, ccitt, coded, packed};
use std::io::ErrorKind;

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
    /// The same of the highest strip: the last one may be stored as high as the others.
    pub(super) most_bytes: usize,
}

pub(super) enum Compression {
    None,
    Lzw,
    Deflate,
    PackBits,
    Lzma,
    Zstandard,
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
            3 if entries.number(tag::T4_OPTIONS).unwrap_or(0) & 1 == 1 => {
                return Ok(Self::Ccitt(ccitt::Kind::Group3Mixed));
            }
            3 => return Ok(Self::Ccitt(ccitt::Kind::Group3)),
            4 => return Ok(Self::Ccitt(ccitt::Kind::Group4)),
            5 => return Ok(Self::Lzw),
            7 => return Ok(Self::Jpeg(entries.bytes(tag::JPEG_TABLES).map(<[u8]>::to_vec))),
            8 | 32946 => return Ok(Self::Deflate),
            32773 => return Ok(Self::PackBits),
            34925 => return Ok(Self::Lzma),
            50000 => return Ok(Self::Zstandard),
            50001 => return Ok(Self::WebP),
            6 => "the old kind of JPEG",
            34887 => "LERC",
            50002 | 52546 => "JPEG XL",
            33003 | 33005 | 34712 => "JPEG 2000",
            other => return Err(Failure::Unsupported(format!("it is compressed in a way with the number {other}"))),
        };
        Err(Failure::Unsupported(format!("it is compressed by {name}")))
    }

    /// The bytes of a strip or tile.
    pub(super) fn unpack(&self, mut data: Vec<u8>, shape: &Shape) -> Result<Vec<u8>, Failure> {
        let expected = shape.bytes;
        let bytes = match self {
            Self::Reversed(inner) => {
                for byte in &mut data {
                    *byte = byte.reverse_bits();
                }
                return inner.unpack(data, shape);
            }
            Self::None => data,
            Self::Lzw => packed::lzw(&data, expected)?,
            Self::Deflate => packed::deflate(&data, expected)?,
            Self::PackBits => packed::pack_bits(&data, expected),
            Self::Lzma => packed::lzma(&data, shape.most_bytes)?,
            Self::Zstandard => packed::zstandard(&data, shape.most_bytes)?,
            Self::Jpeg(tables) => coded::jpeg(&data, tables.as_deref(), shape)?,
            Self::WebP => coded::webp(data, expected)?,
            Self::Ccitt(kind) => kind.unpack(&data, shape.width, shape.rows)?,
        };
        if bytes.len() < expected { Err(Failure::Io(ErrorKind::UnexpectedEof.into())) } else { Ok(bytes) }
    }
}
