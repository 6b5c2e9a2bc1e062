//! What is written can be read back, nothing is half-written, and nothing is overwritten unasked.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests may")]

#[path = "save/pyramid.rs"]
mod pyramid;

use std::path::Path;
use zoomfield::geometry::Size;
use zoomfield::picture::save::{PictureWriter, SaveOptions, formats};
use zoomfield::picture::{Metadata, Picture, Raster, Samples};

const SIZE: Size = Size::new(61, 47);

fn options(channels: usize, bits: u8) -> SaveOptions {
    SaveOptions { size: SIZE, channels, bits, quality: 95, overwrite: false, dpi: None, metadata: Metadata::default() }
}

/// Smooth colours, so that JPEG can follow; an opacity that is never whole.
fn raster(channels: usize) -> Raster {
    let mut raster = Raster::new(SIZE, channels);
    for (i, pixel) in raster.data.chunks_exact_mut(channels).enumerate() {
        let (x, y) = ((i % SIZE.width) as f32 / 61.0, (i / SIZE.width) as f32 / 47.0);
        let values = [x, y, 0.5 + 0.5 * (x - y), 0.2 + 0.7 * x * y];
        pixel.copy_from_slice(&values[..channels]);
    }
    raster
}

/// Writes in bands of the given heights, over and over.
fn save(path: &Path, raster: &Raster, options: SaveOptions, heights: &[usize]) -> u64 {
    let mut writer = PictureWriter::create(path, options).unwrap();
    let stride = raster.size.width * raster.channels;
    let mut y = 0;
    for height in heights.iter().cycle() {
        let height = (*height).min(raster.size.height - y);
        let data = raster.data[y * stride..(y + height) * stride].to_vec();
        writer
            .write_rows(&Raster { size: Size::new(raster.size.width, height), channels: raster.channels, data })
            .unwrap();
        y += height;
        if y == raster.size.height {
            break;
        }
    }
    writer.finish().unwrap()
}

fn file_count(folder: &Path) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}

/// The raster's samples as a picture should hold them: colours and opacity.
fn expected(raster: &Raster, bits: u8) -> (Samples, Option<Samples>) {
    fn split<T: Copy>(values: &[T], channels: usize) -> (Vec<T>, Option<Vec<T>>) {
        let pixels = values.chunks_exact(channels);
        let rgb = pixels.clone().flat_map(|pixel| pixel[..3].to_vec()).collect();
        (rgb, (channels == 4).then(|| pixels.map(|pixel| pixel[3]).collect()))
    }
    if bits == 16 {
        let (rgb, alpha) = split(&raster.to_u16(), raster.channels);
        (Samples::U16(rgb), alpha.map(Samples::U16))
    } else {
        let (rgb, alpha) = split(&raster.to_u8(), raster.channels);
        (Samples::U8(rgb), alpha.map(Samples::U8))
    }
}

#[test]
fn lossless_formats_keep_every_bit() {
    let folder = tempfile::tempdir().unwrap();
    let deep = ["png", "TIFF", "jxl"].map(|ending| (ending, 16));
    for (ending, bits) in ["png", "tif", "webp", "jxl", "bmp"].map(|ending| (ending, 8)).into_iter().chain(deep) {
        for channels in if (ending, bits) == ("jxl", 16) { 3..=3 } else { 3..=4 } {
            let path = folder.path().join(format!("{channels}-{bits}.{ending}"));
            let raster = raster(channels);
            let bytes = save(&path, &raster, options(channels, bits), &[47]);
            assert_eq!(bytes, path.metadata().unwrap().len());
            let picture = Picture::open(&path).unwrap();
            assert_eq!(picture.size, SIZE);
            assert!((picture.rgb, picture.alpha) == expected(&raster, bits), "{}", path.display());
        }
    }
}

#[test]
fn a_jpeg_is_close_and_lies_on_white() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jpg");
    let mut raster = raster(4);
    raster.data.as_chunks_mut::<4>().0.iter_mut().for_each(|pixel| *pixel = [0.0, 0.0, 0.5, 0.5]);
    save(&path, &raster, options(4, 16), &[5]);
    let picture = Picture::open(&path).unwrap();
    assert_eq!((picture.format, picture.rgb.bits(), picture.alpha), ("JPEG", 8, None));
    for (i, expected) in [0.5, 0.5, 0.75].into_iter().enumerate() {
        assert!((picture.rgb.unit(i) - expected).abs() < 0.02);
    }
}

/// The largest difference of two pictures' samples, and the mean, of 1.
fn differences(picture: &Picture, raster: &Raster) -> [f32; 2] {
    let pixels = raster.data.chunks_exact(raster.channels).enumerate();
    let each: Vec<f32> = pixels
        .flat_map(|(i, pixel)| (0..raster.channels).map(move |c| (i, c, pixel[c])))
        .map(|(i, c, value)| {
            let found = if c == 3 { picture.alpha.as_ref().unwrap().unit(i) } else { picture.rgb.unit(3 * i + c) };
            (found - value).abs()
        })
        .collect();
    [each.iter().fold(0.0, |most, value| value.max(most)), each.iter().sum::<f32>() / each.len() as f32]
}

#[test]
fn an_avif_is_close_and_the_closer_the_better_it_is_to_be() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.avif");
    for channels in [3, 4] {
        let mean_at = |quality: u8| {
            let options = SaveOptions { quality, overwrite: true, ..options(channels, 8) };
            let bytes = save(&path, &raster(channels), options, &[5, 20]);
            assert_eq!(bytes, path.metadata().unwrap().len());
            let picture = Picture::open(&path).unwrap();
            assert_eq!((picture.format, picture.size, picture.alpha.is_some()), ("AVIF", SIZE, channels == 4));
            let [most, mean] = differences(&picture, &raster(channels));
            assert!(quality < 90 || most < 0.02, "{most} at {quality}");
            (mean, bytes)
        };
        let [(best, largest), (good, _), (bad, smallest)] = [100, 90, 20].map(mean_at);
        assert!(best < 0.0015 && best <= good && good < bad && bad < 0.03, "{best} {good} {bad}");
        assert!(smallest < largest);
    }
}

/// Larger than a tile one way or the other, and thinner than one may be: the parts are one picture, and so is what lies over it.
#[test]
fn a_large_avif_is_a_grid_without_seams() {
    let folder = tempfile::tempdir().unwrap();
    for size in [Size::new(2051, 130), Size::new(40, 2053)] {
        let path = folder.path().join(format!("{size}.avif"));
        let pixel = |i: usize| {
            let (x, y) = (i % size.width, i / size.width);
            let (x, y) = (x as f32 / size.width as f32, y as f32 / size.height as f32);
            [x, y, 0.5, 1.0 - 0.5 * x]
        };
        let raster = Raster { size, channels: 4, data: (0..size.area()).flat_map(pixel).collect() };
        save(&path, &raster, SaveOptions { size, ..options(4, 8) }, &[64]);
        assert!(std::fs::read(&path).unwrap().windows(4).any(|name| name == b"dimg"));
        let picture = Picture::open(&path).unwrap();
        assert_eq!(picture.size, size);
        let [most, mean] = differences(&picture, &raster);
        assert!(most < 0.02 && mean < 0.002, "{most} {mean}");
    }
}

#[test]
fn bands_do_not_show() {
    let folder = tempfile::tempdir().unwrap();
    for ending in formats() {
        let (whole, bands) = (folder.path().join("whole"), folder.path().join("bands"));
        let (whole, bands) = (whole.with_extension(ending), bands.with_extension(ending));
        save(&whole, &raster(3), options(3, 16), &[47]);
        save(&bands, &raster(3), options(3, 16), &[1, 7, 3]);
        assert_eq!(Picture::open(&whole).unwrap().id, Picture::open(&bands).unwrap().id, "{ending}");
    }
}

#[test]
fn strips_larger_than_a_band_are_gathered() {
    let folder = tempfile::tempdir().unwrap();
    let size = Size::new(3000, 301);
    let data = (0..size.area() * 3).map(|i| (i * 7 % 1000) as f32 / 1000.0).collect();
    let raster = Raster { size, channels: 3, data };
    for ending in ["tif", "png"] {
        let path = folder.path().join("large").with_extension(ending);
        save(&path, &raster, SaveOptions { size, ..options(3, 16) }, &[64, 5]);
        assert_eq!(Picture::open(&path).unwrap().rgb, Samples::U16(raster.to_u16()));
    }
}

#[test]
fn an_existing_file_is_replaced_only_if_asked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    std::fs::write(&path, "precious").unwrap();
    let said = PictureWriter::create(&path, options(3, 8)).err().unwrap().to_string();
    assert!(said.contains("a.png") && said.contains("exists already"), "{said}");
    assert_eq!(std::fs::read(&path).unwrap(), b"precious");
    save(&path, &raster(3), SaveOptions { overwrite: true, ..options(3, 8) }, &[47]);
    assert_eq!(Picture::open(&path).unwrap().size, SIZE);
    assert_eq!(file_count(folder.path()), 1);
}

#[test]
fn a_file_that_appears_meanwhile_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    let mut writer = PictureWriter::create(&path, options(3, 8)).unwrap();
    writer.write_rows(&raster(3)).unwrap();
    std::fs::write(&path, "precious").unwrap();
    let said = writer.finish().unwrap_err().to_string();
    assert!(said.contains("exists already"), "{said}");
    assert_eq!(std::fs::read(&path).unwrap(), b"precious");
    // What took hours to compute is kept too.
    let kept = std::fs::read(said.split_once("complete in ").unwrap().1).unwrap();
    assert!(kept.starts_with(b"\x89PNG") && kept.ends_with(b"IEND\xae\x42\x60\x82"));
    assert_eq!(file_count(folder.path()), 2);
}

#[test]
fn an_unfinished_file_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for ending in formats() {
        let path = folder.path().join("a").with_extension(ending);
        let mut writer = PictureWriter::create(&path, options(3, 8)).unwrap();
        let band = Raster::new(Size::new(SIZE.width, 9), 3);
        writer.write_rows(&band).unwrap();
        assert!(!path.exists());
        drop(writer);
        assert_eq!(file_count(folder.path()), 0, "{ending}");
        let mut writer = PictureWriter::create(&path, options(3, 8)).unwrap();
        writer.write_rows(&band).unwrap();
        assert!(writer.finish().unwrap_err().to_string().contains("9 of its 47 rows"));
        assert_eq!(file_count(folder.path()), 0, "{ending}");
    }
}

#[test]
fn what_cannot_work_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("folder.png")).unwrap();
    let said = |name: &str, size: Size| {
        let options = SaveOptions { size, ..options(3, 8) };
        PictureWriter::create(&folder.path().join(name), options).err().unwrap().to_string()
    };
    let cases = [
        ("folder.png", SIZE, "there is a folder of that name"),
        ("none/a.png", SIZE, "does not exist"),
        ("a.gif", SIZE, ".png, .tif"),
        ("a", SIZE, "no ending"),
        ("a.jpg", Size::new(65_536, 1), "65535 pixels a side"),
        ("a.webp", Size::new(1, 16_384), "16383 pixels a side"),
        ("a.bmp", Size::new(40_000, 40_000), "too large for BMP"),
        ("a.avif", Size::new(1, 65_536), "65535 pixels a side"),
        ("a.jxl", Size::new(40_000, 40_000), "too large for JPEG XL"),
        ("a.jxl", Size::new(1, 9), "from 2 pixels a side on"),
        ("a.png", Size::new(0, 3), "without pixels"),
    ];
    for (name, size, words) in cases {
        let said = said(name, size);
        assert!(said.contains(words) && said.contains(name), "{said}");
    }
    assert_eq!(file_count(folder.path()), 1);
}

#[test]
fn a_band_of_another_picture_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = PictureWriter::create(&folder.path().join("a.png"), options(3, 8)).unwrap();
    assert!(writer.write_rows(&raster(4)).is_err());
    assert!(writer.write_rows(&Raster::new(Size::new(60, 1), 3)).is_err());
    writer.write_rows(&raster(3)).unwrap();
    assert!(writer.write_rows(&Raster::new(Size::new(61, 1), 3)).is_err(), "more rows than there are");
}

#[cfg(unix)]
#[test]
fn others_may_read_the_file() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (path, plain) = (folder.path().join("a.png"), folder.path().join("plain"));
    save(&path, &raster(3), options(3, 8), &[47]);
    std::fs::write(&plain, "").unwrap();
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode();
    assert_eq!(mode(&path), mode(&plain));
}
