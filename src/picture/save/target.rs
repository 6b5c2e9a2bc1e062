//! The file's place: a temporary file in the target's folder, renamed when it is complete.

use super::describe_io;
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

pub(super) struct Target {
    file: NamedTempFile,
    path: PathBuf,
    overwrite: bool,
}

impl Target {
    /// Claims a place beside `path`. Dropping the target removes what was written.
    pub(super) fn create(path: &Path, overwrite: bool) -> Result<Self, String> {
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
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Another handle of the file, at the same position.
    pub(super) fn file(&self) -> Result<File, String> {
        self.file.as_file().try_clone().map_err(|error| describe_io(&error))
    }

    /// Gives the file its name and returns its size in bytes.
    pub(super) fn persist(self) -> Result<u64, String> {
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

fn exists() -> String {
    "the file exists already; choose another name or allow it to be replaced".into()
}

/// Temporary files are private by default; an exported picture should be as readable as any other new file.
#[cfg(unix)]
fn share(builder: &mut tempfile::Builder<'_, '_>) {
    use std::os::unix::fs::PermissionsExt;
    builder.permissions(std::fs::Permissions::from_mode(0o666));
}

#[cfg(not(unix))]
fn share(_builder: &mut tempfile::Builder<'_, '_>) {}
