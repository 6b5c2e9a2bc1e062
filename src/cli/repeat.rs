//! `zoomfield export --repeat`: what made a file is read from it and done again.
//!
//! What the file says is a stranger's: of its options none can name a file, replace one, or choose where to write.

use super::export_args::ExportArgs;
use super::{export, export_args, say};
use crate::error::{Error, Result};
use crate::export::{CommandLine, PROGRAM};
use crate::picture::{Picture, Provenance};
use crate::render::LoadedModel;
use crate::weights::{Builtin, Weights};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

pub(super) fn run(file: &Path, asked: &ExportArgs) -> Result<()> {
    let Some(told) = Picture::provenance_of(file)? else {
        let reason = "does not say how it was made, or was not made by this program; there is nothing to repeat";
        return Err(Error::Request(format!("{} {reason}", file.display())));
    };
    let input = source(file, asked, &told)?;
    let args = recorded(file, asked, &told, &input)?;
    let picture = export::open(&input, args.command_line(None).which())?;
    check_source(file, &picture, &told)?;
    let model = model(file, asked, &told, &input)?;
    // The names of the first time are said again.
    let named = told.model.clone().map(PathBuf::from);
    let line = CommandLine { input: told.source.clone().map_or(input, PathBuf::from), ..args.command_line(named) };
    let on_model = |model: &LoadedModel| {
        let now = model.computed_by();
        if told.model_id.is_some() && now != told.computed_by {
            let made = format!("{} was computed by {}, and this is {now}", file.display(), told.computed_by);
            say(&format!("note: {made}: the bytes may differ"));
        }
    };
    export::carry_out(&args, picture, model.as_deref(), line, on_model)
}

/// The source: as it is named, else of its name beside the file, or here.
fn source(file: &Path, asked: &ExportArgs, told: &Provenance) -> Result<PathBuf> {
    if let Some(input) = &asked.input {
        return Ok(input.clone());
    }
    let name = told.source.as_deref().unwrap_or("whose name it does not tell");
    let missing = || {
        let ask = format!("name it: zoomfield export --repeat {} SOURCE -o OUT", file.display());
        Error::Request(format!("the source of {}, {name}, is not here; {ask}", file.display()))
    };
    let beside = file.parent().unwrap_or(Path::new(""));
    let name = told.source.as_deref().and_then(plain_name).ok_or_else(missing)?;
    [beside.join(name), name.to_owned()].into_iter().find(|path| path.is_file()).ok_or_else(missing)
}

/// A name that leads into no other folder.
fn plain_name(name: &str) -> Option<&Path> {
    let name = Path::new(name);
    (name.file_name() == Some(name.as_os_str())).then_some(name)
}

/// The options of the file as arguments, with the files and wishes of this time.
fn recorded(file: &Path, asked: &ExportArgs, told: &Provenance, input: &Path) -> Result<ExportArgs> {
    let about = if told.program == PROGRAM { String::new() } else { format!("; it was made by {}", told.program) };
    if !about.is_empty() {
        say(&format!("note: {}{about}, and this is {PROGRAM}: the bytes may differ", file.display()));
    }
    let words = ["zoomfield", "export", "--output"].map(OsString::from).into_iter();
    let words = words.chain([asked.output.clone().into()]).chain(told.options.iter().map(OsString::from));
    // What is not said was once plain.
    let is_unsaid = !told.options.iter().any(|word| word == "--look");
    let words = words.chain(["--look", "neural"].into_iter().filter(|_| is_unsaid).map(OsString::from));
    let words = words.chain(["--".into(), input.into()]);
    let unknown = |_| {
        let options = told.options.join(" ");
        Error::Request(format!("{} has options that this version cannot repeat: {options}{about}", file.display()))
    };
    let mut args = export_args(words).and_then(|args| if is_clean(&args) { Ok(args) } else { Err(String::new()) });
    if let Ok(args) = &mut args {
        args.json = asked.json;
        let (args, asked) = (&mut args.what, &asked.what);
        args.file.overwrite = asked.file.overwrite;
        args.compute.backend = asked.compute.backend.or(args.compute.backend);
        args.compute.device = asked.compute.device.clone().or(args.compute.device.take());
        args.precision = asked.precision.or(args.precision);
        args.map = asked.map.clone();
    }
    args.map_err(unknown)
}

/// Whether options say only what options of a file may say.
fn is_clean(args: &ExportArgs) -> bool {
    let what = &args.what;
    let says_files =
        args.repeat.is_some() || what.model.is_some() || what.look.model().is_some() || what.map.invention.is_some();
    !says_files && !what.file.overwrite && !args.json
}

fn check_source(file: &Path, picture: &Picture, told: &Provenance) -> Result<()> {
    let (name, file) = (picture.path.display(), file.display());
    if picture.content().to_string() != told.source_pixels {
        let ids = format!("its pixels are {} and not {}", picture.content(), told.source_pixels);
        return Err(Error::Request(format!("{name} is not the picture that {file} was made from: {ids}")));
    }
    if picture.metadata.id().to_string() != told.source_metadata {
        say(&format!("note: the metadata of {name} have changed since {file} was made: the pixels will be the same"));
    }
    Ok(())
}

/// Where the weights are that made the file; nothing if no network did.
fn model(file: &Path, asked: &ExportArgs, told: &Provenance, input: &Path) -> Result<Option<PathBuf>> {
    let Some(id) = &told.model_id else { return Ok(None) };
    let has_id = |path: &PathBuf| Weights::open(path).is_ok_and(|weights| weights.id().to_string() == *id);
    let name = told.model.as_deref().unwrap_or_default();
    if let Some(path) = &asked.what.model {
        let found = Weights::open(path)?.id();
        let reason = format!("{} is not the model that made {}: it is {found}", path.display(), file.display());
        return if found.to_string() == *id {
            Ok(Some(path.clone()))
        } else {
            Err(Error::Request(format!("{reason} and not {id}")))
        };
    }
    let folders = [file, input].map(|path| path.parent().unwrap_or(Path::new("")).to_owned());
    let named = plain_name(name).into_iter().flat_map(|name| folders.each_ref().map(|folder| folder.join(name)));
    let known = Builtin::ALL.into_iter().map(Builtin::address).chain(named).find(has_id);
    known.map(Some).ok_or_else(|| {
        let made = format!("the model that made {}, {name} ({id}), is not here", file.display());
        Error::Request(format!("{made}; give its file with --model"))
    })
}
