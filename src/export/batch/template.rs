//! The names of a collection's outputs: text with fields in braces.

use crate::picture::save::formats;
use std::ffi::OsString;
use std::fmt;
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;

/// What a field stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Dir,
    Subdir,
    Name,
    Ext,
    Scale,
}

/// All of them, with what they are.
const FIELDS: [(&str, Field, &str); 5] = [
    ("dir", Field::Dir, "the picture's folder"),
    ("subdir", Field::Subdir, "that folder below the one that was searched"),
    ("name", Field::Name, "its name without ending"),
    ("ext", Field::Ext, "its ending, or png where that cannot be written"),
    ("scale", Field::Scale, "the number of --scale"),
];

#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Text(String),
    Field(Field),
}

/// How outputs are named after their pictures; `{{` and `}}` are braces.
#[derive(Clone, Debug, PartialEq)]
pub struct Template(Vec<Piece>);

/// A picture of a collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its file.
    pub path: PathBuf,
    /// The folder that was searched for it, if one was.
    pub root: Option<PathBuf>,
}

impl FromStr for Template {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (mut pieces, mut rest, mut plain) = (Vec::new(), text, String::new());
        while let Some(c) = rest.chars().next() {
            let behind = &rest[c.len_utf8()..];
            if (c == '{' || c == '}') && behind.starts_with(c) {
                plain.push(c);
                rest = &behind[1..];
            } else if c == '{' {
                let (name, after) = behind.split_once('}').ok_or("a brace is not closed; a plain one is {{")?;
                pieces.push(Piece::Text(std::mem::take(&mut plain)));
                pieces.push(Piece::Field(field(name)?));
                rest = after;
            } else if c == '}' {
                return Err("a brace is closed that was not opened; a plain one is }}".into());
            } else {
                plain.push(c);
                rest = behind;
            }
        }
        pieces.push(Piece::Text(plain));
        Ok(Self(pieces))
    }
}

fn field(name: &str) -> Result<Field, String> {
    let known = FIELDS.iter().find(|(known, ..)| *known == name).map(|(_, field, _)| *field);
    known.ok_or_else(|| format!("there is no field {{{name}}}; there are {}", fields()))
}

/// All fields and what they are, in words.
fn fields() -> String {
    FIELDS.map(|(name, _, meaning)| format!("{{{name}}} ({meaning})")).join(", ")
}

impl Template {
    /// The output of a picture. Nothing where it has the scale in it and none was given.
    pub fn path(&self, source: &Source, scale: Option<f64>) -> Option<PathBuf> {
        let mut text = OsString::new();
        let folder = folder_of(&source.path);
        for piece in &self.0 {
            match piece {
                Piece::Text(plain) => text.push(plain),
                Piece::Field(Field::Dir) => text.push(folder),
                Piece::Field(Field::Subdir) => text.push(below(folder, source.root.as_deref())),
                Piece::Field(Field::Name) => text.push(source.path.file_stem().unwrap_or_default()),
                Piece::Field(Field::Ext) => text.push(ending(&source.path)),
                Piece::Field(Field::Scale) => text.push(scale?.to_string()),
            }
        }
        Some(without_here(Path::new(&text)))
    }
}

/// Two templates or patterns are told apart by what they say.
impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in &self.0 {
            match piece {
                Piece::Text(plain) => f.write_str(&plain.replace('{', "{{").replace('}', "}}"))?,
                Piece::Field(field) => {
                    let name = FIELDS.iter().find(|(_, known, _)| known == field).map_or("", |(name, ..)| *name);
                    write!(f, "{{{name}}}")?;
                }
            }
        }
        Ok(())
    }
}

/// The folder that a file lies in.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn below<'a>(folder: &'a Path, root: Option<&Path>) -> &'a Path {
    let below = root.and_then(|root| folder.strip_prefix(root).ok());
    below.filter(|below| !below.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn ending(path: &Path) -> OsString {
    let ending = path.extension().unwrap_or_default();
    let is_written = formats().iter().any(|known| ending.eq_ignore_ascii_case(known));
    if is_written { ending.to_owned() } else { "png".into() }
}

/// Without steps to the folder where one is already. What ends as a folder's name does stays so, and is refused later.
fn without_here(path: &Path) -> PathBuf {
    if path.as_os_str().as_encoded_bytes().last().is_some_and(|byte| std::path::is_separator(char::from(*byte))) {
        return path.to_owned();
    }
    path.components().filter(|part| *part != Component::CurDir).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(template: &str, path: &str, root: Option<&str>) -> Option<String> {
        let source = Source { path: path.into(), root: root.map(PathBuf::from) };
        let named = template.parse::<Template>().unwrap().path(&source, Some(2.5))?;
        Some(named.to_string_lossy().replace('\\', "/"))
    }

    #[test]
    fn fields_are_filled_in() {
        let named = |template, path, root| named(template, path, root).unwrap();
        assert_eq!(named("{dir}/{name}_{scale}x.{ext}", "a/b.c.JPG", None), "a/b.c_2.5x.JPG");
        assert_eq!(named("{dir}/{name}_{scale}x.{ext}", "b.gif", None), "b_2.5x.png");
        assert_eq!(named("out/{subdir}/{name}.tif", "in/x/y/b.png", Some("in")), "out/x/y/b.tif");
        assert_eq!(named("out/{subdir}/{name}.tif", "in/b.png", Some("in/")), "out/b.tif");
        assert_eq!(named("out/{subdir}/{name}.tif", "elsewhere/b.png", None), "out/b.tif");
        assert_eq!(named("{{{name}}}.png", "b.png", None), "{b}.png");
        assert_eq!(named("{dir}/{name}.png", "/b.gif", None), "/b.png");
    }

    #[test]
    fn what_is_no_field_is_said_with_those_that_are() {
        let said = |text: &str| text.parse::<Template>().unwrap_err();
        assert!(said("{title}.png").contains("no field {title}; there are {dir} (the picture's folder), {subdir}"));
        assert!(said("{name.png").contains("not closed") && said("name}.png").contains("not opened"));
        let source = Source { path: "a.png".into(), root: None };
        assert_eq!("{scale}.png".parse::<Template>().unwrap().path(&source, None), None);
    }

    #[test]
    fn a_template_is_said_as_it_was_given() {
        for text in ["{dir}/{name}_{scale}x.{ext}", "{{}}/{subdir}", ""] {
            assert_eq!(text.parse::<Template>().unwrap().to_string(), text);
        }
    }
}
