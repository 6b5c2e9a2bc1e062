//! Turning pages, and playing animations.
//!
//! An animation plays as soon as it is opened, over and over, each frame as long as its file says, as people know it from
//! browsers. It waits while a panel is open or another picture is on its way; a step by hand pauses it. One frame is read
//! ahead, no more. A page that is exposed otherwise is read again like another page.

use super::State;
use super::album::Step;
use super::pager::PageRequest;
use crate::app::env::{Env, Event, Panel};
use crate::app::kit::text::file_text;
use crate::app::ports::Opened;
use crate::error::Error;
use crate::picture::{Exposure, Pages, Which};
use std::time::Duration;

/// How much brighter a key makes a picture, in tenths of a stop.
pub const EXPOSURE_STEP: i16 = 5;

/// Which page is wanted, and whether it is played.
#[derive(Default)]
pub struct Paging {
    /// Whether the animation goes on by itself.
    pub is_playing: bool,
    /// The page that was asked for and is not there yet.
    asked: Option<Asked>,
    /// The next frame, before its time.
    ready: Option<Opened>,
    /// When the frame that is shown has been shown for long enough, in seconds.
    due_secs: f64,
    /// Counts what was opened.
    opened: u64,
}

/// A page on its way.
#[derive(Clone, Copy)]
struct Asked {
    which: Which,
    /// Whether it waits for its time once it is there.
    is_ahead: bool,
}

impl State {
    /// Which page of how many is shown, if there are several.
    pub fn pages(&self) -> Option<Pages> {
        let pages = self.current.as_ref()?.picture.pages;
        (pages.count > 1).then_some(pages)
    }

    /// Whether an animation is running now, rather than paused or waiting.
    pub fn is_running(&self, panel: Panel) -> bool {
        self.paging.is_playing && panel == Panel::Closed && self.opening.is_none()
    }

    /// Begins with what was opened just now: an animation plays, unless it is the same one again and was paused.
    pub(super) fn begin_paging(&mut self, is_same: bool, env: &Env<'_>) {
        let Some(opened) = &self.current else { return };
        let played_for = opened.picture.pages.played_for();
        let is_playing = played_for.is_some() && (self.paging.is_playing || !is_same);
        let due_secs = env.now_secs + secs(played_for);
        self.paging = Paging { is_playing, due_secs, opened: self.paging.opened + 1, ..Paging::default() };
        self.threads.pager.request(None);
    }

    /// Goes to another page, or frame, which pauses.
    pub(super) fn turn_page(&mut self, step: Step, env: &mut Env<'_>) {
        let Some(pages) = self.pages() else {
            if self.current.is_some() {
                env.replace("page", "This file has one page.");
            }
            return;
        };
        let at = self.wanted().map_or(pages.index, |which| which.page);
        self.paging.is_playing = false;
        self.leave_reading();
        let last = pages.count - 1;
        let is_round = pages.timing.is_some();
        let target = match step {
            Step::First => Some(0),
            Step::Last => Some(last),
            Step::Next if at < last => Some(at + 1),
            Step::Next => is_round.then_some(0),
            Step::Previous if at > 0 => Some(at - 1),
            Step::Previous => is_round.then_some(last),
        };
        match target {
            Some(target) => self.ask_for_page(target, env),
            None => env.replace("page", format!("This is the {} page.", if at == 0 { "first" } else { "last" })),
        }
    }

    /// Plays an animation, or pauses it.
    pub(super) fn toggle_playing(&mut self, env: &mut Env<'_>) {
        match self.pages().and_then(|pages| pages.played_for()) {
            Some(played_for) => {
                self.paging.is_playing = !self.paging.is_playing;
                self.paging.due_secs = env.now_secs + secs(Some(played_for));
            }
            None if self.current.is_some() => env.replace("page", "This picture is not an animation."),
            None => {}
        }
        env.ctx.request_repaint();
    }

    /// Asks for a page, unless it was read ahead.
    fn ask_for_page(&mut self, page: usize, env: &mut Env<'_>) {
        match self.paging.ready.take() {
            Some(opened) if opened.picture.pages.index == page => {
                self.paging.asked = None;
                self.show_page(opened, env);
            }
            _ => self.read_page(page, false),
        }
    }

    /// Makes a picture of light brighter by so many tenths of a stop; as it is stored, if none are given.
    pub(super) fn expose(&mut self, tenths: Option<i16>, env: &mut Env<'_>) {
        let Some(picture) = self.current.as_ref().map(|opened| &opened.picture) else { return };
        let Some(wanted) = self.wanted().filter(|_| picture.exposure.is_some()) else {
            let said = match picture.pages.explanation() {
                Some(explanation) => format!("This page has no exposure to change; {explanation}."),
                None => "This picture is not read as light, so it has no exposure to change.".into(),
            };
            env.replace("exposure", said);
            return;
        };
        let exposure = tenths.map_or(Exposure::NONE, |tenths| wanted.exposure.by(tenths));
        self.leave_reading();
        self.read_which(Which { exposure, ..wanted }, false);
        env.replace("exposure", format!("Exposure {exposure} stops"));
    }

    /// Which picture of the file is shown, or on its way in its place.
    pub(super) fn wanted(&self) -> Option<Which> {
        let picture = &self.current.as_ref()?.picture;
        let shown = Which { page: picture.pages.index, exposure: picture.exposure.unwrap_or_default() };
        Some(self.paging.asked.filter(|asked| !asked.is_ahead).map_or(shown, |asked| asked.which))
    }

    /// Reads a page, exposed as the one that is wanted so far.
    fn read_page(&mut self, page: usize, is_ahead: bool) {
        let Some(wanted) = self.wanted() else { return };
        let has_exposure = !(page == 0 && self.pages().is_some_and(|pages| pages.has_light));
        let exposure = if has_exposure { wanted.exposure } else { Exposure::NONE };
        self.read_which(Which { page, exposure }, is_ahead);
    }

    /// What is still being read of the page that is left would come back later.
    fn leave_reading(&mut self) {
        self.opening = self.opening.take().filter(|opening| !self.is_shown(&opening.path));
    }

    fn read_which(&mut self, which: Which, is_ahead: bool) {
        let Some(opened) = &self.current else { return };
        let path = opened.picture.path.clone();
        let before = self.paging.asked.replace(Asked { which, is_ahead });
        if before.is_some_and(|asked| asked.which == which) {
            return;
        }
        self.threads.pager.request(Some(PageRequest { path, opened: self.paging.opened, which }));
    }

    /// Takes in what was read, and goes on with an animation when it is time. Never waits.
    pub(super) fn drain_pages(&mut self, env: &mut Env<'_>) {
        while let Some((request, result)) = self.threads.pager.poll() {
            let is_meant = |asked: &mut Asked| asked.which == request.which && request.opened == self.paging.opened;
            let Some(asked) = self.paging.asked.take_if(is_meant) else { continue };
            match result {
                Ok(opened) if asked.is_ahead => self.paging.ready = Some(opened),
                Ok(opened) => self.show_page(opened, env),
                Err(Error::Cancelled) => {}
                Err(error) => {
                    self.paging.is_playing = false;
                    env.fail(error);
                }
            }
        }
        self.play(env);
    }

    fn play(&mut self, env: &mut Env<'_>) {
        let Some(pages) = self.pages().filter(|_| self.is_running(*env.panel)) else { return };
        if self.paging.ready.is_none() && self.paging.asked.is_none() {
            self.read_page((pages.index + 1) % pages.count, true);
        }
        let left = self.paging.due_secs - env.now_secs;
        if left > 0.0 {
            env.ctx.request_repaint_after(Duration::from_secs_f64(left));
        } else if let Some(opened) = self.paging.ready.take() {
            let played_for = secs(opened.picture.pages.played_for());
            // A frame that came too late shifts the ones behind it.
            self.paging.due_secs = (self.paging.due_secs + played_for).max(env.now_secs);
            self.show_page(opened, env);
        }
    }

    /// Puts a page of the same file on the canvas; of the same size, it keeps the view.
    fn show_page(&mut self, mut opened: Opened, env: &mut Env<'_>) {
        let Some(before) = self.current.take() else { return };
        if opened.picture.pages.timing.is_some() {
            // Frames have been through the same; the model need not be chosen again for each.
            opened.suited = before.suited;
        }
        // Of the same page, exposed otherwise, the person knows already.
        let is_other = opened.picture.pages.index != before.picture.pages.index;
        let is_news = is_other && opened.picture.notice != before.picture.notice;
        if let Some(notice) = opened.picture.notice.clone().filter(|_| is_news) {
            env.fail(format!("{}: {notice}", file_text(&opened.picture.path)));
        }
        self.current = Some(opened.clone());
        env.announce(Event::PictureOpened { opened, keeps_view: true });
        env.ctx.request_repaint();
        self.complete(env);
    }
}

fn secs(duration: Option<Duration>) -> f64 {
    duration.map_or(0.0, |duration| duration.as_secs_f64())
}
