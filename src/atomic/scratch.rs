//! Room on the disk for what does not fit into memory.

use std::fs::File;
use std::path::{Path, PathBuf};

/// The most that one such file takes unless the environment says otherwise.
const MOST_BYTES: u64 = 16 << 30;

/// The environment variable that allows more, or less, in GiB.
const VARIABLE: &str = "ZOOMFIELD_MAX_CACHE_GIB";

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
        let most = from_environment()?;
        let gibibytes = |bytes: u64| bytes as f64 / f64::from(1 << 30);
        let needed = gibibytes(bytes);
        if bytes > most {
            let (most, enough) = (gibibytes(most), needed.ceil());
            return Err(format!(
                "its pixels would take {needed:.1} GiB on the disk and {most:.1} GiB is the limit; allow it by \
                 {VARIABLE}={enough}"
            ));
        }
        let folders: Vec<PathBuf> = cache_folder().into_iter().chain([std::env::temp_dir()]).collect();
        let has_room =
            |folder: &&PathBuf| free_bytes(folder).is_none_or(|free| free >= bytes.saturating_add(LEFT_FREE));
        let mut roomy = folders.iter().filter(has_room).peekable();
        if roomy.peek().is_none() {
            let folder = folders[0].display();
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

/// The most bytes that the environment allows.
fn from_environment() -> Result<u64, String> {
    match std::env::var(VARIABLE) {
        Ok(text) if !text.is_empty() => parse(&text),
        _ => Ok(MOST_BYTES),
    }
}

fn parse(text: &str) -> Result<u64, String> {
    let gibibytes: Option<f64> = text.parse().ok().filter(|gibibytes| (0.0..=65_536.0).contains(gibibytes));
    let bytes = gibibytes.map(|gibibytes| (gibibytes * f64::from(1 << 30)) as u64);
    bytes.ok_or_else(|| format!("{VARIABLE} is a number of GiB from 0 to 65536, like 64; it is `{text}`"))
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
    fn amounts_are_read_and_anything_else_is_named() {
        assert_eq!((parse("2"), parse("0")), (Ok(2 << 30), Ok(0)));
        for wrong in ["-1", "NaN", "2G", "1e9"] {
            assert!(parse(wrong).unwrap_err().contains(wrong), "{wrong}");
        }
    }

    #[test]
    fn what_is_written_is_read_and_too_much_is_refused_with_its_numbers() {
        let scratch = ScratchFile::create(5).unwrap();
        let mut file = scratch.file();
        file.write_all(b"tiles").unwrap();
        file.rewind().unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        assert_eq!(text, "tiles");
        let refused = ScratchFile::create(100 << 30).err().unwrap();
        assert!(refused.contains("100.0 GiB") && refused.contains("_GIB=100"), "{refused}");
    }
}
