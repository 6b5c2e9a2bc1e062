//! The pictures of a folder, and which small picture belongs to which original.

use super::is_picture_path;
use crate::error::{Error, Result};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// All picture files of a folder that are not hidden, sorted by path; with `is_deep` also those of the folders inside
/// it. Links to folders are not followed, since they may lead around in circles.
///
/// # Errors
/// [`Error::Dataset`] if it is no folder, cannot be read or holds no pictures.
pub fn list_pictures(folder: &Path, is_deep: bool) -> Result<Vec<PathBuf>> {
    let refuse = |reason: &str| Error::dataset(folder, reason);
    if !folder.exists() {
        return Err(refuse("there is no such folder"));
    }
    if !folder.is_dir() {
        return Err(refuse("it is not a folder; give the folder that the picture files are in"));
    }
    let (mut paths, mut rest) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(inner) = rest.pop() {
        let entries = std::fs::read_dir(&inner).map_err(|error| Error::dataset(&inner, error))?;
        for entry in entries.flatten() {
            let path = entry.path();
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            if is_deep && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                rest.push(path);
            } else if is_picture_path(&path) && path.is_file() {
                paths.push(path);
            }
        }
    }
    if paths.is_empty() {
        return Err(refuse("it holds no pictures; give a folder with PNG, JPEG or other picture files"));
    }
    paths.sort();
    Ok(paths)
}

/// The small version of each original, found in the folder `small` as [`list_pictures`] lists it, by name: `dir/a.png`
/// belongs to `dir/a` with any ending, or to `dir/ax2`, `dir/ax4` and so on, as benchmark sets are named. Paths are
/// compared from their folders on.
///
/// # Errors
/// [`Error::Dataset`] if the folders hold different numbers of pictures, or which original has no small version, or more
/// than one, and how to name it.
pub fn small_versions(folder: &Path, originals: &[PathBuf], small: &Path, is_deep: bool) -> Result<Vec<PathBuf>> {
    let paths = list_pictures(small, is_deep)?;
    if paths.len() != originals.len() {
        let (have, need) = (paths.len(), originals.len());
        let reason = format!(
            "it holds {have} pictures and {} holds {need}; each picture needs one small version",
            folder.display()
        );
        return Err(Error::dataset(small, reason));
    }
    pair((folder, originals), (small, &paths)).map_err(|reason| Error::dataset(small, reason))
}

fn pair(originals: (&Path, &[PathBuf]), small: (&Path, &[PathBuf])) -> Result<Vec<PathBuf>, String> {
    let mut by_name: HashMap<String, Vec<&PathBuf>> = HashMap::new();
    for path in small.1 {
        let name = name_in(small.0, path);
        if let Some(base) = without_scale(&name) {
            by_name.entry(base.to_owned()).or_default().push(path);
        }
        by_name.entry(name).or_default().push(path);
    }
    let find = |path: &PathBuf| {
        let name = name_in(originals.0, path);
        match by_name.get(&name).map(Vec::as_slice) {
            Some([only]) => Ok((*only).clone()),
            Some([one, other, ..]) => {
                Err(format!("{} and {} both belong to {name}; keep one", one.display(), other.display()))
            }
            _ => Err(format!("nothing in it belongs to {}; name its small version {name} or {name}x4", path.display())),
        }
    };
    originals.1.iter().map(find).collect()
}

/// A path from its folder on, without its ending.
fn name_in(folder: &Path, path: &Path) -> String {
    path.strip_prefix(folder).unwrap_or(path).with_extension("").to_string_lossy().into_owned()
}

/// The name before a scale like `x4`.
fn without_scale(name: &str) -> Option<&str> {
    let (base, scale) = name.rsplit_once('x')?;
    let is_scale =
        scale.parse::<f64>().is_ok_and(|scale| scale >= 1.0) && scale.starts_with(|c: char| c.is_ascii_digit());
    (is_scale && !base.is_empty()).then(|| base.trim_end_matches(['_', '-']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(folder: &str, names: &[&str]) -> Vec<PathBuf> {
        names.iter().map(|name| Path::new(folder).join(name)).collect()
    }

    fn paired(originals: &[&str], small: &[&str]) -> Result<Vec<String>, String> {
        let (hr, lr) = (paths("hr", originals), paths("lr", small));
        let found = pair((Path::new("hr"), &hr), (Path::new("lr"), &lr))?;
        Ok(found.iter().map(|path| path.to_string_lossy().replace('\\', "/")).collect())
    }

    #[test]
    fn names_decide_and_not_their_order() {
        let found = paired(&["img1.png", "img10.png", "a/b.png"], &["img10x2.png", "img1x2.png", "a/b.jpg"]).unwrap();
        assert_eq!(found, ["lr/img1x2.png", "lr/img10x2.png", "lr/a/b.jpg"]);
        assert_eq!(
            paired(&["box.png", "mx5.png"], &["box_x1.5.png", "mx5.png"]).unwrap(),
            ["lr/box_x1.5.png", "lr/mx5.png"]
        );
    }

    #[test]
    fn what_has_no_partner_or_two_is_refused() {
        assert!(paired(&["a.png"], &["b.png"]).unwrap_err().contains("nothing in it belongs to"));
        assert!(paired(&["a.png"], &["ax2.png", "ax4.png"]).unwrap_err().contains("keep one"));
    }
}
