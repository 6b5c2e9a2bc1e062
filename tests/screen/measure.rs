//! `cargo test --test screen -- --measure`: how long a person waits for the real program, on the virtual screen.
//!
//! Starts the program with a 12-megapixel JPEG and turns the wheel to ×8 by real input events. The clock starts before
//! the process and with the last turn of the wheel; the program writes when its frames were ready (`--milestones`).
//! `ZOOMFIELD_PRECISION` chooses the arithmetic. Nothing is asserted: what else the machine does is in the figures.

use crate::keyboard::{Screen, key};
use crate::server::start_server;
use serde_json::Value;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use zoomfield::bench::write_photo;
use zoomfield::picture::Picture;

/// What the photograph is made of.
const CAT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/chelsea.png");

pub(crate) fn main() {
    let (mut server, display) = start_server("1280x860").expect("Xvfb is installed");
    let folder = tempfile::tempdir().expect("a folder for the photograph");
    let photo = folder.path().join("photo.jpg");
    write_photo(&Picture::open(CAT.as_ref()).expect("the cat"), &photo).expect("room for the photograph");
    let decode = Instant::now();
    Picture::open(&photo).expect("the photograph is read");
    let decode_secs = decode.elapsed().as_secs_f64();
    let milestones = folder.path().join("milestones.json");
    let started = unix_secs();
    let mut program = start(&display, &photo, &milestones);
    // The picture is there by then, and its neighbours are read.
    std::thread::sleep(Duration::from_secs(7));
    let screen = Screen::connect_to(Some(&display));
    screen.focus_window();
    screen.move_to(640, 430);
    // From the fitted view, about ×0.26, to ×8; a turn by XTEST counts twice, and finely with Shift.
    screen.hold(key::SHIFT);
    (0..5).for_each(|_| screen.turn_wheel());
    screen.let_go(key::SHIFT);
    (0..6).for_each(|_| screen.turn_wheel());
    let turned = unix_secs();
    screen.turn_wheel();
    std::thread::sleep(Duration::from_secs(14));
    screen.press(&[key::CONTROL, u32::from('q')]);
    let status = program.wait().expect("the program ends");
    let _ = server.kill();
    let _ = server.wait();
    assert!(status.success(), "the program failed");
    report(&milestones, decode_secs, started, turned);
}

fn start(display: &str, photo: &Path, milestones: &Path) -> Child {
    let folder = photo.parent().expect("a folder");
    Command::new(env!("CARGO_BIN_EXE_zoomfield"))
        .arg(photo)
        .arg("--milestones")
        .arg(milestones)
        .args(["--backend", "cpu"])
        .env("DISPLAY", display)
        .env_remove("WAYLAND_DISPLAY")
        .env("XDG_CONFIG_HOME", folder.join("config"))
        .env("XDG_DATA_HOME", folder)
        .spawn()
        .expect("the program starts")
}

fn report(milestones: &Path, decode_secs: f64, started: f64, turned: f64) {
    let text = std::fs::read_to_string(milestones).expect("the milestones were written");
    let seen: Vec<Value> = serde_json::from_str(&text).expect("they are JSON");
    let at = |what: &str, from: f64| {
        let is_it = |seen: &&Value| seen["what"] == what && seen["unix_secs"].as_f64() > Some(from);
        seen.iter().find(is_it).and_then(|seen| seen["unix_secs"].as_f64()).map_or(f64::NAN, |at| at - from)
    };
    println!("decoding the photograph alone: {decode_secs:.2} s");
    println!("process start to the window: {:.2} s", at("window", started));
    println!("process start to the picture: {:.2} s", at("picture", started));
    println!("process start to all of its final pixels: {:.2} s", at("settled", started));
    let zoom = seen.iter().rev().find(|seen| seen["what"] == "moved").map_or(Value::Null, |seen| seen["zoom"].clone());
    println!("last turn of the wheel to the first pixels of the network at ×{zoom:.4}: {:.2} s", at("neural", turned));
    println!("last turn of the wheel to all final pixels: {:.2} s", at("settled", turned));
    println!("{text}");
}

fn unix_secs() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_secs_f64()
}
