//! `zoomfield convert`, `info` and `--model`.

use crate::world::{World, chelsea, fixture};
use std::path::Path;
use zoomfield::picture::Picture;

const EXPORT: &str = "--scale 2 --crop 130,90,16,16 --model";

/// `bytes` with the values of every array from `offset` on replaced.
fn with_nan(path: &Path) -> Vec<u8> {
    let mut bytes = std::fs::read(path).unwrap();
    let at = bytes.len() - 400;
    bytes[at..at + 4].copy_from_slice(&f32::NAN.to_le_bytes());
    bytes
}

/// The same arrays with one extent changed in the header.
fn misshapen(path: &Path) -> Vec<u8> {
    let bytes = std::fs::read(path).unwrap();
    let header = 8 + usize::try_from(u64::from_le_bytes(bytes[..8].try_into().unwrap())).unwrap();
    let text = std::str::from_utf8(&bytes[8..header]).unwrap();
    let changed = text.replace("\"shape\":[16,16]", "\"shape\":[32,8]");
    assert!(changed.len() <= text.len() && changed != text);
    let padding = " ".repeat(text.len() - changed.len());
    [&bytes[..8], changed.as_bytes(), padding.as_bytes(), &bytes[header..]].concat()
}

fn tiny(world: &World) -> String {
    let checkpoint = fixture("liif_edsr_tiny.pth");
    world.run(&["convert", checkpoint.to_str().unwrap(), "-o", "tiny.safetensors"]).success()
}

#[test]
fn a_converted_checkpoint_is_a_model() {
    let world = World::new();
    let said = tiny(&world);
    assert!(said.contains("EDSR 2×8") && said.contains("tiny.safetensors"), "{said}");
    assert_eq!(world.files(), ["tiny.safetensors"]);
    let json = world.export("z.png", &format!("{EXPORT} tiny.safetensors --json")).json();
    let info = world.run(&["info", "tiny.safetensors", "--json"]).json();
    assert_eq!(json["model"], info["model"]);
    let direct = fixture("liif_edsr_tiny.pth");
    let direct = world.export("d.png", &format!("{EXPORT} {} --json", direct.display())).json();
    assert_eq!(direct["model"], info["model"], "the checkpoint itself is the same model");
    let pixels = |name: &str| Picture::open(&world.path(name)).unwrap().id;
    assert_eq!(pixels("d.png"), pixels("z.png"));
    let sentence = world.refuses(&["convert", fixture("liif_edsr_tiny.pth").to_str().unwrap(), "-o", "z.png"]);
    assert!(sentence.contains("exists"), "{sentence}");
}

#[cfg(unix)]
#[test]
fn others_may_read_converted_weights() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new();
    tiny(&world);
    std::fs::write(world.path("plain"), "").unwrap();
    let mode = |name: &str| world.path(name).metadata().unwrap().permissions().mode();
    assert_eq!(mode("tiny.safetensors"), mode("plain"));
}

#[test]
fn a_malicious_checkpoint_runs_nothing() {
    // Under Python, reading it would run `touch zoomfield_pickle_ran` in the working directory.
    let pickle = std::fs::read(fixture("malicious.pth")).unwrap();
    let holds = |text: &[u8]| pickle.windows(text.len()).any(|bytes| bytes == text);
    assert!(holds(b"posix\nsystem") && holds(b"touch zoomfield_pickle_ran"), "the fixture is not what it should be");
    let world = World::new();
    let path = fixture("malicious.pth");
    let outcome = world.run(&["convert", path.to_str().unwrap(), "-o", "out.safetensors"]);
    assert!(matches!(outcome.code, Some(0 | 1)), "{outcome:?}");
    let outcome = world.run(&["info", path.to_str().unwrap()]);
    assert!(matches!(outcome.code, Some(0 | 1)), "{outcome:?}");
    assert!(world.files().iter().all(|name| name == "out.safetensors"), "{:?}", world.files());
}

#[test]
fn weights_that_cannot_be_used_are_refused() {
    let world = World::new();
    tiny(&world);
    let whole = std::fs::read(world.path("tiny.safetensors")).unwrap();
    let checkpoint = std::fs::read(fixture("liif_edsr_tiny.pth")).unwrap();
    let foreign = std::fs::read(fixture("training_tiny.safetensors")).unwrap();
    let lie = [&u64::MAX.to_le_bytes()[..], b"{}"].concat();
    let files = [
        ("empty.pth", Vec::new()),
        ("garbage.pth", b"PK\x03\x04 and nothing that follows from it".to_vec()),
        ("text.safetensors", b"these are no weights at all".to_vec()),
        ("header.safetensors", lie),
        ("short.safetensors", whole[..whole.len() - 100].to_vec()),
        ("half.pth", checkpoint[..checkpoint.len() / 2].to_vec()),
        ("foreign.safetensors", foreign),
        ("shape.safetensors", misshapen(&world.path("tiny.safetensors"))),
        ("nan.safetensors", with_nan(&world.path("tiny.safetensors"))),
        ("picture.pth", std::fs::read(chelsea()).unwrap()),
    ];
    for (name, bytes) in &files {
        std::fs::write(world.path(name), bytes).unwrap();
    }
    for name in files.iter().map(|(name, _)| *name).chain(["missing.safetensors", "."]) {
        for sentence in [
            world.refuses_export("z.png", &format!("{EXPORT} {name}")),
            world.refuses(&["convert", name, "-o", "out.safetensors"]),
        ] {
            assert!(sentence.contains("weights") && sentence.contains(name), "{sentence}");
        }
    }
}

#[test]
fn info_describes_pictures_and_weights() {
    let world = World::new();
    let (picture, weights) = (chelsea(), fixture("mmagic_rdn_tiny.pth").to_string_lossy().into_owned());
    let text = world.run(&["info", &picture, &weights, "--json"]).success();
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [picture_line, weights_line] = lines.as_slice() else { panic!("{text}") };
    assert_eq!((&picture_line["width"], &picture_line["height"]), (&451.into(), &300.into()));
    assert_eq!((&picture_line["kind"], &weights_line["kind"]), (&"picture".into(), &"weights".into()));
    assert!(weights_line["summary"].as_str().unwrap().contains("RDN D=3 C=4 G=8 G0=8"));
    let text = world.run(&["info", &picture, &weights]).success();
    assert!(text.contains("451×300") && text.contains("RDN"), "{text}");
    let outcome = world.run(&["info", "missing.png", &picture]);
    assert_eq!((outcome.code, outcome.stdout.lines().count(), outcome.stderr.lines().count()), (Some(1), 1, 1));
}
