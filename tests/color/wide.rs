//! Colours that sRGB does not have, in 16 bits, on the whole way from a file through the network and the lock to a file: they
//! are numbers of the file's own space all along, and only the screen's sRGB cuts them off.

use crate::profile::{Curve, DISPLAY_P3, Profile};
use crate::{PROPHOTO, options, write};
use std::path::Path;
use std::sync::Arc;
use zoomfield::export::{ExportJob, FileOptions, run};
use zoomfield::geometry::{Region, SampleGrid, Size};
use zoomfield::kernel::Precision;
use zoomfield::metrics::{Channels, psnr};
use zoomfield::picture::resample::resize_bicubic;
use zoomfield::picture::save::SaveOptions;
use zoomfield::picture::{Metadata, Picture, Raster, Samples};
use zoomfield::render::{FeatureStore, LoadedModel};
use zoomfield::task::Gate;
use zoomfield::weights::Builtin;

const SIZE: Size = Size::new(48, 40);

const SCALE: usize = 3;

/// More than comes back of a source that was rounded to 8 bits: 58.9 dB at most.
const CONSISTENT: f64 = 62.0;

/// Strong colours with edges between them, and gradients of a few steps of 16 bits.
fn strong() -> Raster {
    let color = |i: usize| {
        let (x, y) = ((i % SIZE.width) as f32, (i / SIZE.width) as f32);
        let base = match ((x as usize / 12) + (y as usize / 10)) % 3 {
            0 => [0.65, 0.25, 0.3],
            1 => [0.3, 0.7, 0.25],
            _ => [0.25, 0.3, 0.65],
        };
        base.map(|v| v + 0.0007 * x + 0.0005 * y)
    };
    Raster { size: SIZE, channels: 3, data: (0..SIZE.area()).flat_map(color).collect() }
}

/// The values of a picture.
fn values(picture: &Picture) -> Raster {
    let data = (0..picture.size.area() * 3).map(|i| picture.rgb.unit(i)).collect();
    Raster { size: picture.size, channels: 3, data }
}

fn exported(picture: &Arc<Picture>, model: &Arc<LoadedModel>, recipe: &str, to: &Path) -> Picture {
    let size = Size::new(SCALE * SIZE.width, SCALE * SIZE.height);
    let job = ExportJob {
        picture: picture.clone(),
        model: model.clone(),
        grid: SampleGrid::spanning(Region::whole(SIZE), size),
        output: to.to_owned(),
        overwrite: true,
        recipe: recipe.parse().unwrap(),
        file: FileOptions::default(),
        features: FeatureStore::default(),
        asked: None,
        map: None,
    };
    run(&job, &Gate::default(), &mut |_| {}).unwrap();
    Picture::open(to).unwrap()
}

#[test]
fn colours_beyond_srgb_come_through_lock_and_export_in_16_bits() {
    let folder = tempfile::tempdir().unwrap();
    let weights = Builtin::Live.weights().unwrap();
    let model = Arc::new(LoadedModel::on_cpu(&weights, Precision::F32).unwrap());
    for profile in
        [Profile::rgb("ProPhoto", PROPHOTO, Curve::Gamma(461)), Profile::rgb("P3 by matrix", DISPLAY_P3, Curve::Srgb)]
    {
        let (file, icc) = (folder.path().join("strong.png"), profile.bytes());
        let metadata = Metadata { icc_profile: Some(icc.clone()), ..Metadata::default() };
        write(&file, &strong(), SaveOptions { bits: 16, ..options(metadata) });
        let picture = Arc::new(Picture::open(&file).unwrap());
        assert!(matches!(picture.rgb, Samples::U16(_)) && !picture.color.is_srgb());
        let source = values(&picture);
        // What sRGB cannot hold is at one of its ends on the screen.
        let mut screen = source.clone();
        picture.color.show(&mut screen);
        let is_cut = |pixel: &&[f32; 3]| pixel.iter().any(|v| *v <= 0.0 || *v >= 1.0);
        let cut = screen.data.as_chunks::<3>().0.iter().filter(is_cut).count();
        assert!(cut > SIZE.area() / 8, "{}: {cut} pixels are beyond sRGB", profile.name);
        let consistency = |recipe: &str| {
            let written = exported(&picture, &model, recipe, &folder.path().join("out.png"));
            assert_eq!(written.metadata.icc_profile.as_ref(), Some(&icc));
            assert!(matches!(written.rgb, Samples::U16(_)));
            psnr(&resize_bicubic(&values(&written), SIZE), &source, Channels::Rgb, 0).unwrap()
        };
        let (plain, locked) = (consistency("neural:exact"), consistency("neural:exact+lock"));
        println!("{}: {plain:.1} dB, locked {locked:.1} dB", profile.name);
        assert!(locked >= CONSISTENT && plain < CONSISTENT - 3.0, "{}: {plain:.1}, {locked:.1} dB", profile.name);
        // By way of the screen's colours they would be lost.
        let lost = psnr(&screen, &source, Channels::Rgb, 0).unwrap();
        assert!(lost < 30.0, "{lost:.1} dB");
    }
}
