//! Animations of GIF, PNG and WebP: frames as browsers show them, counted without being decoded.

use crate::animations::{FrameOf, LETTERS, Leaves, apng, gif, webp};
use png::BitDepth;
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;
use zoomfield::picture::{HELD_BYTES, PageReader, Picture};
use zoomfield::task::NEVER;

const SCREEN: (u16, u16) = (4, 2);

/// The whole screen; its right half, which is cleared; the left half with a transparent column, which is left or not; a
/// pixel.
fn frames(third_leaves: Leaves, third_is_over: bool) -> [FrameOf; 4] {
    let frame = |place, pixels, leaves, is_over, hundredths| FrameOf { place, pixels, leaves, is_over, hundredths };
    [
        frame([0, 0, 4, 2], "RRRRRRRR", Leaves::All, true, 10),
        frame([2, 0, 2, 2], "GGGG", Leaves::Nothing, true, 4),
        frame([0, 0, 2, 2], "B.B.", third_leaves, third_is_over, 0),
        frame([0, 0, 1, 1], "W", Leaves::All, true, 25),
    ]
}

const SHOWN: [&str; 2] = ["RRRRRRRR", "RRGGRRGG"];

/// A picture in letters.
fn letters(picture: &Picture) -> String {
    let letter = |i: usize| {
        let color = [0, 1, 2].map(|c| (picture.rgb.unit(3 * i + c) * 255.0).round() as u8);
        let opacity = picture.alpha.as_ref().map_or(1.0, |alpha| alpha.unit(i));
        let known = LETTERS.iter().find(|(_, [r, g, b, _])| [*r, *g, *b] == color);
        if opacity == 0.0 { '.' } else { known.map_or('?', |(letter, _)| *letter) }
    };
    (0..picture.size.area()).map(letter).collect()
}

fn file(name: &str, bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

fn all(path: &std::path::Path) -> [String; 4] {
    [0, 1, 2, 3].map(|page| letters(&Picture::open_page(path, page).unwrap()))
}

#[test]
fn frames_are_what_browsers_show() {
    for is_over in [true, false] {
        // Of a GIF what is transparent is always see-through.
        let third = |is_over| if is_over { "BR..BR.." } else { "B...B..." };
        for (leaves, fourth) in [
            (Leaves::All, if is_over { "WR..BR.." } else { "W...B..." }),
            (Leaves::Nothing, "W......."),
            (Leaves::WhatWasBefore, "WR..RR.."),
        ] {
            let frames = frames(leaves, is_over);
            let expected = [SHOWN[0], SHOWN[1], third(is_over), fourth].map(String::from);
            for (depth, still) in [(BitDepth::Eight, None), (BitDepth::Eight, Some("WWWWWWWW"))] {
                let (_folder, path) = file("a.png", &apng(SCREEN, &frames, depth, still));
                assert_eq!(all(&path), expected, "PNG, still {still:?}");
            }
            if leaves != Leaves::WhatWasBefore {
                let (_folder, path) = file("a.webp", &webp(SCREEN, &frames));
                assert_eq!(all(&path), expected, "WebP");
            }
            if is_over {
                let (_folder, path) = file("a.gif", &gif(SCREEN, &frames));
                assert_eq!(all(&path), expected, "GIF");
            }
        }
    }
}

#[test]
fn frames_of_sixteen_bits_are_read_in_eight_and_the_person_is_told() {
    let (_folder, path) = file("a.png", &apng(SCREEN, &frames(Leaves::All, true), BitDepth::Sixteen, None));
    let picture = Picture::open_page(&path, 1).unwrap();
    assert_eq!((letters(&picture).as_str(), picture.rgb.bits()), (SHOWN[1], 8));
    assert!(picture.notice.unwrap().contains("16 bits"));
}

#[test]
fn the_number_of_frames_and_their_durations_are_known() {
    let frames = frames(Leaves::All, true);
    for (name, bytes) in [
        ("a.gif", gif(SCREEN, &frames)),
        ("a.png", apng(SCREEN, &frames, BitDepth::Eight, Some("WWWWWWWW"))),
        ("a.webp", webp(SCREEN, &frames)),
    ] {
        let (_folder, path) = file(name, &bytes);
        for (page, millis) in [100, 40, 0, 250].into_iter().enumerate() {
            let pages = Picture::open_page(&path, page).unwrap().pages;
            let timing = pages.timing.unwrap();
            assert_eq!((pages.index, pages.count, pages.has_more), (page, 4, false), "{name}");
            assert_eq!((timing.duration, timing.total), (Duration::from_millis(millis), Duration::from_millis(390)));
        }
        let said = Picture::open_page(&path, 4).unwrap_err().to_string();
        assert!(said.contains("it has 4 frames, so there is no frame 5"), "{said}");
        // A file that was cut says so where it ends, not before.
        std::fs::write(&path, &bytes[..bytes.len() * 3 / 4]).unwrap();
        let count = Picture::open(&path).unwrap().pages.count;
        assert!((2..=4).contains(&count), "{name}: {count}");
        let said = Picture::open_page(&path, count.min(3)).unwrap_err().to_string();
        assert!(said.contains("frame 4") || said.contains("frame 3"), "{name}: {said}");
    }
}

#[test]
fn an_animation_of_one_frame_is_a_picture() {
    let frames = &frames(Leaves::All, true)[..1];
    for (name, bytes) in [("a.gif", gif(SCREEN, frames)), ("a.png", apng(SCREEN, frames, BitDepth::Eight, None))] {
        let (_folder, path) = file(name, &bytes);
        let picture = Picture::open(&path).unwrap();
        assert_eq!(
            (letters(&picture).as_str(), picture.pages.count, picture.pages.timing),
            (SHOWN[0], 1, None),
            "{name}"
        );
        assert!(Picture::open_page(&path, 1).unwrap_err().to_string().contains("it has one page"));
    }
}

#[test]
fn frames_are_counted_by_their_headers_alone() {
    let frames = vec![&frames(Leaves::All, true)[..]; 5000].concat();
    let mut bytes = gif(SCREEN, &frames);
    // The code of the last frame is damaged: whoever decoded it would notice.
    let last = bytes.len() - 6;
    bytes[last..last + 4].fill(0xff);
    let (_folder, path) = file("long.gif", &bytes);
    let pages = Picture::open(&path).unwrap().pages;
    assert_eq!((pages.count, pages.timing.unwrap().total), (20_000, Duration::from_secs(1950)));
}

#[test]
fn more_frames_than_are_counted_are_told() {
    let still = FrameOf { place: [0, 0, 1, 1], pixels: "R", leaves: Leaves::All, is_over: true, hundredths: 1 };
    let (_folder, path) = file("endless.gif", &gif((1, 1), &vec![still; (1 << 16) + 1]));
    let pages = Picture::open(&path).unwrap().pages;
    assert_eq!((pages.count, pages.has_more), (1 << 16, true));
    assert_eq!(pages.place().as_deref(), Some("Frame 1 of more than 65536"));
    let said = Picture::open_page(&path, 1 << 16).unwrap_err().to_string();
    assert!(said.contains("more than 65536 frames, of which the first 65536 can be shown"), "{said}");
}

#[test]
fn frames_in_any_order_are_those_that_are_opened_by_number() {
    let (_folder, path) = file("a.gif", &gif(SCREEN, &frames(Leaves::WhatWasBefore, true)));
    let expected = all(&path);
    let mut reader = PageReader::new(&path, HELD_BYTES);
    for page in [0, 1, 2, 3, 1, 3, 3, 0] {
        let picture = reader.read(page, NEVER).unwrap();
        assert_eq!((letters(&picture), picture.pages.index), (expected[page].clone(), page));
    }
    assert!(reader.read(4, NEVER).unwrap_err().to_string().contains("it has 4 frames"));
    assert!(reader.read(1, &|| true).is_err(), "nobody wants it");
    assert_eq!(letters(&reader.read(2, NEVER).unwrap()), expected[2]);
}
