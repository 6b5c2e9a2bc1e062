//! A number of bytes that several workers have together.

use std::sync::{Condvar, Mutex, PoisonError};

/// Bytes that are given out and come back.
pub struct Room {
    most: u64,
    taken: Mutex<u64>,
    given_back: Condvar,
}

/// A part of a [`Room`], which it gives back when it is dropped.
pub struct Place<'a> {
    room: &'a Room,
    bytes: u64,
}

impl Room {
    /// Room for so many bytes.
    pub fn new(most: u64) -> Self {
        Self { most, taken: Mutex::new(0), given_back: Condvar::new() }
    }

    /// Waits until so many bytes are free. Who wants more than there are waits until nobody else has any.
    pub fn take(&self, bytes: u64) -> Place<'_> {
        let bytes = bytes.min(self.most);
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = |taken: &mut u64| *taken + bytes > self.most;
        let mut taken = self.given_back.wait_while(taken, is_full).unwrap_or_else(PoisonError::into_inner);
        *taken += bytes;
        Place { room: self, bytes }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        *self.room.taken.lock().unwrap_or_else(PoisonError::into_inner) -= self.bytes;
        self.room.given_back.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn no_more_is_taken_than_there_is() {
        let (room, held, most) = (Room::new(10), AtomicU64::new(0), AtomicU64::new(0));
        std::thread::scope(|scope| {
            for bytes in [4, 7, 3, 99, 5, 6] {
                let (room, held, most) = (&room, &held, &most);
                scope.spawn(move || {
                    let _place = room.take(bytes);
                    let now = held.fetch_add(bytes.min(10), Ordering::SeqCst) + bytes.min(10);
                    most.fetch_max(now, Ordering::SeqCst);
                    std::thread::sleep(std::time::Duration::from_millis(2));
                    held.fetch_sub(bytes.min(10), Ordering::SeqCst);
                });
            }
        });
        assert!(most.load(Ordering::SeqCst) <= 10 && *room.taken.lock().unwrap() == 0);
    }
}
