//! Names and SHA-256 of what the program makes, to be compared before and after a change that must not show.
//!
//! `ZOOMFIELD_HASHES_OUT=FILE` writes them, `ZOOMFIELD_HASHES_BEFORE=FILE` compares with what was written before. They
//! belong to one machine and are not for committing: processors and drivers differ in the last bit.

use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

fn file_of(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).map(PathBuf::from)
}

/// Whether hashes are to be written or compared. If not, says so.
pub(crate) fn are_wanted(family: &str) -> bool {
    let are_wanted =
        ["ZOOMFIELD_HASHES_OUT", "ZOOMFIELD_HASHES_BEFORE"].into_iter().any(|name| file_of(name).is_some());
    if !are_wanted {
        say(&format!("the {family} has nothing to compare with: ZOOMFIELD_HASHES_BEFORE names no file"));
    }
    are_wanted
}

/// Says something that the test harness does not keep to itself.
pub(crate) fn say(words: &str) {
    writeln!(std::io::stderr(), "unchanged: {words}").expect("somebody listens");
}

/// SHA-256 of parts that cannot be mistaken for others.
pub(crate) fn hash(parts: &[&[u8]]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    format!("{:x}", hasher.finalize())
}

/// Hash by name. Names of one family begin alike, so that a file can hold several.
pub(crate) struct Hashes {
    family: &'static str,
    by_name: BTreeMap<String, String>,
}

impl Hashes {
    pub(crate) fn of(family: &'static str) -> Self {
        Self { family, by_name: BTreeMap::new() }
    }

    pub(crate) fn add(&mut self, name: &str, hash: String) {
        let before = self.by_name.insert(format!("{}/{name}", self.family), hash);
        assert!(before.is_none(), "two are called {name}");
    }

    /// Writes them and compares them, as the environment says. Every difference is named in the failure.
    pub(crate) fn settle(&self) {
        if let Some(path) = file_of("ZOOMFIELD_HASHES_OUT") {
            self.write(&path);
            say(&format!("{} hashes of the {} are in {}", self.by_name.len(), self.family, path.display()));
        }
        let Some(path) = file_of("ZOOMFIELD_HASHES_BEFORE") else { return };
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let differences = self.differences(&parse(&text));
        let [found, all] = [differences.len(), self.by_name.len()];
        assert!(found == 0, "{found} of {all} are not as before:\n{}", differences.join("\n"));
        say(&format!("{all} hashes of the {} are as in {}", self.family, path.display()));
    }

    /// Replaces this family's lines in a file.
    fn write(&self, path: &Path) {
        let mut lines = std::fs::read_to_string(path).map(|text| parse(&text)).unwrap_or_default();
        lines.retain(|name, _| !self.has(name));
        lines.extend(self.by_name.clone());
        let lines: Vec<String> = lines.iter().map(|(name, hash)| format!("{name}\t{hash}\n")).collect();
        std::fs::write(path, lines.concat()).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    fn has(&self, name: &str) -> bool {
        name.split('/').next() == Some(self.family)
    }

    /// What is not as it was before, by name; what is there only once, too.
    fn differences(&self, before: &BTreeMap<String, String>) -> Vec<String> {
        let changed_or_gone = before.iter().filter(|(name, _)| self.has(name)).filter_map(|(name, was)| {
            let is = self.by_name.get(name);
            (is != Some(was)).then(|| format!("{name}: {}", is.map_or("not made any more", |_| "another")))
        });
        let added = self.by_name.keys().filter(|name| !before.contains_key(*name));
        changed_or_gone.chain(added.map(|name| format!("{name}: not made before"))).collect()
    }
}

fn parse(text: &str) -> BTreeMap<String, String> {
    let pair = |line: &str| {
        let (name, hash) = line.split_once('\t').unwrap_or_else(|| panic!("this is no name and hash: {line}"));
        (name.to_owned(), hash.to_owned())
    };
    text.lines().map(pair).collect()
}

/// That the comparison can fail: `sample` is made twice alike, and one that differs by a single value is found.
pub(crate) fn check_comparison(family: &'static str, samples: [&[u8]; 2]) {
    assert!(!samples[0].is_empty(), "an empty sample shows nothing");
    let of = |sample: &[u8]| {
        let mut hashes = Hashes::of(family);
        hashes.add("steady", hash(&[b"always"]));
        hashes.add("sample", hash(&[sample]));
        hashes
    };
    let folder = tempfile::tempdir().expect("a folder for the test");
    let path = folder.path().join("before.tsv");
    let read = || parse(&std::fs::read_to_string(&path).expect("the hashes"));
    std::fs::write(&path, "other/sample\tkept\n").expect("a file for the test");
    of(samples[0]).write(&path);
    of(samples[0]).write(&path);
    assert_eq!(read().len(), 3, "lines of another family stay, and none is there twice");
    assert_eq!(of(samples[1]).differences(&read()), [""; 0], "two runs of one sample differ");
    let mut changed = samples[0].to_vec();
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    assert_eq!(of(&changed).differences(&read()), [format!("{family}/sample: another")]);
    assert_eq!(
        Hashes::of(family).differences(&read()),
        ["sample", "steady"].map(|name| format!("{family}/{name}: not made any more"))
    );
    let mut more = of(samples[0]);
    more.add("zeal", hash(&[]));
    assert_eq!(more.differences(&read()), [format!("{family}/zeal: not made before")]);
}
