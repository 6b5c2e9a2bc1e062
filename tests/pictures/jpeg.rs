//! JPEGs that are coded as few are: shown as the ordinary ones are, or refused by name.

use crate::{fixture, sentence};
use zoomfield::picture::{Picture, Samples};

fn open(name: &str) -> Picture {
    Picture::open(&fixture(name)).unwrap()
}

/// The largest difference of any sample: decoders differ in how they round and smooth.
fn distance(a: &Picture, b: &Picture) -> u8 {
    assert_eq!(a.size, b.size);
    let (Samples::U8(a), Samples::U8(b)) = (&a.rgb, &b.rgb) else { panic!("deep") };
    a.iter().zip(b).map(|(a, b)| a.abs_diff(*b)).max().unwrap()
}

#[test]
fn components_in_scans_of_their_own_make_the_same_picture() {
    let together = open("scans_together.jpg");
    assert!(distance(&open("scans_apart.jpg"), &together) <= 4);
    // The same scene, compressed once more: near, but its scene upside down is not.
    assert!(distance(&open("first_coarse.jpg"), &together) <= 24);
    let mut turned = together.clone();
    let Samples::U8(values) = &mut turned.rgb else { panic!("deep") };
    values.reverse();
    assert!(distance(&turned, &together) > 24);
}

#[test]
fn other_codings_are_refused_by_name() {
    let said = sentence(&fixture("arithmetic.jpg"));
    assert!(said.contains("JPEG in arithmetic coding is not supported; convert it"), "{said}");
}

#[test]
fn a_number_of_channels_that_means_no_colours_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("two.jpg");
    let frame = [0xff, 0xc0, 0, 14, 8, 0, 8, 0, 8, 2, 1, 0x11, 0, 2, 0x11, 0];
    let scan = [0xff, 0xda, 0, 10, 2, 1, 0, 2, 0, 0, 63, 0];
    std::fs::write(&path, [&[0xff, 0xd8][..], &frame, &scan, &[0; 40], &[0xff, 0xd9]].concat()).unwrap();
    let said = sentence(&path);
    assert!(said.contains("JPEG of 2 channels is not supported; convert it"), "{said}");
}
