//! The paper's protocol on Set5 through the command line: the numbers that the published weights give.
//!
//! Needs `ZOOMFIELD_BENCHMARKS`, a folder with `Set5/HR` and `Set5/LR_bicubic/X2` to `X4`; says so where it skips.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests and their helpers may panic and speak")]

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Scale, mean, and each picture (baby bird butterfly head woman): Y PSNR of EDSR-baseline-LIIF, measured with an
/// independent implementation.
const LIIF: [(u32, f64, [f64; 5]); 5] = [
    (2, 37.99, [38.918, 43.273, 35.319, 36.031, 36.419]),
    (3, 34.40, [35.670, 38.259, 31.090, 34.103, 32.898]),
    (4, 32.24, [33.819, 35.117, 28.689, 32.914, 30.657]),
    (6, 28.96, [30.898, 30.608, 25.101, 31.253, 26.915]),
    (8, 26.98, [29.050, 27.961, 22.386, 30.207, 25.308]),
];

/// The mean of Pillow's bicubic, scale by scale.
const BICUBIC: [f64; 5] = [33.67, 30.41, 28.43, 25.93, 24.40];

fn measure(set: &Path, scale: u32) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zoomfield"));
    command.args(["eval", "--json", "--scale", &scale.to_string(), "--hr"]).arg(set.join("HR"));
    if scale <= 4 {
        command.arg("--lr").arg(set.join(format!("LR_bicubic/X{scale}")));
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn set5_gives_the_published_models_numbers() {
    let Some(benchmarks) = std::env::var_os("ZOOMFIELD_BENCHMARKS").map(PathBuf::from) else {
        eprintln!("skipped: set ZOOMFIELD_BENCHMARKS to a folder with Set5/HR and Set5/LR_bicubic/X2 to X4");
        return;
    };
    for ((scale, mean, each), bicubic) in LIIF.into_iter().zip(BICUBIC) {
        let report = measure(&benchmarks.join("Set5"), scale);
        let number = |value: &Value| value.as_f64().unwrap();
        assert_eq!(report["images"], 5);
        assert!((number(&report["psnr"]) - mean).abs() <= 0.01, "×{scale}: {}", report["psnr"]);
        assert!((number(&report["bicubic_psnr"]) - bicubic).abs() <= 0.01, "×{scale}: {}", report["bicubic_psnr"]);
        for (picture, expected) in report["per_image"].as_array().unwrap().iter().zip(each) {
            let off = (number(&picture["psnr"]) - expected).abs();
            assert!(off <= 0.02, "×{scale} {}: {} and not {expected}", picture["name"], picture["psnr"]);
        }
    }
}
