//! What the panel begins with and comes to: a file name; an export, and the command line that does the same.

use super::ExportForm;
use super::choice::ExportPart;
use crate::app::files::uri::path_from_text;
use crate::app::kit::text::or_ending;
use crate::app::view::scene::Scene;
use crate::export::{CommandLine, ExportJob, InventionFile, check_size};
use crate::picture::Picture;
use crate::render::Compute;
use std::path::{Path, PathBuf};

/// What an export would do, and its command line.
///
/// # Errors
/// A sentence about what is wrong with the choices.
pub fn draft(form: &ExportForm, scene: Scene<'_>) -> Result<(ExportJob, CommandLine), String> {
    let nothing = || "There is nothing of the picture in the window to export.".to_owned();
    let shown = scene.view.shown.as_ref().ok_or_else(nothing)?;
    let (view, size) = (shown.motion.goal(), shown.picture.size);
    let choice = &form.choice;
    if choice.part == ExportPart::Selection {
        let selection = choice.selection.ok_or("Draw a selection on the picture first.")?;
        if !selection.is_inside(size) {
            return Err(SELECTION_OUTSIDE.into());
        }
    }
    let request = choice.request(&view, view.visible_output(size, scene.view.canvas.size), size).ok_or_else(nothing)?;
    let grid = request.grid(size).map_err(|error| error.to_string())?;
    check_size(grid.size()).map_err(|error| error.to_string())?;
    let model = scene.model().ok_or(MODEL_LOADING)?.clone();
    let subject = scene.subject().ok_or_else(nothing)?;
    let recipe = subject.recipe_at((1.0 / grid.x.pitch).max(1.0 / grid.y.pitch));
    // As the view: what is seen is what is exported.
    let Compute { backend, device, precision, .. } = model.computed();
    let output = with_ending(&path_from_text(&form.path.path).ok_or("Say where to write the file.")?);
    let line = CommandLine {
        input: shown.picture.path.clone(),
        page: shown.picture.pages.index + 1,
        exposure: shown.picture.exposure.unwrap_or_default(),
        output: output.clone(),
        request,
        recipe,
        usual_lock: false,
        file: choice.file_options(),
        overwrite: form.overwrite,
        model: scene.last_word().path().map(Path::to_owned),
        backend: Some(backend),
        device,
        precision: Some(precision),
        map: form.map(&output),
    };
    let job = ExportJob {
        picture: shown.picture.clone(),
        model,
        grid,
        output,
        overwrite: form.overwrite,
        recipe,
        file: line.file,
        features: scene.view.store.clone(),
        asked: Some(line.clone()),
        map: line.map.clone(),
    };
    if job.map.is_some() && !job.is_neural() {
        return Err(NOTHING_INVENTED.into());
    }
    Ok((job, line))
}

const SELECTION_OUTSIDE: &str = "The selection is not inside the picture. Draw it again, or change its numbers.";

const NOTHING_INVENTED: &str =
    "No network makes any pixel of this export, so there is nothing to map. Enlarge more, or leave the map out.";

const MODEL_LOADING: &str = "The model is still being loaded; the export can start in a moment.";

impl ExportForm {
    /// The invention map beside the file to write, if one is wanted.
    pub(super) fn map(&self, output: &Path) -> Option<InventionFile> {
        self.choice.map.map(|layer| InventionFile::beside(output, layer))
    }
}

/// A name without an ending means PNG.
pub(super) fn with_ending(path: &Path) -> PathBuf {
    or_ending(path, "png")
}

/// A file name for an export, beside the picture: `name-x30.png`, or `name-page2-x30.png` of one of several pages.
pub(super) fn proposed_path(picture: &Picture, zoom: f64) -> PathBuf {
    let stem = picture.path.file_stem().map_or_else(|| "untitled".into(), |stem| stem.to_string_lossy());
    let pages = picture.pages;
    let page = if pages.is_usual() { String::new() } else { format!("-{}{}", pages.noun(), pages.index + 1) };
    let name = format!("{stem}{page}-x{}.png", short(zoom));
    picture.path.parent().unwrap_or(Path::new("")).join(name)
}

/// A zoom with as many digits as matter: `30`, `2.5`, `0.37`.
fn short(zoom: f64) -> String {
    let text = if zoom < 1.0 { format!("{zoom:.3}") } else { format!("{zoom:.1}") };
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Size;

    #[test]
    fn the_proposal_lies_beside_the_picture_and_names_the_zoom() {
        let mut picture = Picture::from_rgb8(Size::new(1, 1), vec![0; 3]);
        assert_eq!(proposed_path(&picture, 30.0), PathBuf::from("untitled-x30.png"));
        picture.path = PathBuf::from("/photos/bird.v2.jpg");
        assert_eq!(proposed_path(&picture, 2.51), PathBuf::from("/photos/bird.v2-x2.5.png"));
        assert_eq!(proposed_path(&picture, 0.37), PathBuf::from("/photos/bird.v2-x0.37.png"));
        picture.pages.index = 1;
        picture.pages.count = 7;
        assert_eq!(proposed_path(&picture, 2.0), PathBuf::from("/photos/bird.v2-page2-x2.png"));
    }
}
