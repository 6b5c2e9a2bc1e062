//! Grey stays grey: whatever the network makes of a grey picture has the same red, green and blue in every pixel.

use crate::profile::{Curve, Profile};
use std::path::Path;
use std::sync::Arc;
use zoomfield::export::{ExportJob, FileOptions};
use zoomfield::geometry::{Region, SampleGrid, Size};
use zoomfield::picture::{Picture, Samples};
use zoomfield::recipe::Recipe;
use zoomfield::render::{FeatureStore, LoadedModel};
use zoomfield::task::Gate;

const SIZE: Size = Size::new(32, 24);

/// A grey PNG with waves, edges and a profile.
fn grey_png(path: &Path) {
    let grey = |i: usize| {
        let (x, y) = ((i % SIZE.width) as f32, (i / SIZE.width) as f32);
        let edge = if x > 12.0 && y > 7.0 { 90.0 } else { 0.0 };
        (80.0 + 60.0 * (x * 0.9 + y * 0.4).sin() + edge) as u8
    };
    let greys: Vec<u8> = (0..SIZE.area()).map(grey).collect();
    let mut info = png::Info::with_size(SIZE.width as u32, SIZE.height as u32);
    (info.color_type, info.bit_depth) = (png::ColorType::Grayscale, png::BitDepth::Eight);
    info.icc_profile = Some(Profile::grey("Gamma 1.8", Curve::Gamma(461)).bytes().into());
    let file = std::fs::File::create(path).unwrap();
    let mut writer = png::Encoder::with_info(file, info).unwrap().write_header().unwrap();
    writer.write_image_data(&greys).unwrap();
}

fn exported(picture: &Arc<Picture>, model: &Arc<LoadedModel>, recipe: Recipe, output: &Path) -> Picture {
    let region = Region { x: 0.0, y: 0.0, width: SIZE.width as f64, height: SIZE.height as f64 };
    let grid = SampleGrid::spanning(region, Size::new(SIZE.width * 5 / 2, SIZE.height * 5 / 2));
    let file = FileOptions { bits: Some(16), ..FileOptions::default() };
    let job = ExportJob {
        picture: picture.clone(),
        model: model.clone(),
        grid,
        output: output.to_owned(),
        overwrite: true,
        recipe,
        file,
        features: FeatureStore::default(),
        asked: None,
        map: None,
    };
    zoomfield::export::run(&job, &Gate::default(), &mut |_| {}).unwrap();
    Picture::open(output).unwrap()
}

/// The most that channels of a pixel differ, of 65535.
fn most_apart(picture: &Picture) -> u16 {
    let Samples::U16(values) = &picture.rgb else { panic!("8 bits") };
    let apart = |[r, g, b]: &[u16; 3]| r.max(g).max(b) - r.min(g).min(b);
    values.as_chunks::<3>().0.iter().map(apart).max().unwrap()
}

#[test]
fn grey_stays_grey_in_exports() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("grey.png");
    grey_png(&path);
    let picture = Arc::new(Picture::open(&path).unwrap());
    let model = Arc::new(LoadedModel::builtin().unwrap());
    assert!(picture.is_grey);
    for (i, recipe) in ["neural", "neural+lock:100", "neural+strength:40", "bicubic"].into_iter().enumerate() {
        let recipe: Recipe = recipe.parse().unwrap();
        let picture = exported(&picture, &model, recipe, &folder.path().join(format!("{i}.png")));
        assert_eq!((most_apart(&picture), picture.color.name()), (0, "Gamma 1.8"), "{recipe}");
    }
    // The network alone does not keep it.
    let coloured = Arc::new(Picture { is_grey: false, ..picture.as_ref().clone() });
    let tinted = most_apart(&exported(&coloured, &model, "neural".parse().unwrap(), &folder.path().join("t.png")));
    println!("the network's own greys are up to {:.2} of 255 apart", f64::from(tinted) / 257.0);
    assert!(tinted > 0);
}
