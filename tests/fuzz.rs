//! The targets of `fuzz/` on the stable toolchain: files of ours, changed at random. A short run is a test like any other; a
//! long one is asked for:
//!
//! ```sh
//! ZOOMFIELD_FUZZ_TARGET=picture ZOOMFIELD_FUZZ_SECONDS=300 cargo test --release --test fuzz -- --ignored --nocapture
//! ```

#![cfg(feature = "app")]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests and their helpers may panic and speak")]

#[path = "../fuzz/targets.rs"]
#[allow(unreachable_pub, missing_docs, reason = "shared with `cargo fuzz`")]
mod targets;

use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use targets::{TARGETS, Target};

/// The longest that any input may take.
const MOST: Duration = Duration::from_secs(10);

/// Inputs of a target in the short run.
const FEW: usize = 60;

/// Files that are larger are no seeds: they only make a run slow.
const LARGEST_SEED: u64 = 64 << 10;

/// Numbers at which things tend to go wrong.
const INTERESTING: [u64; 10] =
    [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fff_ffff, 0xffff_ffff, 0x7fff_ffff_ffff_ffff];

/// A small generator, so that a failure can be repeated from its seed.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n.max(1)
    }

    /// A seed with some changes, one of which may take bytes out of another one.
    fn change(&mut self, seed: &[u8], other: &[u8]) -> Vec<u8> {
        let mut bytes = seed.to_vec();
        for _ in 0..=self.below(6) {
            let at = self.below(bytes.len() + 1);
            let (len, kind) = (self.below(16) + 1, self.below(7));
            let end = (at + len).min(bytes.len());
            match kind {
                0 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                1 if at < bytes.len() => bytes[at] = self.below(256) as u8,
                2 => {
                    let (number, width) = (INTERESTING[self.below(INTERESTING.len())], 1 << self.below(4));
                    let is_little = self.below(2) == 0;
                    let number = if is_little { number.to_le_bytes() } else { number.to_be_bytes() };
                    let number = if is_little { &number[..width] } else { &number[8 - width..] };
                    let fits = width.min(bytes.len() - at);
                    bytes[at..at + fits].copy_from_slice(&number[..fits]);
                }
                3 => drop(bytes.drain(at..end)),
                4 => {
                    let copy = bytes[at..end].to_vec();
                    bytes.splice(at..at, copy);
                }
                5 if self.below(4) == 0 => bytes.truncate(at),
                _ if !other.is_empty() => {
                    let from = self.below(other.len());
                    let piece = &other[from..(from + len * 4).min(other.len())];
                    bytes.splice(at..end, piece.iter().copied());
                }
                _ => {}
            }
        }
        bytes
    }
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn files(folder: &Path) -> Vec<Vec<u8>> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let small = |path: &PathBuf| path.metadata().is_ok_and(|about| about.is_file() && about.len() <= LARGEST_SEED);
    paths.into_iter().filter(small).map(|path| std::fs::read(path).unwrap()).collect()
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let text = |texts: &[&str]| texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    match target {
        "picture" => ["formats", "formats/avif", "formats/gain_map", "formats/heic", "formats/tiff", "robustness"]
            .iter()
            .flat_map(|name| files(&fixtures().join(name)))
            .collect(),
        "safetensors" => ["liif_edsr_tiny", "live_tiny"].map(|name| start(&format!("{name}.safetensors"))).to_vec(),
        "pth" => ["liif_edsr_tiny.pth", "malicious.pth", "mmagic_edsr_tiny.pth"].map(start).to_vec(),
        "settings" => text(&["{}", r#"{"theme":"dark","budget_mib":512,"recent":["/a/b.png"],"hint":true}"#]),
        "xmp" => text(&[
            "<x:xmpmeta><rdf:RDF><rdf:Description tiff:Orientation=\"6\" exif:PixelXDimension='7'/></rdf:RDF></x:xmpmeta>",
            "<rdf:Description><xmp:Thumbnails><rdf:Alt/></xmp:Thumbnails><tiff:XResolution>72/1</tiff:XResolution>",
            "<Iptc4xmpExt:DigitalSourceType rdf:resource=\"http://cv.iptc.org/x\"/><zoomfield:version>1</zoomfield:version>",
        ]),
        _ => text(&[
            "a.png\n-o\nb.png\n--scale\n2\n--method\nneural:exact+strength:40\n--crop\n1,2,3,4",
            "a.tif\n--output\nb.dzi\n--size\n100x200\n--dpi\n300\n--quality\n90\n--bits\n16",
        ]),
    }
}

/// A checkpoint, whole: its directory is at its end.
fn start(name: &str) -> Vec<u8> {
    std::fs::read(fixtures().join(name)).unwrap()
}

/// Gives a target changed seeds until `is_done`, which is asked with how many there were.
fn run((name, target): Target, seed: u64, is_done: impl Fn(usize) -> bool) -> (usize, Duration) {
    let (seeds, mut random) = (seeds(name), Random(seed));
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{name}"));
    let (mut count, mut slowest) = (0, Duration::ZERO);
    while !is_done(count) {
        let (one, other) = (random.below(seeds.len()), random.below(seeds.len()));
        let input = if count < seeds.len() { seeds[count].clone() } else { random.change(&seeds[one], &seeds[other]) };
        // An input that ends the process is found there.
        std::fs::write(&kept, &input).unwrap();
        let started = Instant::now();
        let outcome = catch_unwind(|| target(&input));
        let took = started.elapsed();
        assert!(outcome.is_ok(), "{name}: panic at input {count} from {seed}, kept as {}", kept.display());
        assert!(took < MOST, "{name}: input {count} from {seed} took {took:?}, kept as {}", kept.display());
        (count, slowest) = (count + 1, slowest.max(took));
    }
    (count, slowest)
}

/// The most memory that this process ever held, where the system tells.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.unwrap_or("unknown").trim().to_owned()
}

#[test]
fn nothing_panics_for_a_moment() {
    for target in TARGETS {
        run(target, 1, |count| count >= FEW);
    }
}

#[test]
fn the_driver_notices_a_panic() {
    let panics: Target = ("xmp", |bytes| assert!(bytes.len() < 90, "too long"));
    assert!(catch_unwind(|| run(panics, 1, |count| count >= FEW)).is_err());
}

#[test]
#[ignore = "runs as long as it is told to"]
fn long() {
    let variable = |name: &str| std::env::var(format!("ZOOMFIELD_FUZZ_{name}")).ok();
    let seconds = variable("SECONDS").map_or(60, |text| text.parse().unwrap());
    let seed = variable("SEED").map_or(7, |text| text.parse().unwrap());
    let wanted = variable("TARGET");
    for target in TARGETS.into_iter().filter(|(name, _)| wanted.as_deref().is_none_or(|wanted| wanted == *name)) {
        let started = Instant::now();
        let (count, slowest) = run(target, seed, |_| started.elapsed() > Duration::from_secs(seconds));
        println!("{}: {count} inputs from {seed}, the slowest took {slowest:.1?}, at most {} held", target.0, peak());
    }
}
