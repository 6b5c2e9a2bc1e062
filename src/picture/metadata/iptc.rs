//! What newspapers and archives wrote before there was XMP: IPTC-IIM records, in JPEG inside of Photoshop's resources, in
//! TIFF under a tag of their own, in PNG in a raw profile of `ImageMagick`'s. They travel as they are.

use crate::picture::segments::segments;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// `IPTC/NAA` in TIFF.
pub(in crate::picture) const TIFF_TAG: u16 = 33_723;

/// How a JPEG segment says that it holds Photoshop's resources.
const PHOTOSHOP: &[u8] = b"Photoshop 3.0\0";

/// Number of the resource that holds the records.
const RESOURCE: u16 = 0x0404;

/// The most bytes of records that one JPEG segment has room for, beside its length, name and resource's header.
pub(in crate::picture) const MAX_JPEG_BYTES: usize = 65_533 - PHOTOSHOP.len() - 13;

/// Bytes of a JPEG that are looked at: headers with previews are shorter.
const MOST_HEADERS: u64 = 4 << 20;

/// A record begins so.
const MARKER: u8 = 0x1c;

/// The records of a JPEG file.
pub(in crate::picture) fn jpeg_iptc(path: &Path) -> Option<Vec<u8>> {
    let mut headers = Vec::new();
    File::open(path).ok()?.take(MOST_HEADERS).read_to_end(&mut headers).ok()?;
    of_jpeg(&headers).filter(|records| are_records(records))
}

/// The records in a raw profile, inside of Photoshop's resources or not.
pub(super) fn of_raw_profile(profile: Vec<u8>) -> Option<Vec<u8>> {
    Some(of_resources(&profile).unwrap_or(profile)).filter(|records| are_records(records))
}

/// The records in a TIFF's entry.
pub(super) fn of_tiff(bytes: Vec<u8>) -> Option<Vec<u8>> {
    Some(in_order(bytes)).filter(|records| are_records(records))
}

fn are_records(bytes: &[u8]) -> bool {
    bytes.first() == Some(&MARKER)
}

/// Some programs say that the records are numbers of 32 bits, which have then been turned round.
fn in_order(mut bytes: Vec<u8>) -> Vec<u8> {
    if !are_records(&bytes) && bytes.get(3) == Some(&MARKER) {
        for number in bytes.as_chunks_mut::<4>().0 {
            number.reverse();
        }
    }
    bytes
}

fn of_jpeg(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut resources = segments(bytes).filter(|(marker, _)| *marker == 0xed);
    resources.find_map(|(_, body)| of_resources(body.strip_prefix(PHOTOSHOP)?))
}

/// The records among Photoshop's resources: a signature, a number, a name and a body, the last two filled up to even lengths.
fn of_resources(mut bytes: &[u8]) -> Option<Vec<u8>> {
    while let Some(rest) = bytes.strip_prefix(b"8BIM") {
        let number = u16::from_be_bytes(*rest.first_chunk()?);
        let name = (usize::from(*rest.get(2)?) + 1).next_multiple_of(2);
        let rest = rest.get(2 + name..)?;
        let len = u32::from_be_bytes(*rest.first_chunk()?) as usize;
        let body = rest.get(4..)?.get(..len)?;
        if number == RESOURCE {
            return Some(body.to_vec());
        }
        bytes = rest.get(4 + len.next_multiple_of(2)..)?;
    }
    None
}

/// Records as one of Photoshop's resources.
fn resource(records: &[u8]) -> Vec<u8> {
    let (len, padding) = ((records.len() as u32).to_be_bytes(), &[0][..records.len() % 2]);
    [b"8BIM", &RESOURCE.to_be_bytes()[..], &[0, 0], &len, records, padding].concat()
}

/// What the PNG chunk that holds records is called.
pub(in crate::picture) const RAW_PROFILE: &str = "Raw profile type iptc";

/// Its text: a name, the length, hexadecimal digits in lines.
pub(in crate::picture) fn raw_profile(records: &[u8]) -> String {
    let resource = resource(records);
    let mut text = format!("\niptc\n{:8}", resource.len());
    for line in resource.chunks(36) {
        text.push('\n');
        text.extend(
            line.iter().flat_map(|byte| [byte >> 4, byte & 15]).filter_map(|digit| char::from_digit(digit.into(), 16)),
        );
    }
    text + "\n"
}

/// The JPEG segment that holds records.
pub(in crate::picture) fn jpeg_segment(records: &[u8]) -> Vec<u8> {
    let body = [PHOTOSHOP, &resource(records)].concat();
    [&[0xff, 0xed], &(body.len() as u16 + 2).to_be_bytes()[..], &body].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORDS: &[u8] = b"\x1c\x02\x19\0\x04word\x1c\x02\x05\0\0";

    #[test]
    fn what_is_written_is_found_among_other_segments() {
        let other = b"\xff\xe1\0\x04ab\xff\xed\0\x06abcd";
        let resources = [PHOTOSHOP, b"8BIM\x04\x0b\x01a\0\0\0\x03abc\0"].concat();
        let resources = [&[0xff, 0xed, 0, resources.len() as u8 + 2], &resources[..]].concat();
        for records in [RECORDS, &RECORDS[..9]] {
            let jpeg = [b"\xff\xd8", &other[..], &resources, &jpeg_segment(records), b"\xff\xda"].concat();
            assert_eq!(of_jpeg(&jpeg).as_deref(), Some(records));
            assert!((0..jpeg.len() - 3).all(|end| of_jpeg(&jpeg[..end]).is_none()), "cut off");
        }
    }

    #[test]
    fn records_that_were_taken_for_numbers_are_put_in_order() {
        assert_eq!(in_order(b"\x19\x00\x02\x1cbaxx".to_vec()), b"\x1c\x02\x00\x19xxab");
        assert_eq!(in_order(RECORDS.to_vec()), RECORDS);
    }

    #[test]
    fn resources_that_lie_about_their_length_are_left() {
        assert_eq!(of_resources(b"8BIM\x04\x04\0\0\xff\xff\xff\xffabc"), None);
        assert_eq!(of_resources(b"8BIM\x04\x04\xff\0"), None);
    }
}
