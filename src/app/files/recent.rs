//! The pictures that were opened last, kept from one run to the next in a small JSON file.

use crate::atomic;
use crate::task::Worker;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, sync_channel};

/// More than this many nobody looks through.
const MOST: usize = 12;

/// Lists that may wait to be written.
const QUEUE: usize = 4;

/// Where the list is kept: beside the settings.
pub fn beside(settings: &Path) -> PathBuf {
    settings.with_file_name("recent.json")
}

/// The newest comes first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recent(Vec<PathBuf>);

impl Recent {
    /// Reads the list; a file that is missing or damaged is an empty list, which is no loss worth a word.
    pub fn load(file: &Path) -> Self {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let paths: Vec<String> = serde_json::from_str(&text).unwrap_or_default();
        Self(paths.into_iter().take(MOST).map(PathBuf::from).collect())
    }

    /// Puts a picture in front. False if it is there already.
    pub fn add(&mut self, path: &Path) -> bool {
        if self.0.first().is_some_and(|first| first == path) {
            return false;
        }
        self.0.retain(|kept| kept != path);
        self.0.insert(0, path.to_owned());
        self.0.truncate(MOST);
        true
    }

    /// Takes a picture away that is not there any more. False if it was not in the list.
    pub fn remove(&mut self, path: &Path) -> bool {
        let before = self.0.len();
        self.0.retain(|kept| kept != path);
        self.0.len() < before
    }

    /// The list.
    pub fn iter(&self) -> impl Iterator<Item = &PathBuf> {
        self.0.iter()
    }

    /// Whether nothing was opened yet.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As the file holds it. A name that is not Unicode cannot be said in JSON and is left away.
    fn to_json(&self) -> String {
        let names: Vec<&str> = self.0.iter().filter_map(|path| path.to_str()).collect();
        serde_json::to_string_pretty(&names).unwrap_or_default() + "\n"
    }
}

/// A thread that writes the list. Dropping it writes what is left.
pub struct Recorder {
    // Before the thread: the queue closes before the thread is joined.
    lists: SyncSender<Recent>,
    _thread: Worker,
}

impl Recorder {
    /// Starts it.
    ///
    /// # Errors
    /// The system's own, if it has no thread to give.
    pub fn start(file: PathBuf) -> std::io::Result<Self> {
        let (lists, queue) = sync_channel::<Recent>(QUEUE);
        let thread = Worker::spawn("recent files", move || {
            while let Ok(first) = queue.recv() {
                let newest = queue.try_iter().last().unwrap_or(first);
                // A list that cannot be kept is no reason to disturb anybody.
                let _ = file.parent().map(std::fs::create_dir_all);
                let _ = atomic::write(&file, true, newest.to_json().as_bytes());
            }
        })?;
        Ok(Self { lists, _thread: thread })
    }

    /// Hands a list over. Never waits: if too many wait, the next one will do.
    pub fn keep(&self, recent: &Recent) {
        let _ = self.lists.try_send(recent.clone());
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
        recorder.keep(&recent);
        drop(recorder);
        let loaded = Recent::load(&file);
        assert_eq!(loaded, recent);
        let names: Vec<&PathBuf> = loaded.iter().collect();
        assert_eq!((names.len(), names[0], names[1]), (MOST, &"/日本/15.png".into(), &"/日本/19.png".into()));
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
