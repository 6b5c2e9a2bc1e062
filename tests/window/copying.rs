//! Copying the view to the clipboard.

use crate::PICTURE;
use crate::stub::{picture, wait_for, window_with};
use egui_kittest::kittest::Queryable;
use zoomfield::app::{export, view};
use zoomfield::geometry::Size;

#[test]
fn a_copy_waits_while_the_view_waits_for_tiles() {
    let (mut harness, tiles) = window_with(picture(PICTURE));
    tiles.0.borrow_mut().is_silent = true;
    harness.state_mut().apply(view::Command::ZoomTo(9.0));
    harness.run();
    harness.state_mut().apply(export::Command::CopyView);
    for _ in 0..60 {
        harness.step();
        std::thread::sleep(std::time::Duration::from_millis(6));
    }
    assert!(harness.state().slices().export.copying.is_some(), "the copy went on although the view was waiting");
    tiles.0.borrow_mut().is_silent = false;
    harness.state_mut().apply(view::Command::ZoomTo(8.0));
    wait_for(&mut harness, |harness| harness.state().slices().export.copying.is_none());
}

#[test]
fn a_copy_that_breaks_down_is_told_and_the_next_one_works() {
    let (mut harness, _) = window_with(picture(PICTURE));
    let mut broken = picture(Size::new(90, 60));
    broken.path = "broken.png".into();
    for (picture, said) in
        [(broken, "Copying the view failed unexpectedly"), (picture(PICTURE), "Copied 451×300 pixels.")]
    {
        harness.state_mut().show(picture);
        harness.state_mut().apply(view::Command::ZoomTo(1.0));
        harness.run();
        harness.state_mut().apply(export::Command::CopyView);
        wait_for(&mut harness, |harness| harness.query_by_label_contains(said).is_some());
    }
}
