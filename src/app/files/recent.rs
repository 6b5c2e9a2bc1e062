//! The pictures that were opened last, kept from one run to the next in a small JSON file.
//!
//! Several windows may share the file: each does to the list in it what was done to its own.

use crate::atomic;
use crate::task::Worker;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};

/// More than this many nobody looks through.
const MOST: usize = 12;

/// Changes that may wait to be written.
const QUEUE: usize = 4;

/// Where the list is kept: beside the settings.
pub fn beside(settings: &Path) -> PathBuf {
    settings.with_file_name("recent.json")
}

/// Something that is done to a list.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Change {
    /// A picture was opened: it comes first.
    Opened(PathBuf),
    /// A picture is not there any more.
    Gone(PathBuf),
}

impl Change {
    /// Makes it. False if that leaves the list as it is.
    fn make(&self, paths: &mut Vec<PathBuf>) -> bool {
        let before = paths.clone();
        match self {
            Self::Opened(path) => {
                paths.retain(|kept| kept != path);
                paths.insert(0, path.clone());
                paths.truncate(MOST);
            }
            Self::Gone(path) => paths.retain(|kept| kept != path),
        }
        *paths != before
    }
}

/// The newest comes first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recent {
    paths: Vec<PathBuf>,
    /// What the recorder was not told yet, oldest first.
    changes: Vec<Change>,
}

impl Recent {
    /// Reads the list; a file that is missing or damaged is an empty list, which is no loss worth a word.
    pub fn load(file: &Path) -> Self {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let paths: Vec<String> = serde_json::from_str(&text).unwrap_or_default();
        Self { paths: paths.into_iter().take(MOST).map(PathBuf::from).collect(), changes: Vec::new() }
    }

    /// Puts a picture in front. False if it is there already.
    pub fn add(&mut self, path: &Path) -> bool {
        self.change(Change::Opened(path.to_owned()))
    }

    /// Takes a picture away that is not there any more. False if it was not in the list.
    pub fn remove(&mut self, path: &Path) -> bool {
        self.change(Change::Gone(path.to_owned()))
    }

    fn change(&mut self, change: Change) -> bool {
        let is_other = change.make(&mut self.paths);
        if is_other {
            self.changes.push(change);
        }
        is_other
    }

    /// The list.
    pub fn iter(&self) -> impl Iterator<Item = &PathBuf> {
        self.paths.iter()
    }

    /// Whether nothing was opened yet.
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    /// As the file holds it. A name that is not Unicode cannot be said in JSON and is left away.
    fn to_json(&self) -> String {
        let names: Vec<&str> = self.paths.iter().filter_map(|path| path.to_str()).collect();
        serde_json::to_string_pretty(&names).unwrap_or_default() + "\n"
    }
}

/// A thread that writes the list. Dropping it writes what is left.
pub struct Recorder {
    // Before the thread: the queue closes before the thread is joined.
    changes: SyncSender<Vec<Change>>,
    _thread: Worker,
}

impl Recorder {
    /// Starts it.
    ///
    /// # Errors
    /// The system's own, if it has no thread to give.
    pub fn start(file: PathBuf) -> std::io::Result<Self> {
        let (changes, queue) = sync_channel::<Vec<Change>>(QUEUE);
        let thread = Worker::spawn("recent files", move || {
            let mut unwritten = Vec::new();
            while let Ok(first) = queue.recv() {
                unwritten.extend(first.into_iter().chain(queue.try_iter().flatten()));
                write(&file, &mut unwritten);
            }
        })?;
        Ok(Self { changes, _thread: thread })
    }

    /// Hands over what was done to a list. Never waits: if too much waits, the next time will do.
    pub fn keep(&self, recent: &mut Recent) {
        let changes = std::mem::take(&mut recent.changes);
        if let Err(TrySendError::Full(changes) | TrySendError::Disconnected(changes)) = self.changes.try_send(changes) {
            recent.changes = changes;
        }
    }
}

/// Does to the list in a file what was done to ours. What cannot be written is no reason to disturb anybody; it waits for
/// the next time.
fn write(file: &Path, changes: &mut Vec<Change>) {
    let _ = file.parent().map(std::fs::create_dir_all);
    let _lock = atomic::lock_beside(file);
    let mut recent = Recent::load(file);
    for change in changes.iter() {
        change.make(&mut recent.paths);
    }
    if atomic::write(file, true, recent.to_json().as_bytes()).is_ok() {
        changes.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_survives() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("new/recent.json");
        let mut recent = Recent::load(&file);
        assert!(recent.is_empty());
        for i in 0..20 {
            assert!(recent.add(Path::new(&format!("/日本/{i}.png"))));
        }
        assert!(recent.add(Path::new("/日本/15.png")) && !recent.add(Path::new("/日本/15.png")));
        let recorder = Recorder::start(file.clone()).unwrap();
        recorder.keep(&mut recent);
        drop(recorder);
        let loaded = Recent::load(&file);
        assert_eq!(loaded, recent);
        let names: Vec<&PathBuf> = loaded.iter().collect();
        assert_eq!((names.len(), names[0], names[1]), (MOST, &"/日本/15.png".into(), &"/日本/19.png".into()));
    }

    #[test]
    fn two_windows_keep_each_others_pictures() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("recent.json");
        std::fs::write(&file, r#"["/gone.png", "/old.png"]"#).unwrap();
        let window = || (Recorder::start(file.clone()).unwrap(), Recent::load(&file));
        let [(first, mut of_first), (second, mut of_second)] = [window(), window()];
        assert!(of_first.add(Path::new("/first.png")) && of_first.remove(Path::new("/gone.png")));
        assert!(of_second.add(Path::new("/second.png")) && of_second.add(Path::new("/old.png")));
        for (recorder, recent) in [(first, &mut of_first), (second, &mut of_second)] {
            recorder.keep(recent);
            // Joins its thread.
            drop(recorder);
        }
        let loaded = Recent::load(&file);
        let names: Vec<&PathBuf> = loaded.iter().collect();
        assert_eq!(names, ["/old.png", "/second.png", "/first.png"].map(Path::new));
    }

    #[test]
    fn what_cannot_be_written_waits() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("recent.json");
        std::fs::create_dir(&file).unwrap();
        let mut changes = vec![Change::Opened("/a.png".into())];
        write(&file, &mut changes);
        assert_eq!(changes.len(), 1);
        std::fs::remove_dir(&file).unwrap();
        changes.push(Change::Opened("/b.png".into()));
        write(&file, &mut changes);
        assert!(changes.is_empty());
        assert_eq!(Recent::load(&file).paths, ["/b.png", "/a.png"].map(PathBuf::from));
    }

    #[test]
    fn a_damaged_list_is_an_empty_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("recent.json");
        for damage in ["", "{", "[1]", "\"a\""] {
            std::fs::write(&file, damage).unwrap();
            assert!(Recent::load(&file).is_empty());
        }
    }
}
