//! `ZOOMFIELD_INSTRUCTIONS`.

use crate::world::{Run, World, fixture};
use zoomfield::kernel::Instructions;

fn info(world: &World, instructions: &str) -> Run {
    let model = fixture("liif_edsr_tiny.pth");
    let mut command = world.command(&["info", model.to_str().unwrap()]);
    Run::of(&command.env(Instructions::VARIABLE, instructions).output().unwrap())
}

#[test]
fn every_kind_that_the_processor_has_can_be_forced() {
    let world = World::new();
    for instructions in Instructions::available() {
        let said = info(&world, instructions.name()).success();
        let narrower = instructions != Instructions::Avx512;
        assert!(!narrower || said.contains(&format!("the CPU computes in f32 {instructions}")), "{said}");
    }
    assert_eq!(
        info(&world, "").success(),
        world.run(&["info", fixture("liif_edsr_tiny.pth").to_str().unwrap()]).stdout
    );
}

#[test]
fn what_the_processor_lacks_is_one_sentence() {
    let world = World::new();
    let missing = Instructions::ALL.into_iter().find(|instructions| !instructions.is_available()).unwrap();
    let sentence = info(&world, missing.name()).failure();
    assert!(sentence.contains(&format!("this processor has no {missing} instructions; choose ")), "{sentence}");
    assert!(info(&world, "fast").failure().contains("`fast` names no instructions"));
}

#[test]
fn pictures_of_all_kinds_are_the_same_but_for_rounding() {
    let world = World::new();
    let pixels = |instructions: Instructions| {
        let name = format!("{}.png", instructions.name());
        let (model, picture) = (fixture("liif_edsr_tiny.pth"), super::world::chelsea());
        let arguments = ["export", &picture, "-o", &name, "--exact", "--crop", "40,30,60,40", "--scale", "3.3"];
        let mut command = world.command(&arguments);
        command.arg("--model").arg(model).args(["--bits", "16"]).env(Instructions::VARIABLE, instructions.name());
        Run::of(&command.output().unwrap()).success();
        image::open(world.path(&name)).unwrap().into_rgb16().into_raw()
    };
    let kinds = Instructions::available();
    let widest = pixels(kinds[0]);
    for other in kinds.into_iter().skip(1) {
        let found = pixels(other);
        let off = widest.iter().zip(&found).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
        // 10⁻⁴ of the picture.
        assert!(off <= 6, "{other}: {off}");
        let slipped = widest.iter().zip(&found[3..]).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
        assert!(slipped > 6, "the comparison cannot fail");
    }
}
