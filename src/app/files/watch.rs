//! A thread that lists folders and looks whether what is shown has changed on disk.
//!
//! It asks the file system now and then instead of being told: that works on every system and on network drives, and
//! a second is soon enough. A drive that hangs hangs this thread alone: it is never waited for.

use super::album::AlbumSource;
use crate::app::kit::service::Service;
use crate::app::ports::Stamp;
use crate::task::Mailbox;
use std::path::PathBuf;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

/// How often to look.
pub const INTERVAL: Duration = Duration::from_secs(1);

/// Events that may wait for the window before the thread waits too.
const QUEUE: usize = 16;

/// What to list, and what to look after.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WatchRequest {
    /// The pictures to walk through.
    pub source: AlbumSource,
    /// The picture that is shown, and what it was when it was read.
    pub shown: Option<(PathBuf, Option<Stamp>)>,
}

/// What was seen.
#[derive(Clone, Debug, PartialEq)]
pub enum FileEvent {
    /// The pictures of a source; also when they have changed.
    Listed(AlbumSource, Vec<PathBuf>),
    /// The file has another content, and whoever writes it has paused.
    Changed(PathBuf),
    /// The file is not there any more.
    Gone(PathBuf),
}

/// The thread: what it lists and looks after, and what it sees.
pub type FileWatcher = Service<WatchRequest, FileEvent>;

/// Starts it; `notify` is called after each event.
///
/// # Errors
/// The system's own, if it has no thread to give.
pub fn start(interval: Duration, notify: impl Fn() + Send + 'static) -> std::io::Result<FileWatcher> {
    Service::start("files", QUEUE, move |inbox, send| serve(inbox, interval, send, &notify))
}

fn serve(inbox: &Mailbox<WatchRequest>, interval: Duration, send: &SyncSender<FileEvent>, notify: &dyn Fn()) {
    let mut state = WatchState::default();
    loop {
        match inbox.wait_for(interval) {
            Ok(Some(request)) => state.take(request),
            Ok(None) => {}
            Err(_) => return,
        }
        for event in state.look() {
            if send.send(event).is_err() {
                return;
            }
            notify();
        }
    }
}

/// What a look at a file found: its stamp, if it was there.
#[derive(Clone, Copy, PartialEq)]
struct Observation(Option<Stamp>);

/// What has been seen so far.
#[derive(Default)]
struct WatchState {
    request: WatchRequest,
    list: Option<Vec<PathBuf>>,
    folders: Vec<(PathBuf, Option<Stamp>)>,
    /// What the last look saw of the shown file, if there was one.
    last: Option<Observation>,
}

impl WatchState {
    fn take(&mut self, request: WatchRequest) {
        if request.source != self.request.source {
            (self.list, self.folders) = (None, Vec::new());
        }
        if request.shown != self.request.shown {
            self.last = None;
        }
        self.request = request;
    }

    fn look(&mut self) -> Vec<FileEvent> {
        self.look_at_folders().into_iter().chain(self.look_at_shown()).collect()
    }

    fn look_at_folders(&mut self) -> Option<FileEvent> {
        if self.request.source.0.is_empty() {
            return None;
        }
        let has_changed = self.folders.iter().any(|(folder, stamp)| Stamp::of(folder) != *stamp);
        if self.list.is_some() && !has_changed {
            return None;
        }
        // Stamps first: what changes while it is listed is listed again.
        let folders = self.request.source.folders().into_iter();
        self.folders = folders.map(|folder| (folder.clone(), Stamp::of(&folder))).collect();
        let list = self.request.source.list();
        if self.list.as_ref() == Some(&list) {
            return None;
        }
        self.list = Some(list.clone());
        Some(FileEvent::Listed(self.request.source.clone(), list))
    }

    /// Reports what two looks in a row agree on, so that a file is not read while it is being written.
    fn look_at_shown(&mut self) -> Option<FileEvent> {
        let (path, known) = self.request.shown.as_mut()?;
        let now = Stamp::of(path);
        let is_settled = self.last.replace(Observation(now)) == Some(Observation(now));
        if now == *known || !is_settled {
            return None;
        }
        *known = now;
        Some(if now.is_some() { FileEvent::Changed(path.clone()) } else { FileEvent::Gone(path.clone()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::SystemTime;

    #[test]
    fn changes_are_reported_once_and_after_they_settle() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.png");
        std::fs::write(&file, "1").unwrap();
        let mut state = WatchState::default();
        let source = AlbumSource(vec![file.clone()]);
        state.take(WatchRequest { source: source.clone(), shown: Some((file.clone(), Stamp::of(&file))) });
        assert_eq!(state.look(), [FileEvent::Listed(source.clone(), vec![file.clone()])]);
        assert_eq!(state.look(), []);
        std::fs::write(&file, "12").unwrap();
        assert_eq!(state.look(), []);
        std::fs::write(&file, "123").unwrap();
        assert_eq!(state.look(), [], "it is still being written");
        assert_eq!(state.look(), [FileEvent::Changed(file.clone())]);
        assert_eq!(state.look(), []);
        std::fs::remove_file(&file).unwrap();
        let seen: Vec<FileEvent> = (0..4).flat_map(|_| state.look()).collect();
        assert!(seen.contains(&FileEvent::Gone(file.clone())), "{seen:?}");
        assert!(seen.contains(&FileEvent::Listed(source, Vec::new())), "{seen:?}");
        assert_eq!(seen.len(), 2);
        std::fs::write(&file, "back").unwrap();
        let seen: Vec<FileEvent> = (0..4).flat_map(|_| state.look()).collect();
        assert!(seen.contains(&FileEvent::Changed(file)));
    }

    #[test]
    fn a_file_that_was_read_in_an_older_state_has_changed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.png");
        std::fs::write(&file, "new").unwrap();
        let mut state = WatchState::default();
        let old = Stamp(SystemTime::UNIX_EPOCH, 1);
        state.take(WatchRequest { source: AlbumSource::default(), shown: Some((file.clone(), Some(old))) });
        let seen: Vec<FileEvent> = (0..3).flat_map(|_| state.look()).collect();
        assert_eq!(seen, [FileEvent::Changed(file)]);
    }
}
