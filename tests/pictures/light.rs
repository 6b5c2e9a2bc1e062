//! Files that hold light, which goes on beyond white: told, and exposed as it is asked.

use crate::tiff_writer::{Tiff, Value};
use image::{ImageFormat, Rgb, Rgb32FImage, Rgba, Rgba32FImage};
use std::path::{Path, PathBuf};
use zoomfield::picture::{Exposure, Picture, Which};
use zoomfield::task::NEVER;

/// Greys of this light, the last one with colours beyond what is shown at both ends.
const LIGHT: [f32; 4] = [0.0, 0.25, 1.0, 6.5];

/// The same in every kind of file that holds light.
fn files(folder: &Path) -> Vec<PathBuf> {
    let opaque = Rgb32FImage::from_fn(4, 1, |x, _| Rgb([LIGHT[x as usize]; 3]));
    let clear = Rgba32FImage::from_fn(4, 1, |x, _| {
        let [r, g, b] = [LIGHT[x as usize]; 3];
        Rgba([r, g, b, 1.0])
    });
    let paths = ["a.exr", "b.exr", "c.hdr", "d.tif"].map(|name| folder.join(name));
    opaque.save(&paths[0]).unwrap();
    clear.save(&paths[1]).unwrap();
    opaque.save_with_format(&paths[2], ImageFormat::Hdr).unwrap();
    let samples = LIGHT.map(|value| u64::from(value.to_bits()));
    std::fs::write(&paths[3], Tiff::new((4, 1), 32, 1, 1).with(339, Value::Short(vec![3])).file(&samples)).unwrap();
    paths.into()
}

fn opened(path: &Path, stops: &str, held_bytes: u64) -> Picture {
    let which = Which { page: 0, exposure: stops.parse().unwrap() };
    Picture::open_within(path, which, held_bytes, NEVER).unwrap()
}

/// Linear light on the sRGB curve, in 16 bits.
fn shown(light: f32) -> u16 {
    let light = f64::from(light).clamp(0.0, 1.0);
    let value = if light <= 0.003_130_8 { 12.92 * light } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 };
    (value * 65535.0).round() as u16
}

#[test]
fn light_is_exposed_by_stops_and_what_is_cut_off_is_told() {
    let folder = tempfile::tempdir().unwrap();
    for path in files(folder.path()) {
        let name = path.display();
        for (stops, white) in [("0", "1"), ("-1", "2"), ("-2.7", "6.49802"), ("-3", "8"), ("+2", "0.25")] {
            let picture = opened(&path, stops, u64::MAX);
            let factor = stops.parse::<f32>().unwrap().exp2();
            for (i, light) in LIGHT.into_iter().enumerate() {
                let (found, expected) = (picture.rgb.value(3 * i), shown(light * factor));
                assert!(found.abs_diff(expected) <= 1, "{name} {stops}: {found}, not {expected}");
            }
            let said = picture.notice.clone().unwrap();
            let rule =
                format!("its values go from 0 to 6.5, and are shown as linear light from 0, black, to {white}, white");
            assert!(said.contains(&rule), "{name} {stops}: {said}");
            let hint = "an exposure of -2.8 stops shows the brightest";
            assert_eq!(said.contains(hint), stops != "-3", "{name} {stops}: {said}");
            assert_eq!(picture.exposure, Some(stops.parse().unwrap()));
            // What is known of a pixel is its light, whatever the exposure.
            if stops != "+2" {
                let known = picture.known_values((1, 0)).unwrap();
                let light: f64 = known[0].parse().unwrap();
                assert!((light - 0.25).abs() < 0.001 && known[0] == known[1], "{name} {stops}: {known:?}");
            }
        }
        assert_ne!(opened(&path, "0", u64::MAX).id, opened(&path, "-1", u64::MAX).id, "two pictures have one name");
    }
}

#[test]
fn what_is_read_by_rectangles_is_exposed_alike() {
    let folder = tempfile::tempdir().unwrap();
    let path = files(folder.path()).pop().unwrap();
    for stops in ["0", "-3"] {
        let (held, read) = (opened(&path, stops, u64::MAX), opened(&path, stops, 0));
        assert!(read.regions.is_some() && read.exposure == held.exposure);
        crate::regions::assert_same(&held, &read, stops);
    }
    assert_ne!(opened(&path, "0", 0).id, opened(&path, "-3", 0).id, "two pictures have one name");
}

#[test]
fn what_holds_no_light_is_not_exposed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    image::RgbImage::new(2, 2).save(&path).unwrap();
    let which = Which { page: 0, exposure: "-1".parse().unwrap() };
    let said = Picture::open_within(&path, which, u64::MAX, NEVER).unwrap_err().to_string();
    assert!(said.contains("a.png") && said.contains("leave --exposure out"), "{said}");
    assert_eq!(opened(&path, "0", u64::MAX).exposure, None);
    assert_eq!(Exposure::NONE.to_string(), "+0.0");
}
