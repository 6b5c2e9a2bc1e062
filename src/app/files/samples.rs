//! Pictures that come with the program, to try it without one's own.

use crate::app::kit::folders::own_folder;
use crate::atomic::{self, ScratchFolder};
use crate::error::{Error, Result};
use std::path::{Path, PathBuf};

/// A picture that is part of the program.
pub struct SamplePicture {
    /// Its file's name.
    pub name: &'static str,
    /// What it is, for people.
    pub label: &'static str,
    bytes: &'static [u8],
}

/// All of them.
pub const SAMPLES: [SamplePicture; 2] = [
    SamplePicture {
        name: "chelsea.png",
        label: "A cat, photographed",
        bytes: include_bytes!("../../../assets/chelsea.png"),
    },
    SamplePicture {
        name: "pixel-art.png",
        label: "A house in pixels",
        bytes: include_bytes!("../../../assets/pixel-art.png"),
    },
];

impl SamplePicture {
    /// Writes it to a file, because pictures are files: into a folder of this person's own (the cache, where the system
    /// has one for programs), so that it is there in the next run. Others can plant nothing in there, as they can where
    /// temporary files are.
    pub(super) fn unpack(&self) -> Result<PathBuf> {
        let own = own_folder("XDG_CACHE_HOME", ".cache").map(|folder| folder.join("samples"));
        if let Some(path) = own.and_then(|folder| self.unpack_into(&folder).ok()) {
            return Ok(path);
        }
        // Without such a place, a new folder that nobody else can enter. It stays: the picture is shown from there.
        let folder = ScratchFolder::new().map(ScratchFolder::keep);
        self.unpack_into(&folder.map_err(|reason| Error::picture(Path::new(self.name), reason))?)
    }

    fn unpack_into(&self, folder: &Path) -> Result<PathBuf> {
        let path = folder.join(self.name);
        let write = || atomic::write_own(folder, self.name, self.bytes);
        write().map_err(|reason| Error::picture(&path, reason))?;
        Ok(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::Picture;
    use crate::render::suits_nearest;

    #[test]
    fn the_samples_are_pictures_and_show_both_kinds() {
        let folder = tempfile::tempdir().unwrap();
        let open = |sample: &SamplePicture| Picture::open(&sample.unpack_into(folder.path()).unwrap()).unwrap();
        assert_eq!([0, 1].map(|i| suits_nearest(&open(&SAMPLES[i]))), [false, true]);
    }

    #[cfg(unix)]
    #[test]
    fn a_planted_link_is_replaced_and_what_it_names_is_left_alone() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let letter = folder.path().join("letter");
        std::fs::write(&letter, "mine").unwrap();
        let samples = folder.path().join("samples");
        std::fs::create_dir(&samples).unwrap();
        symlink(&letter, samples.join(SAMPLES[0].name)).unwrap();
        let path = SAMPLES[0].unpack_into(&samples).unwrap();
        assert_eq!(std::fs::read(&letter).unwrap(), b"mine");
        assert!(!path.is_symlink() && std::fs::read(&path).unwrap() == SAMPLES[0].bytes);
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_enter_the_folder_of_the_samples() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let samples = folder.path().join("new/samples");
        let first = SAMPLES[0].unpack_into(&samples).unwrap();
        assert_eq!(samples.metadata().unwrap().permissions().mode() & 0o077, 0);
        // The file that is there already is not written again: a window may be showing it.
        let written = first.metadata().unwrap().modified().unwrap();
        assert_eq!(SAMPLES[0].unpack_into(&samples).unwrap().metadata().unwrap().modified().unwrap(), written);
    }
}
