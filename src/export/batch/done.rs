//! Whether an output is there already.
//!
//! Files get their names when they are whole, so what is there is whole. It is done if it is no older than its picture and,
//! where it says how it was made, that is what is asked for: of a picture of that name, by that model, by the same options
//! whatever computed them. Not seen: a picture whose content has changed while its date has not.

use super::plan::Item;
use crate::export::CommandLine;
use crate::kernel::PrecisionChoice;
use crate::picture::{Picture, Provenance};
use crate::recipe::Strength;
use std::path::Path;

/// What is in an output's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing.
    Nothing,
    /// What would be written; whether it says so itself.
    Done { is_told: bool },
    /// Something else, and what is different.
    Other(String),
}

/// Looks. `is_model` tells whether a model's name is one that may be asked for.
pub(super) fn look(item: &Item, line: &CommandLine, is_model: &dyn Fn(&str) -> bool) -> Found {
    if item.output.symlink_metadata().is_err() {
        return Found::Nothing;
    }
    for output in [Some(&item.output), item.map.as_ref()].into_iter().flatten() {
        match is_older(output, &item.input) {
            None => return Found::Other(format!("{} is not there", output.display())),
            Some(true) => return Found::Other("it is older than its picture".into()),
            Some(false) => {}
        }
    }
    match Picture::provenance_of(&item.output) {
        Err(_) => Found::Other("it is no picture that can be read".into()),
        Ok(None) => Found::Done { is_told: false },
        Ok(Some(told)) => match difference(&told, item, line, is_model) {
            None => Found::Done { is_told: true },
            Some(reason) => Found::Other(reason),
        },
    }
}

/// Whether a file was written before its picture; nothing if it is not there.
fn is_older(output: &Path, input: &Path) -> Option<bool> {
    let written = output.metadata().and_then(|about| about.modified()).ok()?;
    let taken = input.metadata().and_then(|about| about.modified());
    Some(taken.is_ok_and(|taken| written < taken))
}

/// In what it was made otherwise, if it was.
fn difference(told: &Provenance, item: &Item, line: &CommandLine, is_model: &dyn Fn(&str) -> bool) -> Option<String> {
    let name = item.input.file_name().unwrap_or_default().to_string_lossy();
    if let Some(source) = told.source.as_ref().filter(|source| **source != name) {
        return Some(format!("it was made of {source}"));
    }
    let plain = CommandLine { backend: None, device: None, precision: None, ..line.clone() };
    let words = without_computing(&told.options);
    // Which model a picture takes is not known yet; that of the file is compared below.
    let asked = [Strength::FULL, Strength::NONE].map(|lock| plain.clone().locked_by(lock).options());
    if !asked.contains(&words) {
        return Some(format!("it was made by {}", words.join(" ")));
    }
    if told.model_id.as_ref().is_some_and(|id| !is_model(id)) {
        return Some(format!(
            "it was made by another model, {}",
            told.model.as_deref().unwrap_or("whose name is not told")
        ));
    }
    let precision = line.precision.filter(|precision| *precision != PrecisionChoice::Auto)?;
    let computed = option(&told.options, "--precision")?;
    (*computed != precision.to_string()).then(|| format!("it was computed in {computed}"))
}

const COMPUTING: [&str; 3] = ["--backend", "--device", "--precision"];

/// Options but those that say what computes.
fn without_computing(words: &[String]) -> Vec<String> {
    let mut kept = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if COMPUTING.contains(&word.as_str()) {
            words.next();
        } else {
            kept.push(word.clone());
        }
    }
    kept
}

fn option<'a>(words: &'a [String], name: &str) -> Option<&'a String> {
    words.iter().skip_while(|word| *word != name).nth(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_computes_is_left_away() {
        let words = ["--scale", "2", "--backend", "gpu", "--device", "--x", "--precision", "f16", "--strip-metadata"];
        let words: Vec<String> = words.map(str::to_owned).into();
        assert_eq!(without_computing(&words), ["--scale", "2", "--strip-metadata"]);
        assert_eq!(option(&words, "--precision").map(String::as_str), Some("f16"));
        assert_eq!(option(&words, "--quality"), None);
    }
}
