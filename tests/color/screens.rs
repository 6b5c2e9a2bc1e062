//! Screens that are not sRGB: what a picture's colours are there, and that nothing but the screen changes.

use crate::icc::ADOBE_RGB;
use crate::profile::{Curve, DISPLAY_P3, Profile, SRGB};
use crate::table::{self, Kind};
use crate::table_back;
use crate::{COLORS, PROPHOTO, raster, tagged};
use zoomfield::geometry::Size;
use zoomfield::picture::{Picture, Raster, Screen};

/// A curve that no formula describes: brighter in the middle than an exponent of 2.2.
fn bent() -> Curve {
    let value = |i: i32| (f64::from(i) / 255.0).powf(2.2) * (1.0 + 0.3 * (1.0 - f64::from(i) / 255.0));
    Curve::Table((0..256).map(|i| (value(i).min(1.0) * 65535.0).round() as u16).collect())
}

/// Far steeper in the dark than any of the other curves, as a table.
fn steep() -> Curve {
    Curve::Table((0..256).map(|i| ((f64::from(i) / 255.0).powf(2.6) * 65535.0).round() as u16).collect())
}

fn screens() -> [Profile; 5] {
    [
        Profile::rgb("Display P3", DISPLAY_P3, Curve::Srgb),
        Profile::rgb("Adobe RGB (1998)", ADOBE_RGB, Curve::Gamma(563)),
        Profile::rgb("a bent curve", DISPLAY_P3, bent()),
        Profile::rgb("a steep curve", DISPLAY_P3, steep()),
        Profile::rgb("small", [0, 1, 2].map(|i| mixed(SRGB, i)), Curve::Gamma(512)),
    ]
}

/// A primary that is a tenth of the way to each other one.
fn mixed(primaries: [[f64; 3]; 3], own: usize) -> [f64; 3] {
    [0, 1, 2].map(|row| (0..3).map(|i| if i == own { 0.8 } else { 0.1 } * primaries[i][row]).sum())
}

fn off(a: &[f32], b: impl Iterator<Item = f64>) -> f64 {
    a.iter().zip(b).map(|(a, b)| (f64::from(*a) - b).abs() * 255.0).fold(0.0, f64::max)
}

fn shown(picture: &Picture, mut raster: Raster) -> Vec<f32> {
    picture.color.show(&mut raster);
    raster.data
}

#[test]
fn a_screen_of_its_own_colours_shows_what_the_picture_says() {
    let folder = tempfile::tempdir().unwrap();
    let sources = [
        Profile::rgb("sRGB", SRGB, Curve::Srgb),
        Profile::rgb("Display P3", DISPLAY_P3, Curve::Srgb),
        Profile::rgb("ProPhoto", PROPHOTO, Curve::Gamma(461)),
    ];
    for source in &sources {
        let picture = tagged(folder.path(), source.bytes());
        for screen in screens() {
            let seen = picture.clone().seen_on(&Screen::from_profile(&screen.bytes()).expect(screen.name));
            let colors = shown(&seen, raster());
            let expected = COLORS.map(|color| screen.of_xyz(source.to_xyz(color.map(|v| f64::from(v) / 255.0))));
            let off = off(&colors, expected.into_iter().flatten());
            // As between profiles and sRGB: a hair's breadth of a primary is up to two steps where a channel is nearly empty.
            assert!(off < 2.5, "{} on {}: {off:.2} of 255 away", source.name, screen.name);
            // Exports and copies do not know of it, nor what they say of their source.
            let (mut before, mut after) = (raster(), raster());
            picture.color.convert_to_srgb(&mut before);
            seen.color.convert_to_srgb(&mut after);
            assert_eq!((before.data, picture.color.name()), (after.data, seen.color.name()));
            assert_eq!(picture.content(), seen.content());
        }
    }
}

/// Greys have no channel that is nearly empty; black is the darkest of many steps.
#[test]
fn greys_are_exact_down_to_black() {
    let folder = tempfile::tempdir().unwrap();
    let srgb = Profile::rgb("sRGB", SRGB, Curve::Srgb);
    let picture = tagged(folder.path(), srgb.bytes());
    let greys = |i: usize| [i as f32 / 1023.0; 3];
    let ramp = Raster { size: Size::new(1024, 1), channels: 3, data: (0..1024).flat_map(greys).collect() };
    for screen in screens() {
        let seen = picture.clone().seen_on(&Screen::from_profile(&screen.bytes()).expect(screen.name));
        let expected = (0..1024).flat_map(|i| screen.of_xyz(srgb.to_xyz([f64::from(i) / 1023.0; 3])));
        let off = off(&shown(&seen, ramp.clone()), expected);
        assert!(off < 0.4, "{}: {off:.2} of 255 away", screen.name);
    }
}

/// Shaders see the same by a table; what it says is held against the mathematics, not against what tiles show.
#[test]
fn tables_show_the_colours_of_other_screens() {
    let folder = tempfile::tempdir().unwrap();
    let sources = || [Profile::rgb("sRGB", SRGB, Curve::Srgb), Profile::rgb("Display P3", DISPLAY_P3, Curve::Srgb)];
    for (source, screen) in sources().iter().flat_map(|source| screens().map(|screen| (source, screen))) {
        let own = Screen::from_profile(&screen.bytes()).expect(screen.name);
        let picture = tagged(folder.path(), source.bytes()).seen_on(&own);
        if picture.color.is_screens() {
            continue;
        }
        let table = picture.color.table().unwrap_or_else(|| panic!("{} on {}", source.name, screen.name));
        let level = |i: usize| i as f32 / 30.0;
        let all: Vec<[f32; 3]> = (0..31 * 31 * 31).map(|i| [i % 31, i / 31 % 31, i / 31 / 31].map(level)).collect();
        let by_table: Vec<f32> = all.iter().flat_map(|color| table.converted(*color)).collect();
        let of = |color: &[f32; 3]| screen.of_xyz(source.to_xyz(color.map(f64::from)));
        let off = |by_table: &[f32]| off(by_table, all.iter().flat_map(of));
        // Hair's breadths of primaries again.
        assert!(off(&by_table) < 2.5, "{} on {}: {:.2} of 255 away", source.name, screen.name, off(&by_table));
        // A screen with another curve is noticed.
        let mut other = table.as_ref().clone();
        other.entries.iter_mut().for_each(|entry| entry[1] *= 0.97);
        let by_other: Vec<f32> = all.iter().flat_map(|color| other.converted(*color)).collect();
        assert!(off(&by_other) > 2.5, "{} on {}", source.name, screen.name);
    }
}

/// A grid is as exact as it can be.
#[test]
fn a_picture_or_a_screen_that_is_a_table_is_shown_by_it() {
    let folder = tempfile::tempdir().unwrap();
    let p3 = Profile::rgb("Display P3", DISPLAY_P3, Curve::Srgb);
    let adobe = Profile::rgb("Adobe RGB (1998)", ADOBE_RGB, Curve::Gamma(563));
    // The picture's table is for any intent, the screen's for one: they meet all the same.
    let pairs = [
        (table::bytes(&p3, Kind::Mft2), adobe.bytes()),
        (p3.bytes(), table_back::both_ways(&adobe)),
        (table::bytes(&p3, Kind::Mft2), table_back::both_ways(&adobe)),
    ];
    for (i, (source, screen)) in pairs.into_iter().enumerate() {
        let picture = tagged(folder.path(), source).seen_on(&Screen::from_profile(&screen).unwrap());
        let seen = shown(&picture, raster());
        let expected = COLORS.map(|color| adobe.of_xyz(p3.to_xyz(color.map(|v| f64::from(v) / 255.0))));
        let off = off(&seen, expected.into_iter().flatten());
        println!("pair {i}: {off:.2} of 255 away");
        assert!(off < 4.0, "pair {i}: {off:.2} of 255 away");
    }
}

#[test]
fn pictures_in_the_screens_own_space_are_left_alone_to_the_bit() {
    let folder = tempfile::tempdir().unwrap();
    let p3 = Profile::rgb("Display P3", DISPLAY_P3, Curve::Srgb).bytes();
    let picture = tagged(folder.path(), p3.clone()).seen_on(&Screen::from_profile(&p3).unwrap());
    assert!(picture.color.is_screens() && !picture.color.is_srgb());
    assert_eq!(shown(&picture, raster()), raster().data);
    // Also where the curve is a table, whatever the profiles are called; and one that has tables for colours, if it is the same.
    let called = |name| Profile::rgb(name, DISPLAY_P3, bent()).bytes();
    let by_table = table_back::both_ways(&Profile::rgb("a screen", DISPLAY_P3, Curve::Srgb));
    for (own, screen) in [(called("a picture"), called("a screen")), (by_table.clone(), by_table)] {
        let picture = tagged(folder.path(), own).seen_on(&Screen::from_profile(&screen).unwrap());
        assert!(picture.color.is_screens());
        assert_eq!(shown(&picture, raster()), raster().data);
    }
    // A screen that is sRGB changes nothing.
    let srgb = Screen::from_profile(&Profile::rgb("a screen", SRGB, Curve::Srgb).bytes()).unwrap();
    let picture = tagged(folder.path(), p3);
    let seen = shown(&picture.clone().seen_on(&srgb), raster());
    assert_eq!((srgb.name(), seen), ("sRGB", shown(&picture, raster())));
}

#[test]
fn what_is_no_profile_of_a_screen_is_refused_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let way_back_is_missing = table::bytes(&Profile::rgb("P3", DISPLAY_P3, Curve::Srgb), Kind::Mft2);
    let cut = Profile::rgb("P3", DISPLAY_P3, Curve::Srgb).bytes()[..150].to_vec();
    let grey = Profile::grey("grey", Curve::Gamma(512)).bytes();
    let mut of_a_scanner = Profile::rgb("P3", DISPLAY_P3, Curve::Srgb).bytes();
    of_a_scanner[12..16].copy_from_slice(b"scnr");
    for bytes in [way_back_is_missing, cut, grey, of_a_scanner, b"nothing".to_vec(), Vec::new()] {
        let path = folder.path().join("screen.icc");
        std::fs::write(&path, bytes).unwrap();
        let said = Screen::open(&path).unwrap_err().to_string();
        assert!(said.contains("screen.icc") && said.contains("cannot be used as the screen's profile"), "{said}");
    }
    assert!(Screen::open(&folder.path().join("none.icc")).is_err());
}
