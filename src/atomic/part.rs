//! A file before it has its name.
//!
//! Where the system has files without any name (Linux, on most of its file systems), it is one: whoever is killed leaves
//! nothing. Elsewhere it has a name of ours, and a lock that is held as long as its writer lives.

use super::stale::{self, PART};
use std::ffi::OsString;
use std::fs::File;
use std::io::{Error, ErrorKind, Result, Seek};
use std::path::{Path, PathBuf};
use tempfile::{Builder, TempPath};

/// A file on its way. Dropping it removes what was written.
pub(super) struct Part {
    // Before the name, so that it is closed when the name is removed.
    file: File,
    name: Option<TempPath>,
}

impl Part {
    /// A new one in `folder`, as readable as any other new file.
    pub(super) fn create(folder: &Path) -> Result<Self> {
        stale::clear_once(folder);
        match unnamed(folder) {
            Some(file) => Ok(Self { file, name: None }),
            None => Self::named(folder),
        }
    }

    fn named(folder: &Path) -> Result<Self> {
        const TRIES: usize = 5;
        for _ in 0..TRIES {
            let mut builder = Builder::new();
            share(&mut builder);
            let prefix = stale::prefix();
            let (file, name) = builder.prefix(&prefix).suffix(PART).tempfile_in(folder)?.into_parts();
            // Before it was locked, somebody may have taken it for one that nobody holds. Where there are no locks,
            // nobody takes anything away.
            let _ = file.try_lock();
            if name.try_exists().unwrap_or(true) {
                return Ok(Self { file, name: Some(name) });
            }
        }
        Err(Error::other("what was begun disappears at once"))
    }

    /// What is written to.
    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Gives it its name, of which a file may be there only if `overwrite` says so. Else it is still here, with the reason.
    pub(super) fn persist(mut self, path: &Path, overwrite: bool) -> std::result::Result<(), (Self, Error)> {
        if self.name.is_none() {
            match link(&self.file, path) {
                Ok(()) => return Ok(()),
                Err(error) if error.kind() == ErrorKind::AlreadyExists && !overwrite => return Err((self, error)),
                // A name cannot be taken over by a file that has none.
                Err(_) => {
                    if let Err(error) = self.give_name(path.parent().unwrap_or(Path::new("."))) {
                        return Err((self, error));
                    }
                }
            }
        }
        let Self { file, name: Some(name) } = self else { return Ok(()) };
        // Closed afterwards: without its lock it would seem to be nobody's.
        let placed = if overwrite { name.persist(path) } else { name.persist_noclobber(path) };
        placed.map_err(|failed| (Self { file, name: Some(failed.path) }, failed.error))
    }

    /// Gives a file without one a name of ours; by a copy where the system does not do that.
    fn give_name(&mut self, folder: &Path) -> Result<()> {
        let _ = self.file.try_lock();
        let linked =
            Builder::new().prefix(&stale::prefix()).suffix(PART).make_in(folder, |path| link(&self.file, path));
        if let Ok(linked) = linked {
            self.name = Some(linked.into_temp_path());
            return Ok(());
        }
        let mut copy = Self::named(folder)?;
        self.file.rewind()?;
        std::io::copy(&mut self.file, &mut copy.file)?;
        copy.file.set_permissions(self.file.metadata()?.permissions())?;
        copy.file.sync_all()?;
        *self = copy;
        Ok(())
    }

    /// Leaves it beside `path`, which it could not be called, under a name that nobody clears away.
    pub(super) fn keep_beside(mut self, path: &Path) -> Result<PathBuf> {
        let folder = path.parent().unwrap_or(Path::new("."));
        if self.name.is_none() {
            self.give_name(folder)?;
        }
        let mut suffix = OsString::new();
        if let Some(ending) = path.extension() {
            suffix.push(".");
            suffix.push(ending);
        }
        let mut prefix = path.file_stem().unwrap_or_default().to_owned();
        prefix.push("-complete-");
        let Self { file: _file, name: Some(name) } = self else { return Err(ErrorKind::NotFound.into()) };
        let named =
            Builder::new().prefix(&prefix).suffix(&suffix).make_in(folder, |kept| std::fs::hard_link(&name, kept));
        match named {
            Ok(kept) => kept.into_temp_path().keep().map_err(|failed| failed.error),
            Err(_) => name.keep().map_err(|failed| failed.error),
        }
    }
}

/// A file without a name, if the system has such and can give it one later.
#[cfg(target_os = "linux")]
fn unnamed(folder: &Path) -> Option<File> {
    use std::os::unix::fs::OpenOptionsExt;
    if !Path::new("/proc/self/fd").is_dir() {
        return None;
    }
    let flags = rustix::fs::OFlags::TMPFILE.bits() as i32;
    File::options().read(true).write(true).custom_flags(flags).open(folder).ok()
}

#[cfg(not(target_os = "linux"))]
fn unnamed(_folder: &Path) -> Option<File> {
    None
}

/// Gives a file without a name this one, if there is no file of that name yet.
#[cfg(target_os = "linux")]
fn link(file: &File, path: &Path) -> Result<()> {
    use rustix::fs::{AtFlags, CWD, linkat};
    use std::os::fd::AsRawFd;
    let open = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok(linkat(CWD, open, CWD, path, AtFlags::SYMLINK_FOLLOW)?)
}

#[cfg(not(target_os = "linux"))]
fn link(_file: &File, _path: &Path) -> Result<()> {
    Err(ErrorKind::Unsupported.into())
}

/// Temporary files are private by default; the result should be as readable as any other new file.
#[cfg(unix)]
fn share(builder: &mut Builder<'_, '_>) {
    use std::os::unix::fs::PermissionsExt;
    builder.permissions(std::fs::Permissions::from_mode(0o666));
}

#[cfg(not(unix))]
fn share(_builder: &mut Builder<'_, '_>) {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn files(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
    }

    /// Both kinds, where there are both.
    const KINDS: [fn(&Path) -> Result<Part>; 2] = [Part::create, Part::named];

    #[test]
    fn both_kinds_take_a_name_or_leave_what_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        for kind in KINDS {
            let mut part = kind(folder.path()).unwrap();
            std::fs::write(&path, "first").unwrap();
            part.file.write_all(b"late").unwrap();
            let (part, error) = part.persist(&path, false).err().unwrap();
            assert_eq!(error.kind(), ErrorKind::AlreadyExists);
            assert_eq!(std::fs::read(&path).unwrap(), b"first");
            assert!(part.persist(&path, true).is_ok());
            assert_eq!(std::fs::read(&path).unwrap(), b"late");
            assert_eq!(files(folder.path()), ["a.png"]);
            std::fs::remove_file(&path).unwrap();
        }
        for kind in KINDS {
            let part = kind(folder.path()).unwrap();
            assert!(part.persist(&path, false).is_ok() && files(folder.path()) == ["a.png"]);
            std::fs::remove_file(&path).unwrap();
        }
        for kind in KINDS {
            drop(kind(folder.path()).unwrap());
        }
        assert!(files(folder.path()).is_empty());
    }

    #[test]
    fn what_is_kept_is_not_taken_for_what_was_left() {
        let folder = tempfile::tempdir().unwrap();
        for kind in KINDS {
            let part = kind(folder.path()).unwrap();
            let kept = part.keep_beside(&folder.path().join("a.png")).unwrap();
            let name = kept.file_name().unwrap().to_string_lossy().into_owned();
            assert!(
                name.starts_with("a-complete-") && kept.extension().is_some_and(|ending| ending == "png"),
                "{name}"
            );
            stale::clear(folder.path());
            assert_eq!(files(folder.path()), [name]);
            std::fs::remove_file(kept).unwrap();
        }
    }

    #[test]
    fn a_living_part_is_left_alone_and_a_dead_one_goes() {
        let folder = tempfile::tempdir().unwrap();
        let living = Part::named(folder.path()).unwrap();
        let dead = folder.path().join(format!("{}dead{PART}", stale::prefix()));
        let others = ["a.part", ".zoomfield-.part", ".zoomfield-elsewhere-0-dead.part"];
        std::fs::write(&dead, "half").unwrap();
        for name in others {
            std::fs::write(folder.path().join(name), "theirs").unwrap();
        }
        stale::clear(folder.path());
        assert!(!dead.exists());
        assert_eq!(files(folder.path()).len(), 1 + others.len());
        drop(living);
        assert_eq!(files(folder.path()).len(), others.len());
    }

    #[cfg(unix)]
    #[test]
    fn what_a_killed_program_leaves_goes_and_not_before() {
        use std::io::{BufRead, BufReader};
        use std::process::{Command, Stdio};
        const FOLDER_OF_CHILD: &str = "ZOOMFIELD_TEST_PART";
        if let Some(folder) = std::env::var_os(FOLDER_OF_CHILD) {
            let _part = Part::named(Path::new(&folder)).unwrap();
            eprintln!("begun");
            std::thread::sleep(std::time::Duration::from_mins(1));
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "atomic::part::tests::what_a_killed_program_leaves_goes_and_not_before", "--nocapture"]);
        let mut child = child.env(FOLDER_OF_CHILD, folder.path()).stderr(Stdio::piped()).spawn().unwrap();
        let said = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        assert!(said.into_iter().any(|line| line.contains("begun")));
        stale::clear(folder.path());
        assert_eq!(files(folder.path()).len(), 1, "its writer lives");
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(files(folder.path()).len(), 1);
        stale::clear(folder.path());
        assert!(files(folder.path()).is_empty());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn here_files_on_their_way_have_no_name() {
        let folder = tempfile::tempdir().unwrap();
        let part = Part::create(folder.path()).unwrap();
        if part.name.is_some() {
            eprintln!("skipped: this file system has no files without a name");
            return;
        }
        assert!(files(folder.path()).is_empty());
    }
}
