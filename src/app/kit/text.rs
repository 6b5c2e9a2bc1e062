//! Numbers and names in words.

use crate::geometry::Size;
use crate::render::InventionLayer;
use crate::train::Degradation;
use std::path::{Path, PathBuf};

/// The name of a file for people, without its folder.
pub(in crate::app) fn file_text(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// A path as it was typed, with the usual ending where it has none.
pub(in crate::app) fn or_ending(path: &Path, usual: &str) -> PathBuf {
    if path.extension().is_some() { path.to_owned() } else { path.with_extension(usual) }
}

/// A number of bytes for people.
pub(in crate::app) fn size_text(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{:.0} kB", (bytes as f64 / 1e3).max(1.0)),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

/// A size for people, in pixels and millions of them.
pub(in crate::app) fn pixels_text(size: Size) -> String {
    format!("{size} pixels ({:.1} MP)", size.area() as f64 / 1e6)
}

/// A time for people, rounded up to seconds, or to minutes where there are hours.
pub(in crate::app) fn duration_text(secs: f64) -> String {
    let left = secs.ceil() as u64;
    match (left / 3600, left / 60 % 60, left % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

/// A rate in millions of pixels a second, with as many digits as mean something.
pub fn rate_text(rate: f64) -> String {
    match rate {
        0.0..0.1 => format!("{rate:.3}"),
        0.1..10.0 => format!("{rate:.2}"),
        _ => format!("{rate:.0}"),
    }
}

/// What a map of invention shows, in a word.
pub fn layer_name(layer: InventionLayer) -> &'static str {
    match layer {
        InventionLayer::Both => "Both",
        InventionLayer::Departure => "Departure",
        InventionLayer::Disagreement => "Disagreement",
    }
}

/// What a map of invention shows, in a sentence.
pub fn layer_text(layer: InventionLayer) -> &'static str {
    match layer {
        InventionLayer::Both => "Departure and disagreement together: the root of the sum of their squares.",
        InventionLayer::Departure => "How far what is shown is from what bicubic interpolation would show.",
        InventionLayer::Disagreement => {
            "How far the network's answers to the picture turned and mirrored in eight ways are from their mean."
        }
    }
}

/// A degradation as people say it, and what it means.
pub fn preset(degradation: Degradation) -> (&'static str, &'static str) {
    match degradation {
        Degradation::Clean => ("Clean pictures", "Sharp pictures without visible flaws"),
        Degradation::Jpeg => ("JPEG photographs", "Pictures with the blocks and fringes of JPEG"),
        Degradation::Phone => ("Phone", "A little soft, noisy, saved as JPEG"),
        Degradation::Scan => ("Scans", "Scanned prints: soft, with a little noise"),
        Degradation::Photo => ("Photographs", "As they are: many a little soft or noisy, most saved as JPEG"),
        Degradation::Blur => ("Blurred", "Out of focus, or slightly shaken"),
        Degradation::Noise => ("Noisy", "Taken in little light"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_called_by_their_names() {
        assert_eq!(
            ["/photos/bird.png", "bird.png", "/"].map(|path| file_text(Path::new(path))),
            ["bird.png", "bird.png", "/"]
        );
        assert_eq!(or_ending(Path::new("/a/bird"), "png"), Path::new("/a/bird.png"));
        assert_eq!(or_ending(Path::new("bird.jpg"), "png"), Path::new("bird.jpg"));
    }

    #[test]
    fn rates_have_the_digits_that_mean_something() {
        assert_eq!([0.0041, 0.456, 9.5, 23.4].map(rate_text), ["0.004", "0.46", "9.50", "23"]);
    }

    #[test]
    fn every_degradation_has_a_name_of_its_own() {
        let names: std::collections::BTreeSet<&str> = Degradation::ALL.iter().map(|kind| preset(*kind).0).collect();
        assert_eq!(names.len(), Degradation::ALL.len());
    }
}
