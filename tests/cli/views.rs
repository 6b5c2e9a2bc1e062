//! Exports of what a window shows, and of sizes on paper.

use crate::world::{World, chelsea};
use zoomfield::cli::parse_export;
use zoomfield::export::{CommandLine, Extent, FileOptions, InventionFile, OutputSize, Request};
use zoomfield::geometry::{Region, SampleGrid, Size, View};
use zoomfield::kernel::PrecisionChoice;
use zoomfield::picture::Picture;
use zoomfield::recipe::{Recipe, Source, Stage, Strength};
use zoomfield::render::{Backend, InventionLayer};

#[test]
fn a_view_is_the_same_samples_as_its_crop() {
    let world = World::new();
    let view = View::centered([150.0, 110.0], 8.0, Size::new(96, 64)).snapped();
    let visible = view.visible_output(Size::new(451, 300), Size::new(96, 64)).unwrap();
    let region = view.region_of(visible);
    world.export_tiny("view.png", "--view 150,110,8 --size 96x64").success();
    world.export_tiny("crop.png", &format!("--crop {region} --size 96x64")).success();
    assert_eq!(view.grid_of(visible), SampleGrid::spanning(region, Size::new(96, 64)));
    let open = |name| Picture::open(&world.path(name)).unwrap().rgb;
    assert!(open("view.png") == open("crop.png"));
}

#[test]
fn a_view_beyond_the_picture_shows_the_part_inside() {
    let world = World::new();
    let json = world.export_tiny("z.png", "--view 0,0,4 --size 100x80 --json").json();
    assert_eq!((&json["width"], &json["height"]), (&50.into(), &40.into()));
    let said = world.refuses_export("y.png", "--view -500,0,4 --size 100x80");
    assert!(said.contains("shows nothing"), "{said}");
}

#[test]
fn megapixels_and_paper() {
    let world = World::new();
    for (options, expected) in [
        ("--megapixels 0.01 --crop 0,0,100,100", (100, 100)),
        ("--width-cm 2.54 --dpi 72 --crop 0,0,40,20", (72, 36)),
        ("--height-cm 1 --dpi 254 --crop 0,0,20,20", (100, 100)),
    ] {
        let json = world.export_tiny("z.png", &format!("{options} --overwrite --json")).json();
        assert_eq!((&json["width"], &json["height"]), (&expected.0.into(), &expected.1.into()), "{options}");
    }
    let bytes = std::fs::read(world.path("z.png")).unwrap();
    assert!(bytes.windows(4).any(|name| name == b"pHYs"), "the resolution is in the file");
}

#[test]
fn looks_differ() {
    let world = World::new();
    let look = |look: &str| {
        world.export_tiny("z.png", &format!("--scale 3 --crop 130,90,8,8 --overwrite --look {look}")).success();
        Picture::open(&world.path("z.png")).unwrap().id
    };
    let (neural, bicubic, nearest) = (look("neural"), look("bicubic"), look("nearest"));
    assert!(neural != bicubic && bicubic != nearest && nearest != neural);
}

/// Names that a shell would trip over, and everything that an export can say.
fn command_lines() -> Vec<CommandLine> {
    let first = CommandLine {
        usual_lock: false,
        input: "/photos/it's a $HOME \"day\"; `rm` & 日本 #1\\.png".into(),
        page: 1,
        exposure: zoomfield::picture::Exposure::NONE,
        output: "-out put*.tif".into(),
        request: Request {
            extent: Extent::View { center: [1.0 / 3.0, 1e-7], zoom: 29.999_999_999_999_996 },
            size: OutputSize::Pixels(Size::new(1280, 777)),
            dpi: None,
        },
        recipe: Source::NEURAL.into(),
        file: FileOptions::default(),
        overwrite: false,
        model: None,
        backend: None,
        device: None,
        precision: None,
        map: None,
    };
    let crop = Extent::Crop(Region { x: 0.1, y: 1.0 / 7.0, width: 33.3, height: 1e-3 });
    let with = |extent, size, dpi| CommandLine {
        request: Request { extent, size, dpi },
        file: FileOptions { dpi, ..FileOptions::default() },
        ..first.clone()
    };
    let mut lines = vec![
        with(Extent::Whole, OutputSize::Scale(2.1), None),
        with(crop, OutputSize::Width(77), None),
        with(crop, OutputSize::Height(78), Some(72.5)),
        with(crop, OutputSize::Megapixels(24.3), None),
        with(crop, OutputSize::WidthCm(10.16), Some(300.0)),
        with(Extent::Whole, OutputSize::HeightCm(0.1), Some(299.9)),
    ];
    for (source, strength) in
        [(Source::Nearest, 100), (Source::Bicubic, 100), (Source::COARSE, 35), (Source::EXACT, 0), (Source::NEURAL, 99)]
    {
        let recipe = Recipe::from(source).with(Stage::Strength(Strength::percent(strength)));
        let file = FileOptions { bits: Some(16), quality: 7, dpi: None, strip_metadata: true, provenance: false };
        let model = Some("/w/my model.pth".into());
        let (backend, device) = (Some(Backend::Gpu), Some("Card 5's (discrete, vulkan)".to_owned()));
        let precision = Some(if strength == 35 { PrecisionChoice::Half } else { "f32".parse().unwrap() });
        lines.push(CommandLine { recipe, file, overwrite: true, model, backend, device, precision, ..first.clone() });
    }
    for layer in InventionLayer::ALL {
        lines.push(CommandLine { map: Some(InventionFile::beside("/maps/a 'b.tif".as_ref(), layer)), ..first.clone() });
    }
    lines.push(first);
    lines
}

#[test]
fn a_command_line_comes_back_as_what_it_says() {
    for line in command_lines() {
        let words = line.arguments().unwrap();
        let mut back = parse_export(&words).unwrap_or_else(|error| panic!("{words:?}: {error}"));
        // A dash in front would be an option.
        assert_eq!(back.output.to_str().unwrap().trim_start_matches("./"), line.output.to_str().unwrap());
        back.output.clone_from(&line.output);
        assert_eq!(back, line);
    }
    assert!(parse_export(&["zoomfield".into(), "info".into(), chelsea()]).is_err());
}

#[test]
fn a_flag_and_the_recipe_that_it_is_short_for_are_the_same() {
    let line = |words: &str| {
        let words = format!("zoomfield export a.png -o b.png --scale 3 {words}");
        parse_export(&words.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    };
    for (short, whole) in [
        ("--exact", "--look neural:exact --precision f32"),
        ("--exact --strength 40", "--look neural:exact+strength:40 --precision f32"),
        ("--look exact", "--look neural:exact"),
        ("--look fast --strength 7", "--look neural:coarse+strength:7"),
        ("--strength 0", "--look bicubic"),
        ("--strength 100", ""),
    ] {
        assert_eq!(line(short).unwrap(), line(whole).unwrap(), "{short}");
    }
    for wrong in ["--exact --look neural", "--exact --precision bf16", "--look neurale", "--look neural+strength:x"] {
        assert!(line(wrong).is_err(), "{wrong}");
    }
}

/// What a real shell makes of the text.
#[cfg(unix)]
#[test]
fn a_shell_reads_the_text_as_the_same_words() {
    for line in command_lines() {
        let text = line.text().unwrap();
        let script = format!("printf '%s\\n' {text}");
        let output = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
        let words: Vec<String> = String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
        assert_eq!(Some(words), line.arguments(), "{text}");
    }
}
