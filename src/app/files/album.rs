//! The pictures that next and previous walk through: those of a folder, or those that were given.

use super::natural;
use crate::error::{Error, Result};
use crate::picture::is_picture_path;
use std::path::{Path, PathBuf};

/// Where to go in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// One on.
    Next,
    /// One back.
    Previous,
    /// To the beginning.
    First,
    /// To the end.
    Last,
}

/// What was asked to be shown: one path stands for its folder, several for themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlbumSource(pub Vec<PathBuf>);

impl AlbumSource {
    /// The pictures, in the order in which they are shown. Touches the disk.
    pub fn list(&self) -> Vec<PathBuf> {
        if let [path] = self.0.as_slice() {
            let folder = if path.is_dir() { path } else { folder_of(path) };
            let mut pictures = pictures_in(folder).unwrap_or_default();
            // A file that was asked for by name is a picture whatever its ending.
            if !path.is_dir() && path.exists() && !pictures.contains(path) {
                pictures.push(path.clone());
                pictures.sort_by(|a, b| natural::compare(a, b));
            }
            return pictures;
        }
        let of =
            |path: &PathBuf| if path.is_dir() { pictures_in(path).unwrap_or_default() } else { vec![path.clone()] };
        self.0.iter().flat_map(of).collect()
    }

    /// The folders whose contents matter. Touches the disk.
    pub fn folders(&self) -> Vec<PathBuf> {
        match self.0.as_slice() {
            [path] if !path.is_dir() => vec![folder_of(path).to_owned()],
            paths => paths.iter().filter(|path| path.is_dir()).cloned().collect(),
        }
    }

    /// The picture to show first. Touches the disk.
    ///
    /// # Errors
    /// [`Error::Picture`] if there is none.
    pub fn first(&self) -> Result<PathBuf> {
        let Some(path) = self.0.first() else { return Err(Error::Request("there is nothing to open".into())) };
        if !path.is_dir() {
            return Ok(path.clone());
        }
        let pictures = pictures_in(path).map_err(|error| Error::picture(path, error))?;
        pictures.into_iter().next().ok_or_else(|| Error::picture(path, "there is no picture in this folder"))
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn pictures_in(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let entries = folder.read_dir()?.flatten().map(|entry| entry.path());
    // A relative path stays as the person gave it.
    let named = entries.map(|path| path.strip_prefix(".").map(Path::to_owned).unwrap_or(path));
    let mut pictures: Vec<PathBuf> = named.filter(|path| is_picture_path(path) && path.is_file()).collect();
    pictures.sort_by(|a, b| natural::compare(a, b));
    Ok(pictures)
}

/// A list of pictures and a place in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Album {
    list: Vec<PathBuf>,
    /// Where the picture that was asked for last is; if it has left the list, where it was.
    index: usize,
    at: PathBuf,
}

impl Album {
    /// Takes over a list; the place stays at the same picture.
    pub fn set_list(&mut self, list: Vec<PathBuf>) {
        self.list = list;
        self.go_to(&self.at.clone());
    }

    /// Forgets the list: another one is on its way.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Whether the list and a place in it are known, so that steps can be taken.
    pub fn is_ready(&self) -> bool {
        !self.list.is_empty() && !self.at.as_os_str().is_empty()
    }

    /// Moves to a picture.
    pub fn go_to(&mut self, path: &Path) {
        path.clone_into(&mut self.at);
        // Several files may hold the same path twice: the nearest one is meant.
        let same = (0..self.list.len()).filter(|i| self.list[*i] == path);
        if let Some(index) = same.min_by_key(|i| i.abs_diff(self.index)) {
            self.index = index;
        }
    }

    /// Moves a step and says which picture is there; nothing if there is no such picture.
    pub fn step(&mut self, step: Step) -> Option<PathBuf> {
        self.index = self.neighbour(step)?;
        self.at.clone_from(&self.list[self.index]);
        Some(self.at.clone())
    }

    /// The picture that a step would lead to.
    pub fn peek(&self, step: Step) -> Option<&PathBuf> {
        self.neighbour(step).map(|index| &self.list[index])
    }

    fn neighbour(&self, step: Step) -> Option<usize> {
        let last = self.list.len().checked_sub(1)?;
        let is_there = self.list.get(self.index) == Some(&self.at);
        match step {
            // What followed a picture that has left the list is now in its place.
            Step::Next if !is_there => Some(self.index).filter(|i| *i <= last),
            Step::Next => Some(self.index + 1).filter(|i| *i <= last),
            Step::Previous => self.index.checked_sub(1).map(|i| i.min(last)),
            Step::First => Some(0).filter(|_| !is_there || self.index > 0),
            Step::Last => Some(last).filter(|_| !is_there || self.index < last),
        }
    }

    /// The place for people, counted from 1, and how many there are; nothing for a single picture.
    pub fn place(&self) -> Option<(usize, usize)> {
        let is_there = self.list.get(self.index) == Some(&self.at);
        (is_there && self.list.len() > 1).then_some((self.index + 1, self.list.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(names: &[&str]) -> Vec<PathBuf> {
        names.iter().map(PathBuf::from).collect()
    }

    #[test]
    fn steps_stop_at_the_ends() {
        let mut album = Album::default();
        assert_eq!(album.step(Step::Next), None);
        album.go_to(Path::new("b"));
        album.set_list(paths(&["a", "b", "c"]));
        assert_eq!(album.place(), Some((2, 3)));
        assert_eq!(album.peek(Step::Next), Some(&PathBuf::from("c")));
        assert_eq!(album.step(Step::Next), Some("c".into()));
        assert_eq!((album.step(Step::Next), album.step(Step::Last)), (None, None));
        assert_eq!(album.step(Step::First), Some("a".into()));
        assert_eq!((album.step(Step::Previous), album.step(Step::First)), (None, None));
        assert_eq!(album.step(Step::Last), Some("c".into()));
    }

    #[test]
    fn a_picture_that_is_deleted_leaves_its_place_to_the_next() {
        let mut album = Album::default();
        album.go_to(Path::new("b"));
        album.set_list(paths(&["a", "b", "c"]));
        album.set_list(paths(&["a", "c"]));
        assert_eq!(album.place(), None);
        assert_eq!((album.peek(Step::Previous), album.peek(Step::Next)), (Some(&"a".into()), Some(&"c".into())));
        album.set_list(paths(&["a"]));
        assert_eq!(album.step(Step::Next), None);
        assert_eq!(album.step(Step::Previous), Some("a".into()));
    }

    #[test]
    fn one_file_stands_for_its_folder_and_several_for_themselves() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name);
        for name in ["b10.png", "B2.jpg", "b1.txt", "notes.md", "c.weird"] {
            std::fs::write(file(name), "x").unwrap();
        }
        std::fs::create_dir(file("folder.png")).unwrap();
        let names = |source: &[PathBuf]| {
            let list = AlbumSource(source.to_vec()).list();
            list.iter().map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names(&[file("b10.png")]), ["B2.jpg", "b10.png"]);
        assert_eq!(names(&[folder.path().to_owned()]), ["B2.jpg", "b10.png"]);
        assert_eq!(names(&[file("c.weird")]), ["B2.jpg", "b10.png", "c.weird"]);
        assert_eq!(names(&[file("c.weird"), file("b10.png")]), ["c.weird", "b10.png"]);
        assert_eq!(names(&[file("c.weird"), folder.path().to_owned()]), ["c.weird", "B2.jpg", "b10.png"]);
        assert_eq!(AlbumSource(vec![folder.path().to_owned()]).first().unwrap(), file("B2.jpg"));
        let empty = AlbumSource(vec![file("folder.png")]).first();
        assert!(empty.is_err_and(|error| error.to_string().contains("no picture in this folder")));
    }
}
