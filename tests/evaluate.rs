//! Benchmark numbers: a bicubic prediction gets the bicubic column, and known sets give their published rows.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests may")]

use std::path::{Path, PathBuf};
use zoomfield::error::{Error, Result};
use zoomfield::evaluate::{Metric, Pair, Protocol, evaluate, pair_folders, table};
use zoomfield::geometry::Size;
use zoomfield::picture::resample::resize_bicubic_u8;
use zoomfield::picture::save::{PictureWriter, SaveOptions};
use zoomfield::picture::{Metadata, Picture, Raster, Samples};

#[expect(clippy::unnecessary_wraps, reason = "the shape of a prediction")]
fn bicubic(picture: &Picture, size: Size) -> Result<Raster> {
    let Samples::U8(samples) = &picture.rgb else { panic!("8 bits expected") };
    let data = resize_bicubic_u8(samples, 3, picture.size, size).into_iter().map(|v| f32::from(v) / 255.0).collect();
    Ok(Raster { size, channels: 3, data })
}

fn write(path: &Path, size: Size, seed: usize) {
    let wave = |i: usize| 0.5 + 0.5 * ((i / 3 % size.width) as f32 * 0.7 + (i / 3 / size.width * seed) as f32).sin();
    let raster = Raster { size, channels: 3, data: (0..size.area() * 3).map(wave).collect() };
    let metadata = Metadata::default();
    let options = SaveOptions { size, channels: 3, bits: 8, quality: 90, overwrite: true, dpi: None, metadata };
    let mut writer = PictureWriter::create(path, options).unwrap();
    writer.write_rows(&raster).unwrap();
    writer.finish().unwrap();
}

fn dataset_sentence<T: std::fmt::Debug>(result: Result<T>) -> String {
    let error = result.unwrap_err();
    assert!(matches!(error, Error::Dataset { .. }), "{error:?}");
    error.to_string()
}

#[test]
fn a_bicubic_prediction_gets_the_bicubic_numbers() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("b.png"), Size::new(50, 41), 2);
    write(&folder.path().join("a.PNG"), Size::new(64, 64), 3);
    std::fs::write(folder.path().join("notes.txt"), "not a picture").unwrap();
    let pairs = pair_folders(folder.path(), None).unwrap();
    for (scale, protocol) in [(2.0, Protocol::LiifBenchmark), (3.0, Protocol::LiifDiv2k), (2.5, Protocol::Rgb)] {
        let mut heard = Vec::new();
        let report = evaluate(&pairs, scale, protocol, &mut bicubic, &mut |done, all| heard.push((done, all))).unwrap();
        assert_eq!(heard, [(0, 2), (1, 2), (2, 2)]);
        assert_eq!((report.setting.scale, report.per_image.len()), (scale, 2));
        assert_eq!(report.per_image.iter().map(|image| &*image.name).collect::<Vec<_>>(), ["a", "b"]);
        for image in &report.per_image {
            assert!(Metric::ALL.iter().all(|metric| image.numbers.get(*metric).is_finite()));
            assert_eq!(image.numbers, image.bicubic);
        }
        let of = |image: usize| report.per_image[image].numbers.get(Metric::PsnrRgb);
        assert!((report.summary.mean.get(Metric::PsnrRgb) - f64::midpoint(of(0), of(1))).abs() < 1e-9);
        assert_eq!(table(&[report]).lines().filter(|line| line.contains("  ")).count(), 6);
    }
}

#[test]
fn the_truth_predicts_itself() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    write(&path, Size::new(33, 30), 5);
    let pairs = pair_folders(folder.path(), None).unwrap();
    let mut truth = |_: &Picture, size: Size| {
        assert_eq!(size, Size::new(32, 28));
        let original = Picture::open(&path)?;
        let data = (0..size.area() * 3).map(|i| original.rgb.unit(i / 96 * 99 + i % 96)).collect();
        Ok(Raster { size, channels: 3, data })
    };
    let report = evaluate(&pairs, 4.0, Protocol::Rgb, &mut truth, &mut |_, _| {}).unwrap();
    let of = |metric| report.summary.mean.get(metric);
    assert_eq!((report.psnr(), of(Metric::PsnrY)), (f64::INFINITY, f64::INFINITY));
    assert!((of(Metric::Ssim) - 1.0).abs() < 1e-12);
    // Shrunk back it is the input but for the rounding of that, which is at most half a step a pass.
    assert!(of(Metric::ConsistencyPsnr) > 52.0 && of(Metric::ColorShift) < 0.2, "{:?}", report.summary.mean);
    let bicubic = report.bicubic.mean.get(Metric::ConsistencyPsnr);
    assert!(bicubic < of(Metric::ConsistencyPsnr) - 3.0, "{bicubic}: a smoothed picture does not shrink to its input");
}

#[test]
fn folders_that_do_not_serve_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let (hr, lr) = (folder.path().join("hr"), folder.path().join("lr"));
    std::fs::create_dir(&hr).unwrap();
    std::fs::create_dir(&lr).unwrap();
    assert!(dataset_sentence(pair_folders(&hr, None)).contains("no pictures"));
    assert!(dataset_sentence(pair_folders(&folder.path().join("none"), None)).contains("no such folder"));
    write(&hr.join("a.png"), Size::new(20, 20), 1);
    write(&hr.join("b.png"), Size::new(20, 20), 1);
    write(&lr.join("ax2.png"), Size::new(10, 10), 1);
    assert!(dataset_sentence(pair_folders(&hr.join("a.png"), None)).contains("not a folder"));
    let said = dataset_sentence(pair_folders(&hr, Some(&lr)));
    assert!(said.contains("holds 1 pictures") && said.contains("holds 2"), "{said}");
}

#[test]
fn pairs_that_do_not_fit_the_scale_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let (hr, lr) = (folder.path().join("a.png"), folder.path().join("small.png"));
    write(&hr, Size::new(21, 20), 1);
    write(&lr, Size::new(10, 10), 1);
    let run = |lr: Option<&PathBuf>, scale| {
        let pair = Pair { name: "a".into(), hr: hr.clone(), lr: lr.cloned() };
        evaluate(&[pair], scale, Protocol::Rgb, &mut bicubic, &mut |_, _| {})
    };
    assert_eq!(run(Some(&lr), 2.0).unwrap().per_image.len(), 1);
    assert!(dataset_sentence(run(Some(&lr), 3.0)).contains("small.png"));
    assert!(dataset_sentence(run(None, 25.0)).contains("a.png"));
    for scale in [0.5, f64::NAN, f64::INFINITY] {
        assert!(matches!(run(None, scale), Err(Error::Request(_))));
    }
}

#[test]
fn set5_gives_the_known_bicubic_rows() {
    let Some(benchmarks) = std::env::var_os("ZOOMFIELD_BENCHMARKS").map(PathBuf::from) else {
        eprintln!("skipped: set ZOOMFIELD_BENCHMARKS to a folder with Set5/HR and Set5/LR_bicubic/X2 to X4");
        return;
    };
    let set = benchmarks.join("Set5");
    for (scale, expected) in [(2, 33.67), (3, 30.41), (4, 28.43), (6, 25.93), (8, 24.40)] {
        let lr = (scale <= 4).then(|| set.join(format!("LR_bicubic/X{scale}")));
        let pairs = pair_folders(&set.join("HR"), lr.as_deref()).unwrap();
        let report = evaluate(&pairs, f64::from(scale), Protocol::LiifBenchmark, &mut bicubic, &mut |_, _| {}).unwrap();
        assert!((report.psnr() - expected).abs() < 0.01, "×{scale}: {} and not {expected}", report.psnr());
        assert_eq!(report.summary, report.bicubic);
    }
}

#[test]
fn mmagic_cuts_originals_to_a_multiple_of_twelve() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("a.png"), Size::new(71, 50), 3);
    let pairs = pair_folders(folder.path(), None).unwrap();
    for (protocol, scale, expected) in [
        (Protocol::Mmagic, 2.0, Size::new(60, 48)),
        (Protocol::Mmagic, 2.5, Size::new(60, 48)),
        (Protocol::Rgb, 2.0, Size::new(70, 50)),
    ] {
        let mut asked = Vec::new();
        let mut predict = |picture: &Picture, size: Size| {
            asked.push(size);
            bicubic(picture, size)
        };
        let report = evaluate(&pairs, scale, protocol, &mut predict, &mut |_, _| {}).unwrap();
        assert_eq!(report.psnr(), report.summary.mean.get(Metric::PsnrRgb));
        // 60 / 2.5 and 48 / 2.5 are 24 and 19: enlarged 60 and 48 (47.5).
        assert_eq!(asked, [expected], "{protocol} ×{scale}");
    }
}
