//! The compressions of fax machines (ITU-T T.4 and T.6): black and white, 1 bit for black.

use super::Failure;
use fax::decoder::{decode_g3, decode_g4, pels};
use fax::maps::{Mode, black, mode, white};
use fax::{BitReader, ByteReader, Color};
use std::convert::Infallible;

/// Codes are looked up by more bits than they may have.
const PADDING: [u8; 4] = [0; 4];

/// Zeros before the 1 that ends a line; more of them fill.
const LINE_END_ZEROS: usize = 11;

/// The code at the end of a line, with fill bits. In TIFF none stands behind the last line, which the decoder needs.
const LINE_END: [u8; 2] = [0, 1];

pub(super) enum Kind {
    /// Runs alone, each row in bytes of its own (compression 2).
    Huffman,
    /// Runs, with a code at the end of each line.
    Group3,
    /// The same, and behind the code a bit: whether runs follow, or differences to the row above.
    Group3Mixed,
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
            Self::Group3Mixed => mixed(packed, width, rows, add),
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

fn padded(packed: &[u8]) -> Option<ByteReader<impl Iterator<Item = Result<u8, Infallible>>>> {
    ByteReader::new(packed.iter().chain(&PADDING).copied().map(Ok)).ok()
}

fn huffman(packed: &[u8], width: u16, rows: usize, mut add: impl FnMut(&[u16])) -> Option<()> {
    let mut reader = padded(packed)?;
    for _ in 0..rows {
        let line = runs(&mut reader, width)?;
        let padding = reader.bits_to_byte_boundary();
        reader.consume(padding).ok()?;
        add(&line);
    }
    Some(())
}

/// The places where the colour changes, by the runs between them.
fn runs(reader: &mut impl BitReader, width: u16) -> Option<Vec<u16>> {
    let (mut line, mut at, mut color) = (Vec::new(), 0, Color::White);
    while at < width {
        at = run(reader, color, at)?;
        change(&mut line, at);
        color = !color;
    }
    (at == width).then_some(line)
}

/// Adds a place where the colour changes; where it changed before, it changes back.
fn change(line: &mut Vec<u16>, at: u16) {
    if line.last() == Some(&at) {
        line.pop();
    } else {
        line.push(at);
    }
}

/// Where a run ends that begins `at` here.
fn run(reader: &mut impl BitReader, color: Color, mut at: u16) -> Option<u16> {
    loop {
        let run = match color {
            Color::White => white::decode(reader)?,
            Color::Black => black::decode(reader)?,
        };
        at = at.checked_add(run)?;
        // Codes from 64 on are followed by another one of the same colour.
        if run < 64 {
            return Some(at);
        }
    }
}

fn mixed(packed: &[u8], width: u16, rows: usize, mut add: impl FnMut(&[u16])) -> Option<()> {
    let mut reader = padded(packed)?;
    let mut line = Vec::new();
    for _ in 0..rows {
        let is_alone = end_of_line(&mut reader)?;
        line = if is_alone { runs(&mut reader, width) } else { differences(&mut reader, &line, width) }?;
        add(&line);
    }
    Some(())
}

/// Reads the code between lines, and whether runs follow.
fn end_of_line(reader: &mut impl BitReader) -> Option<bool> {
    let mut zeros = 0;
    while reader.peek(1)? == 0 {
        reader.consume(1).ok()?;
        zeros += 1;
    }
    let is_alone = reader.peek(2)? & 1 == 1;
    reader.consume(2).ok()?;
    (zeros >= LINE_END_ZEROS).then_some(is_alone)
}

/// The places where the colour changes, by those of the line above (T.4, 4.2.1.3).
fn differences(reader: &mut impl BitReader, above: &[u16], width: u16) -> Option<Vec<u16>> {
    let place = |i: usize| above.get(i).copied().unwrap_or(width);
    let (mut line, mut at, mut next, mut is_start) = (Vec::new(), 0, 0, true);
    while at < width {
        // The first place right of here; a line starts left of its first pixel.
        while !is_start && next < above.len() && above[next] <= at {
            next += 1;
        }
        is_start = false;
        // Colours take turns in both lines, so that places of the same parity change into the same one.
        let first = next + (next + line.len()) % 2;
        match mode::decode(reader)? {
            Mode::Pass => at = place(first + 1),
            Mode::Vertical(by) => {
                let to = place(first).checked_add_signed(i16::from(by))?;
                if to < at {
                    return None;
                }
                change(&mut line, to);
                at = to;
            }
            Mode::Horizontal => {
                let color = if line.len().is_multiple_of(2) { Color::White } else { Color::Black };
                let middle = run(reader, color, at)?;
                at = run(reader, !color, middle)?;
                change(&mut line, middle);
                change(&mut line, at);
            }
            Mode::Extension | Mode::EOF => return None,
        }
    }
    (at == width).then_some(line)
}
