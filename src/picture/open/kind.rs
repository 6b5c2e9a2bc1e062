//! What a file is, by its first bytes.

use super::light::Numbers;
use super::raw::is_raw;
use image::ImageFormat;
use std::path::Path;

/// Formats that are opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// One that the `image` crate names.
    Common(ImageFormat),
    JpegXl,
    Jpeg2000,
    Avif,
    Heic,
    /// A camera's, of which the preview is shown.
    Raw,
}

impl Kind {
    /// Of those that the `image` crate does not know, or not by these bytes.
    pub(super) fn of_start(start: &[u8], path: &Path) -> Option<Self> {
        if is_raw(start, path) {
            return Some(Self::Raw);
        }
        let is_any = |signatures: &[&[u8]]| signatures.iter().any(|signature| start.starts_with(signature));
        if is_any(&[b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n"]) {
            return Some(Self::JpegXl);
        }
        if is_any(&[b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51"]) {
            return Some(Self::Jpeg2000);
        }
        if is_avif(start) {
            return Some(Self::Avif);
        }
        if cfg!(feature = "heic") && is_heic(start) {
            return Some(Self::Heic);
        }
        // The large kind.
        is_any(&[b"II+\0", b"MM\0+"]).then_some(Self::TIFF)
    }

    pub(super) const TIFF: Self = Self::Common(ImageFormat::Tiff);
    pub(super) const PNG: Self = Self::Common(ImageFormat::Png);
    pub(super) const JPEG: Self = Self::Common(ImageFormat::Jpeg);
    pub(super) const GIF: Self = Self::Common(ImageFormat::Gif);
    pub(super) const ICO: Self = Self::Common(ImageFormat::Ico);

    /// As people call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::JpegXl => "JPEG XL",
            Self::Jpeg2000 => "JPEG 2000",
            Self::Avif => "AVIF",
            Self::Heic => "HEIC",
            Self::Raw => "camera RAW",
            Self::Common(format) => match format {
                ImageFormat::Png => "PNG",
                ImageFormat::Jpeg => "JPEG",
                ImageFormat::Gif => "GIF",
                ImageFormat::WebP => "WebP",
                ImageFormat::Pnm => "PNM",
                ImageFormat::Tiff => "TIFF",
                ImageFormat::Tga => "TGA",
                ImageFormat::Bmp => "BMP",
                ImageFormat::Ico => "ICO",
                ImageFormat::Hdr => "HDR",
                ImageFormat::OpenExr => "OpenEXR",
                ImageFormat::Qoi => "QOI",
                _ => "picture",
            },
        }
    }

    /// The name for people that this is, or that of any picture.
    pub(super) fn known_name(name: &str) -> &'static str {
        use ImageFormat::{Bmp, Hdr, OpenExr, Pnm, Qoi, Tga, WebP};
        let own = [Self::JpegXl, Self::Jpeg2000, Self::Avif, Self::Heic, Self::Raw];
        let named = [Self::TIFF, Self::PNG, Self::JPEG, Self::GIF, Self::ICO];
        let others = [Bmp, Hdr, OpenExr, Pnm, Qoi, Tga, WebP].map(Self::Common);
        let known = own.into_iter().chain(named).chain(others).map(Self::name);
        known.into_iter().find(|known| *known == name).unwrap_or("picture")
    }

    /// What floating-point numbers of its decoder are to light; none of TIFF, which tells of them as they are stored.
    pub(super) fn numbers(self) -> Option<Numbers> {
        match self {
            Self::TIFF => None,
            Self::PNG | Self::JPEG | Self::Avif | Self::Heic | Self::JpegXl => Some(Numbers::Coded),
            _ => Some(Numbers::Light),
        }
    }

    /// Whether the decoder takes the whole file into memory before it looks at it.
    pub(super) fn is_read_whole(self) -> bool {
        matches!(self, Self::JPEG | Self::ICO | Self::Jpeg2000 | Self::Raw)
    }
}

/// Whether a file of boxes says that it is AVIF, be it among other things.
pub(super) fn is_avif(start: &[u8]) -> bool {
    has_brand(start, &[b"avif", b"avis"])
}

/// Whether a file of boxes says that it is HEIC, or a still picture and no more.
pub(super) fn is_heic(start: &[u8]) -> bool {
    has_brand(start, &[b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"])
}

fn has_brand(start: &[u8], wanted: &[&[u8]]) -> bool {
    let Some((length, rest)) = start.split_first_chunk().filter(|(_, rest)| rest.starts_with(b"ftyp")) else {
        return false;
    };
    // The main brand, its version, and the brands that the file is compatible with.
    let brands = &rest[4..rest.len().min((u32::from_be_bytes(*length) as usize).saturating_sub(4)).max(4)];
    let mut brands = brands.chunks_exact(4);
    brands.any(|brand| wanted.contains(&brand))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newer_formats_are_known_by_their_first_bytes() {
        let of = |start: &[u8]| Kind::of_start(start, Path::new("x"));
        assert_eq!(of(&[0xff, 0x0a, 0, 0]), Some(Kind::JpegXl));
        assert_eq!(of(b"\0\0\0\x0cJXL \r\n\x87\n"), Some(Kind::JpegXl));
        assert_eq!(of(b"\0\0\0\x0cjP  \r\n\x87\n"), Some(Kind::Jpeg2000));
        assert_eq!(of(b"\xff\x4f\xff\x51\0"), Some(Kind::Jpeg2000));
        assert_eq!(of(b"\0\0\0\x20ftypavif\0\0\0\0mif1"), Some(Kind::Avif));
        assert_eq!(of(b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif"), Some(Kind::Avif));
        assert_ne!(of(b"\0\0\0\x14ftypmif1\0\0\0\0mif1avif"), Some(Kind::Avif), "beyond the end of the box");
        assert_eq!(of(b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic"), cfg!(feature = "heic").then_some(Kind::Heic));
        assert_eq!((of(b"\0\0\0\x14ftyp"), of(b"\0\0\0\0ftypheic")), (None, None));
        assert_eq!(of(b"MM\0+"), Some(Kind::TIFF));
        assert_eq!(of(b"\xff\xd8\xff\xe0"), None);
    }
}
