//! JPEGs with a gain map: the picture as it always was, and on page 2 its light, as another decoder makes it.

use std::path::{Path, PathBuf};
use zoomfield::picture::{Picture, Samples, Which};
use zoomfield::task::NEVER;

const NAMES: [&str; 4] = ["srgb", "p3", "bt2020", "colors"];

/// The light of all of them is below white then.
const STOPS: &str = "-4";

fn file(name: &str) -> PathBuf {
    crate::fixture("gain_map").join(name)
}

pub(crate) fn opened(path: &Path, page: usize, stops: &str) -> Result<Picture, zoomfield::error::Error> {
    Picture::open_within(path, Which { page, exposure: stops.parse().unwrap() }, u64::MAX, NEVER)
}

/// The light of a file in sRGB's primaries, with its width and height.
pub(crate) fn expected(path: &Path) -> ((usize, usize), Vec<f32>) {
    let bytes = std::fs::read(path).unwrap();
    let (head, values) = bytes.split_at(8);
    let size = |at: usize| u32::from_le_bytes(head[at..at + 4].try_into().unwrap()) as usize;
    ((size(0), size(4)), values.as_chunks().0.iter().map(|value| f32::from_le_bytes(*value)).collect())
}

/// The light of a picture that was exposed by so many stops.
pub(crate) fn light(picture: &Picture, stops: &str) -> Vec<f32> {
    let factor = stops.parse::<f32>().unwrap().exp2();
    let linear = |value: f32| if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) };
    (0..picture.size.area() * 3).map(|i| linear(picture.rgb.unit(i)) / factor).collect()
}

/// The mean and the largest difference in stops, where nothing is darker than a twentieth of white.
pub(crate) fn differences(found: &[f32], expected: &[f32]) -> (f32, f32) {
    let stops = |value: &f32| value.max(0.05).log2();
    let all = found.iter().zip(expected).map(|(found, expected)| (stops(found) - stops(expected)).abs());
    let (count, sum, most) =
        all.fold((0, 0.0, 0.0_f32), |(count, sum, most), off| (count + 1, sum + off, most.max(off)));
    (sum / count as f32, most)
}

#[test]
fn light_by_a_gain_map_is_what_another_decoder_makes() {
    for name in NAMES {
        let (size, expected) = expected(&file(&format!("{name}.light")));
        let picture = opened(&file(&format!("{name}.jpg")), 1, STOPS).unwrap();
        assert_eq!((picture.size.width, picture.size.height), size, "{name}");
        assert_eq!((picture.pages.index, picture.pages.count), (1, 2), "{name}");
        let (mean, most) = differences(&light(&picture, STOPS), &expected);
        assert!(mean < 0.01 && most < 0.4, "{name}: {mean} stops in the mean, {most} at most");
        // The picture itself is nothing like it.
        let base = opened(&file(&format!("{name}.jpg")), 0, "0").unwrap();
        let (mean, most) = differences(&light(&base, "0"), &expected);
        assert!(mean > 0.2 && most > 1.5, "{name}: {mean} stops in the mean, {most} at most");
    }
}

#[test]
fn the_first_page_is_the_picture_and_tells_of_the_second() {
    for name in NAMES {
        let path = file(&format!("{name}.jpg"));
        let picture = opened(&path, 0, "0").unwrap();
        let plain = image::open(&path).unwrap().into_rgb8();
        assert!(matches!(&picture.rgb, Samples::U8(values) if *values == *plain), "{name}");
        assert_eq!((picture.pages.count, picture.exposure), (2, None), "{name}");
        assert_eq!((picture.notice, picture.pages.note()), (None, None), "{name}: telephones write nothing else");
        assert!(picture.pages.explanation().unwrap().contains("page 2 is the light beyond white"), "{name}");
        let light = opened(&path, 1, "0").unwrap();
        assert!(light.notice.as_deref().unwrap().contains("its light goes from"), "{name}: {:?}", light.notice);
        assert_ne!(light.id, picture.id, "{name}: two pictures have one name");
        let bytes = [0, 1].map(|page| Picture::decoded_bytes(&path, page, NEVER).unwrap() / picture.size.area() as u64);
        assert_eq!(bytes, [3, 12], "{name}: light is decoded to floating-point numbers");
        assert!(opened(&path, 0, "-1").unwrap_err().to_string().contains("page 2 of a JPEG with a gain map"));
        assert!(opened(&path, 2, "0").unwrap_err().to_string().contains("it has 2 pages"), "{name}");
    }
}

#[test]
fn without_its_gain_map_a_picture_is_a_picture() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jpg");
    let whole = std::fs::read(file("p3.jpg")).unwrap();
    let second = whole.windows(3).rposition(|bytes| bytes == [0xff, 0xd8, 0xff]).unwrap();
    // Cut off behind the picture, in the gain map's headers, in its pixels; and with numbers that make no sense.
    let zeros = vec![0; 300];
    let senseless = [&whole[..second + 60], &zeros, &whole[second + 360..]].concat();
    for bytes in [&whole[..second], &whole[..second + 30], &whole[..whole.len() - 9], &senseless] {
        std::fs::write(&path, bytes).unwrap();
        let picture = opened(&path, 0, "0").unwrap();
        assert_eq!((picture.pages.count, picture.notice), (1, None), "{} bytes", bytes.len());
        assert!(opened(&path, 1, "0").unwrap_err().to_string().contains("it has one page"));
    }
    // A map that says that it is larger than the picture is not decoded.
    let mut huge = whole.clone();
    let frame = second + whole[second..].windows(2).position(|bytes| bytes == [0xff, 0xc0]).unwrap();
    huge[frame + 5..frame + 9].fill(0xff);
    std::fs::write(&path, huge).unwrap();
    assert_eq!(opened(&path, 0, "0").unwrap().pages.count, 1);
    // Something else may lie between.
    std::fs::write(&path, [&whole[..second], b"a film \xff\xd8\xff\xe0 of nothing", &whole[second..]].concat())
        .unwrap();
    assert_eq!(opened(&path, 1, "0").unwrap().pages.count, 2);
}
