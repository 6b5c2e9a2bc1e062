//! A folder that appears whole or not at all: filled under a name of ours beside its place, then renamed into it.

use super::stale::{self, PART};
use super::{describe_io, exists};
use std::fs::File;
use std::path::{Path, PathBuf};
use tempfile::{Builder, TempDir};

/// A folder on its way to its place. Dropping it removes what was written.
pub(crate) struct AtomicFolder {
    part: TempDir,
    /// Where it will be.
    path: PathBuf,
    overwrite: bool,
    /// Tells others that its writer lives, where folders can be locked.
    _lock: Option<File>,
}

impl AtomicFolder {
    /// Claims a place beside `path`, after refusing what can be refused now. What is there may be replaced only if
    /// `overwrite` says so and `is_replaceable` knows every name in it.
    pub(crate) fn create(path: &Path, overwrite: bool, is_replaceable: fn(&str) -> bool) -> Result<Self, String> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if path.symlink_metadata().is_ok() {
            let name = path.display();
            if !overwrite {
                return Err(format!(
                    "there is a folder {name} already; choose another name or allow it to be replaced"
                ));
            }
            let entries = std::fs::read_dir(path).map_err(|error| format!("{name} is in the way ({error})"))?;
            let names = entries.flatten().map(|entry| entry.file_name());
            if !names.into_iter().all(|name| name.to_str().is_some_and(is_replaceable)) {
                return Err(format!("there are other things in the folder {name}; choose another name"));
            }
        }
        stale::clear_once(folder);
        let part = new_part(folder).map_err(|error| describe_io(&error))?;
        let lock = File::open(part.path()).ok().filter(|folder| folder.try_lock().is_ok());
        Ok(Self { part, path: path.to_owned(), overwrite, _lock: lock })
    }

    /// Where it is filled.
    pub(crate) fn part(&self) -> &Path {
        self.part.path()
    }

    /// Gives it its name. A folder that it replaces goes.
    pub(crate) fn persist(self) -> Result<(), String> {
        let placed = if self.path.symlink_metadata().is_ok() {
            if !self.overwrite {
                return Err(exists());
            }
            exchange(self.part.path(), &self.path)
        } else {
            std::fs::rename(self.part.path(), &self.path)
        };
        placed.map_err(|error| describe_io(&error))
        // What was replaced now has the name of the part, and goes with it.
    }
}

fn new_part(folder: &Path) -> std::io::Result<TempDir> {
    let mut builder = Builder::new();
    share(&mut builder);
    builder.prefix(&stale::prefix()).suffix(PART).tempdir_in(folder)
}

/// Gives two folders each other's names: at once where the system does that, else one after the other.
fn exchange(part: &Path, path: &Path) -> std::io::Result<()> {
    if exchange_at_once(part, path) {
        return Ok(());
    }
    let aside = new_part(part.parent().unwrap_or(Path::new(".")))?;
    let old = aside.path().join("old");
    std::fs::rename(path, &old)?;
    if let Err(error) = std::fs::rename(part, path) {
        let _ = std::fs::rename(&old, path);
        return Err(error);
    }
    Ok(())
}

#[cfg(target_os = "linux")]
fn exchange_at_once(part: &Path, path: &Path) -> bool {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    renameat_with(CWD, part, CWD, path, RenameFlags::EXCHANGE).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn exchange_at_once(_part: &Path, _path: &Path) -> bool {
    false
}

/// Temporary folders are private by default; the result should be as open as any other new one.
#[cfg(unix)]
fn share(builder: &mut Builder<'_, '_>) {
    use std::os::unix::fs::PermissionsExt;
    builder.permissions(std::fs::Permissions::from_mode(0o777));
}

#[cfg(not(unix))]
fn share(_builder: &mut Builder<'_, '_>) {}

#[cfg(test)]
mod tests {
    use super::*;

    fn create(path: &Path, overwrite: bool) -> Result<AtomicFolder, String> {
        AtomicFolder::create(path, overwrite, |name| name == "0")
    }

    #[test]
    fn a_folder_appears_whole_and_replaces_only_its_like() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a_files");
        let count = || std::fs::read_dir(folder.path()).unwrap().count();
        for (overwrite, content) in [(false, "first"), (true, "second")] {
            let part = create(&path, overwrite).unwrap();
            std::fs::write(part.part().join("0"), content).unwrap();
            // Nobody takes it for one that was left.
            stale::clear(folder.path());
            part.persist().unwrap();
            assert_eq!((std::fs::read_to_string(path.join("0")).unwrap(), count()), (content.to_owned(), 1));
        }
        assert!(create(&path, false).err().unwrap().contains("already"));
        std::fs::write(path.join("diary"), "").unwrap();
        assert!(create(&path, true).err().unwrap().contains("other things"));
        drop(create(&folder.path().join("b_files"), false).unwrap());
        assert_eq!(count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn what_was_left_is_cleared() {
        let folder = tempfile::tempdir().unwrap();
        let left = folder.path().join(format!("{}left{PART}", stale::prefix()));
        std::fs::create_dir_all(left.join("0")).unwrap();
        stale::clear(folder.path());
        assert!(!left.exists());
    }
}
