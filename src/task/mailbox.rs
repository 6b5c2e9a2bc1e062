//! A mailbox of one: whoever posts replaces what was not read yet.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

struct Slot<T> {
    newest: Option<T>,
    is_closed: bool,
}

struct Shared<T> {
    slot: Mutex<Slot<T>>,
    changed: Condvar,
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, Slot<T>> {
        // A slot is replaced as a whole, so a panic elsewhere cannot leave it half-written.
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The posting side; dropping it closes the mailbox.
pub struct Post<T>(Arc<Shared<T>>);

/// The reading side.
pub struct Mailbox<T>(Arc<Shared<T>>);

/// The posting side is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed;

/// A connected pair. The lock inside is held for the length of a move, or of a predicate that
/// [`Mailbox::peek`] calls: posting waits for nothing longer than that.
pub fn mailbox<T>() -> (Post<T>, Mailbox<T>) {
    let shared =
        Arc::new(Shared { slot: Mutex::new(Slot { newest: None, is_closed: false }), changed: Condvar::new() });
    (Post(shared.clone()), Mailbox(shared))
}

impl<T> Post<T> {
    /// Replaces whatever was not read yet.
    pub fn send(&self, value: T) {
        // What is replaced may hold a picture: it is dropped after the lock.
        let unread = self.0.lock().newest.replace(value);
        drop(unread);
        self.0.changed.notify_one();
    }
}

impl<T> Drop for Post<T> {
    fn drop(&mut self) {
        self.0.lock().is_closed = true;
        self.0.changed.notify_one();
    }
}

impl<T> Mailbox<T> {
    /// Waits for a value; `None` once the posting side is gone.
    pub fn wait(&self) -> Option<T> {
        let mut slot = self.0.lock();
        loop {
            if slot.is_closed {
                return None;
            }
            if let Some(value) = slot.newest.take() {
                return Some(value);
            }
            slot = self.0.changed.wait(slot).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The value that is there, if one is, also after the posting side has gone. Never waits.
    pub fn take(&self) -> Option<T> {
        self.0.lock().newest.take()
    }

    /// Waits for a value, but not longer than `timeout`.
    ///
    /// # Errors
    /// [`Closed`] once the posting side is gone.
    pub fn wait_for(&self, timeout: Duration) -> Result<Option<T>, Closed> {
        let slot = self.0.lock();
        let is_idle = |slot: &mut Slot<T>| !slot.is_closed && slot.newest.is_none();
        let waited = self.0.changed.wait_timeout_while(slot, timeout, is_idle);
        let (mut slot, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if slot.is_closed { Err(Closed) } else { Ok(slot.newest.take()) }
    }

    /// Whether something is waiting that `is_urgent` says must not wait, or the posting side is gone.
    pub fn peek(&self, is_urgent: impl FnOnce(&T) -> bool) -> bool {
        let slot = self.0.lock();
        slot.is_closed || slot.newest.as_ref().is_some_and(is_urgent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_wins_and_closing_ends_the_wait() {
        let (post, inbox) = mailbox();
        post.send(1);
        post.send(2);
        assert!(inbox.peek(|v| *v == 2));
        assert_eq!(inbox.wait(), Some(2));
        assert!(!inbox.peek(|_| true));
        assert_eq!(inbox.wait_for(Duration::from_millis(1)), Ok(None));
        post.send(3);
        assert_eq!(inbox.wait_for(Duration::from_mins(1)), Ok(Some(3)));
        assert_eq!(inbox.take(), None);
        post.send(4);
        drop(post);
        assert_eq!(inbox.take(), Some(4));
        assert!(inbox.peek(|_: &i32| false));
        assert_eq!(inbox.wait(), None);
        assert_eq!(inbox.wait_for(Duration::from_mins(1)), Err(Closed));
    }
}
