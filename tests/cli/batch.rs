//! `zoomfield batch`: a collection that is finished, whatever fails, is stopped, or is shared out.

use crate::world::{Run, World, fixture};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Three pictures in two folders, and a file that is none.
fn world() -> World {
    let world = World::new();
    std::fs::create_dir_all(world.path("in/deep")).unwrap();
    for (source, name) in [
        ("pillow_bicubic_24x19.png", "in/a.png"),
        ("lr_24x20.png", "in/b.png"),
        ("pillow_bicubic_33x75.png", "in/deep/a.png"),
    ] {
        std::fs::copy(fixture(source), world.path(name)).unwrap();
    }
    std::fs::write(world.path("in/letter.txt"), "no picture at all").unwrap();
    world
}

fn bad(world: &World) {
    std::fs::write(world.path("in/c.png"), [0x89; 4000]).unwrap();
}

const TREE: &str = "in -o out/{subdir}/{name}_{scale}x.{ext} --scale 2";

fn run(world: &World, options: &str) -> Run {
    let model = fixture("liif_edsr_tiny.pth");
    let mut words = vec!["batch", "--model", model.to_str().unwrap()];
    words.extend(options.split_whitespace());
    world.run(&words)
}

fn lines(text: &str) -> Vec<serde_json::Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// How many of the lines have which status.
fn statuses(run: &Run) -> [usize; 3] {
    let lines = lines(&run.stdout);
    ["written", "done", "failed"].map(|status| lines.iter().filter(|line| line["status"] == status).count())
}

fn outputs(world: &World) -> BTreeSet<String> {
    let (mut found, mut folders) = (BTreeSet::new(), vec![world.path("out")]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(world.path("out")).unwrap();
                found.insert(name.to_string_lossy().into_owned());
            }
        }
    }
    found
}

const ALL: [&str; 3] = ["a_2x.png", "b_2x.png", "deep/a_2x.png"];

fn all() -> BTreeSet<String> {
    ALL.map(str::to_owned).into()
}

#[test]
fn one_bad_file_stops_nothing_and_is_told() {
    let world = world();
    bad(&world);
    let first = run(&world, &format!("{TREE} --jobs 2 --json --summary all.jsonl"));
    assert_eq!((first.code, statuses(&first)), (Some(1), [3, 0, 1]), "{first:?}");
    assert!(first.stderr.contains("cannot open the picture in/c.png"), "{first:?}");
    assert!(first.stderr.contains("3 written, 0 there already, 1 failed of 4 pictures"), "{first:?}");
    assert_eq!(outputs(&world), all());
    let summary = std::fs::read_to_string(world.path("all.jsonl")).unwrap();
    assert_eq!(summary, first.stdout);
    let failed = lines(&summary).into_iter().find(|line| line["status"] == "failed").unwrap();
    assert!(failed["input"] == "in/c.png" && failed["reason"].as_str().unwrap().contains("c.png"));
    // Without the bad one all is there, and nothing is made again.
    std::fs::remove_file(world.path("in/c.png")).unwrap();
    let dates = || ALL.map(|name| world.path("out").join(name).metadata().unwrap().modified().unwrap());
    let before = dates();
    let second = run(&world, TREE);
    assert_eq!((second.code, before == dates()), (Some(0), true), "{second:?}");
    assert!(second.stderr.contains("0 written, 3 there already, 0 failed"), "{second:?}");
}

#[test]
fn outputs_are_those_of_export() {
    let world = world();
    assert_eq!(
        run(&world, &format!("{TREE} --quality 80 --lock on --invention maps/{{subdir}}/{{name}}.png")).code,
        Some(0)
    );
    for (input, output, map) in
        [("in/a.png", "out/a_2x.png", "maps/a.png"), ("in/deep/a.png", "out/deep/a_2x.png", "maps/deep/a.png")]
    {
        let model = fixture("liif_edsr_tiny.pth");
        let line = format!(
            "export {input} -o one.png --scale 2 --quality 80 --lock on --invention map.png --overwrite --model"
        );
        let mut words: Vec<&str> = line.split_whitespace().collect();
        words.push(model.to_str().unwrap());
        world.run(&words).success();
        for (one, many) in [("one.png", output), ("map.png", map)] {
            assert!(std::fs::read(world.path(one)).unwrap() == std::fs::read(world.path(many)).unwrap(), "{many}");
        }
    }
}

#[test]
fn shares_are_all_of_it_and_nothing_twice() {
    let world = world();
    let counts = [1, 2].map(|share| statuses(&run(&world, &format!("{TREE} --json --shard {share}/2"))));
    assert_eq!((counts, outputs(&world)), ([[2, 0, 0], [1, 0, 0]], all()));
    // The same as tasks of a Slurm array.
    std::fs::remove_dir_all(world.path("out")).unwrap();
    let mut written = 0;
    for task in ["4", "6"] {
        let model = fixture("liif_edsr_tiny.pth");
        let mut words = vec!["batch", "--json", "--model", model.to_str().unwrap()];
        words.extend(TREE.split_whitespace());
        let mut command = world.command(&words);
        let array = [("ID", task), ("COUNT", "2"), ("MIN", "4"), ("MAX", "6"), ("STEP", "2")];
        command.envs(array.map(|(name, value)| (format!("SLURM_ARRAY_TASK_{name}"), value)));
        let run = Run::of(&command.output().unwrap());
        assert!(run.stderr.contains(if task == "4" { "share 1/2" } else { "share 2/2" }), "{run:?}");
        written += statuses(&run)[0];
    }
    assert_eq!((written, outputs(&world)), (3, all()));
}

#[test]
fn what_is_killed_is_finished_by_the_same_command() {
    let world = world();
    for i in 0..9 {
        std::fs::copy(world.path("in/a.png"), world.path(&format!("in/more{i}.png"))).unwrap();
    }
    let model = fixture("liif_edsr_tiny.pth");
    let mut words = vec!["batch", "--jobs", "2", "--model", model.to_str().unwrap()];
    words.extend(TREE.split_whitespace());
    let mut child = world.command(&words).spawn().unwrap();
    let started = Instant::now();
    while outputs(&world).len() < 3 {
        assert!(started.elapsed() < Duration::from_mins(1), "nothing is written");
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let whole: Vec<(String, Vec<u8>)> = outputs(&world)
        .into_iter()
        .filter(|name| !name.contains(".zoomfield-"))
        .map(|name| (name.clone(), std::fs::read(world.path("out").join(name)).unwrap()))
        .collect();
    let second = run(&world, &format!("{TREE} --json"));
    let [written, done, failed] = statuses(&second);
    assert_eq!((second.code, written + done, done, failed), (Some(0), 12, whole.len(), 0), "{second:?}");
    assert_eq!(outputs(&world).len(), 12);
    for (name, bytes) in whole {
        assert!(std::fs::read(world.path("out").join(&name)).unwrap() == bytes, "{name} was made again");
    }
}

#[test]
fn what_is_there_and_not_done_is_replaced_only_if_asked() {
    let world = world();
    assert_eq!(run(&world, "in -o out/{subdir}/{name}.png --scale 2").code, Some(0));
    // Made otherwise.
    let other = run(&world, "in -o out/{subdir}/{name}.png --scale 3 --json");
    assert_eq!((other.code, statuses(&other)), (Some(1), [0, 0, 3]), "{other:?}");
    assert!(other.stderr.contains("there is another file (it was made by --scale 2 --look neural+lock)"), "{other:?}");
    let replaced = run(&world, "in -o out/{subdir}/{name}.png --scale 3 --json --overwrite");
    assert_eq!((replaced.code, statuses(&replaced)), (Some(0), [3, 0, 0]), "{replaced:?}");
    let again = run(&world, "in -o out/{subdir}/{name}.png --scale 3 --json --overwrite");
    assert_eq!((again.code, statuses(&again)), (Some(0), [0, 3, 0]), "what is done need not be replaced: {again:?}");
    // A picture that has changed since.
    let later = std::time::SystemTime::now() + Duration::from_secs(5);
    let picture: PathBuf = world.path("in/b.png");
    std::fs::File::options().write(true).open(&picture).unwrap().set_modified(later).unwrap();
    let newer = run(&world, "in -o out/{subdir}/{name}.png --scale 3 --json");
    assert_eq!((newer.code, statuses(&newer)), (Some(1), [0, 2, 1]), "{newer:?}");
    assert!(newer.stderr.contains("older than its picture"), "{newer:?}");
}

#[test]
fn what_cannot_be_is_refused_before_anything_is_written() {
    let world = world();
    std::fs::copy(world.path("in/a.png"), world.path("in/a.jpg")).unwrap();
    let refused = |options: &str| {
        let sentence = run(&world, options).failure();
        assert!(!world.path("out").exists(), "{options}");
        sentence
    };
    assert!(refused("in -o out/{subdir}/{name}.png --scale 2").contains("would both be written to out/a.png"));
    assert!(refused("in -o {dir}/{name}.{ext} --scale 2").contains("over the picture"));
    assert!(refused("in -o out/{name}_{scale}.{ext} --width 20").contains("--scale"));
    assert!(refused("nowhere/at/all in/deep/none.png -o out/a.png --scale 2").contains("would both be written"));
    std::fs::create_dir(world.path("empty")).unwrap();
    assert!(refused("empty -o out/{name}.png --scale 2").contains("holds no pictures"));
    let said = run(&world, "in -o out/{title}.png --scale 2").usage();
    assert!(said.contains("there is no field {title}; there are {dir}"), "{said}");
    for wrong in ["in -o a --scale 2 --shard 3/2", "in -o a --scale 2 --jobs 0", "in -o a", "-o a --scale 2"] {
        run(&world, wrong).usage();
    }
}
