//! Memory is bounded whatever the picture's size: only the features that a crop needs are encoded.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests and their helpers may panic and speak")]

mod common;

use std::process::Command;

/// What an export may use beyond the decoded picture itself.
const MOST_BYTES: u64 = 600 << 20;

#[test]
fn a_view_of_a_24_megapixel_picture_exports_within_the_budget() {
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("large.png"), folder.path().join("view.png"));
    let (width, height) = (6000, 4000);
    let rgb: Vec<u8> = (0..width * height * 3_usize).map(|i| ((i / 3 % width) ^ (i / 3 / width)) as u8).collect();
    image::save_buffer(&input, &rgb, width as u32, height as u32, image::ColorType::Rgb8).unwrap();
    drop(rgb);
    // Deep, near ×1, where most features are needed, and squeezed in one direction only.
    let views =
        [("3000.5,2000.25,48,48", "1440x1440"), ("2000,1000,1400,1400", "1440x1440"), ("0,0,6000,100", "90x800")];
    for (crop, size) in views {
        let run = Command::new(env!("CARGO_BIN_EXE_zoomfield"))
            .arg("export")
            .arg(&input)
            .args(["--size", size, "--crop", crop, "--overwrite", "--json", "-o"])
            .arg(&output)
            .output()
            .unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        let report: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
        let picture = report["picture_bytes"].as_u64().unwrap();
        assert_eq!(picture, 72_000_000);
        let Some(peak) = report["peak_memory_bytes"].as_u64() else {
            println!("skipped: this system does not tell how much memory a process used");
            return;
        };
        let beyond = peak.saturating_sub(picture);
        println!("{crop}: {} MB beyond the picture", beyond / 1_000_000);
        assert!(beyond < MOST_BYTES, "{crop}: {beyond} bytes beyond the picture");
    }
}
