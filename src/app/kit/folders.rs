//! The program's own folders among the system's.

use std::path::PathBuf;

/// A folder of our own. Where the system has one folder for all that programs keep, it is in there; elsewhere in the one
/// that `variable` names, or in `usual` below the person's home.
pub(in crate::app) fn own_folder(variable: &str, usual: &str) -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = if cfg!(windows) {
        set("APPDATA")
    } else if cfg!(target_os = "macos") {
        std::env::home_dir().map(|home| home.join("Library/Application Support"))
    } else {
        set(variable).or_else(|| std::env::home_dir().map(|home| home.join(usual)))
    };
    folder.map(|folder| folder.join("zoomfield"))
}
