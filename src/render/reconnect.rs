//! Something that may be lost, and is tried again later.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

enum State<T> {
    Present(Arc<T>),
    /// Not tried again before.
    Lost(Instant),
    /// Somebody is trying.
    Opening,
}

/// A thing that is there, or was lost and is opened again after a pause. Who asks meanwhile goes without; nobody waits.
pub(super) struct Reconnect<T> {
    state: Mutex<State<T>>,
    pause: Duration,
}

impl<T> Reconnect<T> {
    pub(super) fn new(thing: T, pause: Duration) -> Self {
        Self { state: Mutex::new(State::Present(Arc::new(thing))), pause }
    }

    /// The same with another pause.
    pub(super) fn pausing(self, pause: Duration) -> Self {
        Self { pause, ..self }
    }

    /// The thing, if it is there at present.
    pub(super) fn present(&self) -> Option<Arc<T>> {
        match &*self.lock() {
            State::Present(thing) => Some(thing.clone()),
            State::Lost(_) | State::Opening => None,
        }
    }

    /// The thing; opened again by `open` if it was lost long enough before `now`. A panic in there is a failure like any
    /// other: it is tried again after a pause.
    pub(super) fn get(&self, now: Instant, open: impl FnOnce() -> Option<T>) -> Option<Arc<T>> {
        {
            let mut state = self.lock();
            match &*state {
                State::Present(thing) => return Some(thing.clone()),
                State::Lost(until) if now >= *until => *state = State::Opening,
                State::Lost(_) | State::Opening => return None,
            }
        }
        // Opening takes a while, and others only look.
        // What a panic leaves behind is dropped with `open` itself.
        let opened = catch_unwind(AssertUnwindSafe(open)).ok().flatten().map(Arc::new);
        *self.lock() = opened.clone().map_or(State::Lost(now + self.pause), State::Present);
        opened
    }

    /// Gives `thing` up until a pause after `now`. False if that was done before: another may be there already.
    pub(super) fn lose(&self, thing: &Arc<T>, now: Instant) -> bool {
        let mut state = self.lock();
        let is_present = matches!(&*state, State::Present(present) if Arc::ptr_eq(present, thing));
        if is_present {
            *state = State::Lost(now + self.pause);
        }
        is_present
    }

    /// Held for the length of a move.
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // What is inside is replaced as a whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: Duration = Duration::from_secs(30);

    #[test]
    fn what_was_lost_is_tried_again_after_every_pause_until_it_comes_back() {
        let start = Instant::now();
        let reconnect = Reconnect::new(1, PAUSE);
        let first = reconnect.get(start, || panic!("it is there")).unwrap();
        assert!(reconnect.lose(&first, start) && reconnect.present().is_none());
        let soon = start + Duration::from_secs(29);
        assert!(reconnect.get(soon, || panic!("too soon")).is_none());
        // It stays lost: tried once, then left alone for another pause.
        assert!(reconnect.get(start + PAUSE, || None).is_none());
        assert!(reconnect.get(soon + PAUSE, || panic!("too soon again")).is_none());
        assert_eq!(reconnect.get(start + 2 * PAUSE, || Some(2)).as_deref(), Some(&2));
        assert_eq!(reconnect.present().as_deref(), Some(&2));
    }

    #[test]
    fn it_is_lost_once_however_many_notice() {
        let start = Instant::now();
        let reconnect = Reconnect::new(1, PAUSE);
        let first = reconnect.present().unwrap();
        assert!(reconnect.lose(&first, start) && !reconnect.lose(&first, start));
        let second = reconnect.get(start + PAUSE, || Some(2)).unwrap();
        // Somebody who was still at work with the first does not take the second away.
        assert!(!reconnect.lose(&first, start + PAUSE) && reconnect.present().is_some());
        assert!(reconnect.lose(&second, start + PAUSE));
    }

    #[test]
    fn nobody_waits_while_it_is_opened() {
        let start = Instant::now();
        let reconnect = Reconnect::new(1, PAUSE);
        reconnect.lose(&reconnect.present().unwrap(), start);
        let opened = reconnect.get(start + PAUSE, || {
            assert!(reconnect.present().is_none());
            assert!(reconnect.get(start + 2 * PAUSE, || panic!("one is enough")).is_none());
            Some(2)
        });
        assert_eq!(opened.as_deref(), Some(&2));
    }

    #[test]
    fn an_attempt_that_panics_has_failed_and_is_made_again_later() {
        let start = Instant::now();
        let reconnect = Reconnect::new(1, PAUSE);
        reconnect.lose(&reconnect.present().unwrap(), start);
        let attempt =
            catch_unwind(AssertUnwindSafe(|| reconnect.get(start + PAUSE, || panic!("the driver broke down"))));
        assert!(attempt.is_ok_and(|opened| opened.is_none()), "whoever asked goes without");
        let soon = start + Duration::from_secs(59);
        assert!(reconnect.get(soon, || panic!("too soon")).is_none());
        assert_eq!(reconnect.get(start + 2 * PAUSE, || Some(2)).as_deref(), Some(&2));
    }
}
