//! What stops the opening of a file, in words: what is wrong, and what to do.

use super::limit::{VARIABLE, gibibytes, most_decoded_bytes};
use image::ImageError;
use image::error::{
    DecodingError, ImageFormatHint, LimitError, LimitErrorKind, UnsupportedError, UnsupportedErrorKind,
};
use std::io::ErrorKind;

/// A failure to read, for people.
pub(super) fn describe_io(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "there is no such file".into(),
        ErrorKind::PermissionDenied => "you have no permission to read it".into(),
        ErrorKind::UnexpectedEof => {
            "the file ends too early; it is damaged or was not copied completely, so copy it again".into()
        }
        _ => format!("reading it failed ({error})"),
    }
}

/// A decoder's error: the file is not what it should be.
pub(super) fn damaged(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> ImageError {
    ImageError::Decoding(DecodingError::new(ImageFormatHint::Unknown, error))
}

/// A decoder's error: half a sentence about what is not supported.
pub(super) fn unsupported(what: impl Into<String>) -> ImageError {
    let kind = UnsupportedErrorKind::GenericFeature(what.into());
    ImageError::Unsupported(UnsupportedError::from_format_and_kind(ImageFormatHint::Unknown, kind))
}

/// A decoder's error: it would take more memory than it may.
pub(super) fn too_large() -> ImageError {
    ImageError::Limits(LimitError::from_kind(LimitErrorKind::InsufficientMemory))
}

/// What stops a decoding.
pub(super) enum OpenFailure {
    /// Known before the decoder was asked: the sentence.
    Refused(String),
    Decoder(ImageError),
}

impl From<ImageError> for OpenFailure {
    fn from(error: ImageError) -> Self {
        Self::Decoder(error)
    }
}

impl OpenFailure {
    /// As a sentence without its beginning, which names the file; `name` is that of its kind.
    pub(super) fn describe(self, name: &str) -> String {
        match self {
            Self::Refused(reason) => reason,
            Self::Decoder(ImageError::IoError(error)) => describe_io(&error),
            Self::Decoder(ImageError::Limits(_)) => too_much(name),
            Self::Decoder(ImageError::Unsupported(error)) => {
                let what = match error.kind() {
                    UnsupportedErrorKind::GenericFeature(what) => what.clone(),
                    _ => error.to_string(),
                };
                format!("this kind of {name} file is not supported ({what}); convert it to an ordinary PNG or TIFF")
            }
            Self::Decoder(error) => describe_damage(name, &root_cause(&error)),
        }
    }
}

/// Where the samples would fit, but not what their decoder needs beside them.
fn too_much(name: &str) -> String {
    let most = gibibytes(most_decoded_bytes());
    format!(
        "decoding this {name} file would take too much memory beside its pixels; the limit grows with that of pixels, \
         {most:.1} GiB, which {VARIABLE} sets"
    )
}

fn describe_damage(format: &str, cause: &str) -> String {
    // Each decoder has its own words for a file that stops in the middle.
    const EARLY_ENDS: [&str; 5] = ["enough data", "unexpected end", "fill whole buffer", "end of file", "truncated"];
    let said = cause.to_lowercase();
    if EARLY_ENDS.iter().any(|words| said.contains(words)) {
        return describe_io(&ErrorKind::UnexpectedEof.into());
    }
    format!("its {format} data is damaged ({cause}); copy the file again")
}

fn root_cause(error: &dyn std::error::Error) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    let cause = deepest.to_string();
    // What follows names the decoder's own types.
    let cause = cause.split(" while ").next().unwrap_or_default();
    cause.trim_end_matches('.').replace('\n', " ")
}
