//! Bytes that were packed without regard to what they mean.

use super::Failure;
use flate2::read::ZlibDecoder;
use lzma_rust2::XzReader;
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use std::error::Error;
use std::io::{ErrorKind, Read};
use weezl::{BitOrder, LzwStatus};

/// What LZMA may look back at, with what its decoder takes beside it: the strongest preset wants 64 MiB.
const MOST_LZMA_KIB: u32 = 65 << 10;

/// What Zstandard may look back at: the strongest level wants as much.
const MOST_ZSTANDARD_BYTES: u64 = 128 << 20;

/// As far as it goes, if it is damaged: the caller counts.
pub(super) fn lzw(packed: &[u8], expected: usize) -> Result<Vec<u8>, Failure> {
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

pub(super) fn deflate(packed: &[u8], expected: usize) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    ZlibDecoder::new(packed).take(expected as u64).read_to_end(&mut bytes).map_err(|error| match error.kind() {
        ErrorKind::UnexpectedEof => Failure::Io(error),
        _ => Failure::Damaged("its Deflate data is corrupt"),
    })?;
    Ok(bytes)
}

/// Runs: a count and bytes as they are, or a negative count and one byte to repeat.
pub(super) fn pack_bits(packed: &[u8], expected: usize) -> Vec<u8> {
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

/// Stops where more was unpacked than any strip or tile has.
pub(super) fn zstandard(mut packed: &[u8], most: usize) -> Result<Vec<u8>, Failure> {
    let corrupt = |error: &(dyn Error + 'static)| cut_or(error, Failure::Damaged("its Zstandard data is corrupt"));
    let mut decoder = FrameDecoder::new();
    decoder.set_max_window_size(MOST_ZSTANDARD_BYTES);
    decoder.init(&mut packed).map_err(|error| corrupt(&error))?;
    // Behind the last byte may be an empty block.
    let is_whole = decoder.decode_blocks(&mut packed, BlockDecodingStrategy::UptoBytes(most + 1));
    if !is_whole.map_err(|error| corrupt(&error))? {
        return Err(Failure::Damaged("its Zstandard data is longer than its pixels"));
    }
    Ok(decoder.collect().unwrap_or_default())
}

/// To the end, if that is not longer than any strip or tile: there is the checksum.
pub(super) fn lzma(packed: &[u8], most: usize) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let reader = XzReader::new_mem_limit(packed, false, MOST_LZMA_KIB);
    reader.take(most as u64 + 1).read_to_end(&mut bytes).map_err(|error| match error.kind() {
        ErrorKind::OutOfMemory => Failure::Unsupported("its LZMA data wants more than 64 MiB to be unpacked".into()),
        _ => cut_or(&error, Failure::Damaged("its LZMA data is corrupt")),
    })?;
    Ok(bytes)
}

/// Whether an error comes from the end of the data; else what is given.
fn cut_or(error: &(dyn Error + 'static), other: Failure) -> Failure {
    let mut next = Some(error);
    while let Some(error) = next {
        let io = error.downcast_ref::<std::io::Error>();
        if io.is_some_and(|error| error.kind() == ErrorKind::UnexpectedEof) {
            return Failure::Io(ErrorKind::UnexpectedEof.into());
        }
        next = error.source();
    }
    other
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
