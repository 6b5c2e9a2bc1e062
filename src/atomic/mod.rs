//! Files that appear whole or not at all: written without their name, which they get at the end.
//!
//! Reasons are sentences for people; the caller adds the file's name.

mod folder;
mod part;
mod scratch;
mod stale;

pub(crate) use self::folder::AtomicFolder;
pub(crate) use self::scratch::ScratchFile;

use self::part::Part;
use std::fs::{File, TryLockError};
use std::io::{Error, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// A folder for files that nobody keeps; it goes with the value.
pub(crate) struct ScratchFolder(TempDir);

impl ScratchFolder {
    /// A new one in the system's temporary folder.
    pub(crate) fn new() -> Result<Self, String> {
        tempfile::tempdir().map(Self).map_err(|error| describe_io(&error))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Where it is, to stay there when the value goes.
    #[cfg_attr(not(feature = "app"), expect(dead_code, reason = "the window alone keeps files of its own"))]
    pub(crate) fn keep(self) -> PathBuf {
        self.0.keep()
    }
}

/// A file on its way to `path`. Dropping it removes what was written.
pub(crate) struct AtomicFile {
    part: Part,
    /// Where it will be; behind a link, the place that the link names.
    path: PathBuf,
    overwrite: bool,
}

impl AtomicFile {
    /// Claims a place beside `path`, after refusing what can be refused now. Replacing a link replaces what it points to.
    pub(crate) fn create(path: &Path, overwrite: bool) -> Result<Self, String> {
        let name = path.file_name().filter(|_| !ends_as_folder(path)).ok_or("that is no file name; add one")?;
        match path.metadata() {
            Ok(there) if there.is_dir() => return Err("there is a folder of that name; choose another name".into()),
            Ok(_) if !overwrite => return Err(exists()),
            Ok(there) if there.permissions().readonly() => {
                return Err("the file is protected against writing; choose another name".into());
            }
            // A link that leads nowhere, say.
            Err(error) if error.kind() == ErrorKind::NotFound => {
                if !overwrite && path.symlink_metadata().is_ok() {
                    return Err(exists());
                }
            }
            Err(error) => return Err(describe_io(&error)),
            Ok(_) => {}
        }
        let folder = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        if !folder.is_dir() {
            return Err(format!("the folder {} does not exist; create it first", folder.display()));
        }
        let path = std::fs::canonicalize(path).unwrap_or_else(|_| folder.join(name));
        let part = Part::create(path.parent().unwrap_or(folder)).map_err(|error| describe_io(&error))?;
        Ok(Self { part, path, overwrite })
    }

    /// Where the file will be.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Another handle of the file, at the same position.
    pub(crate) fn file(&self) -> Result<File, String> {
        self.part.file().try_clone().map_err(|error| describe_io(&error))
    }

    /// Gives the file its name, once its content has reached the disk, and returns its size in bytes. A file that it
    /// replaces leaves it its permissions. What cannot be placed is kept beside its place, and the reason names it.
    pub(crate) fn persist(self) -> Result<u64, String> {
        let file = self.part.file();
        // Some disks only say here that they are full.
        file.sync_all().map_err(|error| describe_io(&error))?;
        let bytes = file.metadata().map_err(|error| describe_io(&error))?.len();
        if let Ok(replaced) = self.path.metadata() {
            // Not every file system has permissions.
            let _ = file.set_permissions(replaced.permissions());
        }
        self.part.persist(&self.path, self.overwrite).map(|()| bytes).map_err(|(part, error)| {
            let reason = match error.kind() {
                ErrorKind::AlreadyExists => exists(),
                _ => describe_io(&error),
            };
            match part.keep_beside(&self.path) {
                Ok(kept) => format!("{reason}; it is complete in {}", kept.display()),
                Err(_) => reason,
            }
        })
    }
}

/// Whether a path ends in a separator, which `Path` does not tell.
fn ends_as_folder(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().last().is_some_and(|byte| std::path::is_separator(char::from(*byte)))
}

/// Writes a whole file at once.
pub(crate) fn write(path: &Path, overwrite: bool, bytes: &[u8]) -> Result<(), String> {
    let target = AtomicFile::create(path, overwrite)?;
    target.file()?.write_all(bytes).map_err(|error| describe_io(&error))?;
    target.persist().map(drop)
}

/// Holds a lock on a file called as `path` with `.lock` behind it, for as long as the value is there: between reading a
/// file and replacing it nobody else should. Whoever keeps it long, or a file system without locks, is not waited for.
#[cfg_attr(not(feature = "app"), expect(dead_code, reason = "the window alone keeps files of its own"))]
pub(crate) fn lock_beside(path: &Path) -> Option<File> {
    const TRIES: usize = 50;
    let mut name = path.file_name()?.to_owned();
    name.push(".lock");
    let file = File::options().create(true).truncate(false).write(true).open(path.with_file_name(name)).ok()?;
    for _ in 0..TRIES {
        match file.try_lock() {
            Ok(()) => return Some(file),
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(20)),
            Err(TryLockError::Error(_)) => return None,
        }
    }
    None
}

/// Sees to it that a folder of our own, which is made where it is missing and which nobody else may enter, has a file
/// with this content. A link in the file's place is replaced, not followed.
#[cfg_attr(not(feature = "app"), expect(dead_code, reason = "the window alone keeps files of its own"))]
pub(crate) fn write_own(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), String> {
    let fail = |error: Error| describe_io(&error);
    make_private(folder).map_err(fail)?;
    let path = folder.join(name);
    if !path.is_symlink() && std::fs::read(&path).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    let part = Part::create(folder).map_err(fail)?;
    part.file().write_all(bytes).map_err(fail)?;
    part.persist(&path, true).map_err(|(_, error)| fail(error))
}

#[cfg(unix)]
fn make_private(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make_private(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)
}

/// A failed write, for people.
pub(crate) fn describe_io(error: &Error) -> String {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "the disk is full; free some space or choose another".into()
        }
        ErrorKind::FileTooLarge => "its disk does not take a file of this size; choose another one".into(),
        ErrorKind::PermissionDenied => "you have no permission to write into its folder; choose another one".into(),
        ErrorKind::ReadOnlyFilesystem => "its disk is read-only; choose another one".into(),
        _ => format!("writing failed ({error})"),
    }
}

fn exists() -> String {
    "the file exists already; choose another name or allow it to be replaced".into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_whole_and_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let unfinished = AtomicFile::create(&path, false).unwrap();
        unfinished.file().unwrap().write_all(b"half").unwrap();
        assert!(!path.exists());
        drop(unfinished);
        write(&path, false, b"whole").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"whole");
        assert!(write(&path, false, b"other").unwrap_err().contains("exists already"));
        assert_eq!(std::fs::read(&path).unwrap(), b"whole");
        write(&path, true, b"other").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"other");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_lock_is_held_by_one_and_given_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        let held = lock_beside(&path);
        assert!(held.is_some() && lock_beside(&path).is_none());
        drop(held);
        assert!(lock_beside(&path).is_some());
    }

    #[test]
    fn names_that_cannot_be_are_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let refuses = |name: &str| AtomicFile::create(&folder.path().join(name), false).is_err();
        assert!(refuses(&"a".repeat(300)) && refuses("a/") && refuses("..") && refuses("none/a"));
        assert!(!refuses("a"));
    }

    #[test]
    fn what_cannot_be_placed_is_kept_and_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let target = AtomicFile::create(&path, false).unwrap();
        target.file().unwrap().write_all(b"late").unwrap();
        std::fs::write(&path, "first").unwrap();
        let reason = target.persist().unwrap_err();
        let kept = reason.split_once("complete in ").unwrap().1;
        assert_eq!(std::fs::read(kept).unwrap(), b"late");
        assert_eq!(std::fs::read(&path).unwrap(), b"first");
    }

    #[cfg(unix)]
    #[test]
    fn what_is_replaced_keeps_its_place_and_its_permissions() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        std::fs::write(&real, "old").unwrap();
        std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o600)).unwrap();
        symlink(&real, &link).unwrap();
        write(&link, true, b"new").unwrap();
        assert_eq!(std::fs::read(&real).unwrap(), b"new");
        assert!(link.is_symlink());
        assert_eq!(real.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o400)).unwrap();
        assert!(write(&link, true, b"newer").unwrap_err().contains("protected"));
        assert_eq!(std::fs::read(&real).unwrap(), b"new");
    }

    #[cfg(unix)]
    #[test]
    fn permissions_are_those_of_any_new_file() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (ours, plain) = (folder.path().join("ours"), folder.path().join("plain"));
        write(&ours, false, b"").unwrap();
        std::fs::write(&plain, "").unwrap();
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode();
        assert_eq!(mode(&ours), mode(&plain));
    }
}
