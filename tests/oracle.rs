//! The command line's ×30 export against the oracle: the whole picture encoded at once and every query literal, by
//! candle's own operations.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests and their helpers may panic and speak")]

use candle_core::{Device, Tensor};
use std::process::Command;
use zoomfield::geometry::{Region, SampleGrid, Size};
use zoomfield::model::{Liif, Query};
use zoomfield::picture::{Picture, Samples};
use zoomfield::weights::Weights;

/// Every how many rows are compared; `ZOOMFIELD_EVERY_ROW=1` compares all, which takes minutes.
const STEP: usize = 24;

/// Rows that are queried at once: the oracle unfolds the features of the whole picture, 300 MB, for every query.
const ROWS_AT_ONCE: usize = 30;

const SIDE: usize = 1440;

fn exported() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("z.png");
    let status = Command::new(env!("CARGO_BIN_EXE_zoomfield"))
        .args(["export", concat!(env!("CARGO_MANIFEST_DIR"), "/assets/chelsea.png"), "-o"])
        .arg(&output)
        .args(["--scale", "30", "--crop", "130,90,48,48", "--exact"])
        .status()
        .unwrap();
    assert!(status.success());
    let picture = Picture::open(&output).unwrap();
    assert_eq!(picture.size, Size::new(SIDE, SIDE));
    let Samples::U8(rgb) = picture.rgb else { panic!("8 bits") };
    rgb
}

/// These rows of a grid, one behind the other.
fn query_of(grid: &SampleGrid, rows: &[usize]) -> Query {
    let mut all = Query::default();
    for row in rows {
        let Query { position, rel_cell } = Query::grid(&grid.slice(*row..row + 1, 0..SIDE));
        all.position.extend(position);
        all.rel_cell.extend(rel_cell);
    }
    all
}

#[test]
fn the_x30_export_is_the_oracles_picture() {
    let rgb = exported();
    let picture = Picture::open(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/chelsea.png").as_ref()).unwrap();
    let weights = Weights::builtin().unwrap();
    let liif = Liif::oracle(&weights).unwrap();
    let input = picture.planes(picture.size.rect()).iter().map(|v| v * 2.0 - 1.0).collect::<Vec<_>>();
    let input = Tensor::from_vec(input, (1, 3, picture.size.height, picture.size.width), &Device::Cpu).unwrap();
    let feat = liif.gen_feat(&input).unwrap();
    let crop = Region { x: 130.0, y: 90.0, width: 48.0, height: 48.0 };
    let grid = SampleGrid::spanning(crop, Size::new(SIDE, SIDE));
    let step = if std::env::var_os("ZOOMFIELD_EVERY_ROW").is_some() { 1 } else { STEP };
    let rows: Vec<usize> = (0..SIDE).step_by(step).collect();
    let mut worst = 0.0_f32;
    for rows in rows.chunks(ROWS_AT_ONCE) {
        let oracle = liif.query_rgb(&feat, &query_of(&grid, rows)).unwrap();
        let oracle: Vec<f32> = oracle.flatten_all().unwrap().to_vec1().unwrap();
        let ours = rows.iter().flat_map(|row| &rgb[row * SIDE * 3..(row + 1) * SIDE * 3]);
        assert_eq!(oracle.len(), rows.len() * SIDE * 3);
        for (ours, oracle) in ours.zip(&oracle) {
            worst = worst.max((f32::from(*ours) / 255.0 - (oracle * 0.5 + 0.5).clamp(0.0, 1.0)).abs());
        }
    }
    println!("every {step} rows: off by {:.3}/255 at most", worst * 255.0);
    assert!(worst <= 1.0 / 255.0, "off by {:.3}/255", worst * 255.0);
}
