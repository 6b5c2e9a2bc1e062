//! Run, pause, stop: how long work is made to give way.

use crate::error::{Error, Result};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

#[derive(Clone, Copy, PartialEq)]
enum State {
    Run,
    Pause,
    Stop,
}

struct Held {
    state: State,
    /// Since when it is paused.
    since: Option<Instant>,
    /// How long it was paused before.
    before: Duration,
}

/// Passed by long work between two units. Clones share the same state.
#[derive(Clone)]
pub struct Gate(Arc<(Mutex<Held>, Condvar)>);

impl Default for Gate {
    fn default() -> Self {
        let held = Held { state: State::Run, since: None, before: Duration::ZERO };
        Self(Arc::new((Mutex::new(held), Condvar::new())))
    }
}

impl Gate {
    fn lock(&self) -> MutexGuard<'_, Held> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, state: State) {
        let mut now = self.lock();
        // Stop is final.
        if now.state == State::Stop || now.state == state {
            return;
        }
        now.state = state;
        match (state, now.since) {
            (State::Pause, None) => now.since = Some(Instant::now()),
            (_, Some(since)) => {
                now.before += since.elapsed();
                now.since = None;
            }
            (_, None) => {}
        }
        drop(now);
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
        self.lock().state == State::Stop
    }

    /// How long it has been paused in all.
    pub fn paused_for(&self) -> Duration {
        let held = self.lock();
        held.before + held.since.map_or(Duration::ZERO, |since| since.elapsed())
    }

    /// Waits while paused.
    ///
    /// # Errors
    /// [`Error::Cancelled`] once stopped.
    pub fn pass(&self) -> Result<()> {
        let held = self.lock();
        let held = self.0.1.wait_while(held, |held| held.state == State::Pause).unwrap_or_else(PoisonError::into_inner);
        if held.state == State::Stop { Err(Error::Cancelled) } else { Ok(()) }
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

    #[test]
    fn pauses_are_added_up() {
        let gate = Gate::default();
        assert_eq!(gate.paused_for(), Duration::ZERO);
        let sleep = || std::thread::sleep(Duration::from_millis(20));
        gate.pause();
        sleep();
        assert!(gate.paused_for() >= Duration::from_millis(20));
        gate.pause();
        gate.run();
        let once = gate.paused_for();
        sleep();
        assert_eq!(gate.paused_for(), once);
        gate.pause();
        sleep();
        gate.stop();
        let twice = gate.paused_for();
        assert!(twice >= once + Duration::from_millis(20));
        sleep();
        assert_eq!(gate.paused_for(), twice);
    }
}
