//! Threads with a name and an owner.

use std::thread::{Builder, JoinHandle};

/// A named thread that is joined when its handle is dropped.
///
/// The thread must end because its input ends: close the channel or mailbox it reads before dropping the handle
/// (fields drop in order of declaration).
pub struct Worker {
    handle: Option<JoinHandle<()>>,
}

impl Worker {
    /// Starts `work` on a thread called `name`.
    ///
    /// # Errors
    /// The system's own, if it has no thread to give.
    pub fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> std::io::Result<Self> {
        let handle = Builder::new().name(format!("zoomfield {name}")).stack_size(16 << 20).spawn(work)?;
        Ok(Self { handle: Some(handle) })
    }

    /// Whether the thread has ended.
    pub fn is_finished(&self) -> bool {
        self.handle.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Gives the thread up: it is not joined. For calls into the system that may never return.
    pub fn detach(mut self) {
        self.handle = None;
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if let Some(handle) = self.handle.take() {
            // A panicked worker has already printed why; its owner notices that the results stopped coming.
            let _ = handle.join();
        }
    }
}
