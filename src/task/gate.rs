//! Run, pause, stop: how long work is made to give way.

use crate::error::{Error, Result};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

#[derive(Clone, Copy, PartialEq)]
enum State {
    Run,
    Pause,
    Stop,
}

/// Passed by long work between two units. Clones share the same state.
#[derive(Clone)]
pub struct Gate(Arc<(Mutex<State>, Condvar)>);

impl Default for Gate {
    fn default() -> Self {
        Self(Arc::new((Mutex::new(State::Run), Condvar::new())))
    }
}

impl Gate {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, state: State) {
        let mut now = self.lock();
        // Stop is final.
        if *now != State::Stop {
            *now = state;
        }
        self.0.1.notify_all();
    }

    /// Lets work go on.
    pub fn run(&self) {
        self.set(State::Run);
    }

    /// Holds work at its next unit.
    pub fn pause(&self) {
        self.set(State::Pause);
    }

    /// Holds work at its next unit, or lets it go on.
    pub fn hold(&self, is_held: bool) {
        self.set(if is_held { State::Pause } else { State::Run });
    }

    /// Ends work at its next unit, for good.
    pub fn stop(&self) {
        self.set(State::Stop);
    }

    /// Whether work was told to end.
    pub fn is_stopped(&self) -> bool {
        *self.lock() == State::Stop
    }

    /// Waits while paused.
    ///
    /// # Errors
    /// [`Error::Cancelled`] once stopped.
    pub fn pass(&self) -> Result<()> {
        let mut state = self.lock();
        while *state == State::Pause {
            state = self.0.1.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if *state == State::Stop { Err(Error::Cancelled) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::Worker;

    #[test]
    fn a_paused_gate_holds_and_a_stopped_one_ends() {
        let gate = Gate::default();
        assert!(gate.pass().is_ok());
        gate.pause();
        let (done, inner) = (gate.clone(), gate.clone());
        let worker =
            Worker::spawn("gate test", move || assert!(matches!(inner.pass(), Err(Error::Cancelled)))).unwrap();
        assert!(!worker.is_finished());
        done.stop();
        drop(worker);
        gate.run();
        assert!(gate.pass().is_err());
    }
}
