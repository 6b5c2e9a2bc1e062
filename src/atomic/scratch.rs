//! Room on the disk for what does not fit into memory.

use std::fs::File;
use std::path::{Path, PathBuf};

/// What is left free on the disk for others.
const LEFT_FREE: u64 = 1 << 30;

/// A file that nobody keeps. Where the system has such files it has no name, so that a killed program leaves nothing.
pub(crate) struct ScratchFile(File);

impl ScratchFile {
    /// An empty one for so many bytes, in the user's folder for caches, else in that for temporary files.
    ///
    /// # Errors
    /// A sentence if there is no room for them.
    pub(crate) fn create(bytes: u64) -> Result<Self, String> {
        let folders: Vec<PathBuf> = cache_folder().into_iter().chain([std::env::temp_dir()]).collect();
        let has_room =
            |folder: &&PathBuf| free_bytes(folder).is_none_or(|free| free >= bytes.saturating_add(LEFT_FREE));
        let mut roomy = folders.iter().filter(has_room).peekable();
        if roomy.peek().is_none() {
            let (folder, needed) = (folders[0].display(), bytes as f64 / f64::from(1 << 30));
            return Err(format!(
                "its pixels would take {needed:.1} GiB on the disk, which {folder} has no room for; free some, or set \
                 XDG_CACHE_HOME to a folder that has"
            ));
        }
        let opened = roomy.find_map(|folder| tempfile::tempfile_in(folder).ok());
        opened.map(Self).ok_or_else(|| "there is no folder to keep its pixels in meanwhile; set XDG_CACHE_HOME".into())
    }

    /// What is written and read.
    pub(crate) fn file(&self) -> &File {
        &self.0
    }
}

/// The user's folder for caches, if it is there or can be made.
fn cache_folder() -> Option<PathBuf> {
    let named = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = named("XDG_CACHE_HOME").or_else(|| named("HOME").map(|home| home.join(".cache")))?.join("zoomfield");
    std::fs::create_dir_all(&folder).ok()?;
    Some(folder)
}

/// What may still be written on the disk of a folder; nothing where that cannot be told.
#[cfg(unix)]
fn free_bytes(folder: &Path) -> Option<u64> {
    let about = rustix::fs::statvfs(folder).ok()?;
    Some(about.f_bavail.saturating_mul(about.f_frsize))
}

#[cfg(not(unix))]
fn free_bytes(_folder: &Path) -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Seek, Write};

    #[test]
    fn what_is_written_is_read() {
        let scratch = ScratchFile::create(5).unwrap();
        let mut file = scratch.file();
        file.write_all(b"tiles").unwrap();
        file.rewind().unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        assert_eq!(text, "tiles");
    }
}
