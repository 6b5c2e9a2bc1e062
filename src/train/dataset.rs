//! The pictures of a folder: headers at once, pixels when they are needed, kept within a budget; some are held out.

use super::config::{Hyperparameters, PatchSampling};
use crate::error::{Error, Result};
use crate::geometry::Size;
use crate::key::FileId;
use crate::picture::{Picture, Samples, list_pictures, small_versions};
use crate::task::{Interrupt, check};
use rayon::prelude::*;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

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

impl Loaded {
    fn byte_len(&self) -> usize {
        self.original.rgb.len() + self.small.as_ref().map_or(0, |small| small.rgb.len())
    }
}

/// A picture that can be trained on, as far as its header tells.
#[derive(Debug)]
pub(super) struct PictureFile {
    path: PathBuf,
    small: Option<PathBuf>,
    /// Its place among all pictures, 0 to 1.
    pub(super) rank: f64,
    /// From its file: what it decides does not change when files are renamed or others are added.
    pub(super) digest: u64,
    /// Pixels that the shorter side of what patches are cut from must have.
    need: usize,
    /// What was read, if there was room for it.
    cached: OnceLock<Arc<Loaded>>,
    /// Set when it could not be read.
    is_unusable: AtomicBool,
}

/// All pictures, by what they are for. They are read when they are needed first.
#[derive(Debug)]
pub(super) struct Dataset {
    pub(super) folder: PathBuf,
    pub(super) trained_on: Vec<PictureFile>,
    pub(super) held_out: Vec<PictureFile>,
    /// What is wrong with files that were left out.
    pub(super) warnings: Vec<String>,
    /// Bytes that more pictures may take in memory.
    budget: AtomicUsize,
    /// Why the first picture was left out after the beginning.
    first_failure: OnceLock<String>,
}

impl Dataset {
    /// Looks at the headers of all pictures of `folder` and of the folders inside it. The pictures of the digests
    /// `held_out` are held out again as far as they are there; if none of them is, the hyperparameters's share decides.
    ///
    /// # Errors
    /// [`Error::Dataset`] if there is none to train on; [`Error::Cancelled`].
    pub(super) fn open(
        folder: &Path,
        small_folder: Option<&Path>,
        hyperparameters: &Hyperparameters,
        cache_bytes: usize,
        held_out: &[u64],
        interrupt: Interrupt<'_>,
    ) -> Result<Self> {
        let paths = list_pictures(folder, true)?;
        let small = small_folder.map(|small| small_versions(folder, &paths, small, true)).transpose()?;
        let last = paths.len().saturating_sub(1).max(1) as f64;
        let open = |(i, path): (usize, &PathBuf)| {
            check(interrupt)?;
            let small = small.as_ref().map(|small| small[i].clone());
            Ok(PictureFile::new(path, small, i as f64 / last, hyperparameters))
        };
        let opened: Vec<Result<PictureFile, String>> = paths.par_iter().enumerate().map(open).collect::<Result<_>>()?;
        let (mut sources, mut warnings) = (Vec::new(), Vec::new());
        for source in opened {
            match source {
                Ok(source) => sources.push(source),
                Err(reason) => warnings.push(reason),
            }
        }
        if sources.is_empty() {
            return Err(none_usable(folder, warnings.len(), warnings.first().map_or("", String::as_str)));
        }
        let (held_out, trained_on) = split(sources, hyperparameters.hold_out, held_out);
        let (folder, budget, first_failure) = (folder.to_owned(), AtomicUsize::new(cache_bytes), OnceLock::new());
        Ok(Self { folder, trained_on, held_out, warnings, budget, first_failure })
    }

    /// A picture, from memory or from its file. What cannot be read is not tried again.
    ///
    /// # Errors
    /// Why it is left out from now on, unless that was said already; or a sentence that nobody reads if `interrupt` says
    /// so.
    pub(super) fn load(&self, source: &PictureFile, interrupt: Interrupt<'_>) -> Result<Arc<Loaded>, Option<String>> {
        if let Some(loaded) = source.cached.get() {
            return Ok(loaded.clone());
        }
        let loaded = source.read(interrupt).map_err(|reason| {
            self.first_failure.get_or_init(|| reason.clone());
            let was_said = source.is_unusable.swap(true, Ordering::Relaxed);
            (!was_said).then_some(reason)
        })?;
        let bytes = loaded.byte_len();
        let loaded = Arc::new(loaded);
        let take = |left: usize| left.checked_sub(bytes);
        if self.budget.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok()
            && source.cached.set(loaded.clone()).is_err()
        {
            // Another thread was faster.
            self.budget.fetch_add(bytes, Ordering::Relaxed);
        }
        Ok(loaded)
    }

    /// What to say once every picture to learn from was left out.
    pub(super) fn none_left(&self) -> Error {
        let first = self.first_failure.get().map_or("", String::as_str);
        none_usable(&self.folder, self.trained_on.len(), first)
    }
}

/// Words for a folder of which no picture is left of so many, the first for this reason.
fn none_usable(folder: &Path, count: usize, first: &str) -> Error {
    Error::dataset(
        folder,
        match count {
            1 => format!("none of its pictures can be used: {first}"),
            _ => format!("none of its {count} pictures can be used; the first: {first}"),
        },
    )
}

impl PictureFile {
    /// Looks at the header, and says why it is of no use if it is not.
    fn new(path: &Path, small: Option<PathBuf>, rank: f64, hyperparameters: &Hyperparameters) -> Result<Self, String> {
        let size = Picture::size_of(small.as_deref().unwrap_or(path)).map_err(|error| error.to_string())?;
        let need = match hyperparameters.sampling {
            PatchSampling::RandomScale { min, .. } => (hyperparameters.patch as f64 * min).round_ties_even() as usize,
            PatchSampling::Pairs | PatchSampling::SizeVaried { .. } => hyperparameters.patch,
        };
        let unreadable = |error| Error::picture(path, format!("reading it failed ({error})")).to_string();
        let digest = digest(path).map_err(unreadable)?;
        let (cached, is_unusable) = (OnceLock::new(), AtomicBool::new(false));
        let source = Self { path: path.to_owned(), small, rank, digest, need, cached, is_unusable };
        source.check(size)?;
        Ok(source)
    }

    /// Whether it has not failed so far.
    pub(super) fn is_usable(&self) -> bool {
        !self.is_unusable.load(Ordering::Relaxed)
    }

    /// Whether what patches are cut from is large enough.
    fn check(&self, size: Size) -> Result<(), String> {
        let (have, need) = (size.width.min(size.height), self.need);
        if have >= need {
            return Ok(());
        }
        let hint = "use larger pictures or a smaller --patch";
        Err(format!("{} is left out: a side of {have} pixels is less than {need}; {hint}", self.path.display()))
    }

    /// Reads both files.
    fn read(&self, interrupt: Interrupt<'_>) -> Result<Loaded, String> {
        let open = |path: &Path| {
            let picture = Picture::open_unless(path, interrupt);
            picture.map(eight_bit).map_err(|error| format!("{error}; it is left out"))
        };
        let original = open(&self.path)?;
        let small = self.small.as_deref().map(open).transpose()?;
        self.check(small.as_ref().map_or(original.size, |small| small.size))?;
        if let Some(small) = &small
            && factor(&original, small).is_none()
        {
            let (large, small) = (original.size, small.size);
            let path = self.path.display();
            return Err(format!("{path} is left out: {large} is no multiple of its small version, {small}"));
        }
        Ok(Loaded { original, small })
    }
}

/// From a file's length and its ends: photographs differ in both, and whole ones take long to read.
fn digest(path: &Path) -> std::io::Result<u64> {
    const END: u64 = 64 << 10;
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut start = Vec::new();
    (&mut file).take(END).read_to_end(&mut start)?;
    let mut end = Vec::new();
    file.seek(SeekFrom::Start(length.saturating_sub(END)))?;
    file.take(END).read_to_end(&mut end)?;
    let id = FileId::of([&length.to_le_bytes(), start.as_slice(), end.as_slice()]);
    Ok(u64::from_str_radix(&id.to_string()[..16], 16).unwrap_or_default())
}

/// Those that were held out before, and the others; where that leaves one side empty, those whose digest falls into the
/// share, and the others: at least one of each if there are two.
fn split(sources: Vec<PictureFile>, share: f64, before: &[u64]) -> (Vec<PictureFile>, Vec<PictureFile>) {
    let is_known = |source: &PictureFile| before.contains(&source.digest);
    if sources.iter().any(is_known) && !sources.iter().all(is_known) {
        return sources.into_iter().partition(is_known);
    }
    let digests = || sources.iter().map(|source| source.digest);
    let (Some(lowest), Some(highest)) = (digests().min(), digests().max()) else { return Default::default() };
    if lowest == highest || share <= 0.0 {
        return (Vec::new(), sources);
    }
    let limit = ((share * u64::MAX as f64) as u64).clamp(lowest, highest - 1);
    sources.into_iter().partition(|source| source.digest <= limit)
}

/// How often a small picture goes into its original; the original may have a few pixels more.
pub(super) fn factor(original: &Pixels, small: &Pixels) -> Option<usize> {
    let factors = (original.size.height / small.size.height, original.size.width / small.size.width);
    (factors.0 == factors.1 && factors.0 >= 1).then_some(factors.0)
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

    fn source(digest: u64) -> PictureFile {
        let (cached, is_unusable) = (OnceLock::new(), AtomicBool::new(false));
        PictureFile { path: PathBuf::new(), small: None, rank: 0.0, digest, need: 1, cached, is_unusable }
    }

    fn held_out(digests: &[u64], share: f64) -> Vec<u64> {
        held_out_again(digests, share, &[])
    }

    fn held_out_again(digests: &[u64], share: f64, before: &[u64]) -> Vec<u64> {
        let (held_out, trained_on) = split(digests.iter().map(|d| source(*d)).collect(), share, before);
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
    fn what_was_held_out_before_is_held_out_again() {
        // Others with lower digests came in between.
        assert_eq!(held_out_again(&[1, 2, 7, 9], 0.1, &[7]), [7]);
        assert_eq!(held_out_again(&[1, 2, 7, 9], 0.1, &[5, 7]), [7], "one of them is gone");
        assert_eq!(held_out_again(&[1, 2, 9], 0.1, &[7]), [1, 2], "all of them are gone");
        assert_eq!(held_out_again(&[7, 8], 0.1, &[7, 8]), [7], "all others are gone");
    }

    #[test]
    fn a_file_is_known_by_its_length_and_ends() {
        let folder = tempfile::tempdir().unwrap();
        let of = |name: &str, bytes: &[u8]| {
            std::fs::write(folder.path().join(name), bytes).unwrap();
            digest(&folder.path().join(name)).unwrap()
        };
        let photo: Vec<u8> = (0..300_000_u32).map(|i| (i.wrapping_mul(i) >> 7) as u8).collect();
        let changed = |at: usize| {
            let mut photo = photo.clone();
            photo[at] ^= 1;
            photo
        };
        let known = of("a", &photo);
        assert_eq!(of("renamed", &photo), known);
        let others = [of("b", &changed(5)), of("c", &changed(299_999)), of("d", &photo[..299_999]), of("e", &[])];
        assert!(others.iter().all(|other| *other != known), "{others:?}");
    }

    #[test]
    fn squares_are_cut_where_they_are() {
        let pixels = Pixels { size: Size::new(3, 2), rgb: (0..18).collect() };
        assert_eq!(pixels.square(1, 0, 2), [3, 4, 5, 6, 7, 8, 12, 13, 14, 15, 16, 17]);
    }
}
