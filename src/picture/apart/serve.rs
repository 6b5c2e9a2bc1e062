//! The side that decodes.

use super::confine::confine;
use super::wire::{read_line, write_answer};
use crate::error::{Error, Result};
use crate::picture::Which;
use crate::picture::page_reader::LocalPages;
use crate::task::{NEVER, Worker};
use std::io::{BufReader, BufWriter, stdin, stdout};
use std::path::Path;

/// Answers what is asked about the pictures of a file through stdin, until nobody asks any more. Before the file is opened the
/// process gives up all it does not need for that.
///
/// # Errors
/// [`Error::Device`] if there is no thread, or nobody listens any more.
pub fn serve(path: &Path) -> Result<()> {
    confine(path);
    let path = path.to_owned();
    let (outcome, outcomes) = std::sync::mpsc::sync_channel(1);
    // With a large stack, as decoders have everywhere.
    let worker = Worker::spawn("decoder", move || {
        let _ = outcome.send(answer_all(&path));
    });
    let worker = worker.map_err(Error::device)?;
    drop(worker);
    outcomes.recv().map_err(Error::device)?.map_err(Error::device)
}

fn answer_all(path: &Path) -> std::io::Result<()> {
    let (mut requests, mut answers) = (BufReader::new(stdin()), BufWriter::new(stdout().lock()));
    let mut pages = LocalPages::new(path, u64::MAX);
    while let Some(which) = read_line::<Which>(&mut requests)? {
        write_answer(&mut answers, pages.read(which, NEVER).map_err(reason))?;
    }
    Ok(())
}

/// What follows the file's name, which the other side knows.
fn reason(error: Error) -> String {
    match error {
        Error::Picture { reason, .. } => reason,
        other => other.to_string(),
    }
}
