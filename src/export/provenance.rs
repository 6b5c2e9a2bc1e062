//! What an export says about how it was made. All of it is known before the first pixel, since files begin with it: if a
//! graphics device fails on the way, the processor does the rest unmentioned.

use super::{CommandLine, ExportJob};
use crate::geometry::{AxisGrid, SampleGrid};
use crate::picture::save::most_xmp_bytes;
use crate::picture::{Provenance, SourceType, packet_of_export};
use crate::render::Compute;
use crate::weights::Builtin;
use std::path::Path;

/// The program, as it calls itself in files.
pub const PROGRAM: &str = concat!("zoomfield ", env!("CARGO_PKG_VERSION"));

/// The XMP packet of the file, made of the source's if that is to stay.
pub(super) fn packet(job: &ExportJob, source: Option<Vec<u8>>) -> Option<Vec<u8>> {
    let kind = SourceType::of_export(job.picture.metadata.source_type(), job.is_neural());
    let told = job.asked.as_ref().filter(|_| job.file.provenance).map(|asked| told(job, asked));
    packet_of_export(source, told.as_ref(), &kind, most_xmp_bytes(&job.output))
}

fn told(job: &ExportJob, asked: &CommandLine) -> Provenance {
    let is_neural = job.is_neural();
    // Where no network takes part it does not matter what would have computed it.
    let computed = is_neural.then(|| job.model.computed());
    let (backend, device, precision) = match computed {
        Some(Compute { backend, device, precision, .. }) => (Some(backend), device, Some(precision)),
        None => (None, None, None),
    };
    let again = CommandLine { backend, device, precision, ..asked.clone() };
    let name = file_name(&asked.input).filter(|_| !job.file.strip_metadata);
    Provenance {
        program: PROGRAM.into(),
        source: name,
        source_pixels: job.picture.content().to_string(),
        source_metadata: job.picture.metadata.id().to_string(),
        model: is_neural.then(|| model_name(asked.model.as_deref())),
        model_id: is_neural.then(|| job.model.id.to_string()),
        scale: scale_text(&job.grid),
        crop: crop_text(&job.grid),
        recipe: job.recipe.to_string(),
        computed_by: if is_neural { job.model.computed_by() } else { "no network".into() },
        options: again.options(),
    }
}

/// A model's address if it is part of the program, else the name of its file without its folder.
fn model_name(path: Option<&Path>) -> String {
    let Some(path) = path else { return Builtin::Liif.address().to_string_lossy().into_owned() };
    let address = Builtin::title_at(path).map(|_| path.to_string_lossy().into_owned());
    address.or_else(|| file_name(path)).unwrap_or_default()
}

/// Folders are nobody's business.
fn file_name(path: &Path) -> Option<String> {
    path.file_name().map(|name| name.to_string_lossy().into_owned())
}

fn scale_text(grid: &SampleGrid) -> String {
    let [x, y] = [grid.x, grid.y].map(|axis| number(1.0 / axis.pitch));
    if x == y { x } else { format!("{x} × {y}") }
}

fn crop_text(grid: &SampleGrid) -> String {
    let length = |axis: AxisGrid| axis.pitch * axis.len as f64;
    [grid.x.origin, grid.y.origin, length(grid.x), length(grid.y)].map(number).join(",")
}

/// To four digits behind the point, which is enough for people.
fn number(value: f64) -> String {
    let rounded = (value * 1e4).round() / 1e4;
    (rounded + 0.0).to_string()
}
