//! `zoomfield info`.

use super::args::InfoArgs;
use super::output::{is_heard, printable};
use super::{answer, print_json, say};
use crate::error::{Error, Result};
use crate::kernel::Precision;
use crate::picture::{HELD_BYTES, Picture};
use crate::task::NEVER;
use crate::weights::{Builtin, Weights};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

pub(super) fn run(args: &InfoArgs) -> Result<()> {
    let mut failed = None;
    for path in args.files.iter().take_while(|_| is_heard()) {
        match describe(path, args.page - 1) {
            Ok(value) if args.json => print_json(&value),
            Ok(value) => answer(printable(&in_words(&value))),
            Err(error) => {
                // The other files are still described; the last failure becomes the exit code.
                if let Some(earlier) = failed.replace(error) {
                    say(&earlier.to_string());
                }
            }
        }
    }
    failed.map_or(Ok(()), Err)
}

/// What is known of weights, or of a page of a picture, counted from 0.
fn describe(path: &Path, page: usize) -> Result<Value> {
    let file = path.to_string_lossy();
    if is_weights(path) {
        let weights = Weights::open(path)?;
        let (config, parameters) = (weights.config(), weights.parameter_count());
        return Ok(json!({
            "file": file, "kind": "weights", "model": weights.id().to_string(), "parameters": parameters,
            "summary": config.summary(), "computed_on_cpu_in": Precision::best().path(),
            "receptive_field_radius": config.encoder.radius(), "config": config,
        }));
    }
    let picture = Picture::open_within(path, page, HELD_BYTES, NEVER)?;
    let shot = picture.metadata.shot();
    let bytes = std::fs::metadata(path).map_err(|e| Error::picture(path, e))?.len();
    let pages = picture.pages;
    let secs = |duration: Duration| duration.as_secs_f64();
    Ok(json!({
        "file": file, "kind": "picture", "page": pages.index + 1, "pages": pages.count,
        "has_more_pages": pages.has_more, "is_light_page_2": pages.has_light, "is_animation": pages.timing.is_some(),
        "frame_secs": pages.timing.map(|timing| secs(timing.duration)),
        "animation_secs": pages.timing.map(|timing| secs(timing.total)), "format": picture.format, "width": picture.size.width,
        "height": picture.size.height, "bits": picture.rgb.bits(), "alpha": picture.alpha.is_some(),
        "icc_profile": picture.metadata.icc_profile.is_some(), "color_space": picture.color.name(),
        "exif": picture.metadata.exif.is_some(), "xmp": picture.metadata.xmp.is_some(),
        "iptc": picture.metadata.iptc.is_some(), "dpi": picture.metadata.dpi,
        "camera": shot.camera, "lens": shot.lens, "exposure": shot.exposure,
        "taken": shot.taken, "has_position": shot.has_position, "notice": picture.notice, "bytes": bytes,
        "holds_light": picture.exposure.is_some(),
        "digital_source_type": picture.metadata.source_type().map(|term| term.to_string()),
        "provenance": picture.metadata.provenance(),
    }))
}

fn is_weights(path: &Path) -> bool {
    if Builtin::at(path).is_some() {
        return true;
    }
    let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase());
    matches!(ending.as_deref(), Some("safetensors" | "pth" | "pt"))
}

fn in_words(value: &Value) -> String {
    let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let file = text("file");
    if value["kind"] == "weights" {
        let (summary, model, path) = (text("summary"), text("model"), text("computed_on_cpu_in"));
        return format!("{file}: {summary}, {} values, model {model}; the CPU computes in {path}", value["parameters"]);
    }
    let flags = [("alpha", ", transparency"), ("icc_profile", ", ICC profile"), ("exif", ", EXIF"), ("xmp", ", XMP")];
    let flags: String = flags.iter().filter(|(key, _)| value[key] == true).map(|(_, words)| *words).collect();
    let (width, height, bits) = (&value["width"], &value["height"], &value["bits"]);
    let megapixels = width.as_f64().unwrap_or(0.0) * height.as_f64().unwrap_or(0.0) / 1e6;
    let first = format!("{file}: {}, {width}×{height} ({megapixels:.1} MP), {bits} bits{flags}", text("format"));
    let more = ["color_space", "camera", "lens", "exposure", "taken", "notice"];
    let is_said = |key: &&str| value[*key].is_string() && (*key != "color_space" || value["icc_profile"] == true);
    let more: Vec<String> = more.into_iter().filter(is_said).map(|key| format!("; {}", text(key))).collect();
    let position = if value["has_position"] == true { "; with its position" } else { "" };
    first + &pages_in_words(value) + &more.concat() + position + &origin(value)
}

/// Which page of how many, and how long an animation takes.
fn pages_in_words(value: &Value) -> String {
    let (page, pages) = (&value["page"], &value["pages"]);
    let more = if value["has_more_pages"] == true { "more than " } else { "" };
    match (value["frame_secs"].as_f64(), value["animation_secs"].as_f64()) {
        (Some(frame), Some(all)) => {
            format!("; frame {page} of {more}{pages}, {frame} s of an animation of {more}{all} s")
        }
        _ if *pages == 1 => String::new(),
        _ if value["is_light_page_2"] == true => format!("; page {page} of 2, of which 2 is the light of its gain map"),
        _ => format!("; page {page} of {more}{pages}"),
    }
}

/// How an export was made, and the kind of its source.
fn origin(value: &Value) -> String {
    let made = &value["provenance"];
    let text = |key: &str| made[key].as_str();
    let term = value["digital_source_type"].as_str().map(|term| format!("; source type {term}"));
    let made = text("program").map(|program| {
        let source = text("source").unwrap_or("a source without its name");
        let (scale, crop, recipe) = (text("scale"), text("crop"), text("recipe"));
        let [scale, crop, recipe] = [scale, crop, recipe].map(Option::unwrap_or_default);
        let model = text("model").map(|model| format!(" by {model} ({})", text("model_id").unwrap_or_default()));
        let options = made["options"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let options = options.collect::<Vec<_>>().join(" ");
        let model = model.unwrap_or_default();
        format!("; made by {program} out of {crop} of {source} at ×{scale}, {recipe}{model}: {options}")
    });
    made.unwrap_or_default() + &term.unwrap_or_default()
}
