//! `zoomfield export` that works.

use crate::world::World;
use zoomfield::geometry::{Region, SampleGrid, Size};
use zoomfield::picture::resample::resample_region;
use zoomfield::picture::{Picture, Samples};

const CROP: &str = "--crop 130,90,16,16";

fn size_of(world: &World, name: &str) -> (usize, usize) {
    let size = Picture::open(&world.path(name)).unwrap().size;
    (size.width, size.height)
}

#[test]
fn json_tells_what_the_file_holds() {
    let world = World::new();
    let json = world.export("z.png", &format!("--scale 4 {CROP} --json")).json();
    assert_eq!((&json["width"], &json["height"]), (&64.into(), &64.into()));
    assert_eq!(json["scale"], serde_json::json!([4.0, 4.0]));
    assert_eq!(json["crop"], serde_json::json!([130.0, 90.0, 16.0, 16.0]));
    assert_eq!(json["bytes"], world.path("z.png").metadata().unwrap().len());
    assert_eq!(size_of(&world, "z.png"), (64, 64));
    assert_eq!(world.files(), ["z.png"]);
}

#[test]
fn sides_are_rounded_and_at_least_one() {
    let world = World::new();
    for (options, expected) in [
        ("--scale 2.3 --crop 130,90,16,9", (37, 21)),
        ("--scale 1.5 --crop 130.25,90.5,5,3", (8, 5)),
        ("--scale 0.01 --crop 130,90,16,16", (1, 1)),
        ("--size 40x20 --crop 130,90,16,16", (40, 20)),
        ("--width 40 --crop 130,90,16,10", (40, 25)),
        ("--height 40 --crop 130,90,16,10", (64, 40)),
        ("--width 45", (45, 30)),
        ("--scale 0.1", (45, 30)),
    ] {
        let json = world.export_tiny("z.png", &format!("{options} --overwrite --json")).json();
        assert_eq!(size_of(&world, "z.png"), expected, "{options}");
        assert_eq!(json["width"], expected.0, "{options}");
        assert_eq!(json["height"], expected.1, "{options}");
    }
    let json = world.export_tiny("z.png", "--size 64x16 --crop 130,90,16,16 --overwrite --json").json();
    assert_eq!(json["scale"], serde_json::json!([4.0, 1.0]), "x, then y");
}

#[test]
fn the_axes_may_have_different_scales() {
    let world = World::new();
    world.export_tiny("wide.png", "--size 64x32 --crop 130,90,16,16").success();
    world.export_tiny("same.png", "--size 32x32 --crop 130,90,16,16").success();
    // Averaged over pairs of columns, the wide one is about the other: the same crop, other pitches.
    let open = |name: &str| Picture::open(&world.path(name)).unwrap().rgb;
    let (wide, same) = (open("wide.png"), open("same.png"));
    let mut worst: f32 = 0.0;
    for (y, x, c) in (0..32).flat_map(|y| (0..32).flat_map(move |x| (0..3).map(move |c| (y, x, c)))) {
        let pair = [0, 1].map(|i| wide.unit((y * 64 + 2 * x + i) * 3 + c));
        worst = worst.max((f32::midpoint(pair[0], pair[1]) - same.unit((y * 32 + x) * 3 + c)).abs());
    }
    assert!(worst < 0.06, "{worst}");
}

#[test]
fn at_or_below_full_size_the_source_is_resampled() {
    let world = World::new();
    let source = Picture::open(&crate::world::repository("assets/chelsea.png")).unwrap();
    let region = Region { x: 130.0, y: 90.0, width: 40.0, height: 40.0 };
    for (scale, side) in [(1.0, 40), (0.5, 20), (0.3, 12)] {
        let options = format!("--scale {scale} --crop 130,90,40,40 --overwrite");
        world.export_tiny("z.png", &options).success();
        let grid = SampleGrid::spanning(region, Size::new(side, side));
        let Samples::U8(written) = Picture::open(&world.path("z.png")).unwrap().rgb else { panic!("not 8 bits") };
        assert!(written == resample_region(&source, &grid).to_u8(), "×{scale}");
    }
}

#[test]
fn an_existing_file_is_replaced_only_if_asked() {
    let world = World::new();
    std::fs::write(world.path("z.png"), "precious").unwrap();
    let sentence = world.refuses_export("z.png", &format!("--scale 2 {CROP}"));
    assert!(sentence.contains("z.png") && sentence.contains("exists"), "{sentence}");
    world.export_tiny("z.png", &format!("--scale 2 {CROP} --overwrite")).success();
    assert_eq!(size_of(&world, "z.png"), (32, 32));
    assert_eq!(world.files(), ["z.png"]);
}

#[test]
fn the_cpu_can_be_named_and_other_formats_written() {
    let world = World::new();
    for ending in ["tif", "jpg", "webp", "avif", "jxl", "bmp"] {
        let name = format!("z.{ending}");
        world.export_tiny(&name, &format!("--scale 2 {CROP} --backend cpu --exact")).success();
        assert_eq!(size_of(&world, &name), (32, 32));
    }
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_an_export_in_order() {
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};
    for (signal, out) in [("-INT", "z.png"), ("-TERM", "z.jpg")] {
        let world = World::new();
        let picture = crate::world::chelsea();
        let arguments = ["export", &picture, "-o", out, "--size", "8000x5300"];
        let mut child = world.command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // What is being written may have no name that could be waited for.
        std::thread::sleep(Duration::from_secs(3));
        assert!(child.try_wait().unwrap().is_none(), "it ended before it could be interrupted");
        let id = child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        let interrupted = Instant::now();
        while child.try_wait().unwrap().is_none() {
            if interrupted.elapsed() > Duration::from_secs(20) {
                child.kill().unwrap();
                panic!("{signal} did not end it");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let outcome = crate::world::Run::of(&child.wait_with_output().unwrap());
        let took = interrupted.elapsed();
        let sentence = outcome.failure();
        assert!(sentence.contains("stopped"), "{sentence}");
        assert!(took < Duration::from_secs(8), "it took {took:?}");
        assert!(world.files().is_empty(), "{:?}", world.files());
    }
}

#[test]
fn no_strength_is_bicubic() {
    let world = World::new();
    let json = world.export_tiny("z.png", &format!("--scale 4 --strength 0 {CROP} --json")).json();
    assert_eq!(json["strength"], 0);
    assert_eq!(json["recipe"], "bicubic");
    let picture = Picture::open(&world.path("z.png")).unwrap();
    let cat = Picture::open("assets/chelsea.png".as_ref()).unwrap();
    let region = Region { x: 130.0, y: 90.0, width: 16.0, height: 16.0 };
    let expected = resample_region(&cat, &SampleGrid::spanning(region, Size::new(64, 64)));
    assert_eq!(picture.rgb, Samples::U8(expected.to_u8()));
}

#[test]
fn a_page_of_a_tiff_is_chosen() {
    use tiff::encoder::{TiffEncoder, colortype::RGB8};
    let world = World::new();
    let mut encoder = TiffEncoder::new(std::fs::File::create(world.path("pages.tif")).unwrap()).unwrap();
    for value in [10, 200] {
        encoder.write_image::<RGB8>(2, 2, &[value; 12]).unwrap();
    }
    let page = |number: &str| {
        let arguments = ["export", "pages.tif", "-o", "z.png", "--scale", "1", "--look", "nearest", "--overwrite"];
        world.run(&[&arguments[..], &["--page", number]].concat())
    };
    for (number, value) in [("1", 10), ("2", 200)] {
        let run = page(number);
        assert!(run.stderr.contains(&format!("it has 2 pages, and page {number} is shown")), "{}", run.stderr);
        assert_eq!(run.code, Some(0));
        assert_eq!(Picture::open(&world.path("z.png")).unwrap().rgb, Samples::U8(vec![value; 12]));
    }
    assert!(page("3").failure().contains("it has 2 pages, so there is no page 3"));
    assert!(page("0").usage().contains("pages are counted from 1"));
}
