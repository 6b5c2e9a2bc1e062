//! Opening pictures and walking through them.

use super::App;
use super::files::album::{Source, Step};
use super::files::preload::BUDGET_BYTES;
use super::files::turning::Turn;
use super::files::watch::{FileEvent, WatchRequest};
use super::one_shot::{OneShot, Outcome};
use super::open::Opened;
use super::state::{Opening, Panel};
use crate::error::{Error, Result};
use crate::picture::Picture;
use crate::task::{Gate, Interrupt, check};
use egui::ColorImage;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Whoever holds a key down wants to see the last picture of many: those on the way are not begun.
const SETTLE: Duration = Duration::from_millis(60);

impl App {
    /// Opens files and folders, and walks through them from then on.
    pub(super) fn open_all(&mut self, paths: Vec<PathBuf>) {
        let Some(first) = paths.first().cloned() else { return };
        let (source, read) = (Source(paths), self.services.open.clone());
        self.state.files.album.clear();
        self.state.files.waiting = None;
        self.state.files.source = source.clone();
        self.watch();
        self.start_opening(first, false, move |stop| read(&source.first()?, stop));
        if matches!(self.state.panel, Panel::Open(_)) {
            self.state.panel = Panel::Closed;
        }
    }

    /// Goes on to another picture of the folder or list; waits for the list if it is not there yet.
    pub(super) fn step_picture(&mut self, step: Step) {
        let files = &mut self.state.files;
        files.is_backwards = matches!(step, Step::Previous | Step::Last);
        if !files.album.is_ready() {
            files.waiting = (!files.source.0.is_empty()).then_some(step);
        } else if let Some(path) = files.album.step(step) {
            self.show_path(path);
        } else if self.state.shown.is_some() {
            let end = if self.state.files.is_backwards { "first" } else { "last" };
            self.state.toasts.tell(format!("This is the {end} picture."), self.state.now_secs);
        }
    }

    /// Goes on, or back, as far as the wheel was turned.
    pub(super) fn turn_pictures(&mut self, turn: Turn) {
        let steps = self.state.files.turning.steps(turn, self.state.now_secs);
        let step = if steps < 0 { Step::Next } else { Step::Previous };
        for _ in 0..steps.abs() {
            self.step_picture(step);
        }
    }

    /// Shows a picture of the present list, from memory if it was read ahead.
    fn show_path(&mut self, path: PathBuf) {
        if let Some(opened) = self.state.files.shelf.take(&path) {
            self.state.opening = None;
            self.present(opened, false);
        } else {
            let (read, from) = (self.services.open.clone(), path.clone());
            self.start_opening(path, false, move |stop| read(&from, stop));
        }
    }

    /// Reads the picture from its file again; the view stays.
    pub(super) fn reload(&mut self) {
        let Some(path) = self.state.shown.as_ref().map(|shown| shown.picture.path.clone()) else { return };
        if path.as_os_str().is_empty() {
            self.state.toasts.tell("This picture is not from a file.", self.state.now_secs);
            return;
        }
        let (read, from) = (self.services.open.clone(), path.clone());
        self.start_opening(path, true, move |stop| read(&from, stop));
    }

    /// Shows a picture from the clipboard.
    pub(super) fn paste_image(&mut self, image: Arc<ColorImage>) {
        self.state.files.album.clear();
        self.state.files.source = Source::default();
        let read = move |stop: Interrupt<'_>| {
            check(stop)?;
            Ok(Opened::new(picture_of(&image)))
        };
        self.start_opening("pasted picture".into(), false, read);
    }

    /// Starts reading. A picture that is still being read is given up: the newest wish wins.
    pub(super) fn start_opening(
        &mut self,
        path: PathBuf,
        keep_view: bool,
        read: impl FnOnce(Interrupt<'_>) -> Result<Opened> + Send + 'static,
    ) {
        let is_hurried = self.state.opening.take().is_some();
        self.read_ahead(Vec::new());
        let stop = Gate::default();
        let watched = stop.clone();
        let work = move || {
            if is_hurried {
                std::thread::sleep(SETTLE);
            }
            let is_unwanted = || watched.is_stopped();
            check(&is_unwanted)?;
            read(&is_unwanted)
        };
        match OneShot::start("open", &self.ctx, work) {
            Ok(job) => self.state.opening = Some(Opening { path, job, keep_view, stop }),
            Err(error) => {
                let text = format!("cannot start reading the picture: {error}");
                self.state.toasts.fail(text, self.state.now_secs);
            }
        }
    }

    pub(super) fn drain_opening(&mut self) {
        let Some(opening) = &self.state.opening else { return };
        let result = match opening.job.poll() {
            Outcome::Pending => return,
            Outcome::Done(result) => result,
            Outcome::Lost => Err(Error::picture(&opening.path, "reading it failed unexpectedly")),
        };
        let Some(opening) = self.state.opening.take() else { return };
        match result {
            Ok(opened) => self.present(opened, opening.keep_view),
            Err(Error::Cancelled) => {}
            Err(error) => {
                self.state.toasts.fail(error, self.state.now_secs);
                self.state.files.album.go_to(&opening.path);
                if self.state.files.recent.remove(&opening.path) {
                    self.record();
                }
            }
        }
        self.take_waiting_step();
    }

    /// Puts a picture on the canvas and everything around it in order.
    fn present(&mut self, opened: Opened, keep_view: bool) {
        let before = self.state.shown.as_ref().map(|shown| (shown.picture.clone(), shown.motion.clone()));
        let path = opened.picture.path.clone();
        self.shelve_present(&path);
        let (size, notice) = (opened.picture.size, opened.picture.notice.clone());
        self.show_opened(opened);
        if let (Some((picture, motion)), Some(shown)) = (before, &mut self.state.shown)
            && keep_view
            && picture.size == size
        {
            shown.motion = motion;
        }
        if let Some(notice) = notice {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            self.state.toasts.fail(format!("{name}: {notice}"), self.state.now_secs);
        }
        self.state.files.album.go_to(&path);
        if !path.as_os_str().is_empty() && self.state.files.recent.add(&path) {
            self.record();
        }
        self.watch();
    }

    /// Keeps the picture that is left behind, in case the person comes back.
    fn shelve_present(&mut self, next: &Path) {
        if let Some(opened) = self.state.files.current.take()
            && !opened.picture.path.as_os_str().is_empty()
            && opened.picture.path != next
        {
            self.state.files.shelf.keep(opened.picture.path.clone(), opened, BUDGET_BYTES);
        }
    }

    /// Takes in what the threads behind files have sent.
    pub(super) fn drain_files(&mut self) {
        while let Some((path, opened)) = self.services.files.preloader.poll() {
            if self.state.files.asked_ahead.contains(&path) {
                self.state.files.shelf.keep(path, opened, BUDGET_BYTES);
            }
        }
        while let Some(event) = self.services.files.watch.poll() {
            match event {
                FileEvent::Listed(source, list) => self.take_list(&source, list),
                FileEvent::Changed(path) => self.reload_changed(&path),
                FileEvent::Gone(path) => self.tell_gone(&path),
            }
        }
    }

    fn take_list(&mut self, source: &Source, list: Vec<PathBuf>) {
        let files = &mut self.state.files;
        if files.source != *source {
            return; // of what was shown before
        }
        files.album.set_list(list);
        self.take_waiting_step();
    }

    /// Goes on as asked before the list or the first picture was there.
    fn take_waiting_step(&mut self) {
        let is_ready = self.state.files.album.is_ready();
        if let Some(step) = self.state.files.waiting.take_if(|_| is_ready) {
            self.step_picture(step);
        }
    }

    fn is_shown(&self, path: &Path) -> bool {
        self.state.shown.as_ref().is_some_and(|shown| shown.picture.path == path)
    }

    fn reload_changed(&mut self, path: &Path) {
        // Another picture that is on its way counts for more.
        if self.is_shown(path) && self.state.opening.is_none() {
            self.reload();
        }
    }

    fn tell_gone(&mut self, path: &Path) {
        if self.is_shown(path) {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let text = format!("{name} was deleted or moved; it stays on the screen until you open another picture.");
            self.state.toasts.fail(text, self.state.now_secs);
        }
    }

    /// Tells the thread that looks after files what to look after.
    fn watch(&self) {
        let files = &self.state.files;
        let current = files.current.as_ref().filter(|opened| !opened.picture.path.as_os_str().is_empty());
        let shown = current.map(|opened| (opened.picture.path.clone(), opened.stamp));
        self.services.files.watch.request(WatchRequest { source: files.source.clone(), shown });
    }

    /// Reads the neighbours once the view needs nothing any more.
    pub(super) fn read_neighbours(&mut self) {
        let is_idle = self.state.opening.is_none() && self.state.shown.is_some();
        if is_idle && !self.requests.are_pending() {
            self.read_ahead(self.state.files.wanted_ahead());
        }
    }

    fn read_ahead(&mut self, wanted: Vec<PathBuf>) {
        // What is being read already goes on; the list only shrinks as its pictures arrive.
        let is_known = wanted.iter().all(|path| self.state.files.asked_ahead.contains(path));
        if is_known && !wanted.is_empty() || wanted == self.state.files.asked_ahead {
            return;
        }
        self.services.files.preloader.request(wanted.clone());
        self.state.files.asked_ahead = wanted;
    }

    fn record(&self) {
        if let Some(recorder) = &self.services.files.recorder {
            recorder.keep(&self.state.files.recent);
        }
    }

    pub(super) fn toggle_info(&mut self) {
        self.state.shows_info = !self.state.shows_info;
    }
}

/// The picture on the clipboard. Its opacity is multiplied in there, and divided out here.
fn picture_of(image: &ColorImage) -> Picture {
    use crate::geometry::Size;
    use crate::picture::Samples;
    let size = Size::new(image.size[0], image.size[1]);
    let pixels: Vec<[u8; 4]> = image.pixels.iter().map(egui::Color32::to_srgba_unmultiplied).collect();
    let rgb = pixels.iter().flat_map(|[r, g, b, _]| [*r, *g, *b]).collect();
    let is_opaque = pixels.iter().all(|pixel| pixel[3] == 255);
    let alpha = (!is_opaque).then(|| Samples::U8(pixels.iter().map(|pixel| pixel[3]).collect()));
    Picture::from_samples(size, Samples::U8(rgb), alpha)
}
