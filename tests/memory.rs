//! Memory is bounded whatever the picture's size: only the features that a crop needs are encoded, and of a wide one only
//! those of a few columns are held.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests and their helpers may panic and speak")]

mod common;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use zoomfield::export::{ExportJob, FileOptions, estimate};
use zoomfield::geometry::{PixelRect, Region, SampleGrid, Size};
use zoomfield::kernel::Precision;
use zoomfield::picture::Picture;
use zoomfield::recipe::{Recipe, Source, Stage, Strength};
use zoomfield::render::{FeatureStore, LoadedModel};
use zoomfield::train::untrained;
use zoomfield::weights::{EncoderConfig, ImnetConfig, ModelConfig, Normalization};

/// What an export may use beyond the decoded picture itself.
fn most_bytes() -> u64 {
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    (580 << 20) + threads * (12 << 20)
}

/// Exports in a process of its own: the bytes of its decoded picture, and the most that it used beyond them.
fn export(input: &Path, output: &Path, options: &[&str]) -> Option<(u64, u64)> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zoomfield"));
    command.arg("export").arg(input).args(options).args(["--overwrite", "--json", "-o"]).arg(output);
    let run = command.output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let report: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
    let picture = report["picture_bytes"].as_u64().unwrap();
    let Some(peak) = report["peak_memory_bytes"].as_u64() else {
        println!("skipped: this system does not tell how much memory a process used");
        return None;
    };
    println!("{}: {} MB beyond the picture", options.join(" "), peak.saturating_sub(picture) / 1_000_000);
    Some((picture, peak.saturating_sub(picture)))
}

fn picture(path: &Path, width: usize, height: usize) {
    let rgb: Vec<u8> = (0..width * height * 3_usize).map(|i| ((i / 3 % width) ^ (i / 3 / width)) as u8).collect();
    image::save_buffer(path, &rgb, width as u32, height as u32, image::ColorType::Rgb8).unwrap();
}

#[test]
fn a_view_of_a_24_megapixel_picture_exports_within_the_budget() {
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("large.png"), folder.path().join("view.png"));
    let (width, height) = (6000, 4000);
    picture(&input, width, height);
    // Deep, near ×1, where most features are needed, and squeezed in one direction only.
    let views =
        [("3000.5,2000.25,48,48", "1440x1440"), ("2000,1000,1400,1400", "1440x1440"), ("0,0,6000,100", "90x800")];
    for (crop, size) in views {
        let Some((picture, beyond)) = export(&input, &output, &["--size", size, "--crop", crop]) else { return };
        assert_eq!(picture, 72_000_000);
        // The features of a few rows of tiles are less than those of all the columns that a wide picture holds.
        assert!(beyond < most_bytes() - (96 << 20), "{crop}: {beyond} bytes beyond the picture");
    }
}

/// The features of a whole row of tiles would be half a gigabyte, and two of them are needed.
#[test]
fn a_very_wide_picture_takes_no_more_and_what_it_takes_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (source, size) = (Size::new(30_000, 140), Size::new(33_000, 154));
    picture(&path("wide.png"), source.width, source.height);
    // As many features as the shipped model has, and little work.
    let network = ModelConfig {
        encoder: EncoderConfig::Edsr { blocks: 1, features: 64, res_scale: 1.0 },
        decoder: ImnetConfig::new(vec![16]).into(),
        normalization: Normalization::LIIF,
    };
    let weights = untrained(&network, 1).unwrap();
    weights.save(&path("model.safetensors"), false).unwrap();
    let job = ExportJob {
        picture: Arc::new(Picture::open(&path("wide.png")).unwrap()),
        model: Arc::new(LoadedModel::on_cpu(&weights, Precision::F32).unwrap()),
        grid: SampleGrid::spanning(Region::whole(source), size),
        output: path("out.png"),
        overwrite: true,
        recipe: Recipe::from(Source::NEURAL).with(Stage::Lock(Strength::FULL)),
        file: FileOptions::default(),
        features: FeatureStore::default(),
        asked: None,
        map: None,
    };
    assert!(job.is_neural(), "the network has nothing to do");
    let told = estimate(&job, None).memory_bytes;
    let (input, model) = (path("wide.png"), path("model.safetensors"));
    let options = ["--size", "33000x154", "--backend", "cpu", "--model", model.to_str().unwrap()];
    let Some((picture, beyond)) = export(&input, &path("out.png"), &options) else { return };
    assert!(beyond < most_bytes(), "{beyond} bytes beyond the picture");
    assert!(picture + beyond <= told && told <= most_bytes() + picture, "{told} bytes were told");
    // Every pixel is where it belongs: the right end is what it is alone.
    let crop = ["--size", "330x154", "--crop", "29700,0,300,140"];
    export(&input, &path("end.png"), &[&crop[..], &options[2..]].concat());
    let rows = |name: &str, left: usize| {
        let picture = Picture::open(&path(name)).unwrap();
        picture.planes(PixelRect { x: left, y: 0, width: 330, height: 154 })
    };
    let worst = common::worst(&rows("out.png", 32_670), &rows("end.png", 0));
    assert!(worst <= 1.5 / 255.0, "{worst}");
}
