//! Answers that do not arrive.

use crate::world::{World, chelsea};
use std::fs::File;
use std::process::Stdio;

#[cfg(target_os = "linux")]
#[test]
fn an_answer_that_cannot_be_written_is_a_failure() {
    let world = World::new();
    let full = File::options().write(true).open("/dev/full").unwrap();
    let run = world.command(&["info", &chelsea()]).stdout(full).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(run.status.code(), Some(1));
    let said = String::from_utf8(run.stderr).unwrap();
    assert!(said.lines().count() == 1 && said.contains("standard output"), "{said}");
}

#[test]
fn work_goes_on_when_nobody_listens_any_more() {
    let world = World::new();
    std::fs::create_dir(world.path("pictures")).unwrap();
    std::fs::copy(chelsea(), world.path("pictures/a.png")).unwrap();
    let arguments = "train pictures -o out.safetensors --steps 4 --json --from none --blocks 1 --features 8 --hidden 16 \
                     --patch 12 --batch 2 --samples 64 --hold-out 0%";
    let arguments: Vec<&str> = arguments.split_whitespace().collect();
    let mut child = world.command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop((child.stdout.take(), child.stderr.take()));
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(world.path("out.safetensors").is_file());
}
