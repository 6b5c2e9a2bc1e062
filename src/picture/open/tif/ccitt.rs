//! The compressions of fax machines (ITU-T T.4 and T.6): black and white, 1 bit for black.

use super::Failure;
use fax::decoder::{decode_g3, decode_g4, pels};
use fax::maps::{black, white};
use fax::{BitReader, Color, slice_reader};

/// The code at the end of a line, with fill bits. In TIFF none stands behind the last line, which the decoder needs.
const LINE_END: [u8; 2] = [0, 1];

pub(super) enum Kind {
    /// Runs alone, each row in bytes of its own (compression 2).
    Huffman,
    /// Runs, with a code at the end of each line.
    Group3,
    /// Differences to the row above.
    Group4,
}

impl Kind {
    /// Rows of bits, each in bytes of its own.
    pub(super) fn unpack(&self, packed: &[u8], width: usize, rows: usize) -> Result<Vec<u8>, Failure> {
        let too_wide = |_| Failure::Unsupported("a fax of more than 65535 pixels across".into());
        let width = u16::try_from(width).map_err(too_wide)?;
        let height = u16::try_from(rows).map_err(too_wide)?;
        let mut bytes = Vec::new();
        let add = |line: &[u16]| {
            if bytes.len() < rows * usize::from(width).div_ceil(8) {
                add_row(line, width, &mut bytes);
            }
        };
        let whole = match self {
            Self::Huffman => huffman(packed, width, rows, add),
            // It ends with the data or at a code of its own; whether rows are missing is counted by the caller.
            Self::Group3 => decode_g3(packed.iter().chain(&LINE_END).copied(), add).or(Some(())),
            Self::Group4 => decode_g4(packed.iter().copied(), width, Some(height), add),
        };
        whole.ok_or(Failure::Damaged("its fax data is corrupt"))?;
        Ok(bytes)
    }
}

/// Adds a row by the places where its colour changes, white first.
fn add_row(line: &[u16], width: u16, bytes: &mut Vec<u8>) {
    let colors: Vec<Color> = pels(line, width).collect();
    bytes.extend(colors.chunks(8).map(|colors| {
        let bits = colors.iter().enumerate().map(|(i, color)| u8::from(*color == Color::Black) << (7 - i));
        bits.sum::<u8>()
    }));
}

fn huffman(packed: &[u8], width: u16, rows: usize, mut add: impl FnMut(&[u16])) -> Option<()> {
    let mut reader = slice_reader(packed);
    for _ in 0..rows {
        let (mut line, mut at, mut color) = (Vec::new(), 0u16, Color::White);
        while at < width {
            let run = match color {
                Color::White => white::decode(&mut reader)?,
                Color::Black => black::decode(&mut reader)?,
            };
            at = at.checked_add(run)?;
            // Codes from 64 on are followed by another one of the same colour.
            if run < 64 {
                line.push(at);
                color = !color;
            }
        }
        let padding = reader.bits_to_byte_boundary();
        reader.consume(padding).ok()?;
        add(&line);
    }
    Some(())
}
