//! What cannot be done is refused in one sentence.

use crate::world::{Run, World, chelsea, fixture};
use std::path::PathBuf;

#[test]
fn wrong_usage_is_exit_code_two() {
    let world = World::new();
    for options in [
        "",
        "--scale 2 --width 10",
        "--size 10x10 --scale 2",
        "--width 10 --height 10",
        "--scale 0",
        "--scale NaN",
        "--scale -2",
        "--scale=-0.5",
        "--scale inf",
        "--scale two",
        "--size 5",
        "--size 0x5",
        "--width 0",
        "--width 1.5",
        "--height -3",
        "--scale 2 --crop 1,2,3",
        "--scale 2 --crop 1,2,3,x",
        "--scale 2 --backend abacus",
        "--scale 2 --unknown",
    ] {
        world.export("z.png", options).usage();
    }
    for arguments in [&["export"][..], &["convert", "a.pth"], &["info"], &["eval", "--hr", "."], &["--unheard-of", "a"]]
    {
        world.run(arguments).usage();
    }
    assert!(world.files().is_empty());
}

#[test]
fn a_mistyped_command_is_named() {
    let world = World::new();
    let said = world.run(&["exprot", "a.png"]).usage();
    assert!(said.contains("there is no file exprot; did you mean `zoomfield export`?"), "{said}");
}

#[test]
fn crops_lie_inside_the_picture() {
    let world = World::new();
    for crop in ["440,0,20,20", "0,290,10,10.5", "-1,0,10,10", "0,0,0,10", "0,0,10,-5", "NaN,0,5,5", "0,0,inf,5"] {
        let sentence = world.refuses_export("z.png", &format!("--scale 2 --crop {crop}"));
        assert!(sentence.contains("crop") && sentence.contains("451×300"), "{crop}: {sentence}");
        let start = crop.split(',').next().unwrap();
        assert!(sentence.contains(start), "{crop}: {sentence}");
    }
}

#[test]
fn outputs_that_cannot_be_are_refused() {
    let world = World::new();
    std::fs::create_dir(world.path("folder.png")).unwrap();
    let long = format!("{}.png", "a".repeat(300));
    for (out, options, words) in [
        (&*long, "--scale 2", "cannot write"),
        ("z.png/", "--scale 2", "no file name"),
        ("z.png", "--size 50000x40001", "gigapixels"),
        ("z.png", "--scale 1e9", "gigapixels"),
        ("z.png", "--scale 1e300", "gigapixels"),
        ("z.png", "--size 18446744073709551615x2", "gigapixels"),
        ("z.png", "--scale 2 --backend gpu", "--backend"),
        ("nowhere/z.png", "--scale 2", "does not exist"),
        ("folder.png", "--scale 2", "folder"),
        ("folder.png", "--scale 2 --overwrite", "folder"),
        ("z.xyz", "--scale 2", ".png"),
        ("z", "--scale 2", ".png"),
        ("z.jpg", "--size 65536x1", "65535"),
    ] {
        let sentence = world.refuses_export(out, options);
        assert!(sentence.contains(words), "{out} {options}: {sentence}");
    }
}

#[cfg(unix)]
#[test]
fn a_folder_without_permission_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new();
    let folder = world.path("closed");
    std::fs::create_dir(&folder).unwrap();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o555)).unwrap();
    if std::fs::write(folder.join("probe"), "").is_ok() {
        eprintln!("skipped: this user may write everywhere");
        return;
    }
    let sentence = world.refuses_export("closed/z.png", "--scale 2 --crop 130,90,16,16");
    assert!(sentence.contains("permission"), "{sentence}");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
}

/// Pictures that hold none.
fn broken_pictures(world: &World) -> Vec<PathBuf> {
    let robustness = |name: &str| fixture("robustness").join(name);
    std::fs::write(world.path("noise.png"), [0x89; 4000]).unwrap();
    let half = std::fs::read(chelsea()).unwrap();
    std::fs::write(world.path("half.png"), &half[..half.len() / 2]).unwrap();
    std::fs::create_dir(world.path("folder.png")).unwrap();
    vec![
        world.path("missing.png"),
        world.path("noise.png"),
        world.path("half.png"),
        world.path("folder.png"),
        world.path("line\nbreak.png"),
        robustness("empty.png"),
        robustness("text_renamed.jpg"),
        robustness("hdr_0x0.png"),
        robustness("hdr_w0.bmp"),
        robustness("hdr_height0.jpg"),
        robustness("hdr_4294967295_sq.qoi"),
        robustness("hdr_2147483647x2147483647_rgba16.png"),
        robustness("ifd_loop.tiff"),
    ]
}

#[test]
fn pictures_that_cannot_be_read_are_refused() {
    let world = World::new();
    for path in broken_pictures(&world) {
        let path = path.to_str().unwrap();
        let sentence = world.refuses(&["export", path, "-o", "z.png", "--scale", "2"]);
        let name = path.rsplit('/').next().unwrap().replace('\n', " ");
        assert!(sentence.contains(&name), "{sentence}");
    }
}

#[test]
fn a_picture_beyond_the_limit_is_refused_with_what_allows_it() {
    let world = World::new();
    let path = fixture("robustness").join("truncated_8000x8000_rgb8.png");
    let arguments = ["export", path.to_str().unwrap(), "-o", "z.png", "--scale", "0.01"];
    let with = |gibibytes: &str| {
        let mut command = world.command(&arguments);
        Run::of(&command.env("ZOOMFIELD_MAX_PICTURE_GIB", gibibytes).output().unwrap()).failure()
    };
    let said = with("0.1");
    for words in ["8000×8000 pixels", "0.2 GiB", "0.1 GiB is the limit", "ZOOMFIELD_MAX_PICTURE_GIB=1"] {
        assert!(said.contains(words), "{said}");
    }
    assert!(with("1").contains("ends too early"));
    assert!(with("much").contains("ZOOMFIELD_MAX_PICTURE_GIB is a number of GiB"));
}

#[test]
fn a_picture_that_takes_too_long_is_refused_with_what_allows_it() {
    let world = World::new();
    // Noise, which takes a decoder a while.
    let noise = |x: u32, y: u32| image::Rgb([(x * y * 31 + x * 7).to_le_bytes()[0], (x ^ y).to_le_bytes()[0], 9]);
    image::RgbImage::from_fn(4000, 3000, noise).save(world.path("a.png")).unwrap();
    let with = |seconds: &str| {
        let mut command = world.command(&["export", "a.png", "-o", "z.png", "--scale", "0.01"]);
        Run::of(&command.env("ZOOMFIELD_MAX_OPENING_SECONDS", seconds).output().unwrap()).failure()
    };
    let said = with("0.001");
    assert!(said.contains("takes longer than") && said.contains("ZOOMFIELD_MAX_OPENING_SECONDS=1"), "{said}");
    assert!(with("long").contains("ZOOMFIELD_MAX_OPENING_SECONDS is a number of seconds"));
    assert_eq!(world.files(), ["a.png"]);
}

#[test]
fn every_hostile_picture_gives_a_description_or_one_sentence() {
    let world = World::new();
    let mut described = 0;
    for entry in std::fs::read_dir(fixture("robustness")).unwrap() {
        let path = entry.unwrap().path();
        let outcome = world.run(&["info".as_ref(), path.as_os_str()]);
        if outcome.code == Some(0) {
            assert_eq!(outcome.success().lines().count(), 1, "{}", path.display());
            described += 1;
        } else {
            outcome.failure();
        }
    }
    assert!(described > 20, "only {described} were read");
}

#[test]

fn without_a_screen_the_window_says_so() {
    let outcome: Run = World::new().run(&[chelsea()]);
    let sentence = outcome.failure();
    assert!(sentence.contains("display") || sentence.contains("screen"), "{sentence}");
}
