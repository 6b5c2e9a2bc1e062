//! `zoomfield train` as a program: events on stdout, words on stderr, and nothing lost when it is stopped or killed.

use crate::world::{Run, World, chelsea};
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
    let names = names(&events);
    let all = ["started", "evaluated", "step", "step", "step", "evaluated", "checkpoint", "finished"];
    // Weights that came out better are told of too.
    assert_eq!(names.iter().copied().filter(|name| *name != "improved").collect::<Vec<_>>(), all);
    let number = |event: &serde_json::Value, key: &str| event[key].as_f64().unwrap_or_else(|| panic!("{key}: {event}"));
    assert!(number(&events[2], "loss") > 0.0 && number(&events[2], "secs") > 0.0 && events[4]["step"] == 3);
    assert!(["psnr", "bicubic_psnr", "start_psnr"].iter().all(|name| number(&events[5], name) > 0.0));
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
fn a_live_network_learns_from_a_teacher_with_options_of_its_own() {
    let world = world();
    let small = "--from none --encoder live --blocks 1 --features 8 --waves 6,2 --patch 12 --batch 2 --threads 1";
    let out = world
        .run(&words(&format!("{small} --steps 2 --teacher builtin --distill 0.25 --unreduced 0.5 --degrade photo")));
    assert_eq!(out.code, Some(0), "{out:?}");
    assert!(out.stderr.contains("plain 1×4×8, field of 6 + 2 waves"), "{out:?}");
    let notes = std::fs::read(world.path("out.checkpoint.safetensors")).unwrap();
    let notes = String::from_utf8_lossy(&notes);
    for known in [
        "learning_rate\\\":0.0005",
        "unreduced\\\":0.5",
        "schedule\\\":\\\"cosine",
        "ema\\\":0.999",
        "teacher\\\":\\\"builtin\\\"",
        "moving.field.kappa",
    ] {
        assert!(notes.contains(known), "{known}");
    }
    assert!(world.refuses(&words(&format!("{small} --steps 2 --overwrite --ema 1"))).contains("less than 1"));
    assert!(world.refuses(&words(&format!("{small} --steps 2 --overwrite --teacher gone.pth"))).contains("gone.pth"));
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
        "--steps 3 --distill 0.5",
        "--steps 3 --unreduced 0.5",
        "--steps 3 --schedule never",
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

/// The step of the checkpoint.
fn saved_step(world: &World) -> u64 {
    let checkpoint = zoomfield::weights::Checkpoint::open(&world.path("out.checkpoint.safetensors")).unwrap();
    let notes: serde_json::Value = serde_json::from_str(&checkpoint.notes).unwrap();
    notes["step"].as_u64().unwrap()
}

fn resumes(world: &World) {
    let step = saved_step(world);
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

#[test]
fn a_killed_training_loses_at_most_one_interval() {
    let world = world();
    // Half a second.
    let mut child = under_way(&world, "--checkpoint-every 0.0083");
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    // The reader before may have taken the beginning of a line.
    let events = lines.filter_map(|line| serde_json::from_str::<serde_json::Value>(&line).ok());
    let (mut saved, mut since) = (0, 0.0);
    // Between two checkpoints.
    for event in events {
        match event["event"].as_str().unwrap() {
            "checkpoint" => (saved, since) = (event["step"].as_u64().unwrap(), 0.0),
            "step" => since += event["secs"].as_f64().unwrap(),
            _ => {}
        }
        assert!(since < 5.0, "no checkpoint for {since} seconds");
        if saved > 0 && since > 0.2 {
            break;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(saved_step(&world) >= saved);
    resumes(&world);
}

#[test]
fn a_training_whose_events_nobody_reads_goes_on_to_its_end() {
    let world = world();
    let mut command = world.command(&words(&format!("{SMALL} --steps 40 --json")));
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
    assert_eq!(saved_step(&world), 40);
}

/// Runs the program where no file may grow beyond a few kilobytes, as on a disk that is full.
#[cfg(unix)]
fn on_a_full_disk(world: &World, options: &str) -> Run {
    let command = world.command(&words(options));
    let mut shell = std::process::Command::new("sh");
    // Writes fail instead of killing the process.
    shell.args(["-c", "trap '' XFSZ; ulimit -f 8; exec \"$0\" \"$@\""]).arg(command.get_program());
    shell.args(command.get_args()).current_dir(command.get_current_dir().unwrap()).stdin(Stdio::null());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    Run::of(&shell.output().unwrap())
}

#[cfg(unix)]
#[test]
fn a_full_disk_leaves_the_last_checkpoint_whole() {
    let world = world();
    world.run(&words(&format!("{SMALL} --steps 3 --json"))).success();
    let read = |name: &str| std::fs::read(world.path(name)).ok();
    let files = || (read("out.checkpoint.safetensors"), read("out.safetensors"), world.files());
    let before = files();
    let go_on = "--resume out.checkpoint.safetensors --steps 6 --threads 1 --json";
    let out = on_a_full_disk(&world, &format!("{go_on} --checkpoint-every 0"));
    assert!(files() == before, "{out:?}");
    assert_eq!((out.code, out.stderr.lines().count()), (Some(1), 1), "{out:?}");
    let said = ["the checkpoint of step 3 is whole", "--resume out.checkpoint.safetensors", "does not take a file"];
    assert!(said.iter().all(|words| out.stderr.contains(words)), "{out:?}");
    // Training went on in the hope of room.
    let events = events(&out.stdout);
    let count = |name: &str| names(&events).iter().filter(|other| **other == name).count();
    assert!(count("step") == 3 && count("checkpoint") == 0 && count("warning") >= 3, "{out:?}");
    let warning = events.iter().find(|event| event["event"] == "warning").unwrap();
    assert!(warning["message"].as_str().unwrap().contains("training goes on"), "{warning}");
    world.run(&words(go_on)).success();
    assert_eq!(saved_step(&world), 6);
}

#[cfg(unix)]
#[test]
fn a_full_disk_from_the_beginning_is_said() {
    let world = world();
    let out = on_a_full_disk(&world, &format!("{SMALL} --steps 2"));
    assert_eq!((out.code, out.stdout.as_str()), (Some(1), ""), "{out:?}");
    assert!(out.stderr.lines().last().unwrap().contains("nothing of this training could be written"), "{out:?}");
    assert_eq!(world.files(), ["pictures"]);
}

#[test]
fn numbers_that_are_none_end_it_with_the_last_good_state() {
    let world = world();
    world.run(&words(&format!("{SMALL} --steps 3 --json"))).success();
    let kept = std::fs::read(world.path("out.checkpoint.safetensors")).unwrap();
    let out = world.run(&words(&format!("{SMALL} --steps 50 --lr 1e30 --json --overwrite")));
    assert_eq!((out.code, out.stderr.lines().count()), (Some(1), 1), "{out:?}");
    assert!(out.stderr.contains("step 2 did not come to a finite number"), "{out:?}");
    assert!(out.stderr.contains("the weights of step 0 are in out.checkpoint.safetensors"), "{out:?}");
    assert_eq!(saved_step(&world), 0);
    assert_ne!(std::fs::read(world.path("out.checkpoint.safetensors")).unwrap(), kept);
}

#[cfg(target_os = "linux")]
#[test]
fn a_place_that_takes_no_files_is_refused_before_any_work() {
    let world = world();
    // Not even the administrator makes files there.
    for place in ["/sys/out.safetensors", "/proc/out.safetensors"] {
        let arguments = ["train", "pictures", "-o", place, "--steps", "2"];
        let sentence = world.refuses(&arguments);
        assert!(sentence.contains(place) && !sentence.contains("checkpoint"), "{sentence}");
    }
    std::fs::create_dir(world.path("locked")).unwrap();
    let sentence = world.refuses(&["train", "pictures", "-o", "locked/missing/out.safetensors", "--steps", "2"]);
    assert!(sentence.contains("create it first"), "{sentence}");
}

#[test]
fn folders_that_cannot_serve_are_refused() {
    let refuse = |prepare: &dyn Fn(&World)| {
        let world = World::new();
        std::fs::create_dir(world.path("pictures")).unwrap();
        prepare(&world);
        world.refuses(&words("--steps 2"))
    };
    assert!(refuse(&|_| {}).contains("it holds no pictures"));
    let tiny = refuse(&|world| std::fs::write(world.path("pictures/a.ppm"), b"P6 2 1 255\n123456").unwrap());
    assert!(tiny.contains("a.ppm is left out: a side of 1 pixels is less than 48"), "{tiny}");
    let corrupt = refuse(&|world| {
        std::fs::write(world.path("pictures/a.png"), b"\x89PNG\r\n\x1a\n and no more").unwrap();
        std::fs::write(world.path("pictures/b.jpg"), b"\xff\xd8\xff nothing").unwrap();
        std::fs::write(world.path("pictures/c.tif"), b"").unwrap();
    });
    assert!(corrupt.contains("none of its 3 pictures can be used; the first:"), "{corrupt}");
    // Their headers promise pictures.
    let world = World::new();
    std::fs::create_dir(world.path("pictures")).unwrap();
    let whole = std::fs::read(chelsea()).unwrap();
    for (name, len) in [("a.png", whole.len() / 2), ("b.png", whole.len() / 3)] {
        std::fs::write(world.path(&format!("pictures/{name}")), &whole[..len]).unwrap();
    }
    let out = world.run(&words(&format!("{SMALL} --steps 2")));
    assert_eq!((out.code, out.stdout.as_str()), (Some(1), ""), "{out:?}");
    let last = out.stderr.lines().last().unwrap();
    assert!(last.contains("none of its pictures can be used") && last.contains(".png"), "{out:?}");
    assert_eq!(world.files(), ["pictures"]);
}

#[test]
fn the_original_s_checkpoint_brings_its_optimizer() {
    let world = world();
    let from = crate::world::fixture("liif_edsr_tiny.pth");
    let options = format!("--from {} --patch 12 --batch 2 --samples 64 --steps 1 --json", from.display());
    let events = events(&world.run(&words(&options)).success());
    assert_eq!(events[0]["optimizer_step"], 5);
    assert!(events[0]["model"].as_str().unwrap().contains("EDSR 2×8"), "{}", events[0]);
}

#[test]
fn a_frozen_encoder_keeps_what_it_made() {
    let world = world();
    let options = format!("{SMALL} --freeze-encoder --hold-out 0 --steps 6 --json");
    world.run(&words(&options)).success();
    let checkpoint = zoomfield::weights::Checkpoint::open(&world.path("out.checkpoint.safetensors")).unwrap();
    let notes: serde_json::Value = serde_json::from_str(&checkpoint.notes).unwrap();
    assert_eq!(notes["recipe"]["repeat_batches"], 1_024_000_000 / (2 * 12 * 12 * 8 * 2));
    world.run(&words("--steps 3 --feature-cache 5")).usage();
}

#[test]
fn help_lists_every_option() {
    let world = World::new();
    let help = world.run(&["train", "--help"]).success();
    for option in [
        "--steps",
        "--time",
        "--from",
        "--encoder",
        "--blocks",
        "--features",
        "--hidden",
        "--no-cell-decode",
        "--no-feat-unfold",
        "--no-local-ensemble",
        "--batch",
        "--patch",
        "--samples",
        "--scale",
        "--deep",
        "--lr",
        "--schedule",
        "--beta2",
        "--wave-rate",
        "--ema",
        "--teacher",
        "--distill",
        "--degrade",
        "--freeze-encoder",
        "--hold-out",
        "--size-varied",
        "--gt-resize",
        "--pairs",
        "--seed",
        "--resume",
        "--device",
        "--json",
        "--clip",
        "--checkpoint-every",
        "--evaluate-every",
        "--threads",
        "--cache",
        "--feature-cache",
        "--overwrite",
        "--output",
    ] {
        assert!(help.contains(&format!("{option} ")) || help.contains(&format!("{option}\n")), "{option}: {help}");
    }
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
