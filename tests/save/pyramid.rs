//! Deep Zoom pyramids: put together again, each level is the whole picture, shrunk.

use super::{file_count, save};
use std::path::Path;
use zoomfield::geometry::Size;
use zoomfield::picture::save::{PictureWriter, SaveOptions};
use zoomfield::picture::{Metadata, Picture, Raster, Samples};

/// Two tiles and a pixel wide, one tile and a bit high; odd at several levels.
const SIZE: Size = Size::new(509, 271);

fn options(channels: usize, quality: u8, overwrite: bool) -> SaveOptions {
    SaveOptions { size: SIZE, channels, bits: 8, quality, overwrite, dpi: None, metadata: Metadata::default() }
}

/// Values that look like noise, so that no two places are alike.
fn raster(channels: usize) -> Raster {
    let data = (0..SIZE.area() * channels).map(|i| (i * i * 37 % 1013) as f32 / 1012.0).collect();
    Raster { size: SIZE, channels, data }
}

struct Pixels {
    size: Size,
    channels: usize,
    values: Vec<u8>,
}

impl Pixels {
    fn at(&self, x: usize, y: usize) -> &[u8] {
        let start = (y * self.size.width + x) * self.channels;
        &self.values[start..start + self.channels]
    }

    fn of(path: &Path, channels: usize) -> Self {
        let picture = Picture::open(path).unwrap();
        let (Samples::U8(rgb), alpha) = (picture.rgb, picture.alpha) else { panic!("not 8 bits") };
        let values = match alpha {
            None if channels == 3 => rgb,
            None => rgb.chunks(3).flat_map(|pixel| [pixel, &[255]].concat()).collect(),
            Some(Samples::U8(alpha)) => {
                rgb.chunks(3).zip(alpha).flat_map(|(pixel, alpha)| [pixel, &[alpha]].concat()).collect()
            }
            Some(Samples::U16(_)) => panic!("not 8 bits"),
        };
        Self { size: picture.size, channels, values }
    }

    /// The mean of each four pixels; the last one counts twice where there is no next.
    fn shrunk(&self) -> Self {
        let size = Size::new(self.size.width.div_ceil(2), self.size.height.div_ceil(2));
        let mut values = Vec::new();
        for (x, y) in (0..size.height).flat_map(|y| (0..size.width).map(move |x| (x, y))) {
            let next = |at: usize, len: usize| (at + 1).min(len - 1);
            let (right, below) = (next(2 * x, self.size.width), next(2 * y, self.size.height));
            let four = [(2 * x, 2 * y), (right, 2 * y), (2 * x, below), (right, below)].map(|(x, y)| self.at(x, y));
            let mean = |c: usize| four.iter().map(|pixel| f64::from(pixel[c])).sum::<f64>() / 4.0;
            values.extend((0..self.channels).map(|c| (mean(c) + 0.5) as u8));
        }
        Self { size, channels: self.channels, values }
    }
}

/// A level out of its tiles; what tiles have of each other must be the same.
fn assembled(folder: &Path, size: Size, channels: usize, ending: &str) -> Pixels {
    let mut values = vec![None; size.area() * channels];
    let mut tiles = 0;
    for (column, row) in
        (0..size.height.div_ceil(254)).flat_map(|row| (0..size.width.div_ceil(254)).map(move |c| (c, row)))
    {
        let tile = Pixels::of(&folder.join(format!("{column}_{row}.{ending}")), channels);
        let corner = [column, row].map(|tile| (tile * 254).saturating_sub(1));
        let end = |tile: usize, len: usize| (tile * 254 + 255).min(len);
        assert_eq!(tile.size.width, end(column, size.width) - corner[0]);
        assert_eq!(tile.size.height, end(row, size.height) - corner[1]);
        for (x, y) in (0..tile.size.height).flat_map(|y| (0..tile.size.width).map(move |x| (x, y))) {
            let start = ((corner[1] + y) * size.width + corner[0] + x) * channels;
            for (place, value) in values[start..start + channels].iter_mut().zip(tile.at(x, y)) {
                assert!(place.is_none_or(|there| there == *value), "tiles differ where they overlap");
                *place = Some(*value);
            }
        }
        tiles += 1;
    }
    assert_eq!(file_count(folder), tiles);
    Pixels { size, channels, values: values.into_iter().map(Option::unwrap).collect() }
}

#[test]
fn every_level_is_the_whole_picture_shrunk() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.b.dzi");
    let bytes = save(&path, &raster(3), options(3, 100, false), &[1, 40, 3, 300]);
    let description = std::fs::read_to_string(&path).unwrap();
    for said in ["Format=\"png\"", "Overlap=\"1\"", "TileSize=\"254\"", "<Size Width=\"509\" Height=\"271\"/>"] {
        assert!(description.contains(said), "{description}");
    }
    assert!(bytes > 509 * 271, "noise does not shrink: {bytes}");
    let files = folder.path().join("a.b_files");
    assert_eq!((file_count(folder.path()), file_count(&files)), (2, 10));
    let mut whole = Pixels { size: SIZE, channels: 3, values: raster(3).to_u8() };
    for level in (0..10).rev() {
        let found = assembled(&files.join(level.to_string()), whole.size, 3, "png");
        assert!(found.values == whole.values, "level {level}");
        if level > 0 {
            whole = whole.shrunk();
        }
    }
    assert_eq!(whole.size, Size::new(1, 1));
}

#[test]
fn opacity_is_kept_and_jpeg_is_near() {
    let folder = tempfile::tempdir().unwrap();
    let (clear, lossy) = (folder.path().join("clear.dzi"), folder.path().join("lossy.dzi"));
    save(&clear, &raster(4), options(4, 90, false), &[SIZE.height]);
    let found = assembled(&folder.path().join("clear_files/9"), SIZE, 4, "png");
    // Colours under full transparency are nobody's.
    let expected = raster(4).to_u8();
    let seen = found.values.chunks(4).zip(expected.chunks(4)).filter(|(_, pixel)| pixel[3] > 0);
    assert!(seen.into_iter().all(|(found, expected)| found == expected));
    let smooth = Raster {
        data: (0..SIZE.area())
            .flat_map(|i| [(i % SIZE.width) as f32 / 509.0, (i / SIZE.width) as f32 / 271.0, 0.5])
            .collect(),
        ..raster(3)
    };
    save(&lossy, &smooth, options(3, 90, false), &[100]);
    let tile = Pixels::of(&folder.path().join("lossy_files/9/0_0.jpg"), 3);
    let worst = (0..255).flat_map(|y| (0..255).map(move |x| (x, y))).map(|(x, y)| {
        let start = (y * SIZE.width + x) * 3;
        let expected = &smooth.to_u8_at(start);
        tile.at(x, y).iter().zip(expected).map(|(a, b)| a.abs_diff(*b)).max().unwrap()
    });
    assert!(worst.max().unwrap() <= 8);
}

/// Three values of a raster as they are written.
trait Rounded {
    fn to_u8_at(&self, start: usize) -> [u8; 3];
}

impl Rounded for Raster {
    fn to_u8_at(&self, start: usize) -> [u8; 3] {
        [0, 1, 2].map(|c| (self.data[start + c] * 255.0 + 0.5) as u8)
    }
}

#[test]
fn nothing_is_half_and_only_pyramids_are_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.dzi");
    let mut unfinished = PictureWriter::create(&path, options(3, 90, false)).unwrap();
    unfinished.write_rows(&Raster { size: Size::new(509, 1), channels: 3, data: vec![0.5; 509 * 3] }).unwrap();
    drop(unfinished);
    assert_eq!(file_count(folder.path()), 0);
    save(&path, &raster(3), options(3, 90, false), &[64]);
    assert!(PictureWriter::create(&path, options(3, 90, false)).is_err());
    save(&path, &raster(3), options(3, 100, true), &[64]);
    assert_eq!(file_count(folder.path()), 2);
    assert!(folder.path().join("a_files/9/0_0.png").is_file() && !folder.path().join("a_files/9/0_0.jpg").exists());
    std::fs::write(folder.path().join("a_files/diary.txt"), "mine").unwrap();
    let refused = PictureWriter::create(&path, options(3, 90, true)).err().unwrap().to_string();
    assert!(refused.contains("other things"), "{refused}");
}
