//! Colours: what a profile says is what the screen shows, what the file says is what an export says.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests may")]
#![expect(clippy::print_stdout, reason = "figures are for whoever measures")]

#[path = "color/chunks.rs"]
mod chunks;
#[path = "common/delta_e.rs"]
mod delta_e;
#[path = "color/grey.rs"]
mod grey;
#[path = "common/icc.rs"]
mod icc;
#[path = "color/inks.rs"]
mod inks;
#[path = "color/lcms.rs"]
mod lcms;
#[path = "color/metadata.rs"]
mod metadata;
#[expect(dead_code, reason = "one file is looked at here")]
#[path = "pictures/modern_files.rs"]
mod modern_files;
#[path = "color/printed.rs"]
mod printed;
#[path = "color/profile.rs"]
mod profile;
#[path = "color/screens.rs"]
mod screens;
#[path = "color/table.rs"]
mod table;
#[path = "color/table_back.rs"]
mod table_back;
#[expect(dead_code, reason = "one kind of file is written here")]
#[path = "pictures/tiff_writer.rs"]
mod tiff_writer;
#[path = "color/wide.rs"]
mod wide;

use icc::ADOBE_RGB;
use profile::{Curve, DISPLAY_P3, Profile, SRGB};
use std::path::{Path, PathBuf};
use zoomfield::geometry::{Size, View};
use zoomfield::key::TileKey;
use zoomfield::picture::save::{PictureWriter, SaveOptions};
use zoomfield::picture::{Metadata, Picture, Raster, Samples};
use zoomfield::recipe::Source;
use zoomfield::render::{LoadedModel, RenderEvent, RenderWorker, TilePart, ViewRequest};

/// Colours inside and outside of sRGB.
const COLORS: [[u8; 3]; 8] = [
    [200, 100, 50],
    [0, 255, 0],
    [255, 0, 0],
    [12, 34, 56],
    [128, 128, 128],
    [255, 255, 255],
    [0, 0, 0],
    [90, 180, 160],
];

fn raster() -> Raster {
    let data = COLORS.iter().flatten().map(|v| f32::from(*v) / 255.0).collect();
    Raster { size: Size::new(COLORS.len(), 1), channels: 3, data }
}

fn options(metadata: Metadata) -> SaveOptions {
    let size = Size::new(COLORS.len(), 1);
    SaveOptions { size, channels: 3, bits: 8, quality: 100, overwrite: true, dpi: None, metadata }
}

fn write(path: &Path, raster: &Raster, options: SaveOptions) {
    let mut writer = PictureWriter::create(path, SaveOptions { size: raster.size, ..options }).unwrap();
    writer.write_rows(raster).unwrap();
    writer.finish().unwrap();
}

/// A file with these colours and this profile, opened.
fn tagged(folder: &Path, profile: Vec<u8>) -> Picture {
    let path = folder.join("tagged.png");
    write(&path, &raster(), options(Metadata { icc_profile: Some(profile), ..Metadata::default() }));
    Picture::open(&path).unwrap()
}

fn shown(picture: &Picture) -> Vec<[f32; 3]> {
    let mut raster = raster();
    picture.color.show(&mut raster);
    raster.data.as_chunks::<3>().0.to_vec()
}

#[test]
fn wide_profiles_are_shown_as_the_mathematics_says() {
    let folder = tempfile::tempdir().unwrap();
    let table = Curve::Table((0..1024).map(|i| ((i as f64 / 1023.0).powf(1.8) * 65535.0).round() as u16).collect());
    let profiles = [
        Profile::rgb("Display P3", DISPLAY_P3, Curve::Srgb),
        Profile::rgb("Adobe RGB (1998)", ADOBE_RGB, Curve::Gamma(563)),
        Profile::rgb("table", ADOBE_RGB, table),
    ];
    for profile in profiles {
        let picture = tagged(folder.path(), profile.bytes());
        assert_eq!((picture.color.name(), picture.color.is_srgb()), (profile.name, false));
        assert_eq!(picture.notice, None);
        // The picture itself keeps the file's own numbers.
        assert_eq!(picture.rgb, Samples::U8(COLORS.concat()));
        for (seen, color) in shown(&picture).iter().zip(COLORS) {
            let expected = profile.to_srgb(color.map(|v| f64::from(v) / 255.0));
            for c in 0..3 {
                let off = (f64::from(seen[c]) - expected[c]).abs();
                assert!(off < 0.6 / 255.0, "{}: {color:?} is {seen:?} instead of {expected:?}", profile.name);
            }
        }
    }
}

#[test]
fn profiles_with_tables_are_shown_as_the_mathematics_says() {
    let folder = tempfile::tempdir().unwrap();
    for kind in [table::Kind::Mft2, table::Kind::MAb] {
        for profile in
            [Profile::rgb("P3 by table", DISPLAY_P3, Curve::Srgb), Profile::rgb("A", ADOBE_RGB, Curve::Gamma(563))]
        {
            let bytes = table::bytes(&profile, kind);
            let picture = tagged(folder.path(), bytes.clone());
            let notice = picture.notice.clone();
            assert_eq!(
                (picture.color.name(), picture.color.is_srgb(), notice),
                (profile.name, false, None),
                "{kind:?}"
            );
            assert_eq!(picture.metadata.icc_profile, Some(bytes), "{kind:?}");
            let off = |from: &[[f32; 3]]| {
                let expected = COLORS.map(|color| profile.to_srgb(color.map(|v| f64::from(v) / 255.0)));
                let each = from.iter().flatten().zip(expected.iter().flatten());
                each.map(|(a, b)| (f64::from(*a) - b).abs() * 255.0).fold(0.0, f64::max)
            };
            let seen = off(&shown(&picture));
            assert!(seen < 2.5, "{kind:?}, {}: {seen:.2} of 255 away", profile.name);
            // The numbers themselves are not what such a profile shows.
            let plain = off(&COLORS.map(|color| color.map(|v| f32::from(v) / 255.0)));
            assert!(plain > 10.0, "{kind:?}: {plain:.2}");
        }
    }
}

/// As HP and Kodak have it: the widest space that cameras write.
const PROPHOTO: icc::Colorants = [[0.797_67, 0.288_04, 0.0], [0.135_19, 0.711_88, 0.0], [0.031_34, 0.000_09, 0.824_91]];

/// A shader sees the same colours by a table, also outside of sRGB and in the dark.
#[test]
fn tables_show_the_colours_of_profiles() {
    let folder = tempfile::tempdir().unwrap();
    let profiles = [
        Profile::rgb("Display P3", DISPLAY_P3, Curve::Srgb),
        Profile::rgb("Adobe RGB (1998)", ADOBE_RGB, Curve::Gamma(563)),
        Profile::rgb("ProPhoto", PROPHOTO, Curve::Gamma(461)),
    ];
    let tables = profiles.iter().flat_map(|profile| {
        let by_table = [table::Kind::Mft2, table::Kind::MAb].map(|kind| table::bytes(profile, kind));
        std::iter::once(profile.bytes()).chain(by_table).map(|bytes| (profile.name, bytes))
    });
    for (name, bytes) in tables {
        let picture = tagged(folder.path(), bytes);
        assert!(picture.color.known_table().is_none());
        let table = picture.color.table().expect(name);
        assert!(picture.color.known_table().is_some());
        let level = |i: usize| i as f32 / 46.0;
        let data: Vec<f32> = (0..47 * 47 * 47).flat_map(|i| [i % 47, i / 47 % 47, i / 47 / 47].map(level)).collect();
        let mut raster = Raster { size: Size::new(47, 47 * 47), channels: 3, data };
        let seen: Vec<f32> = raster.data.as_chunks::<3>().0.iter().flat_map(|color| table.converted(*color)).collect();
        picture.color.show(&mut raster);
        let off = seen.iter().zip(&raster.data).map(|(a, b)| (a - b).abs() * 255.0).fold(0.0, f32::max);
        assert!(off < 0.8, "{name}: {off} of 255 away");
        // Another colour is noticed.
        let mut other = table.as_ref().clone();
        other.entries.iter_mut().for_each(|entry| entry[1] *= 0.97);
        let (seen, expected) = (other.converted([0.5; 3]), table.converted([0.5; 3]));
        assert!((seen[1] - expected[1]).abs() * 255.0 > 0.8, "{name}");
    }
}

/// The mathematics of this test against numbers that everybody agrees on.
#[test]
fn the_reference_knows_well_known_colours() {
    // sRGB's red and green as CSS Color 4 gives them in other spaces.
    let p3 = Profile::rgb("", DISPLAY_P3, Curve::Srgb);
    let adobe = Profile::rgb("", ADOBE_RGB, Curve::Gamma(563));
    for (profile, color, expected) in [
        (&p3, [0.917_488, 0.200_287, 0.138_561], [1.0, 0.0, 0.0]),
        (&p3, [0.458_402, 0.985_265, 0.298_310], [0.0, 1.0, 0.0]),
        (&p3, [0.5, 0.5, 0.5], [0.5, 0.5, 0.5]),
        (&adobe, [0.858_592, 0.0, 0.0], [1.0, 0.0, 0.0]),
    ] {
        let seen = profile.to_srgb(color);
        assert!((0..3).all(|c| (seen[c] - expected[c]).abs() < 0.008), "{color:?}: {seen:?}");
    }
}

#[test]
fn srgb_is_left_alone_to_the_bit() {
    let folder = tempfile::tempdir().unwrap();
    // As the profile of 1998 says it: the curve as a table.
    let encoded = |v: f64| if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) };
    let table = (0..1024).map(|i| (encoded(i as f64 / 1023.0) * 65535.0).round() as u16).collect();
    for curve in [Curve::Srgb, Curve::Table(table)] {
        let picture = tagged(folder.path(), Profile::rgb("sRGB IEC61966-2.1", SRGB, curve).bytes());
        assert!(picture.color.is_srgb() && picture.metadata.icc_profile.is_some());
        let mut raster = raster();
        raster.data[0] = -0.25; // what a network may answer; rounding clamps it
        let before = raster.clone();
        picture.color.show(&mut raster);
        assert_eq!(raster, before);
        // And it has the name that its samples alone give it.
        assert_eq!(picture.id, Picture::from_samples(picture.size, picture.rgb, None).id);
    }
}

#[test]
fn opacity_is_not_a_colour() {
    let folder = tempfile::tempdir().unwrap();
    let picture = tagged(folder.path(), Profile::rgb("P3", DISPLAY_P3, Curve::Srgb).bytes());
    let opaque = shown(&picture);
    let mut raster = raster().with_alpha(&[0.25; COLORS.len()]);
    picture.color.show(&mut raster);
    for (pixel, expected) in raster.data.as_chunks::<4>().0.iter().zip(opaque) {
        assert_eq!((pixel[3], [pixel[0], pixel[1], pixel[2]]), (0.25, expected));
    }
}

#[test]
fn a_grey_profile_is_shown_and_exported_as_grey() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("grey.png");
    profile::write_grey_png(&path, 4, &[0, 60, 128, 255], &Profile::grey("Gamma 1.8", Curve::Gamma(461)).bytes());
    let picture = Picture::open(&path).unwrap();
    assert_eq!((picture.color.name(), picture.notice.as_deref()), ("Gamma 1.8", None));
    let data = [0u8, 60, 128, 255].iter().flat_map(|v| [f32::from(*v) / 255.0; 3]).collect();
    let mut raster = Raster { size: picture.size, channels: 3, data };
    picture.color.show(&mut raster);
    for (pixel, grey) in raster.data.as_chunks::<3>().0.iter().zip([0u8, 60, 128, 255]) {
        let linear = (f64::from(grey) / 255.0).powf(461.0 / 256.0);
        let expected = profile::encode_srgb(linear);
        assert!(pixel.iter().all(|v| (f64::from(*v) - expected).abs() < 0.7 / 255.0), "{grey}: {pixel:?}, {expected}");
    }
    // An export has three channels, so that its profile must be an RGB one; it reads back the same.
    let out = folder.path().join("out.png");
    write(&out, &raster, options(picture.metadata.clone()));
    let again = Picture::open(&out).unwrap();
    assert_eq!((again.color.name(), again.notice), ("Gamma 1.8", None));
    assert_eq!(again.metadata.icc_profile, picture.metadata.icc_profile);
}

#[test]
fn a_broken_profile_is_told_and_counts_as_srgb() {
    let folder = tempfile::tempdir().unwrap();
    let whole = Profile::rgb("P3", DISPLAY_P3, Curve::Srgb).bytes();
    let mut headless = whole.clone();
    headless[36..40].copy_from_slice(b"none");
    let mut cmyk = whole.clone();
    cmyk[16..20].copy_from_slice(b"CMYK");
    for broken in [vec![7; 600], whole[..150].to_vec(), headless, cmyk] {
        let picture = tagged(folder.path(), broken);
        assert!(picture.color.is_srgb() && picture.metadata.icc_profile.is_none());
        let notice = picture.notice.unwrap();
        assert!(notice.contains("colour profile cannot be used") && notice.contains("sRGB"), "{notice}");
        assert_eq!(picture.rgb, Samples::U8(COLORS.concat()));
    }
}

#[test]
fn an_export_carries_the_profile_to_the_byte() {
    let folder = tempfile::tempdir().unwrap();
    let profile = Profile::rgb("Display P3", DISPLAY_P3, Curve::Srgb).bytes();
    let picture = tagged(folder.path(), profile.clone());
    for ending in ["png", "tif", "jpg", "webp", "avif"] {
        let path = folder.path().join("out").with_extension(ending);
        write(&path, &raster(), options(picture.metadata.clone()));
        let again = Picture::open(&path).unwrap();
        assert_eq!(again.metadata.icc_profile.as_ref(), Some(&profile), "{ending}");
        assert_eq!(again.color.name(), "Display P3", "{ending}");
    }
}

#[test]
fn the_same_numbers_in_another_space_are_another_picture() {
    let folder = tempfile::tempdir().unwrap();
    let p3 = tagged(folder.path(), Profile::rgb("P3", DISPLAY_P3, Curve::Srgb).bytes());
    let adobe = tagged(folder.path(), Profile::rgb("A", ADOBE_RGB, Curve::Gamma(563)).bytes());
    assert!(p3.id != adobe.id && p3.rgb == adobe.rgb);
}

#[test]
fn the_view_shows_a_tile_in_the_screens_colours() {
    let folder = tempfile::tempdir().unwrap();
    let profile = Profile::rgb("P3", DISPLAY_P3, Curve::Srgb);
    let picture = std::sync::Arc::new(tagged(folder.path(), profile.bytes()));
    let model = std::sync::Arc::new(LoadedModel::builtin().unwrap());
    let view = View { zoom: 1.0, corner_on_screen: [0.0, 0.0] };
    let scale = (1f64.to_bits(), 1f64.to_bits());
    let key = TileKey { picture: picture.id, model: None, scale, column: 0, row: 0, recipe: Source::Bicubic.into() };
    let worker = RenderWorker::start(|| {}).unwrap();
    worker.request(ViewRequest {
        number: 0,
        likely: Vec::new(),
        fields: zoomfield::render::FieldRequest::default(),
        picture,
        models: vec![model],
        view,
        wanted: vec![TilePart { key, rect: Size::new(COLORS.len(), 1).rect() }],
        focus_in_output: [0.0, 0.0],
        feature_budget_bytes: 64 << 20,
    });
    let tile = loop {
        match worker.poll() {
            Some(RenderEvent::Tile(tile)) => break tile,
            Some(RenderEvent::Failed { reason, .. }) => panic!("{reason}"),
            _ => std::thread::sleep(std::time::Duration::from_millis(2)),
        }
    };
    for (pixel, color) in tile.rgba.as_chunks::<4>().0.iter().zip(COLORS) {
        let expected = profile.to_srgb(color.map(|v| f64::from(v) / 255.0)).map(|v| (v * 255.0).round());
        for c in 0..3 {
            assert!((f64::from(pixel[c]) - expected[c]).abs() <= 1.0, "{color:?}: {pixel:?}, {expected:?}");
        }
    }
}
