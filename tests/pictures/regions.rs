//! Pictures that are read by rectangles are the same, to the bit, as those in memory; a gigapixel opens at once.

use crate::gigapixel::{COLORS, Page, color_of, write_pages};
use crate::tiff_writer::{Tiff, Value};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use zoomfield::export::{ExportJob, FileOptions};
use zoomfield::geometry::{MipTile, PixelRect, Region, SampleGrid, Size};
use zoomfield::picture::resample::{alpha_region, resample_region};
use zoomfield::picture::{Picture, Samples};
use zoomfield::recipe::Source;
use zoomfield::render::{FeatureStore, LoadedModel, render_source};
use zoomfield::task::{Gate, NEVER};

const SIZE: (usize, usize) = (67, 43);

/// Samples of so many bits, all rows and columns different.
fn scene(channels: usize, bits: u32) -> Vec<u64> {
    let most = u128::from(u64::MAX >> (64 - bits));
    let value = |i: usize| (i * 2_654_435_761 % 1021) as u128 * most / 1020;
    (0..SIZE.0 * SIZE.1 * channels).map(|i| value(i) as u64).collect()
}

/// The same file in memory, and by rectangles.
fn both(folder: &Path, bytes: &[u8]) -> [Picture; 2] {
    let path = folder.join("a.tif");
    std::fs::write(&path, bytes).unwrap();
    [Picture::open(&path).unwrap(), by_regions(&path)]
}

pub(crate) fn by_regions(path: &Path) -> Picture {
    let picture = Picture::open_within(path, 0, 0, NEVER).unwrap();
    assert!(picture.regions.is_some() && picture.rgb.as_bytes().is_empty(), "it is in memory");
    picture
}

/// The samples of a rectangle, colours and opacity; what is opaque everywhere may say so or not.
fn samples(picture: &Picture, rect: PixelRect) -> Vec<[u16; 4]> {
    let patch = picture.patch(rect);
    let opaque = if patch.rgb.bits() == 8 { 255 } else { 65535 };
    let pixel = |(x, y): (usize, usize)| {
        let at = patch.pixels(y, x..x + 1).start;
        let [r, g, b] = [0, 1, 2].map(|c| patch.rgb.value(3 * at + c));
        [r, g, b, patch.alpha.as_ref().map_or(opaque, |alpha| alpha.value(at))]
    };
    rect.places().map(pixel).collect()
}

pub(crate) fn assert_same(held: &Picture, read: &Picture, what: &str) {
    assert_eq!((held.size, held.rgb.bits()), (read.size, read.rgb.bits()), "{what}");
    let Size { width, height } = held.size;
    let inner = PixelRect { x: width / 3, y: height / 4, width: width / 2, height: height / 2 };
    for rect in [held.size.rect(), inner, PixelRect::at((width - 1, height - 1)), PixelRect::at((0, height / 2))] {
        assert!(samples(held, rect) == samples(read, rect), "{what}: {rect:?}");
    }
    read.check_read().unwrap();
}

#[test]
fn every_depth_and_layout_is_read_as_it_is_held() {
    let folder = tempfile::tempdir().unwrap();
    for (bits, channels, photometric) in
        [(1, 1, 1), (8, 1, 0), (8, 3, 2), (12, 3, 2), (16, 3, 2), (16, 4, 2), (8, 4, 5)]
    {
        for is_planar in [false, true] {
            for tile in [None, Some((16, 16)), Some((5, 4)), Some((80, 48))] {
                for is_little in [true, false] {
                    let tiff = Tiff::new(SIZE, bits, channels, photometric);
                    let tiff = Tiff { is_planar, tile, is_little, is_big: is_planar, ..tiff };
                    let mut samples = scene(channels, bits);
                    // Colours that nobody sees are taken from neighbours, and those may be in another tile.
                    let opacities = samples.iter_mut().skip(3).step_by(4);
                    opacities.filter(|_| (photometric, channels) == (2, 4)).for_each(|opacity| *opacity |= 1);
                    let [held, read] = both(folder.path(), &tiff.file(&samples));
                    assert_same(&held, &read, &format!("{bits} {channels} {is_planar} {tile:?} {is_little}"));
                }
            }
        }
    }
    // The comparison notices a changed pixel.
    let mut other = scene(3, 8);
    other[3 * (20 * SIZE.0 + 30)] ^= 1;
    let [held, _] = both(folder.path(), &Tiff::new(SIZE, 8, 3, 2).file(&scene(3, 8)));
    let [_, read] = both(folder.path(), &Tiff::new(SIZE, 8, 3, 2).file(&other));
    assert!(samples(&held, held.size.rect()) != samples(&read, read.size.rect()));
}

#[test]
fn it_is_turned_upright_in_every_way() {
    let folder = tempfile::tempdir().unwrap();
    for (orientation, tile) in (1..=8).flat_map(|i| [(i, None), (i, Some((16, 32)))]) {
        let tiff = Tiff { tile, ..Tiff::new(SIZE, 8, 3, 2) }.with(274, Value::Short(vec![orientation]));
        let [held, read] = both(folder.path(), &tiff.file(&scene(3, 8)));
        assert_eq!(held.size.width == SIZE.1, orientation > 4);
        assert_same(&held, &read, &format!("orientation {orientation}, {tile:?}"));
    }
}

#[test]
fn a_large_strip_without_compression_is_read_in_parts() {
    // One strip of 2 MB; in planes, three of 0.7.
    let size = (1000, 701);
    let rgb: Vec<u64> = (0..size.0 * size.1 * 3).map(|i| (i * 31 % 251) as u64).collect();
    let folder = tempfile::tempdir().unwrap();
    for is_planar in [false, true] {
        let tiff = Tiff { is_planar, tile: None, ..Tiff::new(size, 8, 3, 2) };
        // Strips of three rows follow each other, so that all of them are one.
        let one = if is_planar { vec![8, 8 + 701_000, 8 + 1_402_000] } else { vec![8] };
        let tiff = tiff.with(273, Value::Long(one)).with(278, Value::Long(vec![701]));
        let len = if is_planar { vec![701_000; 3] } else { vec![2_103_000] };
        let [held, read] = both(folder.path(), &tiff.with(279, Value::Long(len)).file(&rgb));
        assert_same(&held, &read, &format!("planar {is_planar}"));
    }
}

#[test]
fn compressed_strips_are_read_and_what_is_made_of_them_is_the_same() {
    use zoomfield::picture::save::{PictureWriter, SaveOptions};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tif");
    let size = Size::new(900, 1300);
    for (channels, bits) in [(3, 8), (4, 16)] {
        let metadata = zoomfield::picture::Metadata::default();
        let options = SaveOptions { size, channels, bits, quality: 95, overwrite: true, dpi: None, metadata };
        let mut writer = PictureWriter::create(&path, options).unwrap();
        // Nothing is quite transparent: colours that nobody sees are taken from neighbours.
        let data = (0..size.area() * channels).map(|i| 0.1 + (i * i % 997) as f32 / 1300.0).collect();
        writer.write_rows(&zoomfield::raster::Raster { size, channels, data }).unwrap();
        writer.finish().unwrap();
        let (held, read) = (Picture::open(&path).unwrap(), by_regions(&path));
        assert_same(&held, &read, &format!("{channels} channels of {bits} bits"));
        for (region, output) in [
            (Region { x: 10.25, y: 700.5, width: 90.0, height: 70.0 }, Size::new(250, 200)),
            (Region::whole(size), Size::new(70, 100)),
            (Region { x: 0.0, y: 0.0, width: 900.0, height: 9.0 }, Size::new(300, 30)),
        ] {
            let grid = SampleGrid::spanning(region, output);
            assert!(resample_region(&held, &grid) == resample_region(&read, &grid), "{region}");
            assert!(alpha_region(&held, &grid) == alpha_region(&read, &grid), "{region}");
            let [a, b] = [&held, &read].map(|picture| render_source(picture, &grid, Source::Nearest));
            assert!(a == b, "{region} in squares");
        }
        for (level, column, row) in [(0, 3, 9), (1, 7, 4), (3, 1, 2)] {
            let tile = MipTile { level, column, row };
            assert!(held.mip_tile(tile) == read.mip_tile(tile), "{tile:?}");
        }
        let rect = PixelRect { x: 5, y: 600, width: 50, height: 90 };
        assert!(held.planes(rect) == read.planes(rect));
    }
}

#[test]
fn what_cannot_be_read_is_told_and_not_black_without_a_word() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tif");
    // Tiles as PackBits that ends too early, but for the first.
    let mut chunks = vec![vec![129_u8, 7, 129, 7, 129, 7, 129, 7, 129, 7, 129, 7, 129, 7]; 15];
    chunks[0] = vec![129; 14];
    let tiff = Tiff { tile: Some((16, 16)), compression: 32773, ..Tiff::new(SIZE, 8, 3, 2) };
    std::fs::write(&path, tiff.file_of(&chunks)).unwrap();
    let picture = by_regions(&path);
    picture.patch(PixelRect::at((3, 3)));
    picture.check_read().unwrap();
    picture.patch(PixelRect::at((40, 3)));
    picture.check_read().unwrap();
    // Now one that is cut off.
    chunks[6].truncate(4);
    std::fs::write(&path, tiff.file_of(&chunks)).unwrap();
    let picture = by_regions(&path);
    picture.patch(PixelRect::at((3, 3)));
    picture.check_read().unwrap();
    picture.patch(picture.size.rect());
    let said = picture.check_read().unwrap_err().to_string();
    assert!(said.contains("a.tif") && said.contains("ends too early"), "{said}");
    assert!(by_regions(&path).with_overview(None, NEVER).is_err());
    // An export that needs it fails and leaves nothing; one that does not is written.
    let model = Arc::new(LoadedModel::builtin().unwrap());
    let export = |picture: &Arc<Picture>, width: usize, name: &str| {
        let region = Region { x: 0.0, y: 0.0, width: width as f64, height: 16.0 };
        let (picture, model, output) = (picture.clone(), model.clone(), folder.path().join(name));
        let (file, features) = (FileOptions::default(), FeatureStore::default());
        let grid = SampleGrid::spanning(region, Size::new(width, 16));
        let recipe = Source::Bicubic.into();
        let job = ExportJob {
            picture,
            model,
            grid,
            output,
            overwrite: false,
            recipe,
            file,
            features,
            asked: None,
            map: None,
        };
        zoomfield::export::run(&job, &Gate::default(), &mut |_| {}).map(|_| job.output.exists())
    };
    chunks[3].truncate(4);
    std::fs::write(&path, tiff.file_of(&chunks)).unwrap();
    let picture = Arc::new(by_regions(&path));
    assert!(export(&picture, 16, "whole.png").unwrap());
    let said = export(&picture, 67, "half.png").unwrap_err().to_string();
    assert!(said.contains("ends too early") && !folder.path().join("half.png").exists(), "{said}");
}

fn gigapixel(folder: &Path, pages: &[Page]) -> PathBuf {
    let path = folder.join("gigapixel.tif");
    write_pages(&path, pages);
    path
}

#[test]
fn a_gigapixel_opens_at_once_and_its_parts_are_right() {
    let folder = tempfile::tempdir().unwrap();
    let path = gigapixel(folder.path(), &[Page { side: 32_768, tile: 256 }]);
    let started = Instant::now();
    let picture = Picture::open_within(&path, 0, zoomfield::picture::HELD_BYTES, NEVER).unwrap();
    let opened = started.elapsed();
    assert_eq!(picture.size, Size::new(32_768, 32_768));
    assert!(opened < Duration::from_secs(1), "{opened:?}");
    let picture = picture.with_overview(Some(Duration::from_millis(300)), NEVER).unwrap();
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    // Across the borders of four tiles.
    let rect = PixelRect { x: 100 * 256 - 2, y: 77 * 256 - 2, width: 4, height: 4 };
    for ((x, y), pixel) in rect.places().zip(samples(&picture, rect)) {
        let color = COLORS[color_of(x / 256, y / 256)];
        assert_eq!(pixel[..3], color.map(u16::from), "({x}, {y})");
    }
    picture.check_read().unwrap();
    // What is in memory is a small version and no more than the budget.
    let small = picture.smallest();
    assert!(small.regions.is_none() && small.size == Size::new(4096, 4096), "{}", small.size);
    let grid = SampleGrid::spanning(Region::whole(picture.size), Size::new(128, 128));
    assert!(picture.smaller_for(&grid).is_some());
    assert!(picture.smaller_for(&SampleGrid::spanning(Region::whole(Size::new(64, 64)), Size::new(32, 32))).is_none());
    let said = Picture::open(&path).unwrap_err().to_string();
    assert!(said.contains("32768×32768") && said.contains("3.0 GiB"), "{said}");
}

#[test]
fn a_files_own_smaller_versions_are_the_overview() {
    let folder = tempfile::tempdir().unwrap();
    let sides = [(16_384, 256), (8192, 128), (4096, 64), (100, 64)];
    let pages = sides.map(|(side, tile)| Page { side, tile });
    let path = gigapixel(folder.path(), &pages);
    let picture = by_regions(&path).with_overview(Some(Duration::ZERO), NEVER).unwrap();
    assert!(picture.has_whole_overview(), "it had to be read");
    assert_eq!(picture.smallest().size, Size::new(4096, 4096));
    for (zoom, side) in [(0.4, 8192), (0.25, 4096), (0.01, 4096)] {
        let view = Region { x: 0.0, y: 0.0, width: 800.0, height: 800.0 };
        let output = (800.0 * zoom) as usize;
        let grid = SampleGrid::spanning(view, Size::new(output, output));
        let (smaller, _) = picture.smaller_for(&grid).unwrap();
        assert_eq!(smaller.size.width, side, "×{zoom}");
    }
    // The middle of a tile is its colour in every version.
    let tile = MipTile { level: 2, column: 3, row: 5 };
    let middle = picture.mip_tile(tile).rgba[32 * 64 + 32];
    assert_eq!(middle[..3], COLORS[color_of(3, 5)].map(|v| u16::from(v) * 257));
}

#[test]
fn an_overview_is_first_of_a_part_and_then_of_all() {
    let folder = tempfile::tempdir().unwrap();
    // Half a million tiles would take too long: those of 512 pixels are 256.
    let path = gigapixel(folder.path(), &[Page { side: 8192, tile: 512 }]);
    let first = by_regions(&path).with_overview(Some(Duration::ZERO), NEVER).unwrap();
    let whole = first.clone().with_overview(None, NEVER).unwrap();
    assert_eq!((first.has_whole_overview(), whole.has_whole_overview()), (false, true));
    assert_ne!(first.id, whole.id, "tiles of the one would be shown of the other");
    assert_eq!(first.content(), whole.content());
    let small = whole.smallest();
    assert_eq!(small.size, Size::new(4096, 4096));
    let Samples::U8(rgb) = &small.rgb else { panic!("not 8 bits") };
    for (column, row) in [(0, 0), (3, 9), (15, 15)] {
        let at = 3 * ((row * 256 + 128) * 4096 + column * 256 + 128);
        assert_eq!(rgb[at..at + 3], COLORS[color_of(column, row)]);
    }
    assert!(by_regions(&path).with_overview(None, &|| true).is_err(), "nobody wants it");
}

#[test]
fn its_name_is_that_of_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tif");
    let bytes = Tiff::new(SIZE, 8, 3, 2).file(&scene(3, 8));
    std::fs::write(&path, &bytes).unwrap();
    let date = |secs| {
        let file = std::fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(std::time::UNIX_EPOCH + Duration::from_secs(secs)).unwrap();
        by_regions(&path)
    };
    let (first, again, later) = (date(1_000), date(1_000), date(2_000));
    assert_eq!((first.id, first.content()), (again.id, again.content()));
    assert_ne!(first.id, later.id, "it was written again");
    assert_eq!(first.content(), later.content(), "a copy is the same picture");
    let mut other = bytes;
    other[300] ^= 1;
    std::fs::write(&path, other).unwrap();
    assert_ne!(by_regions(&path).content(), first.content());
}
