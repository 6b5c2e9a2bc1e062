//! `zoomfield export --invention`: the map beside the output.

use crate::world::World;
use zoomfield::picture::{Picture, Samples};

const EXPORT: &str = "--look live --scale 4 --crop 130,90,16,16";

fn bytes(world: &World, name: &str) -> Vec<u8> {
    std::fs::read(world.path(name)).unwrap()
}

/// The colours of a picture, and how many are in a row.
fn colors(world: &World, name: &str) -> (Vec<[u8; 3]>, usize) {
    let picture = Picture::open(&world.path(name)).unwrap();
    let Samples::U8(rgb) = &picture.rgb else { panic!("8 bits") };
    (rgb.as_chunks::<3>().0.to_vec(), picture.size.width)
}

#[test]
fn the_map_is_beside_the_output_and_of_its_samples() {
    let world = World::new();
    world.export("alone.png", EXPORT).success();
    let text = world.export("z.png", &format!("{EXPORT} --invention map.png")).success();
    assert!(text.contains("map.png: both, ΔE*ab from 0 (dark blue) to 10 and more"), "{text}");
    assert_eq!(world.files(), ["alone.png", "map.png", "z.png"]);
    assert_eq!(bytes(&world, "alone.png"), bytes(&world, "z.png"), "the map changes nothing in the output");
    let (map, width) = colors(&world, "map.png");
    assert_eq!((map.len(), width), (64 * 64, 64));
    assert!(map.iter().any(|color| *color != map[0]), "all the same");
    let json =
        world.export("j.png", &format!("{EXPORT} --invention d.png --invention-shows disagreement --json")).json();
    assert_eq!((&json["invention"]["shows"], &json["invention"]["to"]), (&"disagreement".into(), &10.0.into()));
    assert_ne!(bytes(&world, "d.png"), bytes(&world, "map.png"));
    // Done again, with the wishes of this time.
    let run =
        world.run(&["export", "--repeat", "z.png", &crate::world::chelsea(), "-o", "r.png", "--invention", "m.png"]);
    run.success();
    assert_eq!(bytes(&world, "m.png"), bytes(&world, "map.png"));
}

/// In bands and blocks it is the same map: a crop's is a part of the whole's.
#[test]
fn a_crop_has_a_part_of_the_map() {
    let world = World::new();
    world.export("all.png", "--look live --scale 2 --invention all_map.png").success();
    world.export("part.png", "--look live --scale 2 --crop 200,110,60,50 --invention part_map.png").success();
    let ((all, wide), (part, width)) = (colors(&world, "all_map.png"), colors(&world, "part_map.png"));
    for (i, color) in part.iter().enumerate() {
        let same = all[(220 + i / width) * wide + 400 + i % width];
        let is_near = color.iter().zip(same).all(|(a, b)| a.abs_diff(b) <= 2);
        assert!(is_near, "sample {i}: {color:?}, and {same:?} in the whole");
    }
}

#[test]
fn what_cannot_be_mapped_is_refused_before_anything_is_written() {
    let world = World::new();
    std::fs::write(world.path("there.png"), "mine").unwrap();
    for (options, words) in [
        (format!("{EXPORT} --invention there.png"), "exists already"),
        (format!("{EXPORT} --invention z.png"), "would replace"),
        (format!("{EXPORT} --invention map.what"), "map.what"),
        (format!("{EXPORT} --invention none/map.png"), "does not exist"),
        ("--look bicubic --scale 4 --invention map.png".into(), "no network makes any pixel"),
        (format!("{EXPORT} --strength 0 --invention map.png"), "no network makes any pixel"),
        ("--look live --scale 0.5 --invention map.png".into(), "no network makes any pixel"),
    ] {
        let sentence = world.refuses_export("z.png", &options);
        assert!(sentence.contains(words), "{options}: {sentence}");
    }
    world.export("z.png", &format!("{EXPORT} --invention-shows both")).usage();
    world.export("z.png", &format!("{EXPORT} --invention map.png --invention-shows all")).usage();
    world.export("z.png", &format!("{EXPORT} --invention there.png --overwrite")).success();
    assert_ne!(bytes(&world, "there.png"), b"mine");
}
