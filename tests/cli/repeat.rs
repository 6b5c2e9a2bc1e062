//! What an export says about how it was made, and the same export again.

use crate::world::{Run, World, chelsea, fixture};
use serde_json::Value;
use std::path::Path;
use zoomfield::geometry::Size;
use zoomfield::picture::save::{PictureWriter, SaveOptions};
use zoomfield::picture::{Metadata, Picture, Raster};

const ENHANCED: &str = "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicallyEnhanced";
const EDITED: &str = "http://cv.iptc.org/newscodes/digitalsourcetype/humanEdits";

/// A folder with a picture and a model.
fn world() -> World {
    let world = World::new();
    std::fs::copy(chelsea(), world.path("cat.png")).unwrap();
    std::fs::copy(fixture("liif_edsr_tiny.pth"), world.path("tiny.pth")).unwrap();
    world
}

fn export(world: &World, input: &str, out: &str, options: &str) {
    let options = options.split_whitespace();
    let arguments: Vec<&str> = ["export", input, "-o", out].into_iter().chain(options).collect();
    world.run(&arguments).success();
}

fn repeat(world: &World, file: &str, out: &str, options: &str) {
    let options = options.split_whitespace();
    let arguments: Vec<&str> = ["export", "--repeat", file, "-o", out].into_iter().chain(options).collect();
    world.run(&arguments).success();
}

fn bytes(world: &World, name: &str) -> Vec<u8> {
    std::fs::read(world.path(name)).unwrap()
}

fn info(world: &World, name: &str) -> Value {
    world.run(&["info", name, "--json"]).json()
}

/// Refuses to repeat, with one sentence.
fn refused(world: &World, arguments: &str) -> String {
    let arguments = arguments.split_whitespace();
    world.refuses(&["export", "-o", "out.png", "--repeat"].into_iter().chain(arguments).collect::<Vec<_>>())
}

#[test]
fn an_export_is_repeated_to_the_byte() {
    let world = world();
    let cases = [
        ("png", "--scale 2.5 --crop 130.25,90.5,12,9 --model tiny.pth"),
        ("png", "--look neural:exact+strength:40 --size 40x70 --crop 130,90,12,9 --model tiny.pth --bits 16"),
        ("jpg", "--scale 3 --crop 130,90,12,9 --quality 71 --dpi 240 --model tiny.pth --precision f32"),
        ("avif", "--look live --scale 2 --crop 130,90,12,9 --quality 80"),
        ("jxl", "--look live --scale 2 --crop 130,90,12,9 --bits 16"),
        ("webp", "--look live --scale 3 --crop 130,90,12,9"),
        ("tif", "--view 150,110,8 --size 48x32 --model tiny.pth --strip-metadata"),
        ("png", "--look nearest --scale 2 --crop 130,90,12,9 --model tiny.pth"),
        ("tif", "--look bicubic --megapixels 0.01"),
        ("jpg", "--exact --width-cm 1 --dpi 90 --crop 0,0,20,15 --model tiny.pth"),
    ];
    for (ending, options) in cases {
        let (first, again, other) = (format!("a.{ending}"), format!("b.{ending}"), format!("c.{ending}"));
        export(&world, "cat.png", &first, &format!("{options} --overwrite"));
        let source = if options.contains("--strip-metadata") { "cat.png" } else { "" };
        repeat(&world, &first, &again, &format!("--overwrite {source}"));
        assert!(bytes(&world, &first) == bytes(&world, &again), "{ending} {options}");
        // Of the second one a third can be made; another wish makes other bytes.
        repeat(&world, &again, &other, &format!("--overwrite {source}"));
        assert!(bytes(&world, &first) == bytes(&world, &other), "{ending} {options}");
        export(&world, "cat.png", &other, &format!("{options} --overwrite --no-provenance"));
        assert!(bytes(&world, &first) != bytes(&world, &other), "{ending} {options}");
        let pixels = |name: &str| Picture::open(&world.path(name)).unwrap().id;
        assert_eq!(pixels(&first), pixels(&other), "what is said changes no pixel: {ending} {options}");
    }
}

#[test]
fn an_exposure_is_repeated() {
    let world = world();
    let light = image::Rgb32FImage::from_fn(12, 9, |x, y| image::Rgb([x as f32 * 0.5, y as f32 * 0.25, 0.25]));
    light.save(world.path("sun.exr")).unwrap();
    for (out, options) in [("a.png", "sun.exr --exposure -2.5"), ("plain.png", "sun.exr"), ("b.png", "--repeat a.png")]
    {
        let scale = if out == "b.png" { "" } else { "--scale 2 --model tiny.pth" };
        let line = format!("export -o {out} {options} {scale}");
        let run = world.run(&line.split_whitespace().collect::<Vec<_>>());
        assert!(run.code == Some(0) && run.stderr.contains("its values go from 0 to 5.5"), "{run:?}");
    }
    assert!(bytes(&world, "a.png") == bytes(&world, "b.png"));
    let pixels = |name: &str| Picture::open(&world.path(name)).unwrap().id;
    assert!(pixels("a.png") != pixels("plain.png"), "it is not exposed");
    assert_eq!(info(&world, "sun.exr")["holds_light"], true);
    let refused = world.refuses(&["export", "cat.png", "-o", "c.png", "--scale", "2", "--exposure", "-1"]);
    assert!(refused.contains("leave --exposure out"), "{refused}");
    let wrong = world.run(&["export", "sun.exr", "-o", "c.png", "--scale", "2", "--exposure", "dark"]);
    assert!(wrong.usage().contains("from -20 to 20 stops"));
}

#[test]
fn info_says_what_made_a_file() {
    let world = world();
    export(&world, "cat.png", "z.png", "--scale 2 --crop 130,90,16,8 --strength 40 --model tiny.pth --precision f32");
    let (json, weights) = (info(&world, "z.png"), info(&world, "tiny.pth"));
    let made = &json["provenance"];
    for (key, value) in [
        ("program", concat!("zoomfield ", env!("CARGO_PKG_VERSION"))),
        ("source", "cat.png"),
        ("model", "tiny.pth"),
        ("model_id", weights["model"].as_str().unwrap()),
        ("scale", "2"),
        ("crop", "130,90,16,8"),
        ("recipe", "neural+lock+strength:40"),
    ] {
        assert_eq!(made[key], value, "{json}");
    }
    let options = "--crop 130,90,16,8 --scale 2 --look neural+lock+strength:40 --backend cpu --precision f32";
    assert_eq!(made["options"], serde_json::json!(options.split(' ').collect::<Vec<_>>()));
    assert_eq!(json["digital_source_type"], ENHANCED);
    let words = world.run(&["info", "z.png"]).success();
    assert!(words.contains("made by zoomfield") && words.contains(ENHANCED) && words.contains("tiny.pth"), "{words}");
    assert!(!String::from_utf8_lossy(&bytes(&world, "z.png")).contains(world.path("").to_str().unwrap()));
    let plain = info(&world, "cat.png");
    assert_eq!((&plain["provenance"], &plain["digital_source_type"]), (&Value::Null, &Value::Null));
}

#[test]
fn only_a_network_enhances() {
    let world = world();
    for (options, expected) in [
        ("--look nearest --scale 2", EDITED),
        ("--look bicubic --scale 2", EDITED),
        ("--strength 0 --scale 2", EDITED),
        ("--scale 0.5", EDITED),
        ("--scale 2", ENHANCED),
        ("--look live --scale 2", ENHANCED),
        ("--look live --scale 1", EDITED),
    ] {
        let model = if options.contains("live") { "" } else { "--model tiny.pth" };
        export(&world, "cat.png", "z.png", &format!("{options} {model} --crop 130,90,16,8 --overwrite"));
        let json = info(&world, "z.png");
        assert_eq!(json["digital_source_type"], expected, "{options}");
        assert_eq!(json["provenance"]["model"].is_string(), expected == ENHANCED, "{options}: {json}");
    }
    export(&world, "cat.png", "z.png", "--scale 2 --model tiny.pth --crop 130,90,16,8 --overwrite --no-provenance");
    let json = info(&world, "z.png");
    assert_eq!((&json["xmp"], &json["digital_source_type"]), (&false.into(), &Value::Null));
    assert!(refused(&world, "z.png cat.png").contains("does not say how it was made"));
    assert!(refused(&world, "cat.png").contains("does not say how it was made"));
}

/// Writes a small picture with a packet.
fn write_with_packet(path: &Path, packet: &str) {
    let size = Size::new(24, 16);
    let data = (0..size.area() * 3).map(|i| (i % 97) as f32 / 96.0).collect();
    let metadata = Metadata { xmp: Some(packet.into()), ..Metadata::default() };
    let options = SaveOptions { size, channels: 3, bits: 8, quality: 90, overwrite: true, dpi: None, metadata };
    let mut writer = PictureWriter::create(path, options).unwrap();
    writer.write_rows(&Raster { size, channels: 3, data }).unwrap();
    writer.finish().unwrap();
}

#[test]
fn the_sources_xmp_survives_and_stays_true() {
    let world = world();
    let packet = |term: &str| {
        format!(
            "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>\
             <rdf:Description rdf:about='' xmlns:xmp='http://ns.adobe.com/xap/1.0/' xmp:Rating='5' \
             xmlns:Iptc4xmpExt='http://iptc.org/std/Iptc4xmpExt/2008-02-29/' \
             Iptc4xmpExt:DigitalSourceType='http://cv.iptc.org/newscodes/digitalsourcetype/{term}'/>\
             </rdf:RDF></x:xmpmeta>"
        )
    };
    for (term, look, expected) in [
        ("digitalCapture", "neural", "algorithmicallyEnhanced"),
        ("digitalCapture", "bicubic", "digitalCapture"),
        ("trainedAlgorithmicMedia", "neural", "trainedAlgorithmicMedia"),
    ] {
        write_with_packet(&world.path("source.png"), &packet(term));
        for (ending, off) in
            [("png", ""), ("jpg", ""), ("tif", ""), ("webp", ""), ("avif", ""), ("png", "--no-provenance")]
        {
            let out = format!("z.{ending}");
            export(&world, "source.png", &out, &format!("--scale 2 --look {look} --model tiny.pth --overwrite {off}"));
            let kept = Picture::open(&world.path(&out)).unwrap().metadata.xmp.unwrap();
            let kept = String::from_utf8(kept).unwrap();
            assert!(kept.contains("xmp:Rating='5'"), "{out}: {kept}");
            let json = info(&world, &out);
            assert!(json["digital_source_type"].as_str().unwrap().ends_with(&format!("/{expected}")), "{json}");
            assert_eq!(json["provenance"].is_null(), !off.is_empty());
            if off.is_empty() {
                repeat(&world, &out, &format!("again.{ending}"), "--overwrite");
                assert!(bytes(&world, &out) == bytes(&world, &format!("again.{ending}")), "{out}");
            }
        }
    }
    // An export of an export tells of itself alone; with nothing to tell, an earlier one's words do not stay.
    export(&world, "z.tif", "second.png", "--scale 2 --look nearest");
    assert_eq!(info(&world, "second.png")["provenance"]["source"], "z.tif");
    export(&world, "z.tif", "third.png", "--scale 2 --look nearest --no-provenance");
    let third = info(&world, "third.png");
    assert_eq!((&third["provenance"], &third["xmp"]), (&Value::Null, &true.into()));
}

#[test]
fn another_source_or_model_is_one_sentence() {
    let world = world();
    export(&world, "cat.png", "z.png", "--scale 2 --crop 130,90,16,8 --model tiny.pth");
    // Under another name it is the same source; changed it is another one.
    std::fs::rename(world.path("cat.png"), world.path("renamed.png")).unwrap();
    let said = refused(&world, "z.png");
    assert!(said.contains("cat.png") && said.contains("is not here") && said.contains("SOURCE"), "{said}");
    repeat(&world, "z.png", "b.png", "renamed.png");
    assert!(bytes(&world, "z.png") == bytes(&world, "b.png"));
    export(&world, "renamed.png", "cat.png", "--scale 1 --look nearest --crop 0,0,450,300");
    let said = refused(&world, "z.png");
    assert!(said.contains("cat.png is not the picture that z.png was made from"), "{said}");
    std::fs::rename(world.path("tiny.pth"), world.path("moved.pth")).unwrap();
    let said = refused(&world, "z.png renamed.png");
    assert!(said.contains("tiny.pth") && said.contains("is not here") && said.contains("--model"), "{said}");
    let said = refused(&world, "z.png renamed.png --model builtin:live");
    assert!(said.contains("builtin:live is not the model that made z.png"), "{said}");
    repeat(&world, "z.png", "c.png", "renamed.png --model moved.pth");
    assert!(bytes(&world, "z.png") == bytes(&world, "c.png"));
    let other = ["export", "--repeat", "z.png", "renamed.png", "-o", "b.png", "--model", "moved.pth"];
    assert!(world.refuses(&other).contains("exists"));
    for wrong in ["--scale 2", "--crop 1,2,3,4", "--look nearest", "--strip-metadata", "--no-provenance", "--quality 9"]
    {
        let words = wrong.split_whitespace();
        world.run(&["export", "--repeat", "z.png", "-o", "d.png"].into_iter().chain(words).collect::<Vec<_>>()).usage();
    }
}

#[test]
fn what_may_change_the_bytes_is_said() {
    let world = world();
    let packet = |rating: u8| format!("<rdf:RDF><rdf:Description rdf:about='' xmp:Rating='{rating}'/></rdf:RDF>");
    write_with_packet(&world.path("source.png"), &packet(5));
    export(&world, "source.png", "z.png", "--scale 2 --model tiny.pth --precision f32");
    let again = |instructions: &str| {
        let arguments = ["export", "--repeat", "z.png", "-o", "again.png", "--overwrite"];
        let mut command = world.command(&arguments);
        if !instructions.is_empty() {
            command.env("ZOOMFIELD_INSTRUCTIONS", instructions);
        }
        let run = Run::of(&command.output().unwrap());
        assert_eq!(run.code, Some(0), "{run:?}");
        (run.stderr, bytes(&world, "again.png") == bytes(&world, "z.png"))
    };
    assert_eq!(again(""), (String::new(), true));
    let (said, is_same) = again("scalar");
    assert!(said.contains("was computed by CPU f32") && said.lines().count() == 1 && !is_same, "{said}");
    write_with_packet(&world.path("source.png"), &packet(3));
    let (said, is_same) = again("");
    assert!(said.contains("metadata of") && said.contains("pixels will be the same") && !is_same, "{said}");
    let pixels = |name: &str| Picture::open(&world.path(name)).unwrap().id;
    assert_eq!(pixels("again.png"), pixels("z.png"));
}

#[test]
fn a_file_cannot_make_a_repetition_do_more_than_it_may() {
    let world = world();
    export(&world, "cat.png", "z.jpg", "--scale 3 --crop 130,90,16,8 --model tiny.pth --quality 88 --precision f32");
    let honest = bytes(&world, "z.jpg");
    let forged = |from: &str, to: &str| {
        assert_eq!(from.len(), to.len());
        let at = honest.windows(from.len()).position(|part| part == from.as_bytes()).unwrap();
        let mut file = honest.clone();
        file[at..at + to.len()].copy_from_slice(to.as_bytes());
        std::fs::write(world.path("forged.jpg"), file).unwrap();
        refused(&world, "forged.jpg")
    };
    for (from, to) in [
        ("--scale", "--model"),
        ("--quality&quot;,&quot;88", "--overwrite&quot;,&quot;"),
        ("--quality", "--qualify"),
        ("&quot;88&quot;", "&quot;900&quot;"),
    ] {
        let to = format!("{to:<width$}", width = from.len()).chars().take(from.len()).collect::<String>();
        let said = forged(from, &to);
        assert!(said.contains("forged.jpg"), "{from} {to}: {said}");
    }
    let said = forged("zoomfield:Source=\"cat.png\"", "zoomfield:Source=\"../b.pg\"");
    assert!(said.contains("is not here"), "{said}");
}
