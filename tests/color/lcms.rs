//! `LittleCMS` as a second opinion: what it makes of colours in profiles of this test, within ΔE2000 0.5.
//!
//! Its answers lie in `tests/fixtures/color/lcms.txt`, written by `lcms.py` there, which reads the profiles that this test
//! writes where `ZOOMFIELD_WRITE_PROFILES` names a folder.

use crate::delta_e::{delta_e_2000, lab_of_srgb};
use crate::icc::ADOBE_RGB;
use crate::profile::{self, Curve, DISPLAY_P3, Profile, SRGB};
use crate::tiff_writer::{Tiff, Value};
use crate::{PROPHOTO, inks, tagged};
use std::path::Path;
use zoomfield::geometry::Size;
use zoomfield::picture::{Picture, Raster};

const MOST: f64 = 0.5;

/// The profiles by name.
fn profiles() -> Vec<(&'static str, Vec<u8>)> {
    let rgb = |name, colorants, curve| (name, Profile::rgb(name, colorants, curve).bytes());
    vec![
        rgb("sRGB", SRGB, Curve::Srgb),
        rgb("Display-P3", DISPLAY_P3, Curve::Srgb),
        rgb("Adobe-RGB", ADOBE_RGB, Curve::Gamma(563)),
        rgb("ProPhoto", PROPHOTO, Curve::Gamma(461)),
        ("grey", Profile::grey("grey", Curve::Gamma(461)).bytes()),
        ("CMYK", inks::bytes("CMYK")),
    ]
}

/// A colour as it is stored, in 255ths, and the sRGB that `LittleCMS` makes of it.
type Answer = (Vec<u8>, [f64; 3]);

fn answers(name: &str) -> Vec<Answer> {
    let text = include_str!("../fixtures/color/lcms.txt");
    let lines = text.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    let read = |line: &str| {
        let (stored, srgb) = line.split_once(" > ").unwrap();
        let srgb: Vec<f64> = srgb.split(' ').map(|v| v.parse().unwrap()).collect();
        (stored.split(' ').map(|v| v.parse().unwrap()).collect(), [srgb[0], srgb[1], srgb[2]])
    };
    lines.map(read).collect()
}

/// What Zoomfield shows of colours in a file with a profile.
fn shown(folder: &Path, profile: &[u8], stored: &[Vec<u8>]) -> Vec<[f64; 3]> {
    let size = Size::new(stored.len(), 1);
    let (picture, data) = match stored[0].len() {
        1 => {
            let path = folder.join("grey.png");
            profile::write_grey_png(&path, stored.len() as u32, &stored.concat(), profile);
            (Picture::open(&path).unwrap(), stored.iter().flat_map(|grey| [f32::from(grey[0]) / 255.0; 3]).collect())
        }
        3 => (tagged(folder, profile.to_vec()), stored.iter().flatten().map(|v| f32::from(*v) / 255.0).collect()),
        _ => {
            let path = folder.join("inks.tif");
            // Of 8 bits the RGB would have 8 too, whose rounding alone is up to 0.64 in the dark.
            let samples: Vec<u64> = stored.iter().flatten().map(|v| u64::from(*v) * 257).collect();
            let tiff = Tiff::new((stored.len(), 1), 16, 4, 5).with(34_675, Value::Bytes(profile.to_vec()));
            std::fs::write(&path, tiff.file(&samples)).unwrap();
            let picture = Picture::open(&path).unwrap();
            let data = (0..3 * stored.len()).map(|i| picture.rgb.unit(i)).collect();
            (picture, data)
        }
    };
    assert_eq!(picture.notice, None);
    let mut raster = Raster { size, channels: 3, data };
    picture.color.show(&mut raster);
    raster.data.as_chunks::<3>().0.iter().map(|rgb| rgb.map(f64::from)).collect()
}

/// The mean and the largest difference.
fn differences(seen: &[[f64; 3]], answers: &[Answer]) -> [f64; 2] {
    let pairs = seen.iter().zip(answers);
    let all: Vec<f64> = pairs.map(|(seen, (_, said))| delta_e_2000(lab_of_srgb(*seen), lab_of_srgb(*said))).collect();
    [all.iter().sum::<f64>() / all.len() as f64, all.iter().copied().fold(0.0, f64::max)]
}

#[test]
fn profiles_look_as_littlecms_says() {
    if let Some(folder) = std::env::var_os("ZOOMFIELD_WRITE_PROFILES") {
        for (name, bytes) in profiles() {
            std::fs::write(Path::new(&folder).join(name).with_extension("icc"), bytes).unwrap();
        }
    }
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in profiles() {
        let answers = answers(name);
        assert!(answers.len() >= 64, "{name}: {} answers", answers.len());
        let stored: Vec<Vec<u8>> = answers.iter().map(|(stored, _)| stored.clone()).collect();
        let seen = shown(folder.path(), &bytes, &stored);
        let [mean, most] = differences(&seen, &answers);
        println!("{name}: ΔE2000 {mean:.3} in the mean, {most:.3} at most, of {} colours", answers.len());
        assert!(most <= MOST, "{name}: {most}");
        // Numbers that are taken for sRGB are noticed, and so is one channel that is 2 of 255 off.
        let mut off = seen.clone();
        for rgb in &mut off {
            rgb[1] = (rgb[1] - 2.0 / 255.0).abs();
        }
        assert!(differences(&off, &answers)[1] > MOST, "{name}");
        if stored[0].len() == 3 && name != "sRGB" {
            let plain: Vec<_> = stored.iter().map(|v| [0, 1, 2].map(|c| f64::from(v[c]) / 255.0)).collect();
            assert!(differences(&plain, &answers)[1] > MOST, "{name}");
        }
    }
}

/// A photograph for print as Photoshop writes it: a JPEG in CMYK, upside down in numbers, with its profile.
#[test]
fn a_jpeg_of_inks_looks_as_littlecms_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/color/inks.jpg");
    let picture = Picture::open(&path).unwrap();
    let answers = answers("JPEG");
    assert!(answers.len() >= 16 && picture.color.is_srgb() && picture.metadata.icc_profile.is_none());
    // Squares of 8 pixels in a row, each of one colour.
    let middle = |i: usize| 4 * picture.size.width + 8 * i + 4;
    let seen: Vec<_> =
        (0..answers.len()).map(|i| [0, 1, 2].map(|c| f64::from(picture.rgb.unit(3 * middle(i) + c)))).collect();
    let [mean, most] = differences(&seen, &answers);
    println!("JPEG: ΔE2000 {mean:.3} in the mean, {most:.3} at most, of {} colours", answers.len());
    assert!(most <= MOST, "{most}");
    let multiplied = |v: &Vec<u8>| [0, 1, 2].map(|c| f64::from(255 - v[c]) * f64::from(255 - v[3]) / 65_025.0);
    let plain: Vec<_> = answers.iter().map(|(stored, _)| multiplied(stored)).collect();
    assert!(differences(&plain, &answers)[1] > 5.0);
}
