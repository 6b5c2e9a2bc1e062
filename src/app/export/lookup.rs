//! Whether a file to write exists: asked while its path is typed, at every key.
//!
//! One question at a time is under way, and of those that come meanwhile only the newest is asked: a network folder
//! that hangs costs one thread, however much is typed.

use crate::app::kit::one_shot::{OneShot, OneShotStatus};
use egui::Context;
use std::path::{Path, PathBuf};

/// Asks on a thread.
pub struct Lookup {
    exists: fn(&Path) -> bool,
    job: Option<OneShot<bool>>,
    /// Whether the answer to come is about the newest paths.
    is_newest: bool,
    /// The newest paths, if they have not been asked about yet.
    next: Option<Vec<PathBuf>>,
}

impl Default for Lookup {
    fn default() -> Self {
        Self { exists: Path::exists, job: None, is_newest: false, next: None }
    }
}

impl Lookup {
    /// Asks about paths instead of whatever was asked before.
    pub fn ask(&mut self, ctx: &Context, paths: Vec<PathBuf>) {
        self.forget();
        self.next = Some(paths);
        self.start(ctx);
    }

    /// Nobody wants an answer any more.
    pub fn forget(&mut self) {
        (self.is_newest, self.next) = (false, None);
    }

    /// Whether one of the newest paths exists, once that is known. Never waits.
    pub fn poll(&mut self, ctx: &Context) -> Option<bool> {
        let exists = match self.job.as_ref()?.poll() {
            OneShotStatus::Pending => return None,
            OneShotStatus::Done(exists) => Some(exists),
            OneShotStatus::Lost => None,
        };
        self.job = None;
        let answer = exists.filter(|_| self.is_newest);
        self.start(ctx);
        answer
    }

    /// Without a thread to ask, writing itself refuses to replace a file.
    fn start(&mut self, ctx: &Context) {
        if self.job.is_none()
            && let Some(paths) = self.next.take()
        {
            let exists = self.exists;
            self.job = OneShot::start("look up a file", ctx, move || paths.iter().any(|path| exists(path))).ok();
            self.is_newest = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;
    use std::time::Duration;

    static ASKED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
    static ANSWERS: Mutex<bool> = Mutex::new(false);

    /// A network folder that hangs until it may answer, in which only the last file exists.
    fn exists(path: &Path) -> bool {
        ASKED.lock().unwrap().push(path.to_owned());
        while !*ANSWERS.lock().unwrap() {
            std::thread::sleep(Duration::from_millis(2));
        }
        path.ends_with("last.png")
    }

    #[test]
    fn one_question_at_a_time_and_the_newest_counts() {
        let ctx = Context::default();
        let mut lookup = Lookup { exists, ..Lookup::default() };
        for i in 0..20 {
            lookup.ask(&ctx, vec![format!("{i}.png").into()]);
            std::thread::sleep(Duration::from_millis(5));
            assert_eq!(lookup.poll(&ctx), None);
        }
        lookup.ask(&ctx, vec!["first.png".into(), "last.png".into()]);
        assert_eq!(ASKED.lock().unwrap().len(), 1, "the folder hangs, and threads pile up");
        *ANSWERS.lock().unwrap() = true;
        let wait = |lookup: &mut Lookup| {
            (0..5000).find_map(|_| {
                std::thread::sleep(Duration::from_millis(2));
                lookup.poll(&ctx)
            })
        };
        assert_eq!(wait(&mut lookup), Some(true));
        assert_eq!(*ASKED.lock().unwrap(), [PathBuf::from("0.png"), "first.png".into(), "last.png".into()]);
        // What nobody wants to know any more is not answered.
        lookup.ask(&ctx, vec!["first.png".into(), "last.png".into()]);
        lookup.forget();
        while lookup.job.is_some() {
            assert_eq!(lookup.poll(&ctx), None);
        }
    }
}
