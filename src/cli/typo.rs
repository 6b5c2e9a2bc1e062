//! Commands that were mistyped: the first word is no file, and one of ours is meant.

use super::args::Args;
use clap::CommandFactory;
use std::path::{Path, PathBuf};

/// How many letters may be wrong, missing, too many, or swapped with their neighbour.
const MOST_WRONG: usize = 2;

/// What to say of files to look at, of which the first is a command with a typing error.
pub(super) fn mistyped_command(files: &[PathBuf]) -> Option<String> {
    let first = files.first().filter(|path| !path.exists())?;
    let (word, command) = (first.to_str()?, meant_command(first)?);
    Some(format!("there is no file {word}; did you mean `zoomfield {command}`?"))
}

fn meant_command(path: &Path) -> Option<String> {
    let word = path.to_str().filter(|word| word.chars().all(|c| c.is_ascii_alphabetic()))?.to_lowercase();
    let commands: Vec<String> = Args::command().get_subcommands().map(|known| known.get_name().to_owned()).collect();
    let near = commands.into_iter().map(|known| (distance(&word, &known), known));
    // Of a short word most letters must be right.
    let is_meant = |(wrong, known): &(usize, String)| *wrong <= MOST_WRONG && 2 * wrong < known.len();
    near.filter(is_meant).min().map(|(_, known)| known)
}

/// The letters to insert, leave away, replace or swap (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut table = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            if i == 0 || j == 0 {
                table[i][j] = i + j;
                continue;
            }
            let replaced = table[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            table[i][j] = replaced.min(table[i - 1][j] + 1).min(table[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                table[i][j] = table[i][j].min(table[i - 2][j - 2] + 1);
            }
        }
    }
    table[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_wrong_letters_are_seen_through() {
        let said = |word: &str| mistyped_command(&[word.into(), "a.png".into()]);
        for (word, command) in
            [("exprot", "export"), ("Export", "export"), ("exprt", "export"), ("evla", "eval"), ("benhc", "bench")]
        {
            let expected = format!("there is no file {word}; did you mean `zoomfield {command}`?");
            assert_eq!(said(word).as_deref(), Some(expected.as_str()));
        }
        for other in ["holiday", "src", "export.png", "ex", "photos/export"] {
            assert_eq!(said(other), None, "{other}");
        }
        assert_eq!(mistyped_command(&[]), None);
    }
}
