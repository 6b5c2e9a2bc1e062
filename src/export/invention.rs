//! The invention map of an export, in a file beside it.

use super::band::Depth;
use super::scene::Made;
use super::{ExportJob, File};
use crate::error::{Error, Result};
use crate::picture::Metadata;
use crate::picture::save::{PictureWriter, SaveOptions};
use crate::render::InventionLayer;
use std::path::{Path, PathBuf};

/// The file for the map of an export's samples: sRGB with 8 bits, as large as the export, in the colours from 0 to
/// [`super::MOST_INVENTED`]. It may be replaced if the export's file may.
#[derive(Clone, Debug, PartialEq)]
pub struct InventionFile {
    /// Where to write it; its ending chooses the format.
    pub path: PathBuf,
    /// What it shows.
    pub layer: InventionLayer,
}

impl InventionFile {
    /// A PNG file beside an export: `name-invention.png`.
    pub fn beside(output: &Path, layer: InventionLayer) -> Self {
        let stem = output.file_stem().unwrap_or_default().to_string_lossy();
        Self { path: output.with_file_name(format!("{stem}-invention.png")), layer }
    }

    /// Starts it, after refusing what can be refused now.
    pub(super) fn create<'a>(&self, job: &'a ExportJob) -> Result<File<'a>> {
        if !job.is_neural() {
            let reason = "no network makes any pixel of this export, so there is no invention to map";
            return Err(Error::Request(format!("{reason}; enlarge more, choose a neural look, or leave the map out")));
        }
        if let Some(other) = [&job.output, &job.picture.path].into_iter().find(|other| is_same(&self.path, other)) {
            let reason = format!("the invention map would replace {}", other.display());
            return Err(Error::Request(format!("{reason}; choose another name for the map")));
        }
        let options = SaveOptions {
            size: job.grid.size(),
            channels: 3,
            bits: 8,
            quality: job.file.quality,
            overwrite: job.overwrite,
            dpi: job.file.dpi,
            metadata: Metadata::default(),
        };
        let made = Made::Map(self.layer);
        Ok(File {
            writer: PictureWriter::create(&self.path, options)?,
            made,
            plan: job.scene().plan(made, Depth::U8),
            width: job.grid.x.len,
            channels: 3,
            depth: Depth::U8,
            converted: None,
            band: None,
        })
    }
}

/// Whether two names are of one file, whether or not it is there.
fn is_same(a: &Path, b: &Path) -> bool {
    let place = |path: &Path| {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let beside = || Some(folder.canonicalize().ok()?.join(path.file_name()?));
        path.canonicalize().ok().or_else(beside)
    };
    place(a).is_some_and(|a| place(b) == Some(a))
}
