//! Programs that are killed (SIGKILL) at random moments: what has a name is whole, what was there before is there still or
//! has been replaced, and nothing lies beside it. `ZOOMFIELD_KILLS=200` kills so many in all.

use crate::world::{World, chelsea, fixture};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Whether a file of this name may have this content after a kill.
type IsWhole = dyn Fn(&World, &str, &[u8]) -> bool;

/// A program, what it writes, and how that is known to be whole.
struct Victim {
    name: &'static str,
    start: Box<dyn Fn(&World) -> Command>,
    outputs: &'static [&'static str],
    is_whole: Box<IsWhole>,
    /// After how much of its time one that never ends is killed at the latest.
    longest: Duration,
}

/// Numbers that look random (the linear congruential generator of Knuth's MMIX).
struct Random(u64);

impl Random {
    fn below_one(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}

fn kills() -> usize {
    std::env::var("ZOOMFIELD_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(20)
}

fn words(world: &World, line: &str) -> Command {
    world.command(&line.split_whitespace().collect::<Vec<_>>())
}

fn tiny() -> String {
    fixture("liif_edsr_tiny.pth").to_string_lossy().into_owned()
}

/// A file, or a folder with everything in it; nothing if it is not there.
fn content(path: &Path) -> Option<Vec<u8>> {
    if !path.is_dir() {
        return std::fs::read(path).ok();
    }
    let mut inside: Vec<PathBuf> = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    inside.sort();
    let named = |path: PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned().into_bytes();
        [name, content(&path).unwrap()].concat()
    };
    Some(inside.into_iter().flat_map(named).collect())
}

fn remove(path: &Path) {
    let _ = if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
}

/// A victim whose outputs always come out the same.
fn deterministic(name: &'static str, outputs: &'static [&'static str], line: String) -> Victim {
    let reference = world();
    let started = Instant::now();
    let run = words(&reference, &line).output().unwrap();
    assert!(run.status.success(), "{name}: {}", String::from_utf8_lossy(&run.stderr));
    let longest = started.elapsed();
    let whole: Vec<Vec<u8>> = outputs.iter().map(|output| content(&reference.path(output)).unwrap()).collect();
    let is_whole = move |_: &World, output: &str, bytes: &[u8]| {
        outputs.iter().zip(&whole).any(|(name, whole)| *name == output && whole == bytes)
    };
    Victim { name, start: Box::new(move |world| words(world, &line)), outputs, is_whole: Box::new(is_whole), longest }
}

fn training() -> Victim {
    let line = "train pictures -o out.safetensors --from none --blocks 1 --features 8 --hidden 16,16 --patch 12 --batch 2 \
                --samples 64 --threads 1 --steps 100000000 --checkpoint-every 0 --overwrite";
    let is_whole =
        |world: &World, output: &str, _: &[u8]| zoomfield::weights::Checkpoint::open(&world.path(output)).is_ok();
    Victim {
        name: "train",
        start: Box::new(move |world| words(world, line)),
        outputs: &["out.checkpoint.safetensors"],
        is_whole: Box::new(is_whole),
        longest: Duration::from_secs(2),
    }
}

#[cfg(feature = "app")]
const SETTINGS_OF_CHILD: &str = "ZOOMFIELD_TEST_SETTINGS";

/// The window's thread for settings, in a process of its own.
#[cfg(feature = "app")]
fn settings() -> Victim {
    let start = |world: &World| {
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "kills::settings_are_written_over_and_over", "--nocapture"]);
        child.env(SETTINGS_OF_CHILD, world.path("settings.json"));
        child
    };
    let is_whole = |_: &World, _: &str, bytes: &[u8]| {
        serde_json::from_slice::<serde_json::Value>(bytes).is_ok_and(|value| value["text_scale"].is_number())
    };
    Victim {
        name: "settings",
        start: Box::new(start),
        outputs: &["settings.json"],
        is_whole: Box::new(is_whole),
        longest: Duration::from_millis(400),
    }
}

#[cfg(feature = "app")]
#[test]
fn settings_are_written_over_and_over() {
    use zoomfield::app::settings::{Settings, SettingsWriter};
    // Alone it is nobody's child.
    let Some(path) = std::env::var_os(SETTINGS_OF_CHILD) else { return };
    let writer = SettingsWriter::start(path.into()).unwrap();
    for step in 0_u16.. {
        writer.keep(&Settings { text_scale: 1.0 + f32::from(step % 50) / 100.0, ..Settings::default() });
        std::thread::sleep(Duration::from_micros(300));
    }
}

fn world() -> World {
    let world = World::new();
    std::fs::create_dir(world.path("pictures")).unwrap();
    for name in ["a.png", "b.png", "c.png"] {
        std::fs::copy(fixture("pillow_src_97x75.png"), world.path("pictures").join(name)).unwrap();
    }
    world
}

fn victims() -> Vec<Victim> {
    let (tiny, cat) = (tiny(), chelsea());
    let large = PathBuf::from("builtin:liif");
    vec![
        deterministic(
            "export",
            &["z.png"],
            format!("export {cat} -o z.png --scale 3 --crop 100,50,48,40 --model {tiny} --overwrite"),
        ),
        deterministic(
            "export of both kinds",
            &["z.jpg", "map.png"],
            format!(
                "export {cat} -o z.jpg --scale 2 --crop 100,50,24,24 --model {tiny} --overwrite --invention map.png"
            ),
        ),
        deterministic(
            "convert",
            &["w.safetensors"],
            format!("convert {} -o w.safetensors --overwrite", large.display()),
        ),
        deterministic(
            "batch",
            &["a_2x.png", "b_2x.png", "c_2x.png"],
            format!("batch pictures -o {{name}}_{{scale}}x.png --scale 2 --jobs 2 --model {tiny}"),
        ),
        deterministic(
            "pyramid",
            &["z.dzi", "z_files"],
            format!("export {cat} -o z.dzi --scale 3 --look bicubic --overwrite"),
        ),
        training(),
        #[cfg(feature = "app")]
        settings(),
    ]
}

/// Names in the folder that no one has asked for.
fn surplus(world: &World, victim: &Victim) -> BTreeSet<String> {
    let is_known = |name: &String| {
        victim.outputs.contains(&name.as_str()) || ["pictures", "settings.json.lock"].contains(&name.as_str())
    };
    world.files().into_iter().filter(|name| !is_known(name)).collect()
}

/// Kills one; whether it left anything beside its outputs.
fn kill_one(world: &World, victim: &Victim, after: Duration) -> bool {
    let before: Vec<_> = victim.outputs.iter().map(|name| content(&world.path(name))).collect();
    let mut child = (victim.start)(world).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    std::thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
    for (name, before) in victim.outputs.iter().zip(before) {
        match content(&world.path(name)) {
            Some(bytes) => assert!(
                before.as_ref() == Some(&bytes) || (victim.is_whole)(world, name, &bytes),
                "{}, killed after {after:?}, left half of {name}",
                victim.name
            ),
            None => assert!(before.is_none(), "{}, killed after {after:?}, lost {name}", victim.name),
        }
    }
    !surplus(world, victim).is_empty()
}

#[test]
fn killed_programs_leave_nothing_half_and_nothing_beside() {
    let victims = victims();
    let each = kills().div_ceil(victims.len());
    let mut random = Random(u64::from(std::process::id()));
    for victim in &victims {
        let world = world();
        let mut left = 0;
        for i in 0..each {
            // Every second one finds what is there already, an old file or one of its own.
            if i % 2 == 0 {
                victim.outputs.iter().for_each(|name| remove(&world.path(name)));
            }
            // Half of them near the end, where files are named.
            let part = if i % 4 < 2 { random.below_one() } else { 0.7 + 0.35 * random.below_one() };
            left += usize::from(kill_one(&world, victim, victim.longest.mul_f64(part)));
        }
        // Where files have no name on their way nothing is ever left, unless it had just got one to replace another.
        eprintln!("{}: {each} kills, {left} of them left something for the next run", victim.name);
        let mut remaining = surplus(&world, victim);
        if victim.name != "train" && victim.name != "settings" {
            assert!((victim.start)(&world).output().unwrap().status.success());
            remaining = surplus(&world, victim);
        } else {
            // It never ends by itself: killed once more, it may have left something of its own, but no longer that.
            kill_one(&world, victim, victim.longest);
            remaining.retain(|name| surplus(&world, victim).contains(name));
        }
        assert_eq!(remaining, BTreeSet::new(), "{}: the next run clears what was left", victim.name);
    }
}
