//! Pictures beside the one that is shown, read before anybody asks, so that the next one is there at once.

use crate::app::kit::service::Service;
use crate::app::ports::{OpenFn, Opened};
use crate::picture::Picture;
use crate::task::{Interrupt, Mailbox};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

/// Memory for pictures that are not shown, in bytes.
pub const BUDGET_BYTES: usize = 512 << 20;

/// The thread that reads ahead: these pictures, in this order, instead of whatever was asked before.
pub type Preloader = Service<Vec<PathBuf>, (PathBuf, Opened)>;

/// Starts it; `notify` is called when a picture is ready.
///
/// # Errors
/// The system's own, if it has no thread to give.
pub fn start(open: Arc<OpenFn>, notify: impl Fn() + Send + 'static) -> std::io::Result<Preloader> {
    Service::start("preload", 1, move |inbox, send| serve(inbox, &open, send, &notify))
}

fn serve(inbox: &Mailbox<Vec<PathBuf>>, open: &Arc<OpenFn>, send: &SyncSender<(PathBuf, Opened)>, notify: &dyn Fn()) {
    while let Some(paths) = inbox.wait() {
        for path in paths {
            let is_unwanted = || inbox.peek(|newer| !newer.contains(&path));
            if inbox.peek(|_| true) {
                break;
            }
            // A picture that cannot be read ahead, be it by a panic, does not keep the others from being read.
            let read = catch_unwind(AssertUnwindSafe(|| read(&path, open, &is_unwanted)));
            if let Some(opened) = read.ok().flatten() {
                if send.send((path, opened)).is_err() {
                    return;
                }
                notify();
            }
        }
    }
}

/// A picture, unless it would fill the budget alone: then it is read when it is asked for, as is what cannot be read,
/// and the person learns why.
fn read(path: &Path, open: &Arc<OpenFn>, is_unwanted: Interrupt<'_>) -> Option<Opened> {
    let bytes = Picture::decoded_bytes(path, 0, is_unwanted);
    let is_large = bytes.is_some_and(|bytes| bytes > BUDGET_BYTES as u64 / 2);
    if is_large { None } else { open(path, is_unwanted).ok() }
}

/// Pictures in memory, within a budget.
#[derive(Default)]
pub struct PictureCache {
    /// Those used last come last.
    pictures: Vec<(PathBuf, Opened)>,
}

impl PictureCache {
    /// Keeps a picture; the ones that were used least recently go.
    pub fn keep(&mut self, path: PathBuf, opened: Opened, budget_bytes: usize) {
        self.pictures.retain(|(kept, _)| *kept != path);
        self.pictures.push((path, opened));
        while self.used_bytes() > budget_bytes {
            self.pictures.remove(0);
        }
    }

    /// Takes a picture out.
    pub fn take(&mut self, path: &Path) -> Option<Opened> {
        let index = self.pictures.iter().position(|(kept, _)| kept == path)?;
        Some(self.pictures.remove(index).1)
    }

    /// Whether a picture is there.
    pub fn contains(&self, path: &Path) -> bool {
        self.pictures.iter().any(|(kept, _)| kept == path)
    }

    fn used_bytes(&self) -> usize {
        self.pictures.iter().map(|(_, opened)| opened.byte_len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Size;
    use std::time::{Duration, Instant};

    #[test]
    fn a_picture_that_panics_does_not_end_reading_ahead() {
        let open: Arc<OpenFn> = Arc::new(|path: &Path, _: Interrupt<'_>| {
            assert!(!path.ends_with("broken.png"), "this picture breaks down");
            Ok(Opened::new(Picture::from_rgb8(Size::new(1, 1), vec![0; 3])))
        });
        let preloader = start(open, || {}).unwrap();
        let wait = || {
            let start = Instant::now();
            while start.elapsed() < Duration::from_secs(20) {
                if let Some((path, _)) = preloader.poll() {
                    return Some(path);
                }
                std::thread::sleep(Duration::from_millis(2));
            }
            None
        };
        preloader.request(vec!["broken.png".into(), "next.png".into()]);
        assert_eq!(wait(), Some("next.png".into()));
        preloader.request(vec!["later.png".into()]);
        assert_eq!(wait(), Some("later.png".into()));
    }

    #[test]
    fn the_cache_keeps_to_its_budget() {
        let picture = || Opened::new(Picture::from_rgb8(Size::new(10, 10), vec![0; 300]));
        let each = picture().byte_len();
        assert_eq!(each, 300 + 400);
        let mut cache = PictureCache::default();
        for name in ["a", "b", "c"] {
            cache.keep(name.into(), picture(), 2 * each);
        }
        assert!(!cache.contains(Path::new("a")) && cache.contains(Path::new("b")) && cache.contains(Path::new("c")));
        assert!(cache.take(Path::new("b")).is_some() && cache.take(Path::new("b")).is_none());
        cache.keep("huge".into(), picture(), each / 2);
        assert!(!cache.contains(Path::new("huge")));
    }
}
