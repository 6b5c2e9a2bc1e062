//! What the camera wrote about the shot.

use exif::{Exif, In, Reader, Tag, Value};

/// How a photograph was taken, in words; what the file does not say is missing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shot {
    /// Make and model.
    pub camera: Option<String>,
    /// The lens.
    pub lens: Option<String>,
    /// Exposure time, aperture, sensitivity and focal length: `1/250 s, f/2.8, ISO 100, 35 mm`.
    pub exposure: Option<String>,
    /// When, as the camera's clock said: `2026-05-17 18:03:11`.
    pub taken: Option<String>,
    /// Whether it says where.
    pub has_position: bool,
}

impl Shot {
    /// Reads an EXIF block.
    pub(super) fn read(block: &[u8]) -> Self {
        let Some(exif) = parse(block) else { return Self::default() };
        let exposure = [
            shown(&exif, Tag::ExposureTime).map(|text| format!("{text} s")),
            shown(&exif, Tag::FNumber).map(|text| format!("f/{text}")),
            shown(&exif, Tag::PhotographicSensitivity).map(|text| format!("ISO {text}")),
            shown(&exif, Tag::FocalLength).map(|text| format!("{text} mm")),
        ];
        let exposure: Vec<String> = exposure.into_iter().flatten().collect();
        Self {
            camera: camera(text(&exif, Tag::Make), text(&exif, Tag::Model)),
            lens: text(&exif, Tag::LensModel),
            exposure: (!exposure.is_empty()).then(|| exposure.join(", ")),
            taken: text(&exif, Tag::DateTimeOriginal).or_else(|| text(&exif, Tag::DateTime)).map(|text| date(&text)),
            has_position: exif.get_field(Tag::GPSLatitude, In::PRIMARY).is_some(),
        }
    }

    /// Whether the file says nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The block as far as it can be read.
pub(super) fn parse(block: &[u8]) -> Option<Exif> {
    let outcome = Reader::new().continue_on_error(true).read_raw(block.to_vec());
    outcome.or_else(|error| error.distill_partial_result(|_| {})).ok()
}

/// Whether the camera says Adobe RGB in the way that cameras do: by the interoperability index R03.
pub(in crate::picture) fn is_adobe_rgb(block: &[u8]) -> bool {
    let Some(exif) = parse(block) else { return false };
    text(&exif, Tag::InteroperabilityIndex).is_some_and(|index| index == "R03")
}

fn text(exif: &Exif, tag: Tag) -> Option<String> {
    let Value::Ascii(lines) = &exif.get_field(tag, In::PRIMARY)?.value else { return None };
    let text = String::from_utf8_lossy(lines.first()?);
    let text = text.trim_matches(|c: char| c.is_whitespace() || c.is_control());
    (!text.is_empty()).then(|| text.to_owned())
}

fn shown(exif: &Exif, tag: Tag) -> Option<String> {
    let text = exif.get_field(tag, In::PRIMARY)?.display_value().to_string();
    (!text.is_empty() && text.len() < 40).then_some(text)
}

/// Many models begin with their make already.
fn camera(make: Option<String>, model: Option<String>) -> Option<String> {
    match (make, model) {
        (Some(make), Some(model)) => {
            let is_repeated = make.split(' ').next().is_some_and(|word| model.starts_with(word));
            Some(if is_repeated { model } else { format!("{make} {model}") })
        }
        (make, model) => make.or(model),
    }
}

/// EXIF separates the parts of a date by colons.
fn date(text: &str) -> String {
    match text.split_once(' ') {
        Some((day, time)) => format!("{} {time}", day.replace(':', "-")),
        None => text.to_owned(),
    }
}
