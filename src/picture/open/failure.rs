//! What stops the opening of a file, in words: what is wrong, and what to do.

use super::kind::Kind;
use super::limit::{VARIABLE, most_decoded_bytes};
use image::ImageError;
use image::error::UnsupportedErrorKind;
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
    /// As a sentence without its beginning, which names the file.
    pub(super) fn describe(self, kind: Kind) -> String {
        let name = kind.name();
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
    let most = most_decoded_bytes() as f64 / f64::from(1 << 30);
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
