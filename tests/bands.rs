//! An export is made in bands: what it writes is, to the bit, what the same picture is in one piece.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests may")]

use std::path::Path;
use std::sync::Arc;
use zoomfield::export::{ExportJob, FileOptions, render, run};
use zoomfield::geometry::{Region, SampleGrid, Size};
use zoomfield::kernel::Precision;
use zoomfield::picture::{Picture, Samples};
use zoomfield::recipe::{Recipe, Source, Stage, Strength};
use zoomfield::render::{FeatureStore, LoadedModel};
use zoomfield::task::Gate;
use zoomfield::weights::Weights;

/// Slopes, edges and noise, nowhere the same.
fn drawn(size: Size) -> Picture {
    let mut state = 7_u32;
    let mut noise = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 27
    };
    let value = |x: usize, y: usize, c: usize| 60 + (x * (c + 1) / 3 + y * (3 - c) / 5) % 90 + (x ^ y) / 16 % 2 * 70;
    let pixels = (0..size.height).flat_map(|y| (0..size.width).map(move |x| (x, y)));
    let rgb = pixels.flat_map(|(x, y)| [0, 1, 2].map(|c| (value(x, y, c) as u32 + noise()) as u8)).collect();
    Picture::from_samples(size, Samples::U8(rgb), None)
}

/// The file in bands, and what it must hold.
fn both(picture: &Arc<Picture>, recipe: Recipe, model: &str, (size, output): (Size, &Path)) -> [Vec<u16>; 2] {
    let job = ExportJob {
        picture: picture.clone(),
        model: Arc::new(LoadedModel::on_cpu(&Weights::open(Path::new(model)).unwrap(), Precision::F32).unwrap()),
        grid: SampleGrid::spanning(Region::whole(picture.size), size),
        output: output.to_owned(),
        overwrite: true,
        recipe,
        file: FileOptions { bits: Some(16), ..FileOptions::default() },
        features: FeatureStore::default(),
        asked: None,
        map: None,
    };
    run(&job, &Gate::default(), &mut |_| {}).unwrap();
    let Samples::U16(written) = Picture::open(output).unwrap().rgb else { panic!("8 bits") };
    [written, render(&job, &Gate::default()).unwrap().to_u16()]
}

#[test]
fn bands_are_the_picture_in_one_piece() {
    let folder = tempfile::tempdir().unwrap();
    let picture = Arc::new(drawn(Size::new(700, 420)));
    let locked = Recipe::from(Source::NEURAL).with(Stage::Lock(Strength::FULL));
    let tiny = "tests/fixtures/liif_edsr_tiny.pth";
    for (i, (recipe, model)) in [
        (Recipe::from(Source::Bicubic), "builtin:live"),
        (Recipe::from(Source::NEURAL), "builtin:live"),
        (locked, "builtin:live"),
        (locked, tiny),
    ]
    .into_iter()
    .enumerate()
    {
        let [mut written, whole] = both(&picture, recipe, model, (Size::new(1423, 853), &folder.path().join("a.tif")));
        assert!(written == whole, "{i}");
        // One step of 16 bits is noticed.
        written[1_000_000] ^= 1;
        assert!(written != whole, "{i}");
    }
}

/// Takes minutes, and several gigabytes for the one piece.
#[test]
#[ignore = "takes minutes"]
fn twenty_four_megapixels_twice_as_large() {
    let folder = tempfile::tempdir().unwrap();
    let picture = Arc::new(drawn(Size::new(6000, 4000)));
    let output = folder.path().join("a.tif");
    let recipe = Recipe::from(Source::NEURAL).with(Stage::Lock(Strength::FULL));
    let [written, whole] = both(&picture, recipe, "builtin:live", (Size::new(12_000, 8000), &output));
    assert!(written == whole);
}
