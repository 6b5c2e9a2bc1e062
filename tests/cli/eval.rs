//! `zoomfield eval`.

use crate::world::{World, fixture};

fn benchmark(world: &World) {
    std::fs::create_dir(world.path("hr")).unwrap();
    std::fs::create_dir(world.path("lr")).unwrap();
    let copy = |from: &str, to: &str| std::fs::copy(fixture(from), world.path(to)).unwrap();
    copy("pillow_bicubic_48x37.png", "hr/one.png");
    copy("pillow_bicubic_33x75.png", "hr/two.png");
    copy("pillow_bicubic_24x19.png", "lr/one.png");
}

fn keys(value: &serde_json::Value) -> Vec<&str> {
    let mut keys: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

#[test]
fn json_holds_the_fields_of_the_contract() {
    let world = World::new();
    benchmark(&world);
    let model = fixture("liif_edsr_tiny.pth");
    let arguments = ["eval", "--hr", "hr", "--scale", "2,1.5", "--json", "--model", model.to_str().unwrap()];
    let text = world.run(&arguments).success();
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.iter().map(|line| line["scale"].as_f64().unwrap()).collect::<Vec<_>>(), [2.0, 1.5]);
    for line in &lines {
        assert_eq!(keys(line), ["bicubic_psnr", "bicubic_ssim", "images", "per_image", "psnr", "scale", "ssim"]);
        assert_eq!(line["images"], 2);
        let names: Vec<_> = line["per_image"].as_array().unwrap().iter().map(|image| &image["name"]).collect();
        assert_eq!(names, ["one", "two"]);
        for image in line["per_image"].as_array().unwrap() {
            assert_eq!(keys(image), ["bicubic_psnr", "bicubic_ssim", "name", "psnr", "ssim"]);
            assert!(image["bicubic_psnr"].as_f64().unwrap() > 15.0, "{image}");
            assert!(image["psnr"].is_f64() && image["ssim"].is_f64(), "{image}");
        }
        let of = |image: usize| line["per_image"][image]["bicubic_psnr"].as_f64().unwrap();
        assert!((line["bicubic_psnr"].as_f64().unwrap() - f64::midpoint(of(0), of(1))).abs() < 1e-9);
    }
}

#[test]
fn every_protocol_prints_a_table() {
    let world = World::new();
    benchmark(&world);
    let model = fixture("liif_edsr_tiny.pth");
    for protocol in ["liif-benchmark", "liif-div2k", "rgb"] {
        let model = model.to_str().unwrap();
        let text =
            world.run(&["eval", "--hr", "hr", "--scale", "2", "--protocol", protocol, "--model", model]).success();
        assert!(text.lines().count() >= 2, "{text}");
    }
}

#[test]
fn what_cannot_be_measured_is_refused() {
    let world = World::new();
    benchmark(&world);
    std::fs::create_dir(world.path("empty")).unwrap();
    for (arguments, words) in [
        ("--hr hr --lr lr --scale 2,3", "--lr"),
        ("--hr hr --lr lr --scale 2", "1 pictures"),
        ("--hr empty --scale 2", "empty"),
        ("--hr nowhere --scale 2", "nowhere"),
        ("--hr hr/one.png --scale 2", "not a folder"),
        ("--hr hr --scale 0.5", "0.5"),
        ("--hr hr --scale 1000", "1000"),
    ] {
        let arguments: Vec<_> = std::iter::once("eval").chain(arguments.split_whitespace()).collect();
        let sentence = world.refuses(&arguments);
        assert!(sentence.contains(words), "{arguments:?}: {sentence}");
    }
    for scale in ["0", "NaN", "-1", "", "2,,3"] {
        world.run(&["eval", "--hr", "hr", "--scale", scale]).usage();
    }
    world.run(&["eval", "--hr", "hr", "--scale", "2", "--protocol", "psnr"]).usage();
}
