//! Pictures that come with the program, to try it without one's own.

use crate::atomic;
use crate::error::{Error, Result};
use std::path::PathBuf;

/// A picture that is part of the program.
pub struct Sample {
    /// Its file's name.
    pub name: &'static str,
    /// What it is, for people.
    pub label: &'static str,
    bytes: &'static [u8],
}

/// All of them.
pub const SAMPLES: [Sample; 2] = [
    Sample { name: "chelsea.png", label: "A cat, photographed", bytes: include_bytes!("../../../assets/chelsea.png") },
    Sample {
        name: "pixel-art.png",
        label: "A house in pixels",
        bytes: include_bytes!("../../../assets/pixel-art.png"),
    },
];

impl Sample {
    /// Writes it where temporary files are, because pictures are files.
    pub(super) fn unpack(&self) -> Result<PathBuf> {
        let folder = std::env::temp_dir().join("zoomfield-samples");
        let path = folder.join(self.name);
        std::fs::create_dir_all(&folder).map_err(|error| Error::picture(&path, error))?;
        atomic::write(&path, true, self.bytes).map_err(|reason| Error::picture(&path, reason))?;
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
        let kinds = SAMPLES.map(|sample| suits_nearest(&Picture::open(&sample.unpack().unwrap()).unwrap()));
        assert_eq!(kinds, [false, true]);
    }
}
