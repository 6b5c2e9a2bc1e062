//! Zstandard and LZMA in TIFF: every depth, predictor and layout, and what is longer than it may be.

use crate::sentence;
use crate::tiff::{SIZE, is_scaled, layouts, most, open, scene, three_times};
use crate::tiff_writer::{Tiff, Value};
use lzma_rust2::filter::FilterType;
use lzma_rust2::{XzOptions, XzWriter};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use std::io::Write;

const LZMA: u16 = 34925;
const ZSTANDARD: u16 = 50000;

/// As libtiff packs a strip: with LZMA, each byte is the difference to that of the sample before.
fn pack(compression: u16, bytes: &[u8], distance: u32) -> Vec<u8> {
    if compression == ZSTANDARD {
        return compress_to_vec(bytes, CompressionLevel::Fastest);
    }
    let mut options = XzOptions::with_preset(0);
    options.prepend_pre_filter(FilterType::Delta, distance);
    let mut writer = XzWriter::new(Vec::new(), options).unwrap();
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

/// A file whose strips or tiles are predicted, and then packed.
fn packed(tiff: &Tiff, predictor: u16, samples: &[u64]) -> Vec<u8> {
    let step = if tiff.is_planar { 1 } else { tiff.samples };
    let row = (tiff.tile.map_or(tiff.width, |tile| tile.0) * step * tiff.bits as usize).div_ceil(8);
    let pack = |mut chunk: Vec<u8>| {
        match predictor {
            2 => chunk.chunks_mut(row).for_each(|row| subtract(tiff, step, row)),
            3 => chunk.chunks_mut(row).for_each(|row| spread(tiff, step, row)),
            _ => {}
        }
        pack(tiff.compression, &chunk, tiff.bits.div_ceil(8))
    };
    let chunks: Vec<Vec<u8>> = tiff.chunks(samples).into_iter().map(pack).collect();
    tiff.clone().with(317, Value::Short(vec![predictor])).file_of(&chunks)
}

/// Each sample minus that of the pixel before.
fn subtract(tiff: &Tiff, step: usize, row: &mut [u8]) {
    let bytes = tiff.bits as usize / 8;
    let number = |sample: &[u8]| sample.iter().rev().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
    let turned = |sample: &mut [u8]| {
        if !tiff.is_little {
            sample.reverse();
        }
    };
    row.chunks_mut(bytes).for_each(turned);
    for i in (step..row.len() / bytes).rev() {
        let [here, before] = [i, i - step].map(|i| number(&row[i * bytes..][..bytes]));
        row[i * bytes..][..bytes].copy_from_slice(&here.wrapping_sub(before).to_le_bytes()[..bytes]);
    }
    row.chunks_mut(bytes).for_each(turned);
}

/// The highest bytes of all samples, then the next ones; each minus the one before.
fn spread(tiff: &Tiff, step: usize, row: &mut [u8]) {
    let bytes = tiff.bits as usize / 8;
    let count = row.len() / bytes;
    let from = |plane: usize| if tiff.is_little { bytes - 1 - plane } else { plane };
    let planes: Vec<u8> = (0..row.len()).map(|i| row[i % count * bytes + from(i / count)]).collect();
    for (i, byte) in row.iter_mut().enumerate() {
        *byte = planes[i].wrapping_sub(if i < step { 0 } else { planes[i - step] });
    }
}

#[test]
fn every_depth_is_unpacked_in_every_layout() {
    for compression in [LZMA, ZSTANDARD] {
        for (bits, predictors) in [(1, 1..2), (8, 1..3), (12, 1..2), (16, 1..3), (32, 1..3), (64, 1..2)] {
            for predictor in predictors {
                for channels in [1, 3] {
                    let photometric = if channels == 1 { 1 } else { 2 };
                    let samples = scene(channels, bits);
                    let expected = if channels == 1 { three_times(&samples) } else { samples.clone() };
                    for tiff in layouts(&Tiff { compression, ..Tiff::new(SIZE, bits, channels, photometric) }) {
                        let picture = open(&packed(&tiff, predictor, &samples));
                        let what = (compression, bits, predictor, channels, tiff.tile, tiff.is_planar, tiff.is_little);
                        assert!(is_scaled(&picture, &expected, bits), "{what:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn floating_point_numbers_are_the_same_packed_and_predicted() {
    for bits in [16, 32, 64] {
        let number = |v: u64| {
            let light = v as f32 / most(20) as f32;
            match bits {
                16 => u64::from(half::f16::from_f32(light).to_bits()),
                32 => u64::from(light.to_bits()),
                _ => f64::from(light).to_bits(),
            }
        };
        let samples: Vec<u64> = scene(3, 20).into_iter().map(number).collect();
        let plain = Tiff::new(SIZE, bits, 3, 2).with(339, Value::Short(vec![3; 3]));
        let expected = open(&plain.file(&samples)).rgb;
        for compression in [LZMA, ZSTANDARD] {
            for tiff in layouts(&Tiff { compression, ..plain.clone() }) {
                for predictor in [1, 3] {
                    let picture = open(&packed(&tiff, predictor, &samples));
                    assert!(picture.rgb == expected, "{compression} {bits} {predictor} {:?}", tiff.tile);
                }
            }
        }
    }
}

/// What is said of a picture of one strip of three rows with 40 grey pixels each, packed in these bytes.
fn said_of(compression: u16, strip: Vec<u8>) -> String {
    let file = Tiff { compression, ..Tiff::new((40, 3), 8, 1, 1) }.file_of(&[strip]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tif");
    std::fs::write(&path, file).unwrap();
    sentence(&path)
}

#[test]
fn what_is_cut_off_or_damaged_is_refused() {
    let bytes: Vec<u8> = (0..120u8).map(|i| i.wrapping_mul(i)).collect();
    for (compression, name) in [(LZMA, "LZMA"), (ZSTANDARD, "Zstandard")] {
        let strip = pack(compression, &bytes, 1);
        let cut = said_of(compression, strip[..strip.len() / 2].to_vec());
        assert!(cut.contains("ends too early"), "{cut}");
        let short = said_of(compression, pack(compression, &bytes[..119], 1));
        assert!(short.contains("ends too early"), "{short}");
        let other = said_of(compression, vec![0x55; 300]);
        assert!(other.contains(&format!("its {name} data is corrupt")), "{other}");
    }
    // A byte of LZMA that was changed is found by its checksum, behind the last one.
    let mut strip = pack(LZMA, &bytes, 1);
    let at = strip.len() / 2;
    strip[at] ^= 1;
    assert!(said_of(LZMA, strip).contains("its LZMA data is corrupt"));
}

#[test]
fn a_bomb_is_refused() {
    // 1 GiB of zeros, in blocks that say "128 KiB of this byte".
    let header = [0x28, 0xb5, 0x2f, 0xfd, 0, 0x70];
    let block = [0x02, 0x00, 0x10, 0];
    let bomb: Vec<u8> = header.into_iter().chain(block.into_iter().cycle().take(4 << 13)).collect();
    let said = said_of(ZSTANDARD, bomb);
    assert!(said.contains("longer than its pixels"), "{said}");
    // A frame that looks back 4 GiB.
    let said = said_of(ZSTANDARD, vec![0x28, 0xb5, 0x2f, 0xfd, 0, 0xb0, 3, 0, 0]);
    assert!(said.contains("its Zstandard data is corrupt"), "{said}");
    // LZMA that looks back 128 MiB.
    let mut options = XzOptions::with_preset(0);
    options.lzma_options.dict_size = 128 << 20;
    let mut writer = XzWriter::new(Vec::new(), options).unwrap();
    writer.write_all(&[7; 120]).unwrap();
    let said = said_of(LZMA, writer.finish().unwrap());
    assert!(said.contains("more than 64 MiB"), "{said}");
}
