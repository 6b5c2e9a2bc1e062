//! Pages of documents and frames of animations: which one a picture is.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Which page or frame of its file a picture is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Pages {
    /// Its place, counted from 0.
    pub index: usize,
    /// How many there are, by their headers.
    pub count: usize,
    /// Whether there may be more, which were not counted and cannot be asked for.
    pub has_more: bool,
    /// When it is to be seen, if it is a frame of an animation.
    pub timing: Option<Timing>,
    /// Whether they are a picture and its light, by a gain map.
    pub has_light: bool,
}

/// When a frame of an animation is to be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Timing {
    /// How long the frame is shown, as its file says.
    pub duration: Duration,
    /// How long all frames are.
    pub total: Duration,
}

impl Default for Pages {
    fn default() -> Self {
        Self { index: 0, count: 1, has_more: false, timing: None, has_light: false }
    }
}

impl Pages {
    /// What one of them is called: a page, or a frame of an animation.
    pub fn noun(&self) -> &'static str {
        if self.timing.is_some() { "frame" } else { "page" }
    }

    /// Where it is among the others, for people: `Page 2 of 7`; nothing where there is only one.
    pub fn place(&self) -> Option<String> {
        let noun = if self.timing.is_some() { "Frame" } else { "Page" };
        (self.count > 1).then(|| format!("{noun} {} of {}{}", self.index + 1, self.more(), self.count))
    }

    /// Whether it is the picture that every program shows of its file: the only one, or that beside its light.
    pub fn is_usual(&self) -> bool {
        self.count == 1 || (self.has_light && self.index == 0)
    }

    /// What the pages are, for people, where that is not plain.
    pub fn explanation(&self) -> Option<&'static str> {
        self.has_light.then_some("page 2 is the light beyond white that its gain map tells of")
    }

    /// Half a sentence that follows the file's name; nothing for the usual picture.
    pub fn note(&self) -> Option<String> {
        let (more, count, noun, number) = (self.more(), self.count, self.noun(), self.index + 1);
        let what = if self.timing.is_some() { "is an animation of" } else { "has" };
        match (self.has_light, self.index) {
            (true, 0) => None,
            (true, _) => Some("the light is shown that its gain map tells of".into()),
            (false, _) => (count > 1).then(|| format!("it {what} {more}{count} {noun}s, and {noun} {number} is shown")),
        }
    }

    /// Why there is nothing at this place, if there is not.
    pub(super) fn reason_to_refuse(&self) -> Option<String> {
        let (more, count, noun, number) = (self.more(), self.count, self.noun(), self.index + 1);
        let ending = if count == 1 { "" } else { "s" };
        let known = if count == 1 { "one".into() } else { format!("{more}{count}") };
        let is_missing = self.index >= count;
        let reason = if self.has_more {
            format!("it has {known} {noun}{ending}, of which the first {count} can be shown; {number} is beyond them")
        } else {
            format!("it has {known} {noun}{ending}, so there is no {noun} {number}")
        };
        is_missing.then_some(reason)
    }

    /// How long a player shows the frame. As browsers do, 10 ms and less mean 100 ms: files say 0 where they mean "as
    /// ever", and nobody would see such frames.
    pub fn played_for(&self) -> Option<Duration> {
        const LEAST: Duration = Duration::from_millis(10);
        const USUAL: Duration = Duration::from_millis(100);
        self.timing.map(|timing| if timing.duration <= LEAST { USUAL } else { timing.duration })
    }

    fn more(&self) -> &'static str {
        if self.has_more { "more than " } else { "" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages(index: usize, count: usize, has_more: bool, duration_ms: Option<u64>) -> Pages {
        let timing =
            duration_ms.map(|ms| Timing { duration: Duration::from_millis(ms), total: Duration::from_secs(9) });
        Pages { index, count, has_more, timing, has_light: false }
    }

    #[test]
    fn pages_and_frames_are_told_in_words() {
        assert_eq!((Pages::default().place(), Pages::default().note()), (None, None));
        let light = |index| Pages { has_light: true, ..pages(index, 2, false, None) };
        assert_eq!((light(0).note(), light(0).is_usual()), (None, true));
        assert_eq!(light(1).note().as_deref(), Some("the light is shown that its gain map tells of"));
        let page = pages(1, 7, false, None);
        assert!(!light(1).is_usual() && !page.is_usual() && Pages::default().is_usual());
        assert_eq!(page.place().as_deref(), Some("Page 2 of 7"));
        assert_eq!(page.note().as_deref(), Some("it has 7 pages, and page 2 is shown"));
        assert_eq!(pages(0, 9, true, Some(40)).place().as_deref(), Some("Frame 1 of more than 9"));
        let note = pages(2, 3, false, Some(40)).note();
        assert_eq!(note.as_deref(), Some("it is an animation of 3 frames, and frame 3 is shown"));
    }

    #[test]
    fn what_is_not_there_is_refused_with_how_many_there_are() {
        let said = |pages: Pages| pages.reason_to_refuse().unwrap_or_default();
        assert_eq!(said(pages(6, 7, false, None)), "");
        assert_eq!(said(pages(7, 7, false, None)), "it has 7 pages, so there is no page 8");
        assert_eq!(said(pages(1, 1, false, None)), "it has one page, so there is no page 2");
        let many = said(pages(9, 9, true, Some(0)));
        assert_eq!(many, "it has more than 9 frames, of which the first 9 can be shown; 10 is beyond them");
    }

    #[test]
    fn frames_that_nobody_would_see_are_played_as_in_browsers() {
        let played = |ms| pages(0, 2, false, Some(ms)).played_for().map(|duration| duration.as_millis());
        assert_eq!([0, 10, 11, 40, 5000].map(played), [100, 100, 11, 40, 5000].map(Some));
        assert_eq!(pages(0, 2, false, None).played_for(), None);
    }
}
