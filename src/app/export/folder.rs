//! All pictures of the folder that the shown one lies in: what is asked for, and the work while it runs.

use super::ExportForm;
use super::choice::ExportPart;
use crate::app::kit::one_shot::Waker;
use crate::app::ports::ExportFolderFn;
use crate::app::view::scene::Scene;
use crate::error::Result;
use crate::export::batch::{FolderJob, FolderProgress, FolderReport, Naming, Source, Template};
use crate::export::{CommandLine, OutputSize};
use crate::render::Compute;
use crate::task::{Gate, Worker};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};

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
        output: PathBuf::new(),
        request,
        recipe: subject.recipe_at((1.0 / grid.x.pitch).max(1.0 / grid.y.pitch)),
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

enum FolderEvent {
    Progress(FolderProgress),
    Ended(Result<FolderReport>),
}

/// A folder on its thread. Dropping it stops the work, waits for it, and leaves no half file behind.
pub struct RunningFolder {
    /// Which folder.
    pub folder: PathBuf,
    /// How far it is.
    pub progress: FolderProgress,
    /// Whether it was told to stop.
    pub is_stopping: bool,
    gate: Gate,
    // Before the worker: once nobody listens, the thread cannot wait for its message to be taken.
    events: Receiver<FolderEvent>,
    _worker: Worker,
}

impl RunningFolder {
    /// Starts it.
    ///
    /// # Errors
    /// The system's own, if it has no thread to give.
    pub fn start(ctx: &egui::Context, run: Arc<ExportFolderFn>, job: FolderJob) -> std::io::Result<Self> {
        let (send, events) = sync_channel(8);
        let gate = Gate::default();
        let (folder, worker_gate, waker) = (job.folder.clone(), gate.clone(), ctx.clone());
        let worker = Worker::spawn("folder", move || {
            // Dropped in reverse: the window wakes after the channel has closed, also if the work panics.
            let waker = Waker(waker);
            let send = send;
            let ended = run(&job, &worker_gate, &|progress| {
                // What nobody has looked at yet is worth less than going on.
                if send.try_send(FolderEvent::Progress(progress)).is_ok() {
                    waker.0.request_repaint();
                }
            });
            let _ = send.send(FolderEvent::Ended(ended));
        })?;
        let progress = FolderProgress::default();
        Ok(Self { folder, progress, is_stopping: false, gate, events, _worker: worker })
    }

    /// Takes in what has happened; the result once it has ended, or `None` inside if it broke down.
    pub fn poll(&mut self) -> Option<Option<Result<FolderReport>>> {
        loop {
            match self.events.try_recv() {
                Ok(FolderEvent::Progress(progress)) => self.progress = progress,
                Ok(FolderEvent::Ended(result)) => return Some(Some(result)),
                Err(TryRecvError::Empty) => return None,
                Err(TryRecvError::Disconnected) => return Some(None),
            }
        }
    }

    /// Holds the work at its next unit while the view waits for tiles: the view always wins.
    pub fn give_way(&self, is_view_waiting: bool) {
        self.gate.hold(is_view_waiting);
    }

    /// Tells it to stop; it then ends by itself.
    pub fn stop(&mut self) {
        self.is_stopping = true;
        self.gate.stop();
    }

    /// The part that is done, in [0, 1].
    pub fn fraction(&self) -> f32 {
        (self.progress.done / self.progress.total.max(1) as f64) as f32
    }
}

impl Drop for RunningFolder {
    fn drop(&mut self) {
        self.gate.stop();
    }
}
