//! ICC profiles, written by hand after ICC.1:2010: tags, and the file that holds them.

/// A tag's name and value.
pub(crate) type Tag = ([u8; 4], Vec<u8>);

/// Colorants of the red, green and blue primaries, adapted to D50.
pub(crate) type Colorants = [[f64; 3]; 3];

/// As Adobe's profile has them.
pub(crate) const ADOBE_RGB: Colorants =
    [[0.609_74, 0.311_11, 0.019_47], [0.205_28, 0.625_67, 0.060_87], [0.149_19, 0.063_22, 0.744_57]];

/// The white of the connection space.
pub(crate) const D50: [f64; 3] = [0.9642, 1.0, 0.8249];

/// `s15Fixed16Number`.
pub(crate) fn fixed(value: f64) -> [u8; 4] {
    ((value * 65536.0).round() as i32).to_be_bytes()
}

fn xyz(values: [f64; 3]) -> Vec<u8> {
    [&b"XYZ \0\0\0\0"[..], &values.map(fixed).concat()].concat()
}

/// The white of the medium: that of the connection space.
pub(crate) fn white() -> Tag {
    (*b"wtpt", xyz(D50))
}

/// A curve that is an exponent, in 256ths.
pub(crate) fn gamma(parts: u16) -> Vec<u8> {
    [&b"curv\0\0\0\0\0\0\0\x01"[..], &parts.to_be_bytes()].concat()
}

/// What a matrix says of colours: the primaries, each with the same curve.
pub(crate) fn matrix(colorants: Colorants, curve: &[u8]) -> Vec<Tag> {
    let primaries = [*b"rXYZ", *b"gXYZ", *b"bXYZ"].into_iter().zip(colorants.map(xyz));
    primaries.chain([*b"rTRC", *b"gTRC", *b"bTRC"].map(|name| (name, curve.to_vec()))).collect()
}

/// A display's profile of these tags: header, table, values.
pub(crate) fn assemble(version: [u8; 4], space: [u8; 4], pcs: [u8; 4], tags: Vec<Tag>) -> Vec<u8> {
    let mut bytes = vec![0; 128];
    bytes[8..12].copy_from_slice(&version);
    bytes[12..16].copy_from_slice(b"mntr");
    bytes[16..20].copy_from_slice(&space);
    bytes[20..24].copy_from_slice(&pcs);
    bytes[36..40].copy_from_slice(b"acsp");
    bytes[68..80].copy_from_slice(&[0, 0, 0xf6, 0xd6, 0, 1, 0, 0, 0, 0, 0xd3, 0x2d]);
    bytes.extend((tags.len() as u32).to_be_bytes());
    let mut at = 132 + tags.len() * 12;
    for (name, value) in &tags {
        bytes.extend(name);
        bytes.extend((at as u32).to_be_bytes());
        bytes.extend((value.len() as u32).to_be_bytes());
        at += value.len().next_multiple_of(4);
    }
    for (_, mut value) in tags {
        value.resize(value.len().next_multiple_of(4), 0);
        bytes.extend(value);
    }
    let length = (bytes.len() as u32).to_be_bytes();
    bytes[..4].copy_from_slice(&length);
    bytes
}
