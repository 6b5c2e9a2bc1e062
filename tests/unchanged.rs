//! The files that exports write, by their hashes: `common/hashes.rs` says how to compare them over a change.
//!
//! Only the command line is driven, so that nothing here has to follow what moves inside. Ways of making pixels have
//! names of their own in the lines: where a flag gets another name, a table here changes and the lines stay comparable.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests may")]

#[path = "common/hashes.rs"]
mod hashes;
#[path = "common/icc.rs"]
mod icc;
#[path = "unchanged/pictures.rs"]
mod pictures;

use hashes::{Hashes, hash};
use pictures::{fixture, repository, write_pictures};
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

const FAMILY: &str = "export";

/// How pixels are made: names of lines, and what the command line calls it.
const LOOKS: [(&str, &str); 5] = [
    ("neural", "--look neural"),
    ("coarse", "--look fast"),
    ("exact", "--look exact"),
    ("bicubic", "--look bicubic"),
    ("nearest", "--look nearest"),
];
const EXACT: &str = "--exact";
const PRECISIONS: [&str; 4] = ["f32", "bf16", "bf16-avx512", "bf16-amx"];

/// A part with few pixels, well inside.
const CROP: &str = "--crop 130,90,12,8";
/// Four feature tiles.
const ACROSS: &str = "--crop 110.5,105.25,40,45.5";
/// Sizes of outputs, and odd parts: fractions, edges, less than one source pixel.
const SHAPES: [&str; 8] = [
    "--crop 0,0,9.5,7.25 --scale 4.3",
    "--crop 441.3,291.6,9.7,8.4 --scale 3",
    "--crop 225.5,0,1,1 --scale 20",
    "--crop 100.1,50.9,33.3,0.7 --scale 5",
    "--crop 130.25,90.5,12,9 --size 40x70",
    "--crop 130,90,16,10 --width 45",
    "--crop 130,90,16,10 --megapixels 0.002",
    "--crop 0,0,20,15 --width-cm 1 --dpi 150",
];
const VIEWS: [&str; 5] = [
    "--view 150,110,8 --size 48x32",
    "--view 0,0,4 --size 100x80",
    "--view 225.5,150,30 --size 80x60",
    "--view 300.3,20.7,0.5 --size 90x70",
    "--view 451,300,1.7 --size 61x47",
];

/// What is exported, where to, and what came of it.
struct Exports {
    folder: TempDir,
    hashes: Hashes,
    /// The options that stand behind all others, and their name.
    device: (&'static str, &'static str),
}

/// The program of this build, or an older one that `ZOOMFIELD_HASHES_PROGRAM` names.
fn program() -> OsString {
    std::env::var_os("ZOOMFIELD_HASHES_PROGRAM").unwrap_or_else(|| env!("CARGO_BIN_EXE_zoomfield").into())
}

/// The pixels of an output file, whatever its format, and the file as it is.
struct Written {
    pixels: Vec<u8>,
    file: Vec<u8>,
}

impl Exports {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        write_pictures(folder.path());
        Self { folder, hashes: Hashes::of(FAMILY), device: ("", "--backend cpu") }
    }

    /// Exports a picture; a sentence where the program refuses.
    fn try_export(&self, picture: &Path, ending: &str, options: &str) -> Result<Written, String> {
        let output = self.folder.path().join(format!("out.{ending}"));
        let mut command = Command::new(program());
        for variable in ["DISPLAY", "WAYLAND_DISPLAY", "ZOOMFIELD_BACKEND", "ZOOMFIELD_DEVICE", "ZOOMFIELD_PRECISION"] {
            command.env_remove(variable);
        }
        command.arg("export").arg(picture).arg("-o").arg(&output).args(options.split_whitespace());
        command.args(self.device.1.split_whitespace()).env("XDG_RUNTIME_DIR", self.folder.path()).stdin(Stdio::null());
        let answer = command.output().unwrap();
        if !answer.status.success() {
            return Err(String::from_utf8_lossy(&answer.stderr).into_owned());
        }
        let file = std::fs::read(&output).unwrap();
        let decoded = image::open(&output).unwrap();
        std::fs::remove_file(&output).unwrap();
        let mut pixels = format!("{:?} {}x{} ", decoded.color(), decoded.width(), decoded.height()).into_bytes();
        pixels.extend(decoded.as_bytes());
        Ok(Written { pixels, file })
    }

    fn record(&mut self, name: &str, ending: &str, written: &Written) {
        let name = format!("{}{name} .{ending}", self.device.0);
        self.hashes.add(&format!("{name} pixels"), hash(&[&written.pixels]));
        self.hashes.add(&format!("{name} file"), hash(&[&written.file]));
    }

    fn export(&mut self, picture: &str, (word, look): (&str, &str), options: &str, ending: &str) {
        let path =
            if picture == "chelsea" { repository("assets/chelsea.png") } else { self.folder.path().join(picture) };
        let name = format!("{picture} {word} {}", options.replace("--", ""));
        let written = self.try_export(&path, ending, &format!("{look} {options}"));
        self.record(&name, ending, &written.unwrap_or_else(|sentence| panic!("{name}: {sentence}")));
    }

    fn chelsea(&mut self, look: (&str, &str), options: &str) {
        self.export("chelsea", look, options, "png");
    }

    /// Every way of making pixels, at every strength and scale.
    fn looks(&mut self) {
        for look in LOOKS {
            for strength in [0, 40, 100] {
                self.chelsea(look, &format!("--strength {strength} {CROP} --scale 3"));
            }
            for scale in ["0.3", "1", "1.7", "12", "30"] {
                self.chelsea(look, &format!("--crop 130.25,90.75,6.5,4.25 --scale {scale}"));
            }
        }
        for (word, look) in LOOKS {
            // `--exact` says that the function is evaluated at every pixel, and in single precision whatever the look is.
            let look = if word == "neural" { EXACT.to_owned() } else { format!("{look} --precision f32") };
            let word = format!("{word} at every pixel");
            self.chelsea((&word, &look), &format!("--strength 40 {CROP} --scale 3"));
            self.chelsea((&word, &look), "--crop 130.25,90.75,6.5,4.25 --scale 12");
        }
    }

    /// Every arithmetic that the processor has.
    fn precisions(&mut self) {
        let picture = repository("assets/chelsea.png");
        for precision in PRECISIONS {
            let option = format!("--precision {precision}");
            if let Err(sentence) = self.try_export(&picture, "png", &format!("{option} {CROP} --scale 2")) {
                hashes::say(&format!("skipped: {precision}: {}", sentence.lines().next().unwrap_or_default()));
                continue;
            }
            for (word, look) in &LOOKS[..3] {
                self.chelsea((word, look), &format!("{option} {CROP} --scale 3"));
                self.chelsea((word, look), &format!("{option} --crop 130.25,90.75,6.5,4.25 --scale 12"));
            }
            self.chelsea(LOOKS[0], &format!("{option} {ACROSS} --scale 1.3"));
        }
    }

    fn shapes(&mut self) {
        for shape in SHAPES.into_iter().chain(VIEWS) {
            self.chelsea(LOOKS[0], shape);
            self.chelsea(LOOKS[3], shape);
        }
        for look in LOOKS {
            self.chelsea(look, &format!("{ACROSS} --scale 1.5"));
        }
        self.chelsea(LOOKS[0], "--scale 0.3");
    }

    fn files(&mut self) {
        for ending in ["png", "tif"] {
            for bits in [8, 16] {
                for look in [LOOKS[0], LOOKS[3], LOOKS[4]] {
                    self.export("chelsea", look, &format!("--bits {bits} {CROP} --scale 3.5"), ending);
                }
            }
        }
        for ending in ["jpg", "webp", "bmp"] {
            self.export("chelsea", LOOKS[0], &format!("{CROP} --scale 3.5 --quality 80"), ending);
        }
        self.export("turned.jpg", LOOKS[0], "--scale 1.5 --crop 3,4,20,20 --dpi 300", "tif");
        self.export("turned.jpg", LOOKS[0], "--scale 1.5 --crop 3,4,20,20 --strip-metadata", "png");
    }

    /// Alpha, profiles, greys, depths.
    fn kinds(&mut self) {
        for picture in pictures::NAMES {
            self.export(picture, LOOKS[0], "--crop 20.5,10.25,14,10 --scale 3", "png");
            self.export(picture, LOOKS[0], "--crop 20.5,10.25,14,10 --scale 2.3 --strength 40 --bits 16", "tif");
            self.export(picture, LOOKS[3], "--scale 0.5", "png");
            self.export(picture, LOOKS[4], "--crop 20.5,10.25,14,10 --scale 4", "png");
        }
    }

    /// Other networks, over a whole picture of many tiles.
    fn models(&mut self) {
        for file in ["liif_edsr_tiny.pth", "mmagic_rdn_tiny.pth"] {
            let word = format!("neural by {file}");
            let model = format!("--model {}", fixture(file).display());
            self.chelsea((&word, &model), "--scale 2.3");
            self.chelsea((&word, &format!("{model} {EXACT}")), &format!("{ACROSS} --scale 8"));
        }
    }

    /// The same on a software adapter, where there is one; it needs half a minute for the built-in model.
    fn card(&mut self) {
        self.device = ("on the card: ", "--backend gpu --device llvmpipe");
        let tiny = format!("--model {}", fixture("liif_edsr_tiny.pth").display());
        let first = self.try_export(&repository("assets/chelsea.png"), "png", &format!("{tiny} {CROP} --scale 2"));
        if let Err(sentence) = first {
            hashes::say(&format!("skipped: exports on a graphics card: {sentence}"));
            return;
        }
        self.chelsea(("neural by a tiny model", &tiny), "--crop 100.5,100,80,60.5 --scale 2.3");
        self.chelsea(("neural by a tiny model", &tiny), &format!("--precision f32 {ACROSS} --scale 3 --strength 40"));
        self.chelsea(
            ("neural by a tiny model at every pixel", &format!("{tiny} {EXACT}")),
            &format!("{CROP} --scale 8"),
        );
        self.chelsea(("coarse by a tiny model", &format!("{tiny} {}", LOOKS[1].1)), &format!("{CROP} --scale 12"));
        let rdn = format!("--model {}", fixture("mmagic_rdn_tiny.pth").display());
        self.chelsea(("neural by a tiny RDN", &rdn), &format!("{CROP} --scale 3"));
        self.chelsea(LOOKS[3], &format!("{CROP} --scale 3"));
        self.export("alpha.png", ("neural by a tiny model", &tiny), "--crop 20.5,10.25,14,10 --scale 3", "png");
    }
}

#[test]
fn exports_are_as_before() {
    let mut exports = Exports::new();
    let model = format!("--model {} {CROP} --scale 3", fixture("liif_edsr_tiny.pth").display());
    let sample = || exports.try_export(&repository("assets/chelsea.png"), "png", &model).unwrap();
    let [first, second] = [sample(), sample()];
    hashes::check_comparison(FAMILY, [&first.pixels, &second.pixels]);
    hashes::check_comparison(FAMILY, [&first.file, &second.file]);
    if !hashes::are_wanted("exports") {
        return;
    }
    exports.looks();
    exports.precisions();
    exports.shapes();
    exports.files();
    exports.kinds();
    exports.models();
    exports.card();
    exports.hashes.settle();
}
