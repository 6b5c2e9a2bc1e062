//! Files on their way whose writers were killed: the next program that writes into their folder clears them away.
//!
//! One that lives holds a lock on its file, so what can be locked is nobody's. A lock may not be seen from another machine,
//! which is why their names tell the machine, and every machine clears only its own.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// How names of files on their way end.
pub(super) const PART: &str = ".part";

/// How those of this machine begin.
pub(super) fn prefix() -> String {
    format!(".zoomfield-{}-", machine())
}

/// This machine's name, as far as it can stand in that of a file.
fn machine() -> String {
    const MOST_LETTERS: usize = 40;
    let name = name_of_machine();
    let letters = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).take(MOST_LETTERS);
    letters.collect()
}

#[cfg(unix)]
fn name_of_machine() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(not(unix))]
fn name_of_machine() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_default()
}

/// Clears a folder the first time that this process writes into it.
pub(super) fn clear_once(folder: &Path) {
    static CLEARED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
    let place = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    if CLEARED.lock().unwrap_or_else(PoisonError::into_inner).insert(place) {
        clear(folder);
    }
}

/// Removes this machine's files on their way that nobody holds. What cannot be read or removed stays.
pub(super) fn clear(folder: &Path) {
    let prefix = prefix();
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        let is_part = name.starts_with(prefix.as_bytes()) && name.ends_with(PART.as_bytes());
        match entry.file_type() {
            Ok(kind) if is_part && kind.is_file() => remove_if_free(&entry.path()),
            Ok(kind) if is_part && kind.is_dir() => remove_folder_if_free(&entry.path()),
            _ => {}
        }
    }
}

fn remove_if_free(path: &Path) {
    // Some file systems lock only what may be written to.
    let Ok(file) = File::options().write(true).open(path) else { return };
    if file.try_lock().is_ok() {
        // Whoever is about to lock it looks afterwards whether it is still there.
        let _ = std::fs::remove_file(path);
    }
}

/// Where folders cannot be locked, which is so on Windows, it stays.
fn remove_folder_if_free(path: &Path) {
    let Ok(folder) = File::open(path) else { return };
    if folder.try_lock().is_ok() {
        let _ = std::fs::remove_dir_all(path);
    }
}
