//! An export as a command line for a shell, to be repeated or kept.

use super::{DEFAULT_QUALITY, Extent, FileOptions, InventionFile, OutputSize, Request};
use crate::error::{Error, Result};
use crate::geometry::{SampleGrid, Size};
use crate::kernel::PrecisionChoice;
use crate::picture::{Exposure, Picture, Which};
use crate::recipe::{Recipe, Source, Stage, Strength};
use crate::render::Backend;
use std::path::{Path, PathBuf};

/// All that an export's command line says.
#[derive(Clone, Debug, PartialEq)]
pub struct CommandLine {
    /// The picture.
    pub input: PathBuf,
    /// Which of its pages, counted from 1.
    pub page: usize,
    /// How it is exposed, if its file holds light.
    pub exposure: Exposure,
    /// The file to write.
    pub output: PathBuf,
    /// Which part and how large.
    pub request: Request,
    /// How its pixels are made.
    pub recipe: Recipe,
    /// Whether they are locked as is [usual](crate::render::LoadedModel::usual_lock) for the model, whatever it turns out to
    /// be.
    pub usual_lock: bool,
    /// How the file is made.
    pub file: FileOptions,
    /// Whether an existing file may be replaced.
    pub overwrite: bool,
    /// The weights file; none for the built-in weights.
    pub model: Option<PathBuf>,
    /// What computes, if that is said.
    pub backend: Option<Backend>,
    /// The graphics device that computes, by its name.
    pub device: Option<String>,
    /// Arithmetic, if that is said.
    pub precision: Option<PrecisionChoice>,
    /// The invention map beside the output, if one is wanted.
    pub map: Option<InventionFile>,
}

impl CommandLine {
    /// Which picture of its file it means.
    pub fn which(&self) -> Which {
        Which { page: self.page - 1, exposure: self.exposure }
    }

    /// The samples of a picture that it means.
    ///
    /// # Errors
    /// [`Error::Request`], which names the picture, if the part is not inside it, or the size makes no sense.
    pub fn grid(&self, picture: &Picture) -> Result<SampleGrid> {
        let named = |error| match error {
            // A request does not know whose it is.
            Error::Request(reason) => {
                Error::Request(reason.replacen("the picture", &picture.path.display().to_string(), 1))
            }
            other => other,
        };
        let grid = self.request.grid(picture.size).map_err(named)?;
        super::check_size(grid.size())?;
        Ok(grid)
    }

    /// The same for a model whose usual lock is this.
    #[must_use]
    pub fn locked_by(self, lock: Strength) -> Self {
        let recipe = if self.usual_lock { self.recipe.with(Stage::Lock(lock)) } else { self.recipe };
        Self { recipe, usual_lock: false, ..self }
    }

    /// The arguments, the program's name first, not quoted yet; nothing if a path is not Unicode and cannot be said.
    pub fn arguments(&self) -> Option<Vec<String>> {
        let mut words = vec!["zoomfield".to_owned(), "export".to_owned(), path_text(&self.input)?];
        words.extend(["--output".to_owned(), path_text(&self.output)?]);
        words.extend(self.options());
        if let Some(model) = &self.model {
            words.extend(["--model".to_owned(), path_text(model)?]);
        }
        if let Some(InventionFile { path, layer }) = &self.map {
            words.extend(["--invention".to_owned(), path_text(path)?]);
            words.extend(["--invention-shows".to_owned(), layer.to_string()]);
        }
        words.extend(self.overwrite.then(|| "--overwrite".to_owned()));
        Some(words)
    }

    /// The arguments without the names of files, and without what is said about an existing one: what makes the same of the
    /// same source again. Whatever an export learns to be asked for is said here.
    pub fn options(&self) -> Vec<String> {
        let mut words = Vec::new();
        let mut option = |name: &str, value: String| words.extend([name.to_owned(), value]);
        if self.page != 1 {
            option("--page", self.page.to_string());
        }
        if self.exposure != Exposure::NONE {
            option("--exposure", self.exposure.to_string());
        }
        match self.request.extent {
            Extent::Whole => {}
            Extent::Crop(region) => option("--crop", region.to_string()),
            Extent::View { center: [x, y], zoom } => option("--view", format!("{x},{y},{zoom}")),
        }
        let (name, value) = size_option(self.request.size);
        option(name, value);
        if let Some(dpi) = self.file.dpi {
            option("--dpi", dpi.to_string());
        }
        if let Some(bits) = self.file.bits {
            option("--bits", bits.to_string());
        }
        if self.file.quality != DEFAULT_QUALITY {
            option("--quality", self.file.quality.to_string());
        }
        if !self.usual_lock || self.recipe != Source::NEURAL.into() {
            option("--look", self.recipe.to_string());
        }
        self.say_computing(&mut option);
        words.extend(self.file.strip_metadata.then(|| "--strip-metadata".to_owned()));
        words.extend((!self.file.provenance).then(|| "--no-provenance".to_owned()));
        words
    }

    fn say_computing(&self, option: &mut impl FnMut(&str, String)) {
        if let Some(backend) = self.backend {
            option("--backend", backend.to_string());
        }
        if let Some(device) = &self.device {
            option("--device", device.clone());
        }
        if let Some(precision) = self.precision {
            option("--precision", precision.to_string());
        }
    }

    /// The line for this system's shell, quoted; nothing if a path is not Unicode and cannot be said.
    pub fn text(&self) -> Option<String> {
        let quote = if cfg!(windows) { quoted_for_windows } else { quoted };
        Some(self.arguments()?.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" "))
    }
}

fn size_option(size: OutputSize) -> (&'static str, String) {
    match size {
        OutputSize::Scale(scale) => ("--scale", scale.to_string()),
        OutputSize::Pixels(Size { width, height }) => ("--size", format!("{width}x{height}")),
        OutputSize::Width(width) => ("--width", width.to_string()),
        OutputSize::Height(height) => ("--height", height.to_string()),
        OutputSize::Megapixels(millions) => ("--megapixels", millions.to_string()),
        OutputSize::WidthCm(cm) => ("--width-cm", cm.to_string()),
        OutputSize::HeightCm(cm) => ("--height-cm", cm.to_string()),
    }
}

/// A path that begins with a dash would be an option.
fn path_text(path: &Path) -> Option<String> {
    let text = path.to_str()?;
    Some(if text.starts_with('-') { format!("./{text}") } else { text.to_owned() })
}

/// A word for a POSIX shell: in single quotes unless every letter is harmless.
fn quoted(word: &str) -> String {
    let is_harmless = |c: char| c.is_ascii_alphanumeric() || "-_./,:=+@".contains(c);
    if !word.is_empty() && word.chars().all(is_harmless) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// A word for the Windows command prompt. Paths there hold no quotation marks.
fn quoted_for_windows(word: &str) -> String {
    let is_harmless = |c: char| c.is_alphanumeric() || r"-_./,:=+@\".contains(c);
    if !word.is_empty() && word.chars().all(is_harmless) { word.to_owned() } else { format!("\"{word}\"") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_they_must_be() {
        assert_eq!(quoted("/a/b-2.png"), "/a/b-2.png");
        assert_eq!(quoted("it's $HOME"), r"'it'\''s $HOME'");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted_for_windows(r"C:\my photos\a.png"), "\"C:\\my photos\\a.png\"");
        assert_eq!(path_text(Path::new("-x.png")).as_deref(), Some("./-x.png"));
    }
}
