//! A thread that reads pages of the file that is shown, and frames of an animation: one at a time, the newest request wins.
//!
//! It keeps its place in the file, so that frames in order are decoded once each.

use crate::app::kit::service::Service;
use crate::app::ports::{Opened, PageSource, PagesFn};
use crate::error::{Error, Result};
use crate::picture::Which;
use crate::task::Mailbox;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

/// A page to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// The file.
    pub path: PathBuf,
    /// Which time the file was opened: one that has changed is begun anew.
    pub opened: u64,
    /// Which picture of the file.
    pub which: Which,
}

/// The thread: the page of the newest request, or why there is none. Without a request it closes the file.
pub type Pager = Service<Option<PageRequest>, (PageRequest, Result<Opened>)>;

/// Starts it; `notify` is called when a page is ready.
///
/// # Errors
/// The system's own, if it has no thread to give.
pub fn start(sources: Arc<PagesFn>, notify: impl Fn() + Send + 'static) -> std::io::Result<Pager> {
    Service::start("pages", 1, move |inbox, send| serve(inbox, &sources, send, &notify))
}

/// The file that is open, and which time.
struct Current {
    path: PathBuf,
    opened: u64,
    source: Box<dyn PageSource>,
}

fn serve(
    inbox: &Mailbox<Option<PageRequest>>,
    sources: &Arc<PagesFn>,
    send: &SyncSender<(PageRequest, Result<Opened>)>,
    notify: &dyn Fn(),
) {
    let mut current: Option<Current> = None;
    while let Some(request) = inbox.wait() {
        current = current.filter(|current| {
            request.as_ref().is_some_and(|request| (&request.path, request.opened) == (&current.path, current.opened))
        });
        let Some(request) = request else { continue };
        let PageRequest { path, opened, which } = request.clone();
        let open = || Current { source: sources(&path), path: path.clone(), opened };
        let source = &mut current.get_or_insert_with(open).source;
        let is_unwanted = || inbox.peek(|newer| newer.as_ref() != Some(&request));
        let read = catch_unwind(AssertUnwindSafe(|| source.read(which, &is_unwanted)));
        let result = read.unwrap_or_else(|_| {
            current = None;
            Err(Error::picture(&path, "reading it failed unexpectedly"))
        });
        if send.send((request, result)).is_err() {
            return;
        }
        notify();
    }
}
