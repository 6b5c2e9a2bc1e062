//! Unpacking strips and tiles.

use super::entries::{self as tag, Entries};
use super::old_jpeg::Bare;
use super::shape::Shape;
use super::{Failure, ccitt, coded, lerc, packed};
use std::io::ErrorKind;

pub(super) enum Compression {
    None,
    Lzw,
    Deflate,
    PackBits,
    Lzma,
    Zstandard,
    /// With the tables that its streams share.
    Jpeg(Option<Vec<u8>>),
    /// The old kind, of which strips are no streams.
    OldJpeg(Bare),
    WebP,
    Jpeg2000,
    JpegXl,
    /// With what it is packed by itself.
    Lerc(lerc::Packing),
    Ccitt(ccitt::Kind),
    /// The same with the bits of each byte the other way round.
    Reversed(Box<Compression>),
}

impl Compression {
    pub(super) fn of(entries: &Entries) -> Result<Self, Failure> {
        let is_reversed = entries.number(tag::FILL_ORDER) == Some(2);
        let compression = Self::of_number(entries.number(tag::COMPRESSION).unwrap_or(1), entries)?;
        Ok(if is_reversed && !compression.is_picture() { Self::Reversed(Box::new(compression)) } else { compression })
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
            6 => return Ok(Self::OldJpeg(Bare::of(entries)?)),
            7 => return Ok(Self::Jpeg(entries.bytes(tag::JPEG_TABLES).map(<[u8]>::to_vec))),
            8 | 32946 => return Ok(Self::Deflate),
            32773 => return Ok(Self::PackBits),
            34925 => return Ok(Self::Lzma),
            50000 => return Ok(Self::Zstandard),
            50001 => return Ok(Self::WebP),
            33003..=33005 | 34712 => return Ok(Self::Jpeg2000),
            34887 => return Ok(Self::Lerc(lerc::Packing::of(entries)?)),
            50002 | 52546 => return Ok(Self::JpegXl),
            32766 => "NeXT's run lengths",
            32809 => "ThunderScan",
            32908 | 32909 => "Pixar's formats",
            34661 | 34715 => "JBIG",
            34676 | 34677 => "SGI Log",
            34892 => "lossy JPEG of a DNG",
            other => return Err(Failure::Unsupported(format!("it is compressed in a way with the number {other}"))),
        };
        Err(Failure::Unsupported(format!("it is compressed by {name}")))
    }

    /// Whether strips and tiles are whole pictures, which have their own order of bits and hold every sample.
    pub(super) fn is_picture(&self) -> bool {
        matches!(self, Self::Jpeg(_) | Self::OldJpeg(_) | Self::WebP | Self::Jpeg2000 | Self::JpegXl | Self::Lerc(_))
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
            Self::OldJpeg(bare) => coded::jpeg(&bare.stream(&data, shape), None, shape)?,
            Self::WebP => coded::webp(data, expected)?,
            Self::Jpeg2000 => coded::jpeg2000(&data, shape)?,
            Self::JpegXl => coded::jpeg_xl(&data, shape)?,
            Self::Lerc(packing) => lerc::unpack(data, *packing, shape)?,
            Self::Ccitt(kind) => kind.unpack(&data, shape.width, shape.rows)?,
        };
        if bytes.len() < expected { Err(Failure::Io(ErrorKind::UnexpectedEof.into())) } else { Ok(bytes) }
    }
}
