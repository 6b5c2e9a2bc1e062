//! Pages and frames by their number: exported, and told.

#[path = "../common/animations.rs"]
#[expect(dead_code, reason = "other tests need all of it")]
mod animations;

use crate::world::World;
use animations::{FrameOf, Leaves, apng, gif, webp};
use png::BitDepth;
use zoomfield::picture::{Picture, Samples};

fn frames() -> [FrameOf; 2] {
    let frame =
        |pixels, hundredths| FrameOf { place: [0, 0, 2, 1], pixels, leaves: Leaves::All, is_over: true, hundredths };
    [frame("RR", 10), frame(".B", 25)]
}

#[test]
fn a_frame_of_an_animation_is_exported_and_told() {
    let world = World::new();
    for (name, bytes) in [
        ("a.gif", gif((2, 1), &frames())),
        ("a.png", apng((2, 1), &frames(), BitDepth::Eight, None)),
        ("a.webp", webp((2, 1), &frames())),
    ] {
        std::fs::write(world.path(name), bytes).unwrap();
        let arguments =
            ["export", name, "-o", "z.png", "--scale", "1", "--look", "nearest", "--overwrite", "--page", "2"];
        let run = world.run(&arguments);
        assert!(run.stderr.contains("it is an animation of 2 frames, and frame 2 is shown"), "{}", run.stderr);
        assert_eq!(run.code, Some(0));
        assert_eq!(Picture::open(&world.path("z.png")).unwrap().rgb, Samples::U8(vec![255, 0, 0, 0, 0, 255]));
        let json = world.run(&["info", name, "--page", "2", "--json"]).json();
        assert_eq!((&json["page"], &json["pages"]), (&2.into(), &2.into()), "{name}");
        assert_eq!((&json["frame_secs"], &json["animation_secs"]), (&0.25.into(), &0.35.into()), "{name}");
        let words = world.run(&["info", name]).success();
        assert!(words.contains("; frame 1 of 2, 0.1 s of an animation of 0.35 s"), "{words}");
        let export = ["export", name, "-o", "y.png", "--scale", "2", "--page", "3"];
        for arguments in [&["info", name, "--page", "3"][..], &export] {
            let said = world.run(arguments).failure();
            assert!(said.contains("it has 2 frames, so there is no frame 3"), "{said}");
        }
    }
    assert!(!world.path("y.png").exists());
}
