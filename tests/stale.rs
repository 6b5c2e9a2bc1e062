//! Work on a view that nobody looks at any more stops long before it is done.
//!
//! What counts is the processor time from a new request until both threads are through with it: it is the work that was
//! still done for the old one, whatever else the machine does. It is compared with the whole work on the same machine. A
//! test alone in its process, because the clock is that of the process.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests and their helpers may panic and speak")]

mod common;

use common::textured;
use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};
use zoomfield::geometry::{VIEW_TILE, View};
use zoomfield::kernel::Precision;
use zoomfield::key::TileKey;
use zoomfield::picture::Picture;
use zoomfield::recipe::Source;
use zoomfield::render::{LoadedModel, RenderEvent, RenderWorker, TilePart, ViewRequest};
use zoomfield::weights::Weights;

/// What the work may go on for: in parts of the whole, which is 33 convolutions over four tiles of features and the
/// colours of one tile. A unit of it is one of these convolutions, or 64 pixels.
const MOST_OF_WHOLE: f64 = 0.25;

/// The same in seconds of each core, on machines that are shared, or slow.
const MOST_SECS: f64 = 0.4;

/// Processor time of this process, all threads, in seconds; where the system does not tell, none.
fn cpu_secs() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    // In hundredths of a second: user and system.
    Some((fields[11].parse::<f64>().ok()? + fields[12].parse::<f64>().ok()?) / 100.0)
}

/// A view that was left for another one.
struct Turn {
    /// From the new request on.
    cpu_secs: f64,
    wall_secs: f64,
    /// Whether the old one was finished before.
    was_done: bool,
    /// Whether it was finished although nobody wanted it any more.
    is_late: bool,
}

struct Stage {
    requests: Cell<u64>,
    worker: RenderWorker,
    picture: Arc<Picture>,
    model: Arc<LoadedModel>,
}

impl Stage {
    /// The tile at (`column`, `row`) of a zoom.
    fn key(&self, zoom: f64, column: usize, row: usize, source: Source) -> TileKey {
        let scale = (zoom.to_bits(), zoom.to_bits());
        let (picture, model) = (self.picture.id, source.is_neural().then(|| self.model.key()));
        TileKey { picture, model, scale, column, row, recipe: source.into() }
    }

    fn request(&self, zoom: f64, wanted: Vec<TileKey>) {
        let view = View { zoom, corner_on_screen: [0.0, 0.0] };
        let rect = |key: &TileKey| view.tile_rect(key.column, key.row, self.picture.size).unwrap();
        self.worker.request(ViewRequest {
            number: self.requests.replace(self.requests.get() + 1),
            likely: Vec::new(),
            fields: zoomfield::render::FieldRequest::default(),
            picture: self.picture.clone(),
            models: vec![self.model.clone()],
            view,
            wanted: wanted.into_iter().map(|key| TilePart { key, rect: rect(&key) }).collect(),
            focus_in_output: [0.0, 0.0],
            feature_budget_bytes: 64 << 20,
        });
    }

    /// Waits until both threads are through with the newest request. The tiles that came meanwhile.
    fn wait(&self) -> Vec<TileKey> {
        let (deadline, mut tiles) = (Instant::now() + Duration::from_mins(3), Vec::new());
        loop {
            match self.worker.poll() {
                Some(RenderEvent::Tile(tile)) => tiles.push(tile.key),
                Some(RenderEvent::Failed { reason, .. }) => panic!("{reason}"),
                Some(RenderEvent::Finished(number)) if number + 1 == self.requests.get() => return tiles,
                Some(_) => {}
                None => std::thread::sleep(Duration::from_millis(1)),
            }
            assert!(Instant::now() < deadline, "waited in vain");
        }
    }

    /// Work for `before`, then another request: what was done until there was nothing left to do.
    fn turn_away(&self, zoom: f64, before: TileKey, after: Duration, wanted: TileKey) -> Turn {
        self.request(zoom, vec![before]);
        std::thread::sleep(after);
        // What is done by now is not late.
        let was_done = self.arrived(before);
        let (start, wall) = (cpu_secs().unwrap(), Instant::now());
        self.request(zoom, vec![wanted]);
        let tiles = self.wait();
        assert!(tiles.contains(&wanted));
        let is_late = !was_done && before != wanted && tiles.contains(&before);
        Turn { cpu_secs: cpu_secs().unwrap() - start, wall_secs: wall.elapsed().as_secs_f64(), was_done, is_late }
    }

    /// Whether a tile is there already.
    fn arrived(&self, key: TileKey) -> bool {
        std::iter::from_fn(|| self.worker.poll())
            .any(|event| matches!(event, RenderEvent::Tile(tile) if tile.key == key))
    }
}

/// A wheel that goes on turning asks for another zoom of the same place again and again: it is encoded once. Where an
/// encoding takes less than the 50 ms between two notches this shows nothing.
fn what_the_new_view_needs_too_goes_on(stage: &Stage) {
    let zooms = [3.0, 3.3, 3.7, 4.1, 4.6, 5.2, 5.8, 6.4];
    // The tile around one source pixel, by its place in tiles of features.
    let tile = |zoom: f64, [x, y]: [f64; 2]| {
        let [column, row] = [x, y].map(|at| ((at + 0.5) * 128.0 * zoom) as usize / VIEW_TILE);
        stage.key(zoom, column, row, Source::NEURAL)
    };
    let secs = |zooms: &[f64], place: [f64; 2]| {
        let start = cpu_secs().unwrap();
        for zoom in zooms {
            stage.request(*zoom, vec![tile(*zoom, place)]);
            std::thread::sleep(Duration::from_millis(50));
        }
        assert!(stage.wait().contains(&tile(*zooms.last().unwrap(), place)));
        cpu_secs().unwrap() - start
    };
    let (once, turning) = (secs(&zooms[7..], [7.0, 5.0]), secs(&zooms, [9.0, 5.0]));
    println!("one zoom takes {once:.3} s, with seven others before it {turning:.3} s");
    assert!(turning <= 1.5 * once, "what was encoded for another zoom was thrown away");
}

#[test]
fn the_work_of_a_stale_view_stops() {
    if cpu_secs().is_none() {
        println!("skipped: this system does not tell the processor time of a process");
        return;
    }
    let model = LoadedModel::on_cpu(&Weights::builtin().unwrap(), Precision::F32).unwrap();
    let (picture, worker) = (Arc::new(textured(1500, 1100)), RenderWorker::start(|| {}).unwrap());
    let stage = Stage { requests: Cell::new(1), worker, picture, model: Arc::new(model) };
    let cores = std::thread::available_parallelism().map_or(1, usize::from) as f64;
    let (mut most_cpu, mut most_wall, mut left, mut late) = (0.0_f64, 0.0_f64, 0, 0);
    for (i, zoom) in [8.0, 2.0, 1.3, 30.0].into_iter().cycle().take(12).enumerate() {
        // Elsewhere each time, so that every trial begins with encoding and goes on to decoding.
        let tile = |source| stage.key(zoom, i % 4 + 1, i / 4 + 1, source);
        let after = Duration::from_millis(40 + 90 * (i as u64 % 5));
        let wanted = stage.key(zoom, 0, 0, Source::Bicubic);
        let turn = stage.turn_away(zoom, tile(Source::EXACT), after, wanted);
        (most_cpu, most_wall) = (most_cpu.max(turn.cpu_secs), most_wall.max(turn.wall_secs));
        (left, late) = (left + usize::from(!turn.was_done), late + usize::from(turn.is_late));
    }
    println!("at most {most_cpu:.3} s of {cores} cores, {most_wall:.3} s on the wall; {late} of {left} went on");
    assert!(left >= 4, "most views were finished before they were left: nothing is shown");
    // A tile may happen to be finished in the moment in which it is given up.
    assert!(late * 4 <= left, "{late} of {left} tiles were finished for a view that is gone");
    assert!(most_cpu <= MOST_SECS * cores, "{most_cpu:.3} s of processor time for a view that is gone");
    what_the_new_view_needs_too_goes_on(&stage);
    // Where the new view wants the same tile the work goes on, and is seen by this clock.
    let far = stage.key(2.0, 9, 9, Source::EXACT);
    let whole = stage.turn_away(2.0, far, Duration::ZERO, far).cpu_secs;
    println!("a tile with its features takes {whole:.3} s");
    assert!(whole > most_cpu, "the clock does not see work: {whole:.3} s");
    assert!(most_cpu <= MOST_OF_WHOLE * whole + 0.02, "{most_cpu:.3} s for a view that is gone, of {whole:.3} s");
}
