//! Pictures that another process decodes are those that this one decodes, and refusals too.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests and their helpers may panic and speak")]

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use zoomfield::error::Result;
use zoomfield::picture::{DecoderProgram, PageReader, Picture, Which, decode_apart_by};
use zoomfield::task::NEVER;

fn decode_apart() {
    let arguments = ["decode-file", "--"].map(str::to_owned).to_vec();
    decode_apart_by(DecoderProgram { program: env!("CARGO_BIN_EXE_zoomfield").into(), arguments });
}

/// All files of the tests that are there to be opened, or refused.
fn files() -> Vec<PathBuf> {
    fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { walk(&path, files) } else { files.push(path) }
        }
    }
    let mut files = Vec::new();
    for folder in ["tests/fixtures/robustness", "tests/fixtures/formats", "assets"] {
        walk(folder.as_ref(), &mut files);
    }
    let is_picture = |path: &PathBuf| path.extension().is_none_or(|ending| ending != "py" && ending != "light");
    files.retain(is_picture);
    files.sort();
    files
}

/// All that a picture is, or why it is none.
fn described(picture: Result<Picture>) -> String {
    let picture = match picture {
        Ok(picture) => picture,
        Err(error) => return error.to_string(),
    };
    let Picture { id, path, size, format, is_grey, color, metadata, notice, pages, exposure, .. } = &picture;
    let samples =
        (picture.rgb.bits(), picture.rgb.as_bytes().len(), picture.alpha.as_ref().map(|a| a.as_bytes().len()));
    format!(
        "{id} {} {size} {format} {is_grey} {color:?} {} {} {metadata:?} {notice:?} {pages:?} {exposure:?} {samples:?} {:?}",
        path.display(),
        color.is_srgb(),
        color.table().is_some(),
        picture.regions.is_some(),
    )
}

#[test]
fn every_file_is_the_same_apart_and_here() {
    decode_apart();
    let (mut pictures, mut refused) = (0, 0);
    for file in files() {
        for page in [0, 1] {
            let here = Picture::open_page(&file, page);
            let apart = Picture::open_within(&file, page, u64::MAX, NEVER);
            if let (Ok(here), Ok(apart)) = (&here, &apart) {
                assert!(here.rgb == apart.rgb && here.alpha == apart.alpha, "{}", file.display());
                pictures += 1;
            } else {
                refused += 1;
            }
            assert_eq!(described(here), described(apart), "{}", file.display());
        }
    }
    println!("{pictures} pages the same, {refused} refused alike");
    assert!(pictures > 100 && refused > 30, "{pictures} {refused}");
    let different = described(Picture::open_page("assets/chelsea.png".as_ref(), 0));
    assert_ne!(different, described(Picture::open("tests/fixtures/robustness/mode_L.png".as_ref())));
}

/// How many processes that this one started decode a file.
#[cfg(target_os = "linux")]
fn decoders_of(name: &str) -> usize {
    let own = std::process::id().to_string();
    let is_decoder = |process: &Path| {
        let read = |file: &str| std::fs::read_to_string(process.join(file)).unwrap_or_default();
        // Behind the program's name in brackets come its state and its parent.
        let stat = read("stat");
        let parent = stat.rsplit(')').next().unwrap_or_default().split_whitespace().nth(1);
        read("cmdline").contains(name) && parent == Some(&own)
    };
    std::fs::read_dir("/proc").unwrap().flatten().filter(|process| is_decoder(&process.path())).count()
}

#[test]
#[cfg(target_os = "linux")]
fn frames_come_from_one_process_that_ends_with_its_reader() {
    decode_apart();
    let file = Path::new("tests/fixtures/robustness/anim30.png");
    let mut reader = PageReader::new(file, u64::MAX);
    for frame in [0, 1, 2, 5, 3, 4] {
        let here = Picture::open_page(file, frame);
        let apart = reader.read(Which::from(frame), NEVER);
        assert_eq!(described(here), described(apart), "{frame}");
        assert_eq!(decoders_of("anim30.png"), 1, "{frame}");
    }
    drop(reader);
    let dropped = Instant::now();
    while decoders_of("anim30.png") > 0 {
        assert!(dropped.elapsed() < Duration::from_secs(20), "it goes on");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_file_that_takes_the_place_of_another_is_read() {
    decode_apart();
    let folder = tempfile::tempdir().unwrap();
    let (path, newer) = (folder.path().join("a.png"), folder.path().join("newer.png"));
    std::fs::copy("tests/fixtures/robustness/anim30.png", &path).unwrap();
    let mut reader = PageReader::new(&path, u64::MAX);
    assert_eq!(reader.read(1, NEVER).unwrap().pages.index, 1);
    std::fs::copy("assets/chelsea.png", &newer).unwrap();
    std::fs::rename(&newer, &path).unwrap();
    assert_eq!(described(reader.read(0, NEVER)), described(Picture::open(&path)));
    std::fs::remove_file(&path).unwrap();
    assert!(reader.read(0, NEVER).unwrap_err().to_string().contains("no such file"));
}

/// Strips and tiles are decoded by processes of their own, and those only look at the file that was opened.
#[test]
fn what_is_read_by_rectangles_is_the_same_apart() {
    decode_apart();
    let folder = tempfile::tempdir().unwrap();
    let (path, newer) = (folder.path().join("divided.tif"), folder.path().join("newer.tif"));
    let mut seen = 0;
    for file in files().into_iter().filter(|file| file.extension().is_some_and(|ending| ending == "tif")) {
        std::fs::copy(&file, &path).unwrap();
        let (Ok(here), Ok(divided)) = (Picture::open(&path), Picture::open_within(&path, 0, 0, NEVER)) else {
            continue;
        };
        if divided.regions.is_none() {
            continue;
        }
        assert_eq!(decoders_of("divided.tif"), 0);
        let patch = divided.patch(divided.size.rect());
        divided.check_read().unwrap();
        assert_eq!(
            (patch.rgb.as_ref(), patch.alpha.as_deref()),
            (&here.rgb, here.alpha.as_ref()),
            "{}",
            file.display()
        );
        assert!(decoders_of("divided.tif") > 0);
        drop(divided);
        let dropped = Instant::now();
        while decoders_of("divided.tif") > 0 {
            assert!(dropped.elapsed() < Duration::from_secs(20), "it goes on");
            std::thread::sleep(Duration::from_millis(5));
        }
        seen += 1;
    }
    assert!(seen > 5, "{seen}");
    let divided = Picture::open_within(&path, 0, 0, NEVER).unwrap();
    std::fs::copy(&path, &newer).unwrap();
    std::fs::rename(&newer, &path).unwrap();
    let _ = divided.patch(divided.size.rect());
    let said = divided.check_read().unwrap_err().to_string();
    assert!(said.contains("divided.tif") && said.contains("another file by now; open it again"), "{said}");
}

/// What cannot be read by rectangles from its file is brought to the disk, if it is too large to be held.
#[test]
fn a_large_picture_is_on_the_disk_and_the_same() {
    decode_apart();
    for name in
        ["formats/scans_together.jpg", "robustness/exif_orientation6_96x64.jpg", "robustness/cmyk_noprofile.jpg"]
    {
        let file = &Path::new("tests/fixtures").join(name);
        let (held, large) = (Picture::open(file).unwrap(), Picture::open_within(file, 0, 1000, NEVER).unwrap());
        assert!(held.regions.is_none() && large.regions.is_some(), "{}", file.display());
        let patch = large.patch(large.size.rect());
        large.check_read().unwrap();
        assert_eq!(patch.rgb.as_ref(), &held.rgb, "{}", file.display());
    }
}

#[test]
fn a_decoder_ends_when_nobody_can_ask_any_more() {
    let mut decoder = Command::new(env!("CARGO_BIN_EXE_zoomfield"));
    decoder.args(["decode-file", "--", "assets/chelsea.png"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut decoder = decoder.spawn().unwrap();
    let mut asks = decoder.stdin.take().unwrap();
    writeln!(asks, "{{\"Picture\":{}}}", serde_json::to_string(&Which::default()).unwrap()).unwrap();
    let mut answer = String::new();
    // Nobody reads on, so that it is busy with its answer.
    BufReader::with_capacity(1, decoder.stdout.as_mut().unwrap()).read_line(&mut answer).unwrap();
    assert!(answer.starts_with("{\"Picture\""), "{answer}");
    assert!(decoder.try_wait().unwrap().is_none());
    drop(asks);
    let closed = Instant::now();
    while decoder.try_wait().unwrap().is_none() {
        assert!(closed.elapsed() < Duration::from_secs(20), "it goes on");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn exports_are_the_same_to_the_bit_and_the_cost_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let export = |name: &str, way: &str| {
        let (output, started) = (folder.path().join(name), Instant::now());
        let mut command = Command::new(env!("CARGO_BIN_EXE_zoomfield"));
        command.args(["export", "assets/chelsea.png", "--scale", "1", "--look", "bicubic", "-o"]).arg(&output);
        let ended = command.env("ZOOMFIELD_DECODE", way).env("ZOOMFIELD_BACKEND", "cpu").output().unwrap();
        (ended, std::fs::read(&output).unwrap_or_default(), started.elapsed())
    };
    let [apart, here] = ["apart", "here"].map(|way| export(&format!("{way}.png"), way));
    println!("export of a small picture: {:?} apart, {:?} here", apart.2, here.2);
    assert!(apart.0.status.success() && here.0.status.success(), "{apart:?}");
    assert!(apart.1 == here.1 && !here.1.is_empty());
    let (wrong, written, _) = export("wrong.png", "elsewhere");
    let said = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert!(!wrong.status.success() && written.is_empty(), "{said}");
    assert!(said.contains("ZOOMFIELD_DECODE") && said.contains("elsewhere") && said.lines().count() == 1, "{said}");
}
