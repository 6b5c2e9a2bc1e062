//! Pictures that come with the program, to try it without one's own.

use crate::app::kit::folders::own_folder;
use crate::atomic::{self, ScratchFolder};
use crate::error::{Error, Result};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

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
    /// temporary files are. Without such a place, into the spare folder.
    pub(super) fn unpack(&self, spare: &SpareFolder) -> Result<PathBuf> {
        let own = own_folder("XDG_CACHE_HOME", ".cache").map(|folder| folder.join("samples"));
        self.unpack_to(own.as_deref(), spare)
    }

    fn unpack_to(&self, own: Option<&Path>, spare: &SpareFolder) -> Result<PathBuf> {
        if let Some(path) = own.and_then(|folder| self.unpack_into(folder).ok()) {
            return Ok(path);
        }
        self.unpack_into(spare.path().map_err(|reason| Error::picture(Path::new(self.name), reason))?)
    }

    fn unpack_into(&self, folder: &Path) -> Result<PathBuf> {
        let path = folder.join(self.name);
        let write = || atomic::write_own(folder, self.name, self.bytes);
        write().map_err(|reason| Error::picture(&path, reason))?;
        Ok(path)
    }
}

/// A folder among the temporary files that nobody else can enter, made when it is first asked for. Clones share it; it goes
/// with the last of them, which is the window's unless a sample is still being read.
#[derive(Clone, Default)]
pub(super) struct SpareFolder(Arc<OnceLock<MadeFolder>>);

impl SpareFolder {
    fn path(&self) -> Result<&Path, String> {
        if let Some(made) = self.0.get() {
            return Ok(&made.0);
        }
        let made = MadeFolder(ScratchFolder::new()?.keep());
        // Of two that are made at the same time one goes at once.
        Ok(&self.0.get_or_init(|| made).0)
    }
}

/// A folder with samples. Dropping it removes them, and the folder unless somebody has exported something into it.
struct MadeFolder(PathBuf);

impl Drop for MadeFolder {
    fn drop(&mut self) {
        for sample in &SAMPLES {
            let _ = std::fs::remove_file(self.0.join(sample.name));
        }
        let _ = std::fs::remove_dir(&self.0);
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

    #[test]
    fn without_a_folder_of_ones_own_all_samples_share_one_that_goes_with_the_window() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        let spare = SpareFolder::default();
        let places = [None, Some(file.as_path()), None];
        let paths = places.map(|own| SAMPLES.each_ref().map(|sample| sample.unpack_to(own, &spare).unwrap()));
        assert!(paths[0] == paths[1] && paths[1] == paths[2], "{paths:?}");
        let made = paths[0][0].parent().unwrap().to_owned();
        let being_read = spare.clone();
        drop(spare);
        assert!(paths[0].iter().all(|path| path.is_file()));
        drop(being_read);
        assert!(!made.exists());
    }

    #[test]
    fn what_was_exported_beside_a_sample_stays() {
        let spare = SpareFolder::default();
        let sample = SAMPLES[0].unpack_to(None, &spare).unwrap();
        let exported = sample.with_file_name("chelsea-x30.png");
        std::fs::write(&exported, "mine").unwrap();
        drop(spare);
        assert!(!sample.exists() && std::fs::read(&exported).unwrap() == b"mine");
        std::fs::remove_dir_all(exported.parent().unwrap()).unwrap();
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
