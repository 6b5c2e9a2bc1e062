//! Which pictures a collection has, and which file each is written to. All of it is known before anything is written, and
//! is the same for every machine that takes a share.

use super::template::{Source, Template};
use crate::error::{Error, Result};
use crate::picture::list_pictures;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// A picture and the files that are made of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The picture.
    pub input: PathBuf,
    /// The file to write.
    pub output: PathBuf,
    /// The invention map to write beside it.
    pub map: Option<PathBuf>,
}

/// A share of a collection: the `index`th, counted from 0, of `of`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    index: usize,
    of: usize,
}

impl Shard {
    /// All of it.
    pub const WHOLE: Self = Self { index: 0, of: 1 };

    /// The share `index` of `of`, counted from 0, if there is such a one.
    pub fn new(index: usize, of: usize) -> Option<Self> {
        (index < of).then_some(Self { index, of })
    }

    /// Every so manieth: pictures that lie together often are of one size, and shares should take equally long.
    fn take<T>(self, all: Vec<T>) -> Vec<T> {
        all.into_iter().skip(self.index).step_by(self.of).collect()
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index + 1, self.of)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "a share is I/N, from 1/N to N/N".to_owned();
        let (index, of) = text.split_once('/').ok_or_else(wrong)?;
        let [index, of] = [index, of].map(|number| number.parse::<usize>().map_err(|_| wrong()));
        Self::new(index?.checked_sub(1).ok_or_else(wrong)?, of?).ok_or_else(wrong)
    }
}

/// How files are named.
#[derive(Clone, Debug)]
pub struct Naming {
    /// The outputs.
    pub output: Template,
    /// Their invention maps, if there are to be any.
    pub map: Option<Template>,
    /// Output pixels per source pixel, if that is what was asked for.
    pub scale: Option<f64>,
}

/// The pictures that are named, and those in the folders that are named and below, each once.
///
/// # Errors
/// [`Error::Dataset`] for a folder without pictures.
pub fn sources(inputs: &[PathBuf]) -> Result<Vec<Source>> {
    let (mut sources, mut seen) = (Vec::new(), HashSet::new());
    for input in inputs {
        let found = if input.is_dir() {
            let of = |path| Source { path, root: Some(input.clone()) };
            list_pictures(input, true)?.into_iter().map(of).collect()
        } else {
            // One that is not there fails in its turn, like one that is damaged.
            vec![Source { path: input.clone(), root: None }]
        };
        sources.extend(found.into_iter().filter(|source| seen.insert(Places::default().place(&source.path))));
    }
    Ok(sources)
}

/// What becomes of them. A picture that was found in a folder and has the name of another one's output is taken for that:
/// outputs that lie among the pictures are not enlarged again.
///
/// # Errors
/// [`Error::Request`] if two pictures would be written to one file, or a picture would be replaced.
pub fn plan(sources: Vec<Source>, naming: &Naming, shard: Shard) -> Result<Vec<Item>> {
    let mut places = Places::default();
    let mut all = Vec::with_capacity(sources.len());
    for source in sources {
        let item = item(&source, naming)?;
        all.push((source, item));
    }
    let mut outputs: HashMap<PathBuf, PathBuf> = HashMap::new();
    for (_, item) in &all {
        for output in [Some(&item.output), item.map.as_ref()].into_iter().flatten() {
            outputs.entry(places.place(output)).or_insert_with(|| item.input.clone());
        }
    }
    all.retain(|(source, _)| {
        let maker = outputs.get(&places.place(&source.path));
        source.root.is_none() || maker.is_none_or(|maker| *maker == source.path)
    });
    refuse_clashes(&all, &mut places)?;
    Ok(shard.take(all.into_iter().map(|(_, item)| item).collect()))
}

fn item(source: &Source, naming: &Naming) -> Result<Item> {
    let name = |template: &Template| {
        let missing =
            || Error::Request(format!("{template} has the scale in it, which only --scale says; leave it out"));
        template.path(source, naming.scale).ok_or_else(missing)
    };
    let output = name(&naming.output)?;
    Ok(Item { input: source.path.clone(), output, map: naming.map.as_ref().map(name).transpose()? })
}

fn refuse_clashes(all: &[(Source, Item)], places: &mut Places) -> Result<()> {
    let mut taken: HashMap<PathBuf, &Path> = HashMap::new();
    let inputs: HashMap<PathBuf, &Path> =
        all.iter().map(|(source, _)| (places.place(&source.path), source.path.as_path())).collect();
    for (_, item) in all {
        for output in [Some(&item.output), item.map.as_ref()].into_iter().flatten() {
            let (place, shown) = (places.place(output), output.display());
            if let Some(picture) = inputs.get(&place) {
                let reason =
                    format!("{} would be written over the picture {}", item.input.display(), picture.display());
                return Err(Error::Request(format!(
                    "{reason}; name outputs otherwise or write them to another folder"
                )));
            }
            if let Some(other) = taken.insert(place, &item.input) {
                let both = format!("{} and {}", other.display(), item.input.display());
                let advice = "tell them apart by {dir}, {subdir}, {name} or {ext}";
                return Err(Error::Request(format!("{both} would both be written to {shown}; {advice}")));
            }
        }
    }
    Ok(())
}

/// Where files are, whatever they are called by; folders are looked up once.
#[derive(Default)]
struct Places(HashMap<PathBuf, PathBuf>);

impl Places {
    fn place(&mut self, path: &Path) -> PathBuf {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let found = self.0.entry(folder.to_owned()).or_insert_with(|| {
            let named = || std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
            folder.canonicalize().unwrap_or_else(|_| named())
        });
        let place = found.join(path.file_name().unwrap_or_default());
        // Where capitals do not tell files apart.
        if cfg!(any(windows, target_os = "macos")) { place.to_string_lossy().to_lowercase().into() } else { place }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(names: &[&str]) -> Vec<Source> {
        names.iter().map(|name| Source { path: Path::new("in").join(name), root: Some("in".into()) }).collect()
    }

    fn naming(template: &str) -> Naming {
        Naming { output: template.parse().unwrap(), map: None, scale: Some(2.0) }
    }

    fn outputs(sources: Vec<Source>, template: &str, shard: Shard) -> Result<Vec<String>, String> {
        let items = plan(sources, &naming(template), shard).map_err(|error| error.to_string())?;
        Ok(items.into_iter().map(|item| item.output.to_string_lossy().replace('\\', "/")).collect())
    }

    #[test]
    fn shares_are_all_of_it_and_nothing_twice() {
        let names: Vec<String> = (0..7).map(|i| format!("{i}.png")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let whole = outputs(found(&names), "out/{name}.png", Shard::WHOLE).unwrap();
        let shares = ["1/3", "2/3", "3/3"]
            .map(|share| outputs(found(&names), "out/{name}.png", share.parse().unwrap()).unwrap());
        let mut union = shares.concat();
        union.sort();
        assert_eq!((union, shares.each_ref().map(Vec::len)), (whole, [3, 2, 2]));
        for wrong in ["0/3", "4/3", "1", "1/0", "a/b", "-1/2"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn outputs_among_the_pictures_are_not_enlarged_again() {
        let names = ["a.png", "a_2x.png", "a_2x_2x.png", "b.png"];
        let planned = outputs(found(&names), "{dir}/{name}_{scale}x.png", Shard::WHOLE).unwrap();
        assert_eq!(planned, ["in/a_2x.png", "in/b_2x.png"]);
    }

    #[test]
    fn what_would_be_lost_is_refused() {
        let refused = |names: &[&str], template| outputs(found(names), template, Shard::WHOLE).unwrap_err();
        assert!(refused(&["a.png", "a.jpg"], "out/{name}.png").contains("in/a.png and in/a.jpg would both be written"));
        assert!(refused(&["a.png"], "{dir}/{name}.{ext}").contains("over the picture in/a.png"));
        // Clashes are seen whatever the share.
        let other = outputs(found(&["x.png", "a.png", "a.jpg"]), "out/{name}.png", Shard::new(0, 3).unwrap());
        assert!(other.is_err());
        let named: Vec<Source> =
            found(&["a.png", "a_2x.png"]).into_iter().map(|s| Source { root: None, ..s }).collect();
        assert!(outputs(named, "{dir}/{name}_2x.png", Shard::WHOLE).is_err(), "it was named, so it is meant");
        let without = Naming { scale: None, ..naming("{name}_{scale}.png") };
        assert!(plan(found(&["a.png"]), &without, Shard::WHOLE).unwrap_err().to_string().contains("--scale"));
    }
}
