//! Files that appear whole or not at all: written beside their place, then renamed into it.
//!
//! Reasons are sentences for people; the caller adds the file's name.

use std::fs::File;
use std::io::{Error, ErrorKind, Write};
use std::path::{Path, PathBuf};
use tempfile::{NamedTempFile, TempDir};

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
}

/// A file on its way to `path`. Dropping it removes what was written.
pub(crate) struct AtomicFile {
    file: NamedTempFile,
    path: PathBuf,
    overwrite: bool,
}

impl AtomicFile {
    /// Claims a place beside `path`, after refusing what can be refused now.
    pub(crate) fn create(path: &Path, overwrite: bool) -> Result<Self, String> {
        if path.is_dir() {
            return Err("there is a folder of that name; choose another name".into());
        }
        if !overwrite && path.symlink_metadata().is_ok() {
            return Err(exists());
        }
        let folder = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        if !folder.is_dir() {
            return Err(format!("the folder {} does not exist; create it first", folder.display()));
        }
        let mut builder = tempfile::Builder::new();
        builder.prefix(".zoomfield-").suffix(".part");
        share(&mut builder);
        let file = builder.tempfile_in(folder).map_err(|error| describe_io(&error))?;
        Ok(Self { file, path: path.to_owned(), overwrite })
    }

    /// Where the file will be.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Another handle of the file, at the same position.
    pub(crate) fn file(&self) -> Result<File, String> {
        self.file.as_file().try_clone().map_err(|error| describe_io(&error))
    }

    /// Gives the file its name and returns its size in bytes.
    pub(crate) fn persist(self) -> Result<u64, String> {
        let bytes = self.file.as_file().metadata().map_err(|error| describe_io(&error))?.len();
        let path = self.file.into_temp_path();
        let placed = if self.overwrite { path.persist(&self.path) } else { path.persist_noclobber(&self.path) };
        placed.map_err(|failed| match failed.error.kind() {
            ErrorKind::AlreadyExists => exists(),
            _ => describe_io(&failed.error),
        })?;
        Ok(bytes)
    }
}

/// Writes a whole file at once.
pub(crate) fn write(path: &Path, overwrite: bool, bytes: &[u8]) -> Result<(), String> {
    let target = AtomicFile::create(path, overwrite)?;
    target.file()?.write_all(bytes).map_err(|error| describe_io(&error))?;
    target.persist().map(drop)
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

/// Temporary files are private by default; the result should be as readable as any other new file.
#[cfg(unix)]
fn share(builder: &mut tempfile::Builder<'_, '_>) {
    use std::os::unix::fs::PermissionsExt;
    builder.permissions(std::fs::Permissions::from_mode(0o666));
}

#[cfg(not(unix))]
fn share(_builder: &mut tempfile::Builder<'_, '_>) {}

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
