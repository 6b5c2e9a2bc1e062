//! Opening pictures and walking through them.

use super::album::{AlbumSource, Step};
use super::open::complete;
use super::preload::BUDGET_BYTES;
use super::samples::SAMPLES;
use super::turning::Turn;
use super::watch::{FileEvent, WatchRequest};
use super::{Command, Opening, State};
use crate::app::env::{Env, Event, Panel};
use crate::app::kit::one_shot::{OneShot, OneShotStatus};
use crate::app::kit::text::file_text;
use crate::app::kit::widgets::PathForm;
use crate::app::ports::{DialogPurpose, Opened};
use crate::error::{Error, Result};
use crate::picture::{Picture, Which};
use crate::task::{Gate, Interrupt, check};
use egui::ColorImage;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Whoever holds a key down wants to see the last picture of many: those on the way are not begun.
const SETTLE: Duration = Duration::from_millis(60);

impl State {
    /// Does one thing.
    pub fn apply(&mut self, command: Command, env: &mut Env<'_>) {
        match command {
            Command::Open(path) => self.open_all(vec![path], env),
            Command::OpenAll(paths) => self.open_all(paths, env),
            Command::OpenSample(index) => self.open_sample(index, env),
            Command::Browse => env.announce(Event::DialogWanted(DialogPurpose::Open)),
            Command::ShowPanel => self.show_panel(None, env),
            Command::ClosePanel => env.close(Panel::Open),
            Command::EditPath(text) => self.form.path = text,
            Command::PathFocused => self.form.wants_focus = false,
            Command::PasteImage(image) => self.paste_image(image, env),
            Command::Show(step) => self.step_picture(step, env),
            Command::TurnPage(step) => self.turn_page(step, env),
            Command::TogglePlaying => self.toggle_playing(env),
            Command::Expose(tenths) => self.expose(tenths, env),
            Command::Reload => self.reload(env),
            Command::ToggleInfo => self.shows_info = !self.shows_info,
        }
    }

    /// Has a path typed; `note` says why.
    pub fn show_panel(&mut self, note: Option<&'static str>, env: &mut Env<'_>) {
        self.form = PathForm { note, wants_focus: true, ..PathForm::default() };
        *env.panel = Panel::Open;
    }

    /// Opens files and folders, and walks through them from then on.
    fn open_all(&mut self, paths: Vec<PathBuf>, env: &mut Env<'_>) {
        let Some(first) = paths.first().cloned() else { return };
        let (source, read) = (AlbumSource(paths), env.ports.open.clone());
        self.album.clear();
        self.waiting = None;
        self.source = source.clone();
        self.watch();
        self.start_opening(first, false, env, move |stop| read(&source.first()?, stop));
        env.close(Panel::Open);
    }

    /// Goes on to another picture of the folder or list; waits for the list if it is not there yet.
    fn step_picture(&mut self, step: Step, env: &mut Env<'_>) {
        self.is_backwards = matches!(step, Step::Previous | Step::Last);
        if !self.album.is_ready() {
            self.waiting = (!self.source.0.is_empty()).then_some(step);
        } else if let Some(path) = self.album.step(step) {
            self.show_path(path, env);
        } else if self.current.is_some() {
            let end = if self.is_backwards { "first" } else { "last" };
            env.tell(format!("This is the {end} picture."));
        }
    }

    /// Goes on, or back, as far as the wheel was turned.
    pub fn turn_pictures(&mut self, turn: Turn, env: &mut Env<'_>) {
        let steps = self.turning.steps(turn, env.now_secs);
        let step = if steps < 0 { Step::Next } else { Step::Previous };
        for _ in 0..steps.abs() {
            self.step_picture(step, env);
        }
    }

    /// Shows a picture of the present list, from memory if it was read ahead.
    fn show_path(&mut self, path: PathBuf, env: &mut Env<'_>) {
        if let Some(opened) = self.cache.take(&path) {
            self.opening = None;
            self.present(opened, false, env);
        } else {
            self.read(path, Which::default(), false, env);
        }
    }

    /// Reads the picture from its file again; the view stays.
    fn reload(&mut self, env: &mut Env<'_>) {
        let Some(picture) = self.current.as_ref().map(|opened| opened.picture.clone()) else { return };
        let path = picture.path.clone();
        if path.as_os_str().is_empty() {
            env.tell("This picture is not from a file.");
            return;
        }
        let which = self.wanted().unwrap_or_default();
        self.read(path, which, true, env);
    }

    /// Starts reading a picture of a file.
    fn read(&mut self, path: PathBuf, which: Which, keeps_view: bool, env: &mut Env<'_>) {
        let (read, pages, from) = (env.ports.open.clone(), env.ports.pages.clone(), path.clone());
        self.start_opening(path, keeps_view, env, move |stop| {
            if which == Which::default() {
                return read(&from, stop);
            }
            // It may have fewer pages by now.
            pages(&from).read(which, stop).or_else(|_| read(&from, stop))
        });
    }

    /// Shows a picture from the clipboard.
    fn paste_image(&mut self, image: Arc<ColorImage>, env: &mut Env<'_>) {
        self.album.clear();
        self.source = AlbumSource::default();
        let screen = env.ports.screen.clone();
        let read = move |stop: Interrupt<'_>| {
            check(stop)?;
            Ok(Opened::new(picture_of(&image).seen_on(&screen)))
        };
        self.start_opening("pasted picture".into(), false, env, read);
    }

    /// Starts to make a picture. One that is still being read is given up: the newest request wins.
    fn start_opening(
        &mut self,
        path: PathBuf,
        keeps_view: bool,
        env: &mut Env<'_>,
        read: impl FnOnce(Interrupt<'_>) -> Result<Opened> + Send + 'static,
    ) {
        let is_hurried = self.opening.take().is_some();
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
        match OneShot::start("open", env.ctx, work) {
            Ok(job) => self.opening = Some(Opening { path, job, keeps_view, stop }),
            Err(error) => env.fail(format!("cannot start reading the picture: {error}")),
        }
    }

    /// Takes in what the threads have sent.
    pub fn drain(&mut self, env: &mut Env<'_>) {
        self.drain_opening(env);
        self.drain_files(env);
        self.drain_pages(env);
    }

    fn drain_opening(&mut self, env: &mut Env<'_>) {
        let Some(opening) = &self.opening else { return };
        let result = match opening.job.poll() {
            OneShotStatus::Pending => return,
            OneShotStatus::Done(result) => result,
            OneShotStatus::Lost => Err(Error::picture(&opening.path, "reading it failed unexpectedly")),
        };
        let Some(opening) = self.opening.take() else { return };
        match result {
            Ok(opened) => self.present(opened, opening.keeps_view, env),
            Err(Error::Cancelled) => {}
            Err(error) => {
                env.fail(error);
                self.album.go_to(&opening.path);
                if self.recent.remove(&opening.path) {
                    self.record();
                }
            }
        }
        self.take_waiting_step(env);
    }

    /// Puts a picture on the canvas and everything around it in order.
    fn present(&mut self, opened: Opened, keeps_view: bool, env: &mut Env<'_>) {
        let path = opened.picture.path.clone();
        let is_same = self.is_shown(&path);
        self.shelve_present(&path);
        let notice = opened.picture.notice.clone();
        self.show(opened, keeps_view, env);
        self.begin_paging(is_same, env);
        if let Some(notice) = notice {
            env.fail(format!("{}: {notice}", file_text(&path)));
        }
        self.album.go_to(&path);
        if !path.as_os_str().is_empty() && self.recent.add(&path) {
            self.record();
        }
        self.watch();
        self.complete(env);
    }

    /// Goes on reading a picture of which only a part has been looked at, until another one is asked for.
    pub(super) fn complete(&mut self, env: &mut Env<'_>) {
        let Some(opened) = self.current.clone().filter(|opened| !opened.picture.has_whole_overview()) else { return };
        self.start_opening(opened.picture.path.clone(), true, env, move |stop| complete(&opened, stop));
    }

    /// Puts a picture on the canvas.
    pub fn show(&mut self, opened: Opened, keeps_view: bool, env: &mut Env<'_>) {
        self.current = Some(opened.clone());
        env.announce(Event::PictureOpened { opened, keeps_view });
        env.close(Panel::Open);
        env.close(Panel::Export);
        env.ctx.request_repaint();
    }

    /// Keeps the picture that is left behind, in case the person comes back.
    fn shelve_present(&mut self, next: &Path) {
        if let Some(opened) = self.current.take()
            && !opened.picture.path.as_os_str().is_empty()
            && opened.picture.path != next
        {
            self.cache.keep(opened.picture.path.clone(), opened, BUDGET_BYTES);
        }
    }

    /// Takes in what the threads behind files have sent.
    fn drain_files(&mut self, env: &mut Env<'_>) {
        while let Some((path, opened)) = self.threads.preloader.poll() {
            if self.asked_ahead.contains(&path) {
                self.cache.keep(path, opened, BUDGET_BYTES);
            }
        }
        while let Some(event) = self.threads.watch.poll() {
            match event {
                FileEvent::Listed(source, list) => self.take_list(&source, list, env),
                FileEvent::Changed(path) => self.reload_changed(&path, env),
                FileEvent::Gone(path) => self.tell_gone(&path, env),
            }
        }
    }

    fn take_list(&mut self, source: &AlbumSource, list: Vec<PathBuf>, env: &mut Env<'_>) {
        if self.source != *source {
            return; // of what was shown before
        }
        self.album.set_list(list);
        self.take_waiting_step(env);
    }

    /// Goes on as asked before the list or the first picture was there.
    fn take_waiting_step(&mut self, env: &mut Env<'_>) {
        let is_ready = self.album.is_ready();
        if let Some(step) = self.waiting.take_if(|_| is_ready) {
            self.step_picture(step, env);
        }
    }

    pub(super) fn is_shown(&self, path: &Path) -> bool {
        self.current.as_ref().is_some_and(|opened| opened.picture.path == path)
    }

    fn reload_changed(&mut self, path: &Path, env: &mut Env<'_>) {
        // Another picture that is on its way counts for more.
        if self.is_shown(path) && self.opening.is_none() {
            self.reload(env);
        }
    }

    fn tell_gone(&self, path: &Path, env: &mut Env<'_>) {
        if self.is_shown(path) {
            let name = file_text(path);
            env.fail(format!("{name} was deleted or moved; it stays on the screen until you open another picture."));
        }
    }

    /// Tells the thread that looks after files what to look after.
    fn watch(&self) {
        let current = self.current.as_ref().filter(|opened| !opened.picture.path.as_os_str().is_empty());
        let shown = current.map(|opened| (opened.picture.path.clone(), opened.stamp));
        self.threads.watch.request(WatchRequest { source: self.source.clone(), shown });
    }

    /// Reads the neighbours; called once the view needs nothing any more.
    pub fn read_neighbours(&mut self) {
        if self.opening.is_none() && self.current.is_some() {
            self.read_ahead(self.wanted_ahead());
        }
    }

    fn read_ahead(&mut self, wanted: Vec<PathBuf>) {
        // What is being read already goes on; the list only shrinks as its pictures arrive.
        let is_known = wanted.iter().all(|path| self.asked_ahead.contains(path));
        if is_known && !wanted.is_empty() || wanted == self.asked_ahead {
            return;
        }
        self.threads.preloader.request(wanted.clone());
        self.asked_ahead = wanted;
    }

    fn record(&mut self) {
        if let Some(recorder) = &self.threads.recorder {
            recorder.keep(&mut self.recent);
        }
    }

    /// Opens a picture that comes with the program.
    fn open_sample(&mut self, index: usize, env: &mut Env<'_>) {
        let (Some(sample), spare) = (SAMPLES.get(index), self.spare.clone()) else { return };
        let screen = env.ports.screen.clone();
        self.start_opening(sample.name.into(), false, env, move |stop| {
            check(stop)?;
            let picture = Picture::open_unless(&sample.unpack(&spare)?, stop)?;
            Ok(Opened::new(picture.seen_on(&screen)))
        });
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
