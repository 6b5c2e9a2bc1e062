//! `zoomfield train` as a program: events on stdout, words on stderr, and nothing lost when it is stopped or killed.

use crate::world::{World, chelsea};
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

/// A small network on the sample picture and a copy that is upside down, so that one is held out.
const SMALL: &str = "--from none --blocks 1 --features 8 --hidden 16,16 --patch 12 --batch 2 --samples 64 --threads 1";

fn world() -> World {
    let world = World::new();
    std::fs::create_dir(world.path("pictures")).unwrap();
    std::fs::copy(chelsea(), world.path("pictures/a.png")).unwrap();
    std::fs::copy(crate::world::fixture("pillow_src_97x75.png"), world.path("pictures/b.png")).unwrap();
    world
}

fn words(options: &str) -> Vec<String> {
    format!("train pictures -o out.safetensors {options}").split_whitespace().map(str::to_owned).collect()
}

fn events(text: &str) -> Vec<serde_json::Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn names(events: &[serde_json::Value]) -> Vec<&str> {
    events.iter().map(|event| event["event"].as_str().unwrap()).collect()
}

#[test]
fn every_event_is_one_line() {
    let world = world();
    let out = world.run(&words(&format!("{SMALL} --steps 3 --json")));
    let events = events(&out.success());
    assert_eq!(names(&events), ["started", "evaluated", "step", "step", "step", "evaluated", "checkpoint", "finished"]);
    assert!(events[2]["loss"].as_f64().unwrap() > 0.0 && events[4]["step"] == 3);
    assert!(["psnr", "bicubic_psnr", "start_psnr"].iter().all(|name| events[5][name].as_f64().unwrap() > 0.0));
    assert_eq!(world.files().iter().filter(|name| name.starts_with('.')).count(), 0);
}

#[test]
fn people_get_sentences() {
    let world = world();
    let out = world.run(&words(&format!("{SMALL} --steps 2 --degrade jpeg --hold-out 50%")));
    assert_eq!(out.code, Some(0), "{out:?}");
    assert!(out.stdout.contains("after 2 steps") && out.stdout.contains("--resume"), "{out:?}");
    assert!(out.stderr.contains("pictures: 1 to learn from, 1 held out; EDSR 1×8"), "{out:?}");
}

#[test]
fn nonsense_is_refused() {
    let world = world();
    for wrong in [
        "",
        "--steps 0",
        "--time 5",
        "--steps 3 --time 5m",
        "--steps 3 --degrade rain",
        "--steps 3 --scale 2 --size-varied 64..128",
        "--steps 3 --gt-resize 64",
        "--steps 3 --resume a.safetensors --from none",
        "--steps 3 --resume a.safetensors --lr 1",
    ] {
        world.run(&words(wrong)).usage();
    }
    assert!(world.refuses(&words("--steps 3 --blocks 2")).contains("--from none"));
    assert!(world.refuses(&words(&format!("{SMALL} --steps 3 --scale 4..1"))).contains("1..4"));
    assert!(world.refuses(&words("--steps 3 --from missing.safetensors")).contains("missing.safetensors"));
    assert!(world.refuses(&words("--steps 3 --device cuda")).contains("--device"));
    std::fs::write(world.path("out.safetensors"), "precious").unwrap();
    assert!(world.refuses(&words(&format!("{SMALL} --steps 3"))).contains("exists already"));
}

/// Starts an endless training and returns once it has taken some steps.
fn under_way(world: &World, options: &str) -> Child {
    let mut command = world.command(&words(&format!("{SMALL} --steps 100000000 --json {options}")));
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.as_mut().unwrap()).lines().map(Result::unwrap);
    let wanted = if options.is_empty() { "step" } else { "checkpoint" };
    let seen = lines.filter(|line| line.contains(&format!("\"event\":\"{wanted}\""))).take(3).count();
    assert_eq!(seen, 3);
    child
}

fn resumes(world: &World) {
    let checkpoint = zoomfield::weights::Checkpoint::open(&world.path("out.checkpoint.safetensors")).unwrap();
    let notes: serde_json::Value = serde_json::from_str(&checkpoint.notes).unwrap();
    let step = notes["step"].as_u64().unwrap();
    assert!(step >= 3);
    let options = format!("--resume out.checkpoint.safetensors --steps {} --threads 1 --json", step + 2);
    let events = events(&world.run(&words(&options)).success());
    assert_eq!((events[0]["step"].as_u64(), events.last().unwrap()["step"].as_u64()), (Some(step), Some(step + 2)));
}

#[test]
fn a_killed_training_goes_on_from_its_last_checkpoint() {
    let world = world();
    let mut child = under_way(&world, "--checkpoint-every 0");
    child.kill().unwrap();
    child.wait().unwrap();
    resumes(&world);
}

#[cfg(unix)]
#[test]
fn an_interrupt_writes_a_checkpoint_and_says_how_to_go_on() {
    let world = world();
    let mut child = under_way(&world, "");
    let id = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    // What it still had to say must be read, or it waits.
    let rest: Vec<String> = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap).collect();
    assert!(child.wait().unwrap().success());
    let last: serde_json::Value = serde_json::from_str(rest.last().unwrap()).unwrap();
    assert_eq!((last["event"].as_str(), last["ending"].as_str()), (Some("finished"), Some("stopped")));
    resumes(&world);
}
