//! Memory that is used again: a fresh vector of megabytes costs a page fault every few kilobytes.

use std::sync::{Arc, Mutex, PoisonError};

/// Vectors that wait for their next use. Clones share them. Work that repeats itself asks for the same lengths again, so
/// what waits never exceeds what was in use at one time.
#[derive(Clone, Default)]
pub struct Spare(Arc<Mutex<Vec<Vec<f32>>>>);

impl Spare {
    /// A vector of `len` values that mean nothing: they are there to be overwritten.
    pub fn take(&self, len: usize) -> Vec<f32> {
        self.find(len).unwrap_or_else(|| vec![0.0; len])
    }

    /// A vector with room for `len` values, for whoever can write where there are none yet.
    pub fn room(&self, len: usize) -> Vec<f32> {
        self.find(len).unwrap_or_else(|| Vec::with_capacity(len))
    }

    fn find(&self, len: usize) -> Option<Vec<f32>> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = waiting.iter().position(|values| values.len() == len);
        found.map(|i| waiting.swap_remove(i))
    }

    /// Takes a vector back.
    pub fn put(&self, values: Vec<f32>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(values);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_comes_back_for_its_own_length_only() {
        let spare = Spare::default();
        let mut values = spare.take(3);
        values[1] = 5.0;
        let place = values.as_ptr();
        spare.put(values);
        assert_eq!(spare.take(4), [0.0; 4]);
        let again = spare.clone().take(3);
        assert_eq!((again.as_ptr(), again[1]), (place, 5.0));
        spare.put(again);
        let [once_more, fresh] = [(); 2].map(|()| spare.room(3));
        assert_eq!((once_more.as_ptr(), fresh.len(), fresh.capacity()), (place, 0, 3));
        let other = spare.take(3);
        assert_ne!(other.as_ptr(), place);
    }
}
