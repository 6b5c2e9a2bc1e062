//! The architecture as a test: modules import only from lower layers, every foreign crate has one home, `unsafe`
//! stays where it belongs, no file outgrows a reader, and no two files import each other in a circle.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests may")]

#[path = "layers/circles.rs"]
mod circles;

use std::path::{Path, PathBuf};

/// Modules by layer. `error` lies below all others: every module may use it.
const LAYERS: &[&[&str]] = &[
    &["error", "geometry", "key", "recipe", "task", "raster", "atomic", "lru"],
    &["picture", "feature", "weights", "metrics", "kernel", "gpu"],
    &["model"],
    &["encode", "decode"],
    &["render"],
    &["train"],
    &["evaluate", "export", "bench", "library"],
    &["cli", "app"],
    &["lib", "main"],
];

/// Imports within a layer that are meant, with their reason. One that is not needed any more is a violation.
const EXCEPTIONS: &[(&str, &str)] = &[
    // The name of a tile says how it was made.
    ("key", "recipe"),
    // Rasters have a size.
    ("raster", "geometry"),
];

/// Slices of the window from low to high: a slice names those before it, never those after it. `window` has all of them,
/// and `app/mod.rs` only names them.
const SLICES: &[&str] =
    &["kit", "ports", "env", "settings", "files", "models", "view", "compare", "export", "training", "window"];

/// Foreign crates and where they are at home: modules or files. No home: free everywhere.
const HOMES: &[(&str, &[&str])] = &[
    ("brotli_decompressor", &["picture"]),
    ("bytemuck", &[]),
    // `weights` has its pickle reader; `render/model.rs` names the device.
    ("candle_core", &["model", "encode", "weights", "train", "render/model.rs"]),
    ("candle_nn", &["model", "encode", "weights", "train"]),
    ("chrono", &["app"]),
    ("clap", &["cli"]),
    ("ctrlc", &["cli"]),
    ("eframe", &["app"]),
    ("egui", &["app"]),
    ("egui_system_font_provider", &["app"]),
    ("egui_plot", &["app"]),
    // The compressions of fax machines.
    ("fax", &["picture"]),
    ("flate2", &["picture"]),
    ("gemm", &["kernel"]),
    ("gif", &["picture"]),
    ("half", &[]),
    ("hayro_jpeg2000", &["picture"]),
    ("heic_rs", &["picture"]),
    ("image", &["picture"]),
    ("image_webp", &["picture"]),
    ("exif", &["picture"]),
    ("indicatif", &["cli"]),
    ("jpeg_decoder", &["picture"]),
    ("jxl_oxide", &["picture"]),
    // What a process that decodes gives up, and the names of the system's calls.
    ("landlock", &["picture/apart/confine.rs"]),
    ("libc", &["picture/apart/confine.rs"]),
    // Its library is called `exif`.
    ("kamadak_exif", &["picture"]),
    ("lerc_core", &["picture"]),
    ("lerc_reader", &["picture"]),
    ("lzma_rust2", &["picture"]),
    ("mimalloc", &["main"]),
    ("moxcms", &["picture"]),
    ("png", &["picture"]),
    ("rav1e", &["picture"]),
    ("rayon", &[]),
    ("re_rav1d", &["picture"]),
    ("rfd", &["app"]),
    ("rustix", &["atomic", "picture/apart/confine.rs", "picture/apart/process.rs", "picture/apart/serve.rs"]),
    ("ruzstd", &["picture"]),
    ("safetensors", &["weights"]),
    ("seccompiler", &["picture/apart/confine.rs"]),
    ("serde", &[]),
    ("serde_json", &[]),
    ("sha2", &["key"]),
    ("tempfile", &["atomic"]),
    ("thiserror", &["error"]),
    ("tiff", &["picture"]),
    ("tracing", &[]),
    ("trash", &["app"]),
    ("weezl", &["picture"]),
    // Its buffers pass through encoder and decoder; the window has a device of its own.
    ("wgpu", &["gpu", "encode", "decode", "app"]),
    ("x11rb", &["app/window/screen.rs"]),
    ("zip", &["weights"]),
    ("zune_core", &["picture"]),
    ("zune_jpegxl", &["picture"]),
];

const MOST_LINES: usize = 400;

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|modules| modules.contains(&module))
}

/// The top-level module of a file below `src`.
fn module_of(file: &str) -> &str {
    file.split('/').next().unwrap().trim_end_matches(".rs")
}

/// The code without its comments and its unit tests, which end a file.
fn code(source: &str) -> String {
    let lines: Vec<&str> = source.lines().collect();
    let is_tests = |i: &usize| lines[*i].starts_with("mod tests {") && *i > 0 && lines[i - 1].starts_with("#[cfg(");
    let end = (0..lines.len()).find(is_tests).unwrap_or(lines.len());
    let strip = |line: &&str| line.split("//").next().unwrap_or_default().to_owned();
    lines[..end].iter().map(strip).collect::<Vec<_>>().join("\n")
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// What follows each whole word `word`.
fn after<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = &'a str> {
    let whole = move |at: &usize| {
        let before = code[..*at].chars().next_back();
        let next = code[at + word.len()..].chars().next();
        // `a::b::word` is somebody's item, `::word` at the start of a path is the crate.
        let is_inner = code[..*at].ends_with("::") && code[..at - 2].ends_with(is_name);
        !before.is_some_and(is_name) && !next.is_some_and(is_name) && !is_inner
    };
    code.match_indices(word).map(|(at, _)| at).filter(whole).map(move |at| &code[at + word.len()..])
}

fn leading_name(text: &str) -> String {
    text.trim_start().chars().take_while(|c| is_name(*c)).collect()
}

/// The first names behind `crate::`, with those of a braced list.
fn names_behind(path: &str) -> Vec<String> {
    let Some(list) = path.trim_start().strip_prefix('{') else { return vec![leading_name(path)] };
    let (mut depth, mut names, mut start) = (0, Vec::new(), true);
    for (at, c) in list.char_indices() {
        match c {
            '}' if depth == 0 => break,
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => start = true,
            c if start && !c.is_whitespace() => {
                names.push(leading_name(&list[at..]));
                start = false;
            }
            _ => {}
        }
    }
    names
}

/// The modules of this crate that a file names.
fn imports(file: &str, code: &str) -> Vec<String> {
    let root = if module_of(file) == "main" { "zoomfield" } else { "crate" };
    let mut names: Vec<String> = Vec::new();
    let behind = |word| after(code, word).filter_map(|rest| rest.strip_prefix("::")).flat_map(names_behind);
    names.extend(behind(root));
    let is_child_of_root = !file.contains('/') || file.ends_with("/mod.rs") && file.matches('/').count() == 1;
    if is_child_of_root {
        names.extend(behind("super"));
    }
    names.retain(|name| layer(name).is_some());
    names.sort();
    names.dedup();
    names
}

/// The slice of the window that a file belongs to.
fn slice_of(file: &str) -> Option<&str> {
    let slice = file.strip_prefix("app/")?.split('/').next()?.trim_end_matches(".rs");
    (slice != "mod").then_some(slice)
}

/// What a file of the window names that is not below its own slice: slices above, and the window's own items.
fn names_above(file: &str, code: &str) -> Vec<String> {
    let place = |slice: &str| SLICES.iter().position(|known| *known == slice);
    let Some(slice) = slice_of(file) else { return Vec::new() };
    let Some(own) = place(slice) else { return vec![slice.to_owned()] };
    let behind = |word| after(code, word).filter_map(|rest| rest.strip_prefix("::"));
    let mut names: Vec<String> = Vec::new();
    for path in behind("crate") {
        match path.strip_prefix("app::") {
            Some(path) => names.extend(names_behind(path)),
            // A list hides what is named of the window.
            None if path.starts_with('{') => names.extend(names_behind(path).into_iter().filter(|name| name == "app")),
            None => {}
        }
    }
    if file == format!("app/{slice}.rs") || file == format!("app/{slice}/mod.rs") {
        names.extend(behind("super").flat_map(names_behind));
    }
    names.retain(|name| place(name).is_none_or(|other| other > own) && slice != "window");
    names.sort();
    names.dedup();
    names
}

/// Everything that is wrong with one file.
fn violations(file: &str, source: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut report = |words: String| found.push(format!("src/{file} {words}"));
    let (module, code) = (module_of(file), code(source));
    let Some(own) = layer(module) else { return vec![format!("src/{file} is in no layer")] };
    for name in imports(file, &code).iter().filter(|name| *name != module && *name != "error") {
        if layer(name) >= Some(own) && !EXCEPTIONS.contains(&(module, name)) {
            report(format!("imports `{name}`, which is not below `{module}`"));
        }
    }
    for name in names_above(file, &code) {
        report(format!("names `{name}` of the window, which is not below its slice"));
    }
    if after(&code, "super").any(|rest| rest.starts_with("::super")) {
        report("climbs by `super::super`; name the module from `crate`".into());
    }
    for (name, homes) in HOMES {
        let is_home = homes.is_empty() || homes.iter().any(|home| *home == module || *home == file);
        if !is_home && names_crate(&code, name) {
            report(format!("uses `{name}`, whose home is {}", homes.join(", ")));
        }
    }
    if after(&code, "unsafe").next().is_some() && !(module == "kernel" || module.starts_with("gpu")) {
        report("has `unsafe` outside `kernel` and `gpu`".into());
    }
    let lines = source.lines().count();
    if lines > MOST_LINES {
        report(format!("has {lines} lines; {MOST_LINES} are the most"));
    }
    found
}

/// Whether a path starts at this crate, or a `use` line brings it in whole.
fn names_crate(code: &str, name: &str) -> bool {
    let is_used_whole = |line: &str| {
        let line = line.trim_start().trim_start_matches("pub ");
        line.strip_prefix("use ").is_some_and(|rest| {
            rest.strip_prefix(name).is_some_and(|rest| rest.starts_with(';') || rest.starts_with(" as "))
        })
    };
    after(code, name).any(|rest| rest.starts_with("::")) || code.lines().any(is_used_whole)
}

fn sources() -> Vec<(String, String)> {
    fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, paths);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                paths.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    collect(&root, &mut paths);
    let name = |path: &Path| path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
    paths.iter().map(|path| (name(path), std::fs::read_to_string(path).unwrap())).collect()
}

#[test]
fn the_source_keeps_to_the_architecture() {
    let sources = sources();
    assert!(sources.len() > 40, "the sources were not found");
    let found: Vec<String> = sources.iter().flat_map(|(file, source)| violations(file, source)).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_exception_is_still_needed() {
    let sources = sources();
    for (module, name) in EXCEPTIONS {
        let files = sources.iter().filter(|(file, _)| module_of(file) == *module);
        let used = files.clone().any(|(file, source)| imports(file, &code(source)).iter().any(|n| n == name));
        assert!(used, "`{module}` imports `{name}` no more: remove the exception");
    }
}

#[test]
fn every_dependency_has_its_place_in_the_table() {
    let manifest = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    let mut section = "";
    let mut count = 0;
    for line in manifest.lines() {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']');
        } else if section.ends_with("dependencies") && !section.ends_with("dev-dependencies") && line.contains('=') {
            let name = line.split(['=', '.', ' ']).next().unwrap().replace('-', "_");
            assert!(HOMES.iter().any(|(known, _)| *known == name), "`{name}` has no home");
            count += 1;
        }
    }
    assert!(count > 20, "the dependencies were not found");
}

fn assert_found(file: &str, source: &str, words: &str) {
    let found = violations(file, source);
    assert!(found.len() == 1 && found[0].contains(words), "{file}: {source} gave {found:?}");
}

#[test]
fn imports_from_above_or_beside_are_found() {
    assert_found("geometry/view.rs", "use crate::picture::Raster;", "imports `picture`");
    assert_found("encode/mod.rs", "use crate::decode;", "imports `decode`");
    assert_found("kernel/mlp.rs", "fn f() { crate::render::mod_(); }", "imports `render`");
    assert_found("decode/mod.rs", "use crate::{error::Error, geometry::{Size, Region}, export};", "imports `export`");
    assert_found("model/mod.rs", "use super::encode;", "imports `encode`");
    assert_found("export.rs", "use super::cli::main;", "imports `cli`");
    assert_found("app/window/ui.rs", "pub(crate) use crate::cli::Args;", "imports `cli`");
    assert_found("picture/save/png.rs", "use super::super::Raster;", "super::super");
    assert_found("novelty.rs", "", "no layer");
}

#[test]
fn slices_that_name_what_is_above_them_are_found() {
    assert_found("app/files/apply.rs", "use crate::app::view::State;", "names `view`");
    assert_found("app/view/mod.rs", "use crate::app::{files, compare::split::Side};", "names `compare`");
    assert_found("app/settings/panel.rs", "use crate::app::window::command::Command;", "names `window`");
    assert_found("app/kit/theme.rs", "fn f() { crate::app::env::Env; }", "names `env`");
    assert_found("app/export/apply.rs", "use crate::app::App;", "names `App`");
    assert_found("app/ports.rs", "use super::files::Opened;", "names `files`");
    assert_found("app/models/mod.rs", "pub use super::training::Report;", "names `training`");
    assert_found("app/view/look.rs", "use crate::{app::compare, error::Error};", "names `app`");
    assert_found("app/novelty/mod.rs", "", "names `novelty`");
}

#[test]
fn foreign_crates_away_from_home_are_found() {
    assert_found("decode/cpu.rs", "use candle_core::Tensor;", "uses `candle_core`");
    assert_found("render/cache.rs", "fn f(d: ::candle_core::Device) {}", "uses `candle_core`");
    assert_found("export.rs", "use image;", "uses `image`");
    assert_found("evaluate/mod.rs", "pub use sha2 as hash;", "uses `sha2`");
    assert_found("render/mod.rs", "let x = egui::Color32::RED;", "uses `egui`");
}

#[test]
fn unsafe_code_and_long_files_are_found() {
    assert_found("decode/cpu.rs", "fn f() { unsafe { g() } }", "`unsafe`");
    assert_found("export.rs", &"\n".repeat(401), "401 lines");
}

#[test]
fn what_is_allowed_is_not_reported() {
    let clean = [
        ("render/model.rs", "use candle_core::Device;\nuse crate::encode::best_device;"),
        ("kernel/lines.rs", "use half::bf16;\nfn f() { unsafe { g() } }"),
        ("picture/save/mod.rs", "use super::Metadata;\nuse crate::error::Error;\nuse rayon::prelude::*;"),
        ("geometry/grid.rs", "// crate::render is above, and unsafe is a word\nuse super::Size;"),
        ("task/gate.rs", "use crate::error::Result;"),
        ("export.rs", "fn image() {}\n#[cfg(test)]\nmod tests {\n use crate::cli::Args;\n use image::Rgb;\n}"),
        ("evaluate/mod.rs", "#![deny(unsafe_code)]\nlet image = a::image::b;"),
        ("export.rs", &"\n".repeat(400)),
        ("main.rs", "fn main() { zoomfield::cli::main() }"),
        ("app/mod.rs", "pub mod view;\npub use window::app::App;"),
        ("app/env.rs", "use super::ports::Ports;\nuse super::kit::toasts::Toasts;"),
        (
            "app/view/apply.rs",
            "use super::State;\nuse crate::app::view::look::Look;\nuse crate::app::{files, settings};",
        ),
        ("app/window/draw.rs", "use crate::app::{App, training};"),
        ("app/kit/text.rs", "pub(in crate::app) fn size_text() {}"),
    ];
    for (file, source) in clean {
        assert_eq!(violations(file, source), Vec::<String>::new(), "{file}: {source}");
    }
}
