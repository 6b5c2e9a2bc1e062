//! AVIF: how it may be coded, compared with another decoder and with the picture that was drawn; opacity, tiles, turning,
//! crops, what describes the picture, and damage.

use crate::{fixture, folder, open_bytes, sentence};
use std::path::PathBuf;
use zoomfield::geometry::Size;
use zoomfield::picture::{PageReader, Picture, Samples, Which, is_picture_path};
use zoomfield::task::NEVER;

fn avif(name: &str) -> PathBuf {
    fixture("avif").join(format!("{name}.avif"))
}

fn of(name: &str) -> Picture {
    Picture::open(&avif(name)).unwrap_or_else(|error| panic!("{error}"))
}

/// What `tests/fixtures/formats/avif/make_avif.py` draws.
fn drawn(x: usize, y: usize) -> [usize; 3] {
    [x * 19, y * 28, (x * 7 + y * 11) % 256]
}

/// The largest distance of two pictures' samples, of `channels` a pixel, in steps of 8 bits. At the far edges of odd sizes
/// libavif takes colours from the nearest sample instead of two, so these are left out.
fn distance(size: Size, channels: usize, a: &Samples, b: &Samples) -> f32 {
    let pixels = (0..size.height - 1).flat_map(|y| (0..size.width - 1).map(move |x| y * size.width + x));
    let samples = pixels.flat_map(|pixel| (0..channels).map(move |channel| pixel * channels + channel));
    samples.map(|i| (a.unit(i) - b.unit(i)).abs() * 255.0).fold(0.0, f32::max)
}

fn pixel(picture: &Picture, x: usize, y: usize) -> [usize; 3] {
    [0, 1, 2].map(|channel| usize::from(picture.rgb.value((y * picture.size.width + x) * 3 + channel)))
}

#[test]
fn another_decoder_reads_the_same() {
    for (name, bits, most) in [
        ("lossless", 8, 0.0),
        ("depth8_420", 8, 2.0),
        ("depth10_422", 16, 1.0),
        ("depth12_444", 16, 0.1),
        ("depth12_400", 16, 0.1),
        ("limited", 8, 1.0),
        ("bt2020", 16, 1.0),
        ("p3", 8, 1.0),
        ("ycgco", 8, 1.0),
        ("grid", 8, 2.0),
    ] {
        let (picture, theirs) = (of(name), Picture::open(&fixture("avif").join(format!("{name}.png"))).unwrap());
        assert_eq!((picture.size, picture.rgb.bits(), picture.format), (theirs.size, bits, "AVIF"), "{name}");
        let distance = distance(picture.size, 3, &picture.rgb, &theirs.rgb);
        assert!(distance <= most, "{name}: {distance} of 255");
    }
}

/// Of a sheet of all frames, one below the other, the part of one.
fn cut(samples: &Samples, channels: usize, size: Size, frame: usize) -> Samples {
    let values = size.area() * channels;
    let Samples::U8(all) = samples else { panic!("sheets have 8 bits") };
    Samples::U8(all[frame * values..(frame + 1) * values].to_vec())
}

#[test]
fn frames_of_films_are_those_that_another_decoder_makes() {
    for (name, most) in [("film", 1.01), ("film_alpha", 2.01), ("film_deep", 2.01)] {
        let sheet = Picture::open(&fixture("avif").join(format!("{name}.png"))).unwrap();
        let mut reader = PageReader::new(&avif(name), u64::MAX);
        // One after the other, back, and over some.
        for frame in [0, 1, 2, 3, 4, 1, 4] {
            let picture = reader.read(frame, NEVER).unwrap();
            assert_eq!((picture.size, picture.format, picture.rgb.bits()), (Size::new(48, 32), "AVIF", 8));
            let (timing, pages) = (picture.pages.timing.unwrap(), picture.pages);
            assert_eq!((pages.index, pages.count, pages.noun()), (frame, 5, "frame"));
            let millis = [timing.duration, timing.total].map(|duration| duration.as_millis());
            assert_eq!(millis, [100 * (frame as u128 + 1), 1500], "{name} {frame}");
            let off = |ours: &Samples, theirs: &Samples, channels: usize| {
                distance(picture.size, channels, ours, &cut(theirs, channels, picture.size, frame))
            };
            let color = off(&picture.rgb, &sheet.rgb, 3);
            let opacity = picture.alpha.as_ref().map(|alpha| off(alpha, sheet.alpha.as_ref().unwrap(), 1));
            // Colours under full transparency are nobody's.
            assert!(name == "film_alpha" || color <= most, "{name} {frame}: {color} of 255");
            assert!(opacity.is_none_or(|off| off <= most) && opacity.is_some() == (name == "film_alpha"), "{name}");
            let is_told = picture.notice.as_deref().is_some_and(|notice| notice.contains("more than 8 bits"));
            assert_eq!(is_told, name == "film_deep", "{:?}", picture.notice);
        }
        assert!(reader.read(5, NEVER).unwrap_err().to_string().contains("no frame 6"));
        let other = reader.read(2, NEVER).unwrap();
        assert!(distance(other.size, 3, &other.rgb, &cut(&sheet.rgb, 3, other.size, 4)) > 10.0, "the wrong frame");
    }
}

#[test]
fn a_film_that_is_cut_off_shows_the_frames_that_are_there() {
    let whole = std::fs::read(avif("film")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.avif");
    std::fs::write(&path, &whole[..whole.len() - 20]).unwrap();
    let mut reader = PageReader::new(&path, u64::MAX);
    assert!(reader.read(0, NEVER).is_ok() && reader.read(3, NEVER).is_ok());
    let said = reader.read(4, NEVER).unwrap_err().to_string();
    assert!(said.contains("frame 5") && said.contains("ends too early"), "{said}");
}

#[test]
fn what_was_drawn_is_seen() {
    let picture = of("lossless");
    assert_eq!(picture.size, Size::new(13, 9));
    for (x, y) in (0..9).flat_map(|y| (0..13).map(move |x| (x, y))) {
        assert_eq!(pixel(&picture, x, y), drawn(x, y));
    }
    assert!(picture.color.is_srgb() && picture.metadata.icc_profile.is_none());
    assert!(!of("p3").color.is_srgb() && of("p3").metadata.icc_profile.is_some());
    assert_eq!((of("p3").color.name(), of("bt2020").color.name()), ("Display P3", "BT.2020"));
    assert!(
        is_picture_path(&avif("p3")) && open_bytes("no ending", &std::fs::read(avif("p3")).unwrap()).format == "AVIF"
    );
}

#[test]
fn opacity_is_kept_apart_and_taken_out_of_colours() {
    for name in ["alpha", "alpha_multiplied"] {
        let (picture, theirs) = (of(name), Picture::open(&fixture("avif").join(format!("{name}.png"))).unwrap());
        let [ours, wanted] = [&picture, &theirs].map(|picture| picture.alpha.as_ref().unwrap());
        let distance = distance(picture.size, 1, ours, wanted);
        assert!(distance <= 1.0, "{name}: {distance} of 255");
        let (x, y) = (10, 6);
        let (ours, wanted) = (pixel(&picture, x, y), drawn(x, y));
        assert!(ours.iter().zip(wanted).all(|(a, b)| a.abs_diff(b) <= 12), "{name}: {ours:?} for {wanted:?}");
    }
}

#[test]
fn the_file_itself_turns_and_crops() {
    // A quarter to the left, and then top and bottom swapped: rows become columns.
    let turned = of("turned");
    assert_eq!(turned.size, Size::new(9, 13));
    let cropped = of("cropped");
    assert_eq!(cropped.size, Size::new(6, 4));
    for (x, y) in [(1, 1), (5, 3), (2, 0)] {
        for (name, found, wanted) in
            [("turned", pixel(&turned, y, x), drawn(x, y)), ("cropped", pixel(&cropped, x, y), drawn(x + 2, y + 4))]
        {
            assert!(found.iter().zip(wanted).all(|(a, b)| a.abs_diff(b) <= 12), "{name}: {found:?} for {wanted:?}");
        }
    }
    assert_eq!(Picture::open(&folder().join("exif_orientation6_96x64.avif")).unwrap().size, Size::new(64, 96));
}

#[test]
fn what_describes_the_picture_comes_along() {
    let metadata = of("described").metadata;
    assert!(metadata.icc_profile.is_some_and(|profile| profile.len() > 100));
    assert!(metadata.exif.is_some_and(|exif| exif.windows(5).any(|bytes| bytes == b"Maker")));
    assert!(metadata.xmp.is_some_and(|xmp| xmp.windows(6).any(|bytes| bytes == b"xmpmet")));
}

#[test]
fn only_what_is_called_xmp_is_xmp() {
    let mut file = std::fs::read(avif("described")).unwrap();
    let name = b"application/rdf+xml";
    let at = file.windows(name.len()).position(|bytes| bytes == name).unwrap();
    file[at..at + name.len()].copy_from_slice(b"application/any+xml");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.avif");
    std::fs::write(&path, file).unwrap();
    assert_eq!(Picture::open(&path).unwrap().metadata.xmp, None);
}

#[test]
fn what_is_not_shown_right_is_refused_by_name() {
    let mut file = std::fs::read(avif("pq")).unwrap();
    let at = file.windows(4).position(|name| name == b"nclx").unwrap() + 4;
    assert_eq!(file[at..at + 4], [0, 9, 0, 16]);
    file[at + 1] = 4;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.avif");
    std::fs::write(&path, file).unwrap();
    let said = sentence(&path);
    assert!(said.contains("this kind of AVIF file is not supported") && said.contains("primaries 4"), "{said}");
}

/// The file says PQ and BT.2020 of the picture that is drawn.
#[test]
fn hdr_is_light() {
    let exposed = |stops: &str| {
        let which = Which { page: 0, exposure: stops.parse().unwrap() };
        Picture::open_within(&avif("pq"), which, u64::MAX, NEVER).unwrap()
    };
    let (usual, darker) = (exposed("0"), exposed("-7"));
    assert_eq!((usual.size, usual.rgb.bits(), usual.color.name()), (Size::new(13, 9), 16, "sRGB"));
    assert!(usual.notice.as_ref().is_some_and(|said| said.contains("to 1, white, and cut off beyond")));
    // The brightest there is are 10,000 of 203 candela; where the two are not cut off, they are the same light.
    let is_cut = |picture: &Picture| (0..13 * 9 * 3).filter(|i| picture.rgb.value(*i) == u16::MAX).count();
    assert!(is_cut(&usual) > 50 && is_cut(&darker) == 0, "{} {}", is_cut(&usual), is_cut(&darker));
    let light = |picture: &Picture, at| picture.known_values(at).unwrap();
    let both = (0..9).flat_map(|y| (0..13).map(move |x| (x, y))).filter_map(|at| {
        let pair = [light(&usual, at), light(&darker, at)].map(|values| values[1].parse::<f64>().ok());
        Some((pair[0]?, pair[1]?))
    });
    let both: Vec<(f64, f64)> = both.collect();
    assert!(both.len() > 20 && both.iter().all(|(a, b)| (a - b).abs() < 0.02), "{both:?}");
}

#[test]
fn a_file_cut_anywhere_or_changed_anywhere_is_refused_or_shown() {
    let whole = std::fs::read(avif("alpha")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.avif");
    for end in (24..whole.len()).step_by(7) {
        std::fs::write(&path, &whole[..end]).unwrap();
        let _ = sentence(&path);
    }
    for at in 12..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 0xff;
        std::fs::write(&path, &changed).unwrap();
        let said = Picture::open(&path).map_or_else(|error| error.to_string(), |_| String::new());
        assert!(said.len() < 400 && !said.contains('\n'), "{said}");
    }
}
