//! AVIF sequences: where the code of each frame is, and how long the frame is shown (`moov`, ISO/IEC 14496-12).
//!
//! One track has the colours, another one the opacity, frame by frame. Not handled: editing lists, tracks whose code lies in other
//! files or in fragments.

use super::items::{Fields, MAX_DIRECTORY_BYTES, inner};
use crate::picture::boxes::boxes_of_file;
use crate::picture::open::limit::MAX_FRAMES;
use std::io::{Read, Seek};
use std::time::Duration;

/// Where a frame's code is: start and length.
pub(in crate::picture::open) type CodePlace = (u64, u64);

/// The frames of a file.
#[derive(Debug, PartialEq)]
pub(in crate::picture::open) struct Film {
    pub(in crate::picture::open) size: (usize, usize),
    pub(in crate::picture::open) durations: Vec<Duration>,
    /// Of the colours, a frame each.
    pub(in crate::picture::open) color: Vec<CodePlace>,
    /// Of the opacity, if there is some.
    pub(in crate::picture::open) alpha: Option<Vec<CodePlace>>,
    /// Whether there are frames beyond those.
    pub(in crate::picture::open) has_more: bool,
}

impl Film {
    /// Reads the directory; nothing where the file is no film in AV1, or its tracks cannot be followed.
    pub(in crate::picture::open) fn read(file: &mut (impl Read + Seek)) -> Option<Self> {
        let directory = boxes_of_file(file).into_iter().find(|found| &found.kind == b"moov")?;
        let bytes = directory.body(file, 0, MAX_DIRECTORY_BYTES)?;
        let tracks = inner(&bytes).into_iter().filter(|(kind, _)| kind == b"trak");
        let tracks: Vec<Track> = tracks.filter_map(|(_, body)| Track::read(body)).collect();
        let color = tracks.iter().find(|track| &track.handler == b"pict")?;
        let alpha = tracks.iter().find(|track| &track.handler == b"auxv" && track.of == Some(color.id));
        let frames = color.places.len();
        if alpha.is_some_and(|alpha| alpha.size != color.size || alpha.places.len() != frames) {
            return None;
        }
        Some(Self {
            size: color.size,
            durations: color.durations.clone(),
            color: color.places.clone(),
            alpha: alpha.map(|alpha| alpha.places.clone()),
            has_more: color.has_more,
        })
    }
}

/// A track in AV1.
struct Track {
    id: u64,
    /// The track that it is the opacity of.
    of: Option<u64>,
    handler: [u8; 4],
    size: (usize, usize),
    places: Vec<CodePlace>,
    durations: Vec<Duration>,
    has_more: bool,
}

/// The body of the first box at the end of a path of boxes.
fn at<'a>(body: &'a [u8], path: &[&[u8; 4]]) -> Option<&'a [u8]> {
    path.iter().try_fold(body, |body, kind| inner(body).into_iter().find(|(found, _)| found == *kind).map(|(_, b)| b))
}

impl Track {
    fn read(body: &[u8]) -> Option<Self> {
        let mut header = Fields(at(body, &[b"tkhd"])?);
        let (version, _) = header.version()?;
        header.number(if version == 0 { 8 } else { 16 })?;
        let id = header.number(4)?;
        let of = at(body, &[b"tref", b"auxl"]).and_then(|references| Fields(references).number(4));
        let media = at(body, &[b"mdia"])?;
        let handler = *at(media, &[b"hdlr"])?.get(8..)?.first_chunk()?;
        let mut times = Fields(at(media, &[b"mdhd"])?);
        let (version, _) = times.version()?;
        times.number(if version == 0 { 8 } else { 16 })?;
        let scale = times.number(4).filter(|scale| *scale > 0)?;
        let table = at(media, &[b"minf", b"stbl"])?;
        let size = size_of(at(table, &[b"stsd"])?)?;
        let (places, has_more) = places(table)?;
        let durations = durations(at(table, &[b"stts"])?, scale, places.len())?;
        Some(Self { id, of, handler, size, places, durations, has_more })
    }
}

/// The size by the only description of a track's code, if that is AV1.
fn size_of(descriptions: &[u8]) -> Option<(usize, usize)> {
    let entries = inner(descriptions.get(8..)?);
    let [(kind, entry)] = entries[..] else { return None };
    let mut sides = Fields(entry.get(24..)?);
    let size = (sides.number(2)? as usize, sides.number(2)? as usize);
    (&kind == b"av01").then_some(size)
}

/// How long each of so many frames is shown.
fn durations(body: &[u8], scale: u64, frames: usize) -> Option<Vec<Duration>> {
    let mut fields = Fields(body);
    fields.version()?;
    let mut durations = Vec::new();
    for _ in 0..fields.count(4)? {
        let (count, ticks) = (fields.number(4)? as usize, fields.number(4)?);
        let count = count.min(frames - durations.len());
        durations.extend(std::iter::repeat_n(Duration::from_micros(ticks * 1_000_000 / scale), count));
    }
    durations.resize(frames, Duration::ZERO);
    Some(durations)
}

/// Where the frames are, by the tables of their lengths, of the runs that they lie in, and of where those begin; and whether there
/// are more.
fn places(table: &[u8]) -> Option<(Vec<CodePlace>, bool)> {
    let mut lengths = Fields(at(table, &[b"stsz"])?);
    lengths.version()?;
    let (same, count) = (lengths.number(4)?, lengths.number(4)? as usize);
    let frames = count.min(MAX_FRAMES);
    let lengths: Vec<u64> =
        (0..frames).map(|_| if same > 0 { Some(same) } else { lengths.number(4) }).collect::<Option<_>>()?;
    let (wide, starts) = at(table, &[b"stco"]).map(|body| (4, body)).or_else(|| Some((8, at(table, &[b"co64"])?)))?;
    let mut starts = Fields(starts);
    starts.version()?;
    let runs = starts.count(4)?;
    let per_run = per_run(at(table, &[b"stsc"])?)?;
    let (mut places, mut lengths) = (Vec::with_capacity(frames), lengths.into_iter());
    let (mut per_run, mut inside) = (per_run.into_iter().peekable(), 0);
    for run in 1..=runs {
        if lengths.len() == 0 {
            break;
        }
        let mut start = starts.number(wide)?;
        while let Some((_, frames)) = per_run.next_if(|(first, _)| *first <= run) {
            inside = frames;
        }
        for length in lengths.by_ref().take(inside) {
            places.push((start, length));
            start = start.checked_add(length)?;
        }
    }
    (places.len() == frames).then_some((places, count > frames))
}

/// From which run on, counted from 1, a run has how many frames.
fn per_run(body: &[u8]) -> Option<Vec<(u64, usize)>> {
    let mut fields = Fields(body);
    fields.version()?;
    let entry = |fields: &mut Fields<'_>| {
        let (first, frames, _description) = (fields.number(4)?, fields.number(4)?, fields.number(4)?);
        Some((first, frames as usize))
    };
    (0..fields.count(4)?).map(|_| entry(&mut fields)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::boxes::full_box;

    fn numbers(numbers: &[u32]) -> Vec<u8> {
        numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
    }

    #[test]
    fn frames_lie_one_behind_the_other_in_their_runs() {
        let table = |runs: u32| {
            [
                full_box(*b"stsz", 0, &numbers(&[0, 5, 10, 20, 30, 40, 50])),
                full_box(*b"stco", 0, &numbers(&[runs, 100, 200, 300])),
                full_box(*b"stsc", 0, &numbers(&[2, 1, 2, 1, 3, 1, 1])),
            ]
            .concat()
        };
        let expected = vec![(100, 10), (110, 20), (200, 30), (230, 40), (300, 50)];
        assert_eq!(places(&table(3)), Some((expected, false)));
        assert_eq!(places(&table(2)), None, "the last frame is nowhere");
    }

    #[test]
    fn durations_are_in_parts_of_a_second() {
        let body = [&[0; 4][..], &numbers(&[2, 2, 25, 9, 50])].concat();
        let shown = durations(&body, 100, 4).unwrap();
        assert_eq!(shown, [250, 250, 500, 500].map(Duration::from_millis));
        assert_eq!(durations(&[0; 8], 100, 2).unwrap(), [Duration::ZERO; 2]);
    }
}
