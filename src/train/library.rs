//! The pictures of a folder: read once, kept within a budget, and some of them held out.

use super::config::{Recipe, Sampling};
use crate::error::{Error, Result};
use crate::geometry::Size;
use crate::picture::{Picture, Samples, is_picture_path, small_versions};
use crate::task::{Interrupt, check};
use rayon::prelude::*;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Interleaved 8-bit RGB.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pixels {
    pub(super) size: Size,
    pub(super) rgb: Vec<u8>,
}

impl Pixels {
    /// The square of `side` pixels whose corner is at `x`, `y`.
    pub(super) fn square(&self, x: usize, y: usize, side: usize) -> Vec<u8> {
        let row = |y: usize| &self.rgb[(y * self.size.width + x) * 3..][..side * 3];
        (y..y + side).flat_map(row).copied().collect()
    }

    /// Its shorter side.
    pub(super) fn shorter(&self) -> usize {
        self.size.width.min(self.size.height)
    }
}

/// A picture in memory, with its small version if that is a file.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) original: Pixels,
    pub(super) small: Option<Pixels>,
}

/// A picture that can be trained on.
#[derive(Debug)]
pub(super) struct Source {
    path: PathBuf,
    small: Option<PathBuf>,
    /// Its place among all pictures, 0 to 1.
    pub(super) rank: f64,
    /// From its content: what it decides does not change when files are renamed or others are added.
    pub(super) digest: u64,
    cached: Option<Arc<Loaded>>,
}

impl Source {
    /// The picture, from memory or from its file.
    pub(super) fn load(&self) -> Result<Arc<Loaded>> {
        match &self.cached {
            Some(loaded) => Ok(loaded.clone()),
            None => read(&self.path, self.small.as_deref()).map(|(loaded, _)| Arc::new(loaded)),
        }
    }
}

/// All pictures, by what they are for.
#[derive(Debug)]
pub(super) struct Library {
    pub(super) trained_on: Vec<Source>,
    pub(super) held_out: Vec<Source>,
    /// What is wrong with files that were left out.
    pub(super) warnings: Vec<String>,
}

impl Library {
    /// Reads all pictures of `folder` and of the folders inside it.
    ///
    /// # Errors
    /// [`Error::Dataset`] if there is none to train on; [`Error::Cancelled`].
    pub(super) fn open(
        folder: &Path,
        small_folder: Option<&Path>,
        recipe: &Recipe,
        cache_bytes: usize,
        interrupt: Interrupt<'_>,
    ) -> Result<Self> {
        let paths = list(folder)?;
        let small = small_folder.map(list).transpose()?;
        if let Some(small) = &small
            && small.len() != paths.len()
        {
            let reason = format!("it holds {} pictures and its small folder {}", paths.len(), small.len());
            return Err(Error::dataset(folder, format!("{reason}; each picture needs one small version")));
        }
        let small = match (small, small_folder) {
            (Some(small), Some(inside)) => {
                let small = small_versions((folder, &paths), (inside, &small));
                Some(small.map_err(|reason| Error::dataset(inside, reason))?)
            }
            _ => None,
        };
        let last = paths.len().saturating_sub(1).max(1) as f64;
        let budget = AtomicUsize::new(cache_bytes);
        let open = |(i, path): (usize, &PathBuf)| {
            check(interrupt)?;
            let small = small.as_ref().map(|small| small[i].clone());
            Ok(source(path, small, i as f64 / last, recipe, &budget))
        };
        let opened: Vec<Result<Source, String>> = paths.par_iter().enumerate().map(open).collect::<Result<_>>()?;
        let (mut sources, mut warnings) = (Vec::new(), Vec::new());
        for source in opened {
            match source {
                Ok(source) => sources.push(source),
                Err(reason) => warnings.push(reason),
            }
        }
        if sources.is_empty() {
            let reason = match warnings.as_slice() {
                [only] => format!("none of its pictures can be used: {only}"),
                many => format!("none of its {} pictures can be used; the first: {}", many.len(), many[0]),
            };
            return Err(Error::dataset(folder, reason));
        }
        let (held_out, trained_on) = split(sources, recipe.hold_out);
        Ok(Self { trained_on, held_out, warnings })
    }
}

/// Those whose digest falls into the share, and the others; at least one of each if there are two.
fn split(sources: Vec<Source>, share: f64) -> (Vec<Source>, Vec<Source>) {
    let digests = || sources.iter().map(|source| source.digest);
    let (Some(lowest), Some(highest)) = (digests().min(), digests().max()) else { return Default::default() };
    if lowest == highest || share <= 0.0 {
        return (Vec::new(), sources);
    }
    let limit = ((share * u64::MAX as f64) as u64).clamp(lowest, highest - 1);
    sources.into_iter().partition(|source| source.digest <= limit)
}

/// All picture files, sorted; links to folders are not followed, since they may lead around in circles.
fn list(folder: &Path) -> Result<Vec<PathBuf>> {
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
            let (path, name) = (entry.path(), entry.file_name());
            if name.as_encoded_bytes().starts_with(b".") {
                continue;
            }
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
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

/// A picture that was read and is large enough, or why it is not used.
fn source(
    path: &Path,
    small: Option<PathBuf>,
    rank: f64,
    recipe: &Recipe,
    budget: &AtomicUsize,
) -> Result<Source, String> {
    let (loaded, digest) = read(path, small.as_deref()).map_err(|error| error.to_string())?;
    let (have, need) = match recipe.sampling {
        Sampling::RandomScale { min, .. } => {
            (loaded.original.shorter(), (recipe.patch as f64 * min).round_ties_even() as usize)
        }
        Sampling::Pairs => (loaded.small.as_ref().map_or(0, Pixels::shorter), recipe.patch),
        Sampling::SizeVaried { .. } => (loaded.original.shorter(), recipe.patch),
    };
    if have < need {
        let hint = "use larger pictures or a smaller --patch";
        return Err(format!("{} is left out: a side of {have} pixels is less than {need}; {hint}", path.display()));
    }
    if let Some(small) = &loaded.small
        && factor(&loaded.original, small).is_none()
    {
        let (large, small) = (loaded.original.size, small.size);
        return Err(format!("{} is left out: {large} is no multiple of its small version, {small}", path.display()));
    }
    let bytes = loaded.original.rgb.len() + loaded.small.as_ref().map_or(0, |small| small.rgb.len());
    let fits = budget.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(bytes)).is_ok();
    let cached = fits.then(|| Arc::new(loaded));
    Ok(Source { path: path.to_owned(), small, rank, digest, cached })
}

/// How often a small picture goes into its original; the original may have a few pixels more.
pub(super) fn factor(original: &Pixels, small: &Pixels) -> Option<usize> {
    let factors = (original.size.height / small.size.height, original.size.width / small.size.width);
    (factors.0 == factors.1 && factors.0 >= 1).then_some(factors.0)
}

/// Reads both files; the second value is a digest of the original's content.
fn read(path: &Path, small: Option<&Path>) -> Result<(Loaded, u64)> {
    let picture = Picture::open(path)?;
    let digest = u64::from_str_radix(&picture.id.to_string()[..16], 16).unwrap_or_default();
    let small = small.map(Picture::open).transpose()?.map(eight_bit);
    Ok((Loaded { original: eight_bit(picture), small }, digest))
}

fn eight_bit(picture: Picture) -> Pixels {
    let rgb = match picture.rgb {
        Samples::U8(values) => values,
        Samples::U16(values) => values.iter().map(|v| ((u32::from(*v) + 128) / 257) as u8).collect(),
    };
    Pixels { size: picture.size, rgb }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(digest: u64) -> Source {
        Source { path: PathBuf::new(), small: None, rank: 0.0, digest, cached: None }
    }

    fn held_out(digests: &[u64], share: f64) -> Vec<u64> {
        let (held_out, trained_on) = split(digests.iter().map(|d| source(*d)).collect(), share);
        assert_eq!(held_out.len() + trained_on.len(), digests.len());
        assert!(digests.is_empty() || !trained_on.is_empty());
        held_out.iter().map(|source| source.digest).collect()
    }

    #[test]
    fn the_split_follows_the_content_alone() {
        const HALF: u64 = u64::MAX / 2;
        assert_eq!(held_out(&[5, HALF + 9, 7, u64::MAX], 0.5), [5, 7]);
        assert_eq!(held_out(&[u64::MAX, 7, 5, HALF + 9], 0.5), [7, 5]);
        // At least one of each, whatever the share says; the same picture twice stays on one side.
        assert_eq!(held_out(&[HALF, HALF + 1, HALF + 2], 0.1), [HALF]);
        assert_eq!(held_out(&[1, 2, 3], 0.9), [1, 2]);
        assert_eq!(held_out(&[HALF, HALF, HALF + 1], 0.1), [HALF, HALF]);
        assert_eq!(held_out(&[4, 4], 0.5), [] as [u64; 0]);
        assert_eq!(held_out(&[1, 2], 0.0), [] as [u64; 0]);
        assert_eq!(held_out(&[], 0.5), [] as [u64; 0]);
    }

    #[test]
    fn squares_are_cut_where_they_are() {
        let pixels = Pixels { size: Size::new(3, 2), rgb: (0..18).collect() };
        assert_eq!(pixels.square(1, 0, 2), [3, 4, 5, 6, 7, 8, 12, 13, 14, 15, 16, 17]);
    }
}
