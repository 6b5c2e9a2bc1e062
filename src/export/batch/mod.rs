//! A collection of pictures to files, several at a time: what is done is left alone, and what fails stops nothing else.

mod done;
mod folder;
mod plan;
mod template;

pub use folder::{FolderJob, FolderProgress, FolderReport, run_folder};
pub use plan::{Item, Naming, Shard, plan, sources};
pub use template::{Source, Template};

use self::done::Found;
use super::{CommandLine, ExportJob, ExportReport, InventionFile};
use crate::error::{Error, Result};
use crate::geometry::Size;
use crate::picture::save::gathered_bytes;
use crate::picture::{HELD_BYTES, Picture};
use crate::render::{FeatureStore, InventionLayer, LoadedModel};
use crate::task::{Gate, Room, survive};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What the pictures that are held at a time, and the files that are gathered in memory, may take together. One that needs
/// more is alone.
const MOST_PICTURE_BYTES: u64 = 4 << 30;

/// Processors for each picture at a time where nothing else is said: one keeps so many busy.
const PROCESSORS_EACH: usize = 4;

/// Pictures at a time where nothing else is said, at most: each has features of its own.
const MOST_JOBS: usize = 4;

/// How many pictures at a time suit this machine.
pub fn usual_jobs() -> usize {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    (processors / PROCESSORS_EACH).clamp(1, MOST_JOBS)
}

/// Which model a picture is enlarged by. Models are loaded once and shared.
pub trait Models: Sync {
    /// The model, and what it is called by if it is not the usual one.
    ///
    /// # Errors
    /// [`Error::Weights`] or [`Error::Device`].
    fn choose(&self, picture: &Picture) -> Result<(Option<PathBuf>, Arc<LoadedModel>)>;

    /// Whether a model of this name ([`crate::key::ModelId`]) may be chosen.
    fn has(&self, id: &str) -> bool;
}

/// What to do.
#[derive(Clone, Debug)]
pub struct Batch {
    /// What is asked for, of every picture; input, output and model are those of each. With `overwrite` what is there and
    /// not done is replaced, and without it that is a failure.
    pub line: CommandLine,
    /// What the invention maps show.
    pub layer: InventionLayer,
    /// The pictures.
    pub items: Vec<Item>,
    /// How many at a time.
    pub jobs: usize,
}

/// What became of a picture.
#[derive(Debug)]
pub enum Outcome {
    /// It was written.
    Written {
        /// The output's size in pixels.
        size: Size,
        /// The rest.
        report: ExportReport,
    },
    /// It was there already.
    Done,
    /// It was not written.
    Failed(Error),
}

/// What happens while a collection is exported, by the place of the picture among the items.
#[derive(Debug)]
pub enum BatchEvent<'a> {
    /// A picture has something to be known about.
    Notice(usize, String),
    /// A picture is so far, in [0, 1].
    Progress(usize, f64),
    /// A picture is dealt with.
    Ended(usize, &'a Outcome),
}

/// How many pictures came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Written now.
    pub written: usize,
    /// There already.
    pub done: usize,
    /// Not written.
    pub failed: usize,
    /// Not reached, or stopped half way.
    pub left: usize,
}

impl Counts {
    /// All of them.
    pub fn total(&self) -> usize {
        self.written + self.done + self.failed + self.left
    }
}

/// Exports all of it, unless `gate` is stopped. `on_event` is called from several threads.
pub fn run(batch: &Batch, models: &dyn Models, gate: &Gate, on_event: &(dyn Fn(BatchEvent<'_>) + Sync)) -> Counts {
    let work = Work {
        batch,
        models,
        gate,
        on_event,
        room: Room::new(MOST_PICTURE_BYTES),
        next: AtomicUsize::new(0),
        ended: std::array::from_fn(|_| AtomicUsize::new(0)),
    };
    std::thread::scope(|scope| {
        for number in 1..batch.jobs.clamp(1, batch.items.len().max(1)) {
            let thread = std::thread::Builder::new().name(format!("zoomfield batch {number}"));
            // With fewer threads it takes longer.
            let _ = thread.stack_size(16 << 20).spawn_scoped(scope, || work.go_on());
        }
        work.go_on();
    });
    let [written, done, failed] = work.ended.map(AtomicUsize::into_inner);
    Counts { written, done, failed, left: batch.items.len() - written - done - failed }
}

/// A collection while it is exported.
struct Work<'a> {
    batch: &'a Batch,
    models: &'a dyn Models,
    gate: &'a Gate,
    on_event: &'a (dyn Fn(BatchEvent<'_>) + Sync),
    room: Room,
    next: AtomicUsize,
    /// Written, done, failed.
    ended: [AtomicUsize; 3],
}

impl Work<'_> {
    /// Takes the next picture until there is none.
    fn go_on(&self) {
        while !self.gate.is_stopped() {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = self.batch.items.get(index) else { return };
            let broken = || Err(Error::export(&item.output, "the export ended unexpectedly"));
            let outcome = match survive(|| self.export(index, item)).unwrap_or_else(broken) {
                Ok(outcome) => outcome,
                Err(Error::Cancelled) => return,
                Err(error) => Outcome::Failed(error),
            };
            let count = match outcome {
                Outcome::Written { .. } => 0,
                Outcome::Done => 1,
                Outcome::Failed(_) => 2,
            };
            self.ended[count].fetch_add(1, Ordering::Relaxed);
            (self.on_event)(BatchEvent::Ended(index, &outcome));
        }
    }

    fn export(&self, index: usize, item: &Item) -> Result<Outcome> {
        let asked = &self.batch.line;
        let overwrite = match done::look(item, asked, &|id| self.models.has(id)) {
            Found::Nothing => asked.overwrite,
            Found::Done { is_told } if is_told || !asked.overwrite => return Ok(Outcome::Done),
            Found::Other(reason) if !asked.overwrite => {
                let reason = format!("there is another file ({reason}); choose other names or allow it to be replaced");
                return Err(Error::export(&item.output, reason));
            }
            Found::Done { .. } | Found::Other(_) => true,
        };
        let _place = self.room.take(self.needed_bytes(item));
        let picture =
            Arc::new(Picture::open_within(&item.input, asked.which(), HELD_BYTES, &|| self.gate.is_stopped())?);
        for note in picture.pages.note().into_iter().chain(picture.notice.clone()) {
            (self.on_event)(BatchEvent::Notice(index, note));
        }
        let (model, loaded) = self.models.choose(&picture)?;
        let (input, output) = (item.input.clone(), item.output.clone());
        let map = item.map.clone().map(|path| InventionFile { path, layer: self.batch.layer });
        let line = CommandLine { input, output, overwrite, model, map, ..asked.clone() };
        let job = ExportJob::of(line, picture, loaded, FeatureStore::default())?;
        for output in [Some(&item.output), item.map.as_ref()].into_iter().flatten() {
            make_folder(output)?;
        }
        let mut on_progress = |progress: super::Progress| {
            (self.on_event)(BatchEvent::Progress(index, progress.done as f64 / progress.total.max(1) as f64));
        };
        let report = super::run(&job, self.gate, &mut on_progress)?;
        if let Some(warning) = job.model.take_warning() {
            (self.on_event)(BatchEvent::Notice(index, warning));
        }
        Ok(Outcome::Written { size: job.grid.size(), report })
    }

    /// What a picture and its output take, as far as its header tells.
    fn needed_bytes(&self, item: &Item) -> u64 {
        let picture =
            Picture::decoded_bytes(&item.input, self.batch.line.which().page, &|| self.gate.is_stopped()).unwrap_or(0);
        let size = Picture::size_of(&item.input).ok().and_then(|size| self.batch.line.request.grid(size).ok());
        let gathered = size.map_or(0, |grid| gathered_bytes(&item.output, grid.size(), 4, 16));
        picture.saturating_add(gathered)
    }
}

/// The folder of a file, which is made where it is missing.
fn make_folder(file: &Path) -> Result<()> {
    let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) else { return Ok(()) };
    std::fs::create_dir_all(folder)
        .map_err(|error| Error::export(file, format!("its folder cannot be made ({error}); choose another one")))
}
