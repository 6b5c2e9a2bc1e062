//! The segments of a JPEG before its first scan (ITU-T T.81, B.1.1.4).

/// Each with its marker's code and what is in it. Ends where a scan begins, or where something is not a segment.
pub(super) fn segments(jpeg: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    const START_OF_SCAN: u8 = 0xda;
    let mut rest = jpeg.get(2..).unwrap_or_default();
    std::iter::from_fn(move || {
        // Markers may be filled up before.
        while rest.starts_with(&[0xff, 0xff]) {
            rest = &rest[1..];
        }
        let [0xff, marker @ (0xc0..=0xcf | 0xda..=0xfe), high, low] = *rest.first_chunk()? else { return None };
        let (segment, others) = rest.split_at_checked(2 + usize::from(u16::from_be_bytes([high, low])))?;
        rest = others;
        segment.get(4..).filter(|_| marker != START_OF_SCAN).map(|body| (marker, body))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_end_where_a_scan_begins_or_the_file_does() {
        let file = b"\xff\xd8\xff\xe1\0\x04ab\xff\xdb\0\x03c\xff\xe2\0\x02\xff\xda\0\x02\xff\xe1\0\x03x";
        let expected = [(0xe1, &b"ab"[..]), (0xdb, b"c"), (0xe2, b"")];
        assert_eq!(segments(file).collect::<Vec<_>>(), expected);
        for (len, count) in [(19, 3), (17, 3), (16, 2), (13, 2), (12, 1), (7, 0), (2, 0), (0, 0)] {
            assert_eq!(segments(&file[..len]).count(), count, "{len}");
        }
        assert_eq!(segments(b"\xff\xd8\xff\xe1\0\x01ab").count(), 0, "shorter than its own length");
        assert_eq!(segments(b"\xff\xd8\xff\xff\xff\xe1\0\x03a\xff\xd9\0\x02").count(), 1, "filled up, and the end");
    }
}
