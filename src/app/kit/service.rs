//! A thread that answers requests for as long as the window is there, and is never waited for.

use crate::task::{Mailbox, Post, Worker, mailbox};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// The thread. Dropping it closes its mailbox; it may sit in a read that never returns, so it ends by itself.
pub struct Service<Request, Answer> {
    requests: Option<Post<Request>>,
    answers: Receiver<Answer>,
    thread: Option<Worker>,
}

impl<Request: Send + 'static, Answer: Send + 'static> Service<Request, Answer> {
    /// Starts a thread of this name. `serve` answers until its mailbox is closed, or nobody takes its answers; so many of
    /// them may wait before it does.
    ///
    /// # Errors
    /// The system's own, if it has no thread to give.
    pub fn start(
        name: &str,
        queue: usize,
        serve: impl FnOnce(&Mailbox<Request>, &SyncSender<Answer>) + Send + 'static,
    ) -> std::io::Result<Self> {
        let (requests, inbox) = mailbox();
        let (send, answers) = sync_channel(queue);
        let thread = Worker::spawn(name, move || serve(&inbox, &send))?;
        Ok(Self { requests: Some(requests), answers, thread: Some(thread) })
    }

    /// Asks for this instead of whatever was asked before.
    pub fn request(&self, request: Request) {
        if let Some(requests) = &self.requests {
            requests.send(request);
        }
    }

    /// The next answer, if one is ready. Never waits.
    pub fn poll(&self) -> Option<Answer> {
        self.answers.try_recv().ok()
    }
}

impl<Request, Answer> Drop for Service<Request, Answer> {
    fn drop(&mut self) {
        self.requests = None;
        if let Some(thread) = self.thread.take() {
            thread.detach();
        }
    }
}
