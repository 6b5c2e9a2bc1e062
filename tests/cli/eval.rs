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
        let columns = ["psnr", "psnr_y", "psnr_rgb", "ssim", "consistency_psnr", "color_shift"];
        let columns: Vec<String> =
            columns.iter().flat_map(|name| [name.to_string(), format!("bicubic_{name}")]).collect();
        let has_all = |value: &serde_json::Value| columns.iter().all(|name| value[name].is_f64());
        assert!(has_all(line), "{line}");
        assert_eq!(keys(&line["interval"]).len(), columns.len());
        let psnr = line["psnr"].as_f64().unwrap();
        let [low, high] = [0, 1].map(|end| line["interval"]["psnr"][end].as_f64().unwrap());
        assert!(low <= psnr && psnr <= high && low < high, "{low} {psnr} {high}");
        assert_eq!(line["psnr"], line["psnr_y"], "the authors' protocol");
        assert_eq!(line["bootstrap"], serde_json::json!({"level": 0.95, "resamples": 10_000, "seed": 1}));
        assert_eq!(line["images"], 2);
        let names: Vec<_> = line["per_image"].as_array().unwrap().iter().map(|image| &image["name"]).collect();
        assert_eq!(names, ["one", "two"]);
        for image in line["per_image"].as_array().unwrap() {
            assert!(has_all(image) && image["bicubic_psnr"].as_f64().unwrap() > 15.0, "{image}");
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
    for protocol in ["liif-benchmark", "liif-div2k", "rgb", "mmagic"] {
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
        ("--hr hr --scale 2 --compare builtin", "two different"),
        ("--hr hr --scale 2 --compare builtin,builtin:liif", "two different"),
        ("--hr hr --scale 2 --compare builtin,builtin+sharp", "sharp"),
        ("--hr hr --scale 2 --compare builtin,gone.pth", "gone.pth"),
        ("--hr hr --scale 2 --compare builtin,builtin:live --look live", "without one"),
        ("--hr hr --scale 2 --look auto", "auto"),
        ("--hr hr --scale 2 --csv nowhere/a.csv", "nowhere"),
        ("--hr hr --scale 2 --csv hr/one.png", "exists"),
    ] {
        let arguments: Vec<_> = std::iter::once("eval").chain(arguments.split_whitespace()).collect();
        let sentence = world.refuses(&arguments);
        assert!(sentence.contains(words), "{arguments:?}: {sentence}");
    }
    for scale in ["0", "NaN", "-1", "", "2,,3"] {
        world.run(&["eval", "--hr", "hr", "--scale", scale]).usage();
    }
    world.run(&["eval", "--hr", "hr", "--scale", "2", "--protocol", "psnr"]).usage();
    world.run(&["eval", "--hr", "hr", "--scale", "2", "--model", "a", "--compare", "b,c"]).usage();
}

/// The lines of a file of `--csv`, cell by cell.
fn cells(world: &World, name: &str) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(world.path(name)).unwrap();
    text.split_terminator("\r\n").map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

#[test]
fn sets_are_compared_in_one_table_and_every_number_is_in_the_file() {
    let world = World::new();
    benchmark(&world);
    std::fs::copy(fixture("liif_edsr_tiny.pth"), world.path("tiny.pth")).unwrap();
    let sets = "tiny.pth,tiny.pth+strength:40,builtin:live,tiny.pth+bicubic";
    let arguments = ["eval", "--hr", "hr", "--scale", "2.5,3", "--compare", sets, "--csv", "all.csv"];
    let text = world.run(&arguments).success();
    assert_eq!(text.matches("tiny.pth+strength:40 − tiny.pth").count(), 2, "{text}");
    let lines = cells(&world, "all.csv");
    assert_eq!(lines.len(), 1 + 2 * 5 * 2, "a line for every scale, set and picture, and for bicubic");
    assert!(lines.iter().all(|line| line.len() == 10));
    let of = |set: &str, image: &str, column: usize| {
        let is_meant = |line: &&Vec<String>| line[0] == set && line[3] == "3" && line[4] == image;
        lines.iter().find(is_meant).unwrap()[column].parse::<f64>().unwrap()
    };
    // Pixels that bicubic makes are bicubic's; those of a network are not.
    assert!((of("tiny.pth+bicubic", "one", 6) - of("bicubic", "one", 6)).abs() < 0.1);
    assert!((of("tiny.pth", "one", 6) - of("bicubic", "one", 6)).abs() > 0.3);
    let json: Vec<_> = ["1", "1", "2"]
        .map(|seed| {
            let arguments = ["eval", "--hr", "hr", "--scale", "3", "--compare", sets, "--seed", seed, "--json"];
            world.run(&arguments).json()
        })
        .into();
    assert_eq!(json[0], json[1], "the same seed, the same table");
    assert_ne!(json[0]["sets"][0]["interval"], serde_json::Value::Null);
    let difference = &json[0]["differences"][1];
    assert_eq!((&difference["set"], &difference["against"]), (&"builtin:live".into(), &"tiny.pth".into()));
    let mean =
        ["one", "two"].map(|image| of("builtin:live", image, 6) - of("tiny.pth", image, 6)).iter().sum::<f64>() / 2.0;
    assert!((difference["psnr_rgb"].as_f64().unwrap() - mean).abs() < 1e-9, "{difference} and not {mean}");
    assert_eq!(json[2]["bootstrap"]["seed"], 2);
    let sentence = world.refuses(&arguments);
    assert!(sentence.contains("exists"), "{sentence}");
}

#[test]
fn without_options_it_is_the_plain_model_at_every_pixel() {
    let world = World::new();
    benchmark(&world);
    let json = |options: &str| {
        let model = fixture("liif_edsr_tiny.pth");
        let mut arguments = vec!["eval", "--hr", "hr", "--scale", "4", "--json", "--model", model.to_str().unwrap()];
        arguments.extend(options.split_whitespace());
        world.run(&arguments).json()
    };
    let plain = json("");
    assert_eq!(plain["protocol"], "liif-benchmark");
    let same = json("--look neural:exact --precision f32 --protocol liif-benchmark --seed 1");
    assert_eq!(plain, same);
    assert_ne!(plain["psnr"], json("--strength 50")["psnr"]);
    assert_eq!(json("--strength 50"), json("--look neural:exact+strength:50"));
}
