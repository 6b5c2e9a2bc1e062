//! What became of a collection: a line for every picture, for people on stdout or as JSON there and in a file.

use super::{answer, print_json, say};
use crate::error::{Error, Result};
use crate::export::batch::{Item, Outcome};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Where lines go.
pub(super) struct Summary {
    is_json: bool,
    /// Lines are added behind those that are there: of earlier runs, or of other tasks at the same time.
    file: Option<Mutex<File>>,
}

impl Summary {
    /// Opens the file, if there is to be one.
    ///
    /// # Errors
    /// [`Error::Export`] if that is not possible.
    pub(super) fn open(is_json: bool, file: Option<&Path>) -> Result<Self> {
        let open = |path: &Path| {
            let opened = File::options().create(true).append(true).open(path);
            opened.map(Mutex::new).map_err(|error| Error::export(path, format!("it cannot be opened ({error})")))
        };
        Ok(Self { is_json, file: file.map(open).transpose()? })
    }

    /// Tells of one picture.
    pub(super) fn tell(&self, item: &Item, outcome: &Outcome) {
        let line = line(item, outcome);
        if let Some(file) = &self.file {
            // In one piece, so that a line is there or not.
            let whole = format!("{line}\n");
            let written = file.lock().unwrap_or_else(PoisonError::into_inner).write_all(whole.as_bytes());
            if let Err(error) = written {
                say(&format!("warning: a line of the summary cannot be written ({error})"));
            }
        }
        if self.is_json {
            print_json(&line);
        }
        match outcome {
            Outcome::Failed(error) => say(&error.to_string()),
            _ if self.is_json => {}
            Outcome::Done => answer(format_args!("{}: is there already", item.output.display())),
            Outcome::Written { size, report } => {
                let (megabytes, secs) = (report.bytes as f64 / 1e6, report.elapsed_secs);
                answer(format_args!("{}: {size}, {megabytes:.1} MB, {secs:.1} s", item.output.display()));
            }
        }
    }
}

fn line(item: &Item, outcome: &Outcome) -> serde_json::Value {
    let mut line = serde_json::json!({
        "input": item.input.to_string_lossy(),
        "output": item.output.to_string_lossy(),
    });
    if let Some(map) = &item.map {
        line["invention"] = map.to_string_lossy().into();
    }
    match outcome {
        Outcome::Done => line["status"] = "done".into(),
        Outcome::Failed(error) => {
            line["status"] = "failed".into();
            line["reason"] = error.to_string().into();
        }
        Outcome::Written { size, report } => {
            line["status"] = "written".into();
            line["width"] = size.width.into();
            line["height"] = size.height.into();
            line["bytes"] = report.bytes.into();
            line["secs"] = report.elapsed_secs.into();
        }
    }
    line
}
