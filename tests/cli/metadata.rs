//! What travels from a picture to its export, and what `zoomfield info` says of it.

use crate::world::{World, fixture};
use zoomfield::picture::Picture;

const TURNED: &str = "robustness/exif_orientation6_96x64.jpg";

fn export(world: &World, picture: &str, out: &str, options: &[&str]) {
    let (picture, model) = (fixture(picture), fixture("liif_edsr_tiny.pth"));
    let mut arguments = vec!["export", picture.to_str().unwrap(), "-o", out, "--scale", "1.5"];
    arguments.extend(["--model", model.to_str().unwrap(), "--overwrite"]);
    arguments.extend(options);
    world.run(&arguments).success();
}

#[test]
fn exif_travels_unless_it_is_stripped() {
    let world = World::new();
    for out in ["z.png", "z.jpg", "z.tif", "z.webp", "z.avif", "z.jxl"] {
        export(&world, TURNED, out, &[]);
        let kept = Picture::open(&world.path(out)).unwrap();
        assert_eq!((kept.size.width, kept.size.height), (96, 144), "{out} is turned twice");
        export(&world, TURNED, out, &["--strip-metadata"]);
        let stripped = Picture::open(&world.path(out)).unwrap();
        assert_eq!((stripped.metadata.exif, stripped.size), (None, kept.size), "{out}");
    }
    export(&world, TURNED, "z.png", &[]);
    assert!(Picture::open(&world.path("z.png")).unwrap().metadata.exif.is_some());
}

#[test]
fn the_sources_resolution_travels_unless_another_is_asked_for() {
    let world = World::new();
    export(&world, TURNED, "source.png", &["--dpi", "240"]);
    let source = world.path("source.png");
    let model = fixture("liif_edsr_tiny.pth");
    for (options, dpi) in
        [(&[][..], Some(240.0)), (&["--dpi", "600"][..], Some(600.0)), (&["--strip-metadata"][..], None)]
    {
        for out in ["z.png", "z.jpg"] {
            let (source, model) = (source.to_str().unwrap(), model.to_str().unwrap());
            let mut arguments = vec!["export", source, "-o", out, "--scale", "1.5", "--model", model, "--overwrite"];
            arguments.extend(options);
            world.run(&arguments).success();
            assert_eq!(Picture::open(&world.path(out)).unwrap().metadata.dpi, dpi, "{out} {options:?}");
        }
    }
    let json = world.run(&["info", source.to_str().unwrap(), "--json"]).json();
    assert_eq!(json["dpi"], 240.0);
}

#[test]
fn depth_is_the_pictures_unless_asked_otherwise() {
    let world = World::new();
    for (picture, options, bits) in [
        ("robustness/mode_I16.png", &[][..], 16),
        ("robustness/mode_I16.png", &["--bits", "8"][..], 8),
        ("robustness/mode_L.png", &["--bits", "16"][..], 16),
    ] {
        for out in ["z.png", "z.tif"] {
            export(&world, picture, out, options);
            assert_eq!(Picture::open(&world.path(out)).unwrap().rgb.bits(), bits, "{picture} to {out}");
        }
    }
}

#[test]
fn quality_makes_a_jpeg_smaller() {
    let world = World::new();
    let bytes = |quality: &str| {
        export(&world, TURNED, "z.jpg", &["--quality", quality]);
        world.path("z.jpg").metadata().unwrap().len()
    };
    assert!(bytes("30") < bytes("95"));
}

#[test]
fn info_names_the_colour_space() {
    let world = World::new();
    let picture = fixture(TURNED);
    let json = world.run(&["info", picture.to_str().unwrap(), "--json"]).json();
    assert_eq!((&json["color_space"], &json["exif"]), (&"sRGB".into(), &true.into()));
    assert_eq!((&json["notice"], &json["has_position"]), (&serde_json::Value::Null, &false.into()));
}

#[test]
fn impossible_files_are_wrong_usage() {
    let world = World::new();
    for (option, value) in [("--bits", "12"), ("--quality", "0"), ("--quality", "101"), ("--dpi", "0"), ("--dpi", "x")]
    {
        world.run(&["export", "a.png", "-o", "b.png", "--scale", "2", option, value]).usage();
    }
}
