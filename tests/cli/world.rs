//! A folder to work in, and the program run inside it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// A file of the repository.
pub(crate) fn repository(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

pub(crate) fn fixture(name: &str) -> PathBuf {
    repository("tests/fixtures").join(name)
}

/// The sample picture, 451×300.
pub(crate) fn chelsea() -> String {
    repository("assets/chelsea.png").to_string_lossy().into_owned()
}

/// The program, not started, with no screen to open a window on.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zoomfield"));
    command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").env_remove("RUST_BACKTRACE").stdin(Stdio::null());
    command
}

/// An empty working directory.
pub(crate) struct World(TempDir);

impl World {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Names of all files, hidden ones too.
    pub(crate) fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<_> = entries.map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    pub(crate) fn command(&self, arguments: &[impl AsRef<OsStr>]) -> Command {
        let mut command = program();
        command.current_dir(self.0.path()).args(arguments);
        // The contract is the same on every machine; and graphics libraries complain on stderr where they may not
        // look for a display.
        command.env("ZOOMFIELD_BACKEND", "cpu").env("XDG_RUNTIME_DIR", self.0.path());
        command
    }

    pub(crate) fn run(&self, arguments: &[impl AsRef<OsStr>]) -> Run {
        Run::of(&self.command(arguments).output().unwrap())
    }

    /// `zoomfield export chelsea.png -o OUT …`.
    pub(crate) fn export(&self, out: &str, options: &str) -> Run {
        let picture = chelsea();
        let mut arguments = vec!["export", &picture, "-o", out];
        arguments.extend(options.split_whitespace());
        self.run(&arguments)
    }

    /// The same by a tiny model, which is quick and makes nothing beautiful.
    pub(crate) fn export_tiny(&self, out: &str, options: &str) -> Run {
        let (picture, model) = (chelsea(), fixture("liif_edsr_tiny.pth"));
        let mut arguments = vec!["export", &picture, "-o", out, "--model", model.to_str().unwrap()];
        arguments.extend(options.split_whitespace());
        self.run(&arguments)
    }

    /// Runs what must fail: code 1, one sentence, nothing on stdout, and every file as it was. Returns the sentence.
    pub(crate) fn refuses(&self, arguments: &[impl AsRef<OsStr>]) -> String {
        let before = self.contents();
        let outcome = self.run(arguments);
        let sentence = outcome.failure();
        assert!(self.contents() == before, "files changed: {:?}; {sentence}", self.files());
        sentence
    }

    /// The same for an export of the sample picture.
    pub(crate) fn refuses_export(&self, out: &str, options: &str) -> String {
        let picture = chelsea();
        let mut arguments = vec!["export", &picture, "-o", out];
        arguments.extend(options.split_whitespace());
        self.refuses(&arguments)
    }

    fn contents(&self) -> Vec<(String, Option<Vec<u8>>)> {
        self.files().into_iter().map(|name| (name.clone(), std::fs::read(self.path(&name)).ok())).collect()
    }
}

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    pub(crate) fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Self { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    /// What a run that worked printed.
    pub(crate) fn success(self) -> String {
        assert!(self.code == Some(0) && self.stderr.is_empty(), "{self:?}");
        self.stdout
    }

    /// The object that a run with `--json` printed, on its only line.
    pub(crate) fn json(self) -> serde_json::Value {
        let text = self.success();
        assert_eq!(text.lines().count(), 1, "{text}");
        serde_json::from_str(&text).unwrap()
    }

    /// The one sentence of a failed run.
    pub(crate) fn failure(self) -> String {
        assert_eq!(self.code, Some(1), "{self:?}");
        assert!(self.stdout.is_empty(), "{self:?}");
        assert_eq!(self.stderr.lines().count(), 1, "{self:?}");
        let sentence = self.stderr.trim_end().strip_prefix("zoomfield: ");
        let sentence = sentence.unwrap_or_else(|| panic!("{self:?}"));
        assert!(sentence.len() > 20, "{sentence}");
        sentence.to_owned()
    }

    /// Wrong usage: code 2, the reason on stderr only.
    pub(crate) fn usage(self) -> String {
        assert!(self.code == Some(2) && self.stdout.is_empty() && self.stderr.contains("error:"), "{self:?}");
        self.stderr
    }
}

#[test]
fn a_run_that_leaves_a_file_is_noticed() {
    let world = World::new();
    std::fs::write(world.path("a"), "one").unwrap();
    let before = world.contents();
    std::fs::write(world.path(".hidden"), "").unwrap();
    assert_ne!(world.contents(), before);
    std::fs::remove_file(world.path(".hidden")).unwrap();
    assert_eq!(world.contents(), before);
    std::fs::write(world.path("a"), "two").unwrap();
    assert_ne!(world.contents(), before);
}

#[test]
fn two_lines_or_none_are_no_sentence() {
    for stderr in ["", "zoomfield: it failed for a reason\nand more\n", "thread main panicked at the wrong place\n"] {
        let outcome = Run { code: Some(1), stdout: String::new(), stderr: stderr.into() };
        assert!(std::panic::catch_unwind(|| outcome.failure()).is_err(), "{stderr}");
    }
}
