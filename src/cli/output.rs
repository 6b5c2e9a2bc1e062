//! What the command line says: the answer on stdout, everything else on stderr.
//!
//! Neither may end the work. Nobody may be listening any more (`zoomfield info … | head -1`): then the rest is moot.
//! An answer that cannot be written for another reason, as onto a full disk, is an error once the work is done.

use crate::error::{Error, Result};
use std::fmt::Display;
use std::io::{ErrorKind, Write};
use std::sync::OnceLock;

/// Why stdout takes no more; empty if its reader has gone.
static SILENCED: OnceLock<String> = OnceLock::new();

/// One line of the answer.
pub(super) fn answer(line: impl Display) {
    if is_heard()
        && let Err(error) = writeln!(std::io::stdout(), "{line}")
    {
        let is_gone = error.kind() == ErrorKind::BrokenPipe;
        SILENCED.get_or_init(|| if is_gone { String::new() } else { error.to_string() });
    }
}

/// One JSON object on a line of its own.
pub(super) fn print_json(value: &impl serde::Serialize) {
    match serde_json::to_string(value) {
        Ok(line) => answer(line),
        Err(error) => say(&format!("the result cannot be written as JSON: {error}")),
    }
}

/// Whether the answer still arrives somewhere; if not, work that serves nothing else may end.
pub(super) fn is_heard() -> bool {
    SILENCED.get().is_none()
}

/// How a command ends that did its work.
///
/// # Errors
/// [`Error::Request`] if a line of the answer could not be written.
pub(super) fn finish() -> Result<()> {
    match SILENCED.get() {
        Some(reason) if !reason.is_empty() => {
            let advice = "free some space, or send it elsewhere";
            Err(Error::Request(format!("the answer cannot be written to standard output ({reason}); {advice}")))
        }
        _ => Ok(()),
    }
}

/// One line on stderr, whatever the names of files and arrays hold.
pub(super) fn say(sentence: &str) {
    // There is no better place to report that this fails.
    let _ = writeln!(std::io::stderr(), "zoomfield: {}", printable(sentence));
}

/// What went wrong while the work went on, in one line on stderr.
pub(super) fn warn(sentence: &str) {
    say(&format!("warning: {sentence}"));
}

/// Text from a file as one line: control characters could drive the terminal.
pub(super) fn printable(text: &str) -> String {
    text.replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_files_cannot_drive_the_terminal() {
        assert_eq!(printable("A\x1b]0;owned\x07B\nC"), "A ]0;owned B C");
    }
}
