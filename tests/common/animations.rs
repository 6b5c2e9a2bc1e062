//! Animations made by hand: frames of one colour each, at their places, taken away in every way.

use std::io::Cursor;

/// What happens to a frame before the next.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Leaves {
    All,
    Nothing,
    WhatWasBefore,
}

/// A frame: its place (left, top, width, height), a letter for each pixel (`.` is transparent), what is left of it,
/// whether it is mixed with what is there, and its duration in hundredths of a second.
#[derive(Clone, Copy)]
pub(crate) struct FrameOf {
    pub(crate) place: [u16; 4],
    pub(crate) pixels: &'static str,
    pub(crate) leaves: Leaves,
    pub(crate) is_over: bool,
    pub(crate) hundredths: u16,
}

pub(crate) const LETTERS: [(char, [u8; 4]); 5] = [
    ('R', [255, 0, 0, 255]),
    ('G', [0, 255, 0, 255]),
    ('B', [0, 0, 255, 255]),
    ('W', [255, 255, 255, 255]),
    ('.', [0, 0, 0, 0]),
];

fn index_of(letter: char) -> u8 {
    LETTERS.iter().position(|(known, _)| *known == letter).unwrap() as u8
}

fn rgba_of(pixels: &str) -> Vec<u8> {
    pixels.chars().flat_map(|letter| LETTERS[usize::from(index_of(letter))].1).collect()
}

pub(crate) fn gif(screen: (u16, u16), frames: &[FrameOf]) -> Vec<u8> {
    let palette: Vec<u8> = LETTERS.iter().flat_map(|(_, [r, g, b, _])| [*r, *g, *b]).collect();
    let mut bytes = Vec::new();
    let mut encoder = gif::Encoder::new(&mut bytes, screen.0, screen.1, &palette).unwrap();
    for frame in frames {
        let [left, top, width, height] = frame.place;
        let dispose = match frame.leaves {
            Leaves::All => gif::DisposalMethod::Keep,
            Leaves::Nothing => gif::DisposalMethod::Background,
            Leaves::WhatWasBefore => gif::DisposalMethod::Previous,
        };
        let buffer = frame.pixels.chars().map(index_of).collect::<Vec<_>>().into();
        let transparent = Some(index_of('.'));
        let delay = frame.hundredths;
        let frame =
            gif::Frame { left, top, width, height, dispose, buffer, transparent, delay, ..gif::Frame::default() };
        encoder.write_frame(&frame).unwrap();
    }
    drop(encoder);
    bytes
}

/// With a picture before the animation that is none of it, if `still` says so.
pub(crate) fn apng(screen: (u16, u16), frames: &[FrameOf], depth: png::BitDepth, still: Option<&str>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, u32::from(screen.0), u32::from(screen.1));
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(depth);
    encoder.set_animated(frames.len() as u32, 0).unwrap();
    encoder.set_sep_def_img(still.is_some()).unwrap();
    let mut writer = encoder.write_header().unwrap();
    let samples = |pixels: &str| {
        let rgba = rgba_of(pixels);
        if depth == png::BitDepth::Eight { rgba } else { rgba.iter().flat_map(|value| [*value, 0]).collect() }
    };
    if let Some(still) = still {
        writer.write_image_data(&samples(still)).unwrap();
    }
    for (i, frame) in frames.iter().enumerate() {
        let [left, top, width, height] = frame.place.map(u32::from);
        if i > 0 || still.is_some() {
            writer.reset_frame_position().unwrap();
            writer.set_frame_dimension(width, height).unwrap();
            writer.set_frame_position(left, top).unwrap();
        }
        writer.set_frame_delay(frame.hundredths, 100).unwrap();
        let blend = if frame.is_over { png::BlendOp::Over } else { png::BlendOp::Source };
        writer.set_blend_op(blend).unwrap();
        let dispose = match frame.leaves {
            Leaves::All => png::DisposeOp::None,
            Leaves::Nothing => png::DisposeOp::Background,
            Leaves::WhatWasBefore => png::DisposeOp::Previous,
        };
        writer.set_dispose_op(dispose).unwrap();
        writer.write_image_data(&samples(frame.pixels)).unwrap();
    }
    writer.finish().unwrap();
    bytes
}

/// Places are even there, and no frame leaves what was before it.
pub(crate) fn webp(screen: (u16, u16), frames: &[FrameOf]) -> Vec<u8> {
    let three = |value: u16| [value.to_le_bytes()[0], value.to_le_bytes()[1], 0];
    let mut body = b"WEBPVP8X\x0a\0\0\0\x12\0\0\0".to_vec();
    body.extend([screen.0 - 1, screen.1 - 1].into_iter().flat_map(three));
    // The colour behind is a hint that browsers ignore.
    body.extend(b"ANIM\x06\0\0\0\x80\x80\x80\xff\0\0");
    for frame in frames {
        let [left, top, width, height] = frame.place;
        let mut still = Cursor::new(Vec::new());
        image_webp::WebPEncoder::new(&mut still)
            .encode(&rgba_of(frame.pixels), width.into(), height.into(), image_webp::ColorType::Rgba8)
            .unwrap();
        let still = &still.into_inner()[12..];
        body.extend(b"ANMF");
        body.extend((16 + still.len() as u32).to_le_bytes());
        body.extend([left / 2, top / 2, width - 1, height - 1, 10 * frame.hundredths].into_iter().flat_map(three));
        body.push(u8::from(frame.leaves == Leaves::Nothing) | (u8::from(!frame.is_over) << 1));
        body.extend(still);
        body.extend(&[0][..still.len() % 2]);
    }
    let mut file = b"RIFF".to_vec();
    file.extend((body.len() as u32).to_le_bytes());
    file.extend(body);
    file
}
