//! HEIC: how it may be coded, compared with another decoder and with the picture that was drawn; what only the code's headers
//! say, tiles, turning, opacity, and damage.

use crate::{fixture, open_bytes, sentence};
use std::path::PathBuf;
use zoomfield::geometry::Size;
use zoomfield::picture::{Picture, Samples, is_picture_path};

fn heic(name: &str) -> PathBuf {
    fixture("heic").join(format!("{name}.heic"))
}

fn of(name: &str) -> Picture {
    Picture::open(&heic(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn theirs(name: &str) -> Picture {
    Picture::open(&fixture("heic").join(format!("{name}.png"))).unwrap()
}

/// Shares of red, green and blue in brightness: BT.601's and BT.709's.
const USUAL: [f32; 3] = [0.299, 0.587, 0.114];
const HD: [f32; 3] = [0.2126, 0.7152, 0.0722];

/// The largest difference of two pictures in brightness, which interpolated colours do not change but where they leave
/// what RGB has, and the mean of all samples', in steps of 8 bits.
fn distances(a: &Picture, b: &Picture, shares: [f32; 3]) -> [f32; 2] {
    let difference = |i: usize| (a.rgb.unit(i) - b.rgb.unit(i)) * 255.0;
    let is_inside = |i: usize| [a, b].iter().all(|picture| (0.02..0.98).contains(&picture.rgb.unit(i)));
    let pixels = (0..a.size.area()).map(|i| [0, 1, 2].map(|c| 3 * i + c));
    let inside = pixels.filter(|samples| samples.iter().all(|i| is_inside(*i)));
    let brightness = inside.map(|samples| (0..3).map(|c| shares[c] * difference(samples[c])).sum::<f32>());
    let mean = (0..a.size.area() * 3).map(|i| difference(i).abs()).sum::<f32>() / (a.size.area() * 3) as f32;
    [brightness.fold(0.0, |most: f32, value| value.abs().max(most)), mean]
}

/// Colours, which are sampled more coarsely, libheif takes from the nearest sample.
#[test]
fn another_decoder_reads_the_same() {
    for (name, bits, brightness, mean) in [
        ("lossless", 8, 1.0, 12.0),
        ("depth8", 8, 1.0, 12.0),
        ("depth10", 16, 1.6, 12.0),
        ("limited", 8, 1.5, 12.0),
        ("alpha", 8, 1.0, 12.0),
        ("grey", 8, 0.0, 0.0),
        ("large", 8, 1.0, 0.6),
        ("grid", 8, 1.0, 1.2),
    ] {
        let (picture, theirs) = (of(name), theirs(name));
        assert_eq!((picture.size, picture.rgb.bits(), picture.format), (theirs.size, bits, "HEIC"), "{name}");
        let found = distances(&picture, &theirs, if name == "limited" { HD } else { USUAL });
        assert!(found[0] <= brightness && found[1] <= mean, "{name}: {found:?} of 255");
        let opacities = [&picture, &theirs].map(|picture| picture.alpha.as_ref());
        assert_eq!(opacities.map(|opacity| opacity.is_some()), [name == "alpha"; 2], "{name}");
        if let [Some(ours), Some(wanted)] = opacities {
            assert!((0..13 * 9).all(|i| (ours.unit(i) - wanted.unit(i)).abs() * 255.0 <= 1.0), "{name}");
        }
    }
    // The comparison notices a step of brightness.
    let (mut brighter, theirs) = (of("large"), theirs("large"));
    let Samples::U8(samples) = &mut brighter.rgb else { panic!("is of 8 bits") };
    *samples = samples.iter().map(|sample| sample.saturating_add(2)).collect();
    assert!(distances(&brighter, &theirs, USUAL)[0] > 1.0);
}

#[test]
fn what_was_drawn_is_seen() {
    let picture = of("lossless");
    assert_eq!(picture.size, Size::new(13, 9));
    for (x, y) in (0..9).flat_map(|y| (0..13).map(move |x| (x, y))) {
        let brightness = |rgb: [f32; 3]| (0..3).map(|c| USUAL[c] * rgb[c]).sum::<f32>();
        let drawn = [x * 19, y * 28, (x * 7 + y * 11) % 256].map(|value| value as f32);
        let seen = [0, 1, 2].map(|channel| picture.rgb.unit((y * 13 + x) * 3 + channel) * 255.0);
        let is_cut_off = seen.iter().any(|value| !(1.0..254.0).contains(value));
        assert!(is_cut_off || (brightness(seen) - brightness(drawn)).abs() <= 1.5, "{x} {y}: {seen:?} for {drawn:?}");
    }
    assert!(picture.color.is_srgb() && of("p3").color.name() == "Display P3");
    assert!(["a.heic", "a.HEIF", "a.hif"].into_iter().all(|name| is_picture_path(name.as_ref())));
}

#[test]
fn what_its_decoder_reads_wrong_is_refused_by_name() {
    for (name, words) in [("sampled_422", "4:2:2"), ("sampled_444", "4:4:4")] {
        let said = sentence(&heic(name));
        assert!(said.contains("this kind of HEIC file is not supported") && said.contains(words), "{said}");
    }
}

/// Telephones leave range and matrix to the headers of the code.
#[test]
fn what_the_file_leaves_out_its_code_says() {
    for name in ["depth8", "limited", "p3"] {
        let mut file = std::fs::read(heic(name)).unwrap();
        let at = file.windows(4).position(|bytes| bytes == b"nclx").unwrap();
        // The property stays, so that the others keep their numbers.
        file[at..at + 4].copy_from_slice(b"none");
        let (told, untold) = (of(name), open_bytes("untold", &file));
        assert!(told.rgb == untold.rgb && told.color.name() == untold.color.name(), "{name}");
    }
}

#[test]
fn the_file_itself_turns_and_describes() {
    let turned = of("turned");
    assert_eq!(turned.size, Size::new(9, 13));
    assert!(turned.metadata.icc_profile.is_some_and(|profile| profile.len() > 100));
    assert!(turned.metadata.exif.is_some_and(|exif| exif.windows(5).any(|bytes| bytes == b"Maker")));
}

#[test]
fn damage_is_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.heic");
    for name in ["depth8", "grid", "alpha", "depth10"] {
        let file = std::fs::read(heic(name)).unwrap();
        for at in (0..file.len()).step_by(3) {
            let mut changed = file.clone();
            changed[at] ^= 0x55;
            std::fs::write(&path, &changed).unwrap();
            // Opened or refused: nothing else.
            if let Err(error) = Picture::open(&path) {
                assert!(
                    !error.to_string().contains('\n') && !error.to_string().contains("fault"),
                    "{name} {at}: {error}"
                );
            }
        }
        std::fs::write(&path, &file[..file.len() - 20]).unwrap();
        assert!(Picture::open(&path).is_err(), "{name}");
    }
}
