//! The file that remembers what the person has chosen.
//!
//! The file is JSON in the system's folder for configuration. A file that cannot be read is kept beside the new one
//! and reported, never fatal. Choices that a file does not name, because it is older, have their defaults. Several windows
//! may share the file: each writes only what it has changed, over what is there then.

use super::choices::Settings;
use super::merge::merged;
use crate::app::kit::folders::own_folder;
use crate::atomic;
use crate::task::Worker;
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Where the choices are kept: a folder of our own among the system's for configuration.
pub fn default_path() -> Option<PathBuf> {
    own_folder("XDG_CONFIG_HOME", ".config").map(|folder| folder.join("settings.json"))
}

/// Reads the choices. Where that fails, the defaults, and a sentence about it.
pub fn load(path: &Path) -> (Settings, Option<String>) {
    match read(path) {
        Ok(settings) => (settings, None),
        Err(reason) => (Settings::default(), Some(set_aside(path, &reason))),
    }
}

/// The choices in a file; the defaults where there is none.
fn read(path: &Path) -> Result<Settings, String> {
    match std::fs::read_to_string(path) {
        Ok(text) => serde_json::from_str(&text).map(Settings::checked).map_err(|error| error.to_string()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Settings::default()),
        Err(error) => Err(error.to_string()),
    }
}

/// Keeps a file that cannot be used, and says so.
fn set_aside(path: &Path, reason: &str) -> String {
    let kept = path.with_extension("json.damaged");
    let damage = format!("the settings in {} cannot be read ({reason}), so the defaults are used", path.display());
    match std::fs::rename(path, &kept) {
        Ok(()) => format!("{damage}; the file is kept as {}", kept.display()),
        Err(_) => damage,
    }
}

/// Writes what was changed between `before` and `after`, over what is in the file.
fn save(path: &Path, before: &Settings, after: &Settings) -> Result<(), String> {
    let fail = |reason: String| format!("cannot write the settings to {}: {reason}", path.display());
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(|error| fail(error.to_string()))?;
    let _lock = atomic::lock_beside(path);
    let merged = merged(object_in(path), &object_of(before), object_of(after));
    let mut text = serde_json::to_string_pretty(&merged).map_err(|error| fail(error.to_string()))?;
    text.push('\n');
    atomic::write(path, true, text.as_bytes()).map_err(fail)
}

/// Choices as the file holds them.
fn object_of(settings: &Settings) -> Map<String, Value> {
    // Through text, in which 1.2 is the same in single precision as in double.
    object_from(&serde_json::to_string(settings).unwrap_or_default())
}

/// What a file holds; nothing if it is not there or damaged.
fn object_in(path: &Path) -> Map<String, Value> {
    object_from(&std::fs::read_to_string(path).unwrap_or_default())
}

fn object_from(text: &str) -> Map<String, Value> {
    serde_json::from_str(text).unwrap_or_default()
}

/// Choices that may wait to be written before the newest one has to wait for the next frame.
const QUEUE: usize = 16;

/// A thread that writes choices, the newest for sure. Dropping it writes what is left.
pub struct SettingsWriter {
    // Before the thread: the queue closes before the thread is joined.
    changes: SyncSender<Settings>,
    failures: Receiver<String>,
    _thread: Worker,
}

impl SettingsWriter {
    /// Starts the thread. What the file holds now is what later choices are compared with, so this comes before
    /// [`load`]: a change in between is then written twice, not taken back.
    ///
    /// # Errors
    /// The system's own, if it has no thread to give.
    pub fn start(path: PathBuf) -> std::io::Result<Self> {
        let (changes, queue) = sync_channel::<Settings>(QUEUE);
        let (complain, failures) = sync_channel(1);
        let mut written = read(&path).unwrap_or_default();
        let thread = Worker::spawn("settings", move || {
            while let Ok(first) = queue.recv() {
                let newest = queue.try_iter().last().unwrap_or(first);
                match save(&path, &written, &newest) {
                    Ok(()) => written = newest,
                    // One complaint at a time is enough.
                    Err(reason) => drop(complain.try_send(reason)),
                }
            }
        })?;
        Ok(Self { changes, failures, _thread: thread })
    }

    /// Hands choices over. `false` if too many wait: then try again.
    pub fn keep(&self, settings: &Settings) -> bool {
        self.changes.try_send(settings.clone()).is_ok()
    }

    /// Why the last choices could not be written, once.
    pub fn failure(&self) -> Option<String> {
        self.failures.try_recv().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::settings::mode::Mode;
    use crate::app::settings::{ThemeChoice, WheelAction};
    use crate::bench::Speed;
    use crate::recipe::Sampling;
    use std::collections::BTreeMap;

    #[test]
    fn choices_survive_and_missing_ones_have_their_defaults() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/settings.json");
        assert_eq!(load(&path), (Settings::default(), None));
        let chosen = Settings { theme: ThemeChoice::Light, wheel: WheelAction::Pictures, ..Settings::default() };
        let writer = SettingsWriter::start(path.clone()).unwrap();
        assert!(writer.keep(&Settings::default()) && writer.keep(&chosen));
        drop(writer);
        assert_eq!(load(&path), (chosen, None));
        std::fs::write(&path, r#"{"theme": "dark", "text_scale": 90.0, "of_the_future": 1}"#).unwrap();
        let (settings, complaint) = load(&path);
        assert_eq!((settings.theme, settings.text_scale), (ThemeChoice::Dark, 3.0));
        assert_eq!((settings.minimap, complaint), (true, None));
    }

    #[test]
    fn how_pixels_are_made_is_read_in_the_words_of_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        for (mode, expected) in ["auto", "neural", "bicubic", "nearest"].into_iter().zip(Mode::all()) {
            for (detail, sampling) in
                [("fast", Sampling::Coarse), ("default", Sampling::Lattice), ("exact", Sampling::Exact)]
            {
                std::fs::write(&path, format!(r#"{{"mode": "{mode}", "detail": "{detail}"}}"#)).unwrap();
                let (settings, complaint) = load(&path);
                assert_eq!((settings.mode, settings.detail, complaint), (expected, sampling, None));
                save(&path, &settings, &settings).unwrap();
                assert_eq!(load(&path), (settings, None));
            }
        }
    }

    #[test]
    fn two_windows_keep_each_others_choices() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        let measured = |name: &str| {
            let speed = Speed { megapixels_per_sec: 1.0, arithmetic: "f32".into(), ..Speed::default() };
            BTreeMap::from([(name.to_owned(), speed)])
        };
        let writers = [(); 2].map(|()| SettingsWriter::start(path.clone()).unwrap());
        let of_first = Settings { minimap: false, speeds: measured("card"), ..Settings::default() };
        let of_second = Settings { pixel_grid: true, speeds: measured("CPU"), ..Settings::default() };
        for (writer, settings) in writers.into_iter().zip([&of_first, &of_second]) {
            assert!(writer.keep(settings));
        }
        let (settings, _) = load(&path);
        assert!(!settings.minimap && settings.pixel_grid);
        assert_eq!(settings.speeds.keys().collect::<Vec<_>>(), ["CPU", "card"]);
        // What could not be written is not forgotten.
        let writer = SettingsWriter::start(path.clone()).unwrap();
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert!(writer.keep(&Settings { text_scale: 2.0, ..settings.clone() }));
        while writer.failure().is_none() {
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        std::fs::remove_dir(&path).unwrap();
        save(&path, &settings, &settings).unwrap();
        assert!(writer.keep(&Settings { text_scale: 2.0, theme: ThemeChoice::Dark, ..settings }));
        drop(writer);
        let (settings, _) = load(&path);
        assert_eq!((settings.text_scale, settings.theme), (2.0, ThemeChoice::Dark));
    }

    #[test]
    fn a_damaged_file_is_kept_and_reported() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        for damage in [&b"{\"theme\": \"pink\"}"[..], b"", b"\xff\xfe", b"[1,2"] {
            std::fs::write(&path, damage).unwrap();
            let (settings, complaint) = load(&path);
            assert_eq!(settings, Settings::default());
            assert!(complaint.unwrap().contains("settings.json.damaged"));
            assert!(!path.exists());
            assert_eq!(std::fs::read(folder.path().join("settings.json.damaged")).unwrap(), damage);
        }
    }

    #[test]
    fn what_cannot_be_written_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        let writer = SettingsWriter::start(file.join("settings.json")).unwrap();
        assert!(writer.keep(&Settings::default()));
        let complaint = std::iter::repeat_with(|| writer.failure()).take(1_000_000).flatten().next().unwrap();
        assert!(complaint.starts_with("cannot write the settings to"), "{complaint}");
    }
}
