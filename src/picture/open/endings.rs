//! What names of picture files end in.

use super::raw::RAW_ENDINGS;
use std::path::Path;

const ENDINGS: [&str; 30] = [
    "png", "apng", "jpg", "jpeg", "jpe", "jfif", "webp", "tif", "tiff", "bmp", "gif", "ico", "qoi", "pnm", "ppm",
    "pgm", "tga", "hdr", "exr", "jxl", "jp2", "j2k", "jpx", "jpf", "j2c", "jpc", "avif", "heic", "heif", "hif",
];

/// Whether the file name ends like a picture's, in capitals or not.
pub fn is_picture_path(path: &Path) -> bool {
    path.extension()
        .is_some_and(|ending| ENDINGS.iter().chain(&RAW_ENDINGS).any(|known| ending.eq_ignore_ascii_case(known)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::ImageFormat;

    #[test]
    fn endings_count_in_any_case() {
        for name in ["a.JPG", "b.Tiff", "c.d.png", "x.exr"] {
            assert!(is_picture_path(Path::new(name)), "{name}");
        }
        for name in ["a.txt", "png", "a.psd", ".png"] {
            assert!(!is_picture_path(Path::new(name)), "{name}");
        }
    }

    #[test]
    fn every_ending_belongs_to_a_format_that_is_read() {
        for ending in ENDINGS {
            let format = ImageFormat::from_extension(ending);
            // What the decoder library does not know by name; the content is recognised.
            let is_alias = matches!(
                ending,
                "jpe"
                    | "jfif"
                    | "apng"
                    | "avif"
                    | "heic"
                    | "heif"
                    | "hif"
                    | "jxl"
                    | "jp2"
                    | "j2k"
                    | "jpx"
                    | "jpf"
                    | "j2c"
                    | "jpc"
            );
            assert!(is_alias || format.is_some_and(|format| format.reading_enabled()), "{ending}");
        }
    }
}
