//! The side that decodes.

use super::confine::confine;
use super::wire::{Asked, Part, read_line, reason, write_answer, write_part};
use crate::error::{Error, Result};
use crate::picture::open::open;
use crate::picture::page_reader::LocalPages;
use crate::picture::regions::Chunk;
use crate::picture::{Picture, Which};
use crate::task::{NEVER, Worker};
use std::io::{BufReader, BufWriter, stdin, stdout};
use std::path::Path;

/// Answers what is asked about the pictures of a file through stdin, until nobody asks any more. Before the file is opened the
/// process gives up all it does not need for that.
///
/// # Errors
/// [`Error::Device`] if there is no thread to decode in.
pub fn serve(path: &Path) -> Result<()> {
    confine(path);
    let path = path.to_owned();
    // With a large stack, as decoders have everywhere. It ends where nobody asks, or listens, any more.
    let worker = Worker::spawn("decoder", move || drop(answer_all(&path))).map_err(Error::device)?;
    wait_for_the_end(worker);
    Ok(())
}

/// Waits until nobody can ask any more, be it because the process that did is gone. A decoder that is still busy ends with this one.
#[cfg(unix)]
fn wait_for_the_end(worker: Worker) {
    use rustix::event::{PollFd, PollFlags, poll};
    let stdin = stdin();
    let mut end_of_stdin = [PollFd::new(&stdin, PollFlags::empty())];
    while !worker.is_finished() && end_of_stdin[0].revents().is_empty() {
        let interrupted = poll(&mut end_of_stdin, None);
        if interrupted.is_err_and(|error| error != rustix::io::Errno::INTR) {
            return;
        }
    }
    worker.detach();
}

/// The same, but a decoder that is busy comes to its end.
#[cfg(not(unix))]
fn wait_for_the_end(worker: Worker) {
    drop(worker);
}

fn answer_all(path: &Path) -> std::io::Result<()> {
    let (mut requests, mut answers) = (BufReader::new(stdin()), BufWriter::new(stdout().lock()));
    let mut pages = LocalPages::new(path, u64::MAX);
    let mut divided = None;
    while let Some(asked) = read_line::<Asked>(&mut requests)? {
        match asked {
            Asked::Picture(which) => write_answer(&mut answers, pages.read(which, NEVER).map_err(reason))?,
            Asked::Part(part) => write_part(&mut answers, decode(part, path, &mut divided))?,
        }
    }
    Ok(())
}

/// A strip or tile of a page, which is kept for the next ones.
fn decode(part: Part, path: &Path, page: &mut Option<(Which, Picture)>) -> std::result::Result<Chunk, String> {
    let (_, picture) = match page.take().filter(|(which, _)| *which == part.which) {
        Some(same) => page.insert(same),
        None => page.insert((part.which, open(path, part.which, 0, NEVER).map_err(reason)?)),
    };
    if picture.id != part.name {
        return Err("it is another file by now; open it again".into());
    }
    let all = picture.regions.as_ref();
    let smaller = |level: usize| all.and_then(|all| all.smaller.get(level)?.regions.as_ref());
    let regions = if part.level == 0 { all } else { smaller(part.level - 1) };
    regions.ok_or("it cannot be read by rectangles any more")?.reader.source().decode(part.index)
}
