//! The side that asks.

use super::wire::{Asked, Part, read_answer, read_part, write_line};
use super::{DecoderProgram, PROGRAM};
use crate::error::{Error, Result};
use crate::geometry::{PixelRect, Size};
use crate::picture::open::{NOT_SURVIVED, in_a_thread, size_up_to};
use crate::picture::regions::Chunk;
use crate::picture::{Picture, Which};
use crate::task::{Interrupt, NEVER, Worker};
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// What is read from the pipe at once, beside samples, which are read straight to where they stay.
const BUFFER_BYTES: usize = 64 << 10;

/// A process that decodes one file: its pages and frames, one after the other. It ends with its owner.
pub(in crate::picture) struct DecoderProcess {
    /// Not there once it was ended.
    child: Option<Child>,
    requests: ChildStdin,
    /// Not there while somebody reads, nor after a failure.
    answers: Option<Answers>,
    path: PathBuf,
}

type Answers = BufReader<ChildStdout>;

impl DecoderProcess {
    /// Starts it; nothing where pictures are decoded in this process, or the system has no other one to give.
    pub(in crate::picture) fn start(path: &Path) -> Option<Self> {
        PROGRAM.get().and_then(|program| Self::start_by(program, path))
    }

    /// Whether there is a program for that.
    pub(super) fn is_possible() -> bool {
        PROGRAM.get().is_some()
    }

    fn start_by(program: &DecoderProgram, path: &Path) -> Option<Self> {
        let mut command = program.command();
        command.arg(path).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        alone(&mut command);
        let mut child = command.spawn().ok()?;
        let (requests, answers) = (child.stdin.take(), child.stdout.take());
        let started = requests.zip(answers).map(|(requests, answers)| (requests, widened(answers)));
        let Some((requests, answers)) = started else {
            end(child);
            return None;
        };
        let answers = Some(BufReader::with_capacity(BUFFER_BYTES, answers));
        Some(Self { child: Some(child), requests, answers, path: path.to_owned() })
    }

    /// A page or frame, within the time that its file may take; what takes more than `held_bytes` may be on the disk.
    ///
    /// # Errors
    /// [`Error::Picture`], also where the process did not survive it, and [`Error::Cancelled`]. Of what failed nothing more can be
    /// asked but another picture of the same file.
    pub(in crate::picture) fn read(
        &mut self,
        which: Which,
        held_bytes: u64,
        interrupt: Interrupt<'_>,
    ) -> Result<Picture> {
        let (path, of_size) = (self.path.clone(), self.path.clone());
        let read = move |answers: &mut Answers| read_answer(answers, &path, held_bytes);
        self.ask(Asked::Picture(which), (interrupt, || size_up_to(&of_size, which.page)), read)
    }

    /// A strip or tile that covers this of its picture, within the time that a picture of its size may take.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub(super) fn read_part(&mut self, part: Part, rect: PixelRect) -> Result<Chunk> {
        let read = move |answers: &mut Answers| read_part(answers, rect);
        self.ask(Asked::Part(part), (NEVER, || Some(rect.size())), read)
    }

    /// What is answered, within the time that so many pixels may take.
    fn ask<T: Send + 'static>(
        &mut self,
        asked: Asked,
        (interrupt, size): (Interrupt<'_>, impl FnOnce() -> Option<Size>),
        read: impl FnOnce(&mut Answers) -> std::io::Result<std::result::Result<T, String>> + Send + 'static,
    ) -> Result<T> {
        let refuse = |reason: String| Error::picture(&self.path, reason);
        // One that has ended says so when it does not answer.
        let _ = write_line(&mut self.requests, &asked);
        let Some(mut answers) = self.answers.take() else { return Err(refuse(NOT_SURVIVED.into())) };
        let read = move || read(&mut answers).map(|answer| (answer, answers));
        let outcome = match in_a_thread(interrupt, size, |_| read()) {
            Ok(Ok(Ok((answer, answers)))) => {
                self.answers = Some(answers);
                answer.map_err(refuse)
            }
            Ok(Ok(Err(_))) => Err(refuse(NOT_SURVIVED.into())),
            Ok(Err(reason)) => Err(refuse(reason)),
            Err(error) => Err(error),
        };
        if self.answers.is_none() {
            // Whoever still reads then sees the pipe's end.
            self.child.take().into_iter().for_each(end);
        }
        outcome
    }

    /// Whether it can be asked again.
    pub(in crate::picture) fn is_alive(&self) -> bool {
        self.answers.is_some()
    }
}

impl Drop for DecoderProcess {
    fn drop(&mut self) {
        self.child.take().into_iter().for_each(end);
    }
}

/// Ends a process. A thread takes note of its end, so that the system forgets it: where a disk does not answer, that may take long.
fn end(mut child: Child) {
    let _ = child.kill();
    let worker = Worker::spawn("decoder's end", move || drop(child.wait()));
    worker.into_iter().for_each(Worker::detach);
}

/// An interrupt from the terminal is for the process that asks, which ends this one.
#[cfg(unix)]
fn alone(command: &mut Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

/// No console window of its own.
#[cfg(windows)]
fn alone(command: &mut Command) {
    const CREATE_NO_WINDOW: u32 = 0x0800_0000;
    std::os::windows::process::CommandExt::creation_flags(command, CREATE_NO_WINDOW);
}

/// A pipe that takes more at once, where it can be asked for: the two processes wait for each other less often.
#[cfg(target_os = "linux")]
fn widened(answers: ChildStdout) -> ChildStdout {
    const PIPE_BYTES: usize = 1 << 20;
    let _ = rustix::pipe::fcntl_setpipe_size(&answers, PIPE_BYTES);
    answers
}

#[cfg(not(target_os = "linux"))]
fn widened(answers: ChildStdout) -> ChildStdout {
    answers
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    /// A process that does as a shell's words say instead of decoding.
    fn process(words: &str) -> DecoderProcess {
        let arguments = ["-c", words, "sh"].map(str::to_owned).to_vec();
        let program = DecoderProgram { program: "/bin/sh".into(), arguments };
        DecoderProcess::start_by(&program, Path::new("assets/chelsea.png")).unwrap()
    }

    fn said(words: &str) -> String {
        let mut process = process(words);
        let said = process.read(Which::default(), u64::MAX, NEVER).unwrap_err().to_string();
        assert!(!process.is_alive(), "{words}");
        assert!(process.read(Which::default(), u64::MAX, NEVER).is_err(), "{words}");
        said
    }

    #[test]
    fn a_decoder_that_dies_or_talks_nonsense_is_a_sentence() {
        for words in
            ["kill -ABRT $$", "kill -KILL $$", "true", "echo nonsense", "cat /dev/zero", "echo '{\"Picture\":{}}'"]
        {
            let said = said(words);
            assert!(said.contains("chelsea.png") && said.contains("does not survive"), "{words}: {said}");
        }
        let reason = r#"echo '{"Refused":"it is of no kind that is known"}'; cat > /dev/null"#;
        let mut alive = process(reason);
        let said = alive.read(Which::default(), u64::MAX, NEVER).unwrap_err().to_string();
        assert!(said.ends_with("it is of no kind that is known") && alive.is_alive(), "{said}");
    }

    #[test]
    fn a_decoder_whose_picture_nobody_wants_is_ended_at_once() {
        let started = Instant::now();
        let mut process = process("exec sleep 1000");
        let pid = process.child.as_ref().unwrap().id();
        let is_unwanted = || started.elapsed() > Duration::from_millis(50);
        assert!(matches!(process.read(Which::default(), u64::MAX, &is_unwanted), Err(Error::Cancelled)));
        assert!(started.elapsed() < Duration::from_secs(20));
        let is_there =
            || std::process::Command::new("kill").args(["-0", &pid.to_string()]).output().unwrap().status.success();
        while is_there() {
            assert!(started.elapsed() < Duration::from_secs(20), "it goes on");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn where_there_is_no_such_program_there_is_no_process() {
        let program = DecoderProgram { program: "/bin/no such program".into(), arguments: Vec::new() };
        assert!(DecoderProcess::start_by(&program, Path::new("a.png")).is_none());
    }
}
