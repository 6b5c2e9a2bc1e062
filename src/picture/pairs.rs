//! Which small picture belongs to which original.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// The small version of each original, by name: `dir/a.png` belongs to `dir/a` with any ending, or to `dir/ax2`,
/// `dir/ax4` and so on, as benchmark sets are named. Paths are compared from their folders on.
///
/// # Errors
/// Which original has no small version, or more than one, and how to name it.
pub fn small_versions(originals: (&Path, &[PathBuf]), small: (&Path, &[PathBuf])) -> Result<Vec<PathBuf>, String> {
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
        let found = small_versions((Path::new("hr"), &hr), (Path::new("lr"), &lr))?;
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
