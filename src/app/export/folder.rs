//! All pictures of the folder that the shown one lies in: what is asked for, and the work while it runs.

use super::ExportForm;
use super::choice::ExportPart;
use super::work::Work;
use crate::app::ports::ExportFolderFn;
use crate::app::view::scene::Scene;
use crate::export::batch::{FolderJob, FolderProgress, FolderReport, Naming, Source, Template};
use crate::export::{CommandLine, OutputSize};
use crate::picture::Exposure;
use crate::render::Compute;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What names begin as, without their ending.
const NAMES: &str = "{dir}/{name}_{scale}x";

/// The names that are proposed, with the ending of the name that was there.
pub(super) fn proposed_names(path: &str) -> String {
    let ending = Path::new(path).extension().map_or_else(|| "png".into(), |ending| ending.to_string_lossy());
    format!("{NAMES}.{ending}")
}

/// What the panel comes to.
///
/// # Errors
/// A sentence about what is wrong with the choices.
pub fn folder_draft(form: &ExportForm, scene: Scene<'_>) -> Result<FolderJob, String> {
    let nothing = || "This picture is not from a file, so there is no folder to export.".to_owned();
    let shown = scene.view.shown.as_ref().ok_or_else(nothing)?;
    let path = &shown.picture.path;
    let folder = path.parent().filter(|_| !path.as_os_str().is_empty()).ok_or_else(nothing)?;
    let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder.to_owned() };
    let request = form.choice.request(&shown.motion.goal(), None, shown.picture.size).ok_or_else(nothing)?;
    let output: Template = form.path.path.trim().parse().map_err(|reason| format!("In the name: {reason}."))?;
    let scale = if let OutputSize::Scale(scale) = request.size { Some(scale) } else { None };
    let source = Source { path: path.clone(), root: Some(folder.clone()) };
    if output.path(&source, scale).is_none() {
        return Err("Leave {scale} out of the name, or choose a scale: other sizes have none.".into());
    }
    let model = scene.model().ok_or("The model is still being loaded; the export can start in a moment.")?.clone();
    let grid = request.grid(shown.picture.size).map_err(|error| error.to_string())?;
    let subject = scene.subject().ok_or_else(nothing)?;
    let Compute { backend, device, precision, .. } = model.computed();
    let line = CommandLine {
        input: PathBuf::new(),
        page: 1,
        exposure: Exposure::NONE,
        output: PathBuf::new(),
        request,
        recipe: subject.recipe_at((1.0 / grid.x.pitch).max(1.0 / grid.y.pitch)),
        usual_lock: false,
        file: form.choice.file_options(),
        overwrite: false,
        model: scene.last_word().path().map(Path::to_owned),
        backend: Some(backend),
        device,
        precision: Some(precision),
        map: None,
    };
    Ok(FolderJob { folder, naming: Naming { output, map: None, scale }, line, model })
}

impl ExportForm {
    /// Whether all pictures of a folder are meant.
    pub fn is_folder(&self) -> bool {
        self.choice.part == ExportPart::Folder
    }
}

/// A folder on its thread.
pub struct RunningFolder {
    /// Which folder.
    pub folder: PathBuf,
    /// What exports its pictures.
    pub work: Work<FolderProgress, FolderReport>,
}

impl RunningFolder {
    /// Starts it.
    ///
    /// # Errors
    /// The system's own, if it has no thread to give.
    pub fn start(ctx: &egui::Context, run: Arc<ExportFolderFn>, job: FolderJob) -> std::io::Result<Self> {
        let folder = job.folder.clone();
        let work = Work::start(ctx, "folder", FolderProgress::default(), move |gate, report| run(&job, gate, report))?;
        Ok(Self { folder, work })
    }

    /// The part that is done, in [0, 1].
    pub fn fraction(&self) -> f32 {
        (self.work.progress.done / self.work.progress.total.max(1) as f64) as f32
    }
}
