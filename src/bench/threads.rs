//! What every further thread is worth, on pieces as small as those of a view.

use super::stages::{self, Prepared};
use super::{BenchStage, Measurement, middle};
use crate::error::{Error, Result};
use crate::geometry::{FEATURE_TILE, PixelRect, VIEW_TILE};
use crate::kernel::Precision;
use crate::picture::Picture;
use crate::render::LoadedModel;
use crate::weights::Weights;
use rayon::ThreadPool;
use std::time::{Duration, Instant};

/// Source pixels along a side of a view's tile at ×4.
const UNDER_A_TILE: usize = VIEW_TILE / 4;

/// Tiles of a view of 1280×800.
const TILES_OF_A_VIEW: usize = 1280 / VIEW_TILE * 800_usize.div_ceil(VIEW_TILE);

/// The least that is measured of one thing on so many threads, in all its runs.
const LEAST: Duration = Duration::from_millis(500);

/// How many rounds there are at least, and at most.
const ROUNDS: [usize; 2] = [7, 200];

/// Large products, one to a thread: what the machine itself gives for every further thread, to hold the rest against. On a machine
/// that others use too that changes from minute to minute.
pub(super) fn products(report: &mut impl FnMut(&Measurement)) -> Result<()> {
    compare(|threads| Ok((stages::products(), threads as f64)), report)
}

/// Encodes four feature tiles with their halo, and decodes a tile of a view, or all of one where that takes no time. On 1, 2, 4,
/// … threads up to as many as there are; each measurement tells how many times as fast as one thread that was.
pub(super) fn run(weights: &Weights, picture: &Picture, report: &mut impl FnMut(&Measurement)) -> Result<()> {
    let precision = Precision::F32;
    let model = LoadedModel::on_cpu(weights, precision)?;
    let side = 2 * FEATURE_TILE + 2 * model.config.encoder.radius();
    let size = picture.size;
    let rect = PixelRect { x: 0, y: 0, width: side.min(size.width), height: side.min(size.height) };
    let under_a_tile = stages::cut(
        picture,
        PixelRect { width: UNDER_A_TILE.min(rect.width), height: UNDER_A_TILE.min(rect.height), ..rect },
    );
    let tiles = if model.is_instant() { TILES_OF_A_VIEW } else { 1 };
    compare(|_| Ok((stages::encoding(&model, picture, rect, precision), 1.0)), report)?;
    compare(|_| Ok((stages::decoding(&model, &under_a_tile, precision, VIEW_TILE, tiles)?, 1.0)), report)
}

/// Threads with what they do over and over, and how many times the work of one thread alone that is.
struct Contender<'a> {
    pool: ThreadPool,
    stage: BenchStage,
    work: Box<dyn FnMut() -> Result<()> + Send + 'a>,
    share: f64,
    secs: Vec<f64>,
}

/// The same work on 1, 2, 4, … threads, turn by turn, so that a busy minute meets all alike. What a thread is worth is the
/// median over the rounds.
fn compare<'a>(
    prepare: impl Fn(usize) -> Result<(Prepared<'a>, f64)> + Sync,
    report: &mut impl FnMut(&Measurement),
) -> Result<()> {
    let mut contenders = Vec::new();
    for threads in counts(rayon::current_num_threads()) {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool.map_err(|error| Error::device(format!("the system has no thread to give: {error}")))?;
        let ((stage, mut work), share) = pool.install(|| prepare(threads))?;
        pool.install(&mut work)?;
        contenders.push(Contender { pool, stage, work, share, secs: Vec::new() });
    }
    let begin = Instant::now();
    for round in 0..ROUNDS[1] {
        if round >= ROUNDS[0] && begin.elapsed() >= LEAST * contenders.len() as u32 {
            break;
        }
        for Contender { pool, work, secs, .. } in &mut contenders {
            secs.push(pool.install(|| {
                let start = Instant::now();
                work().map(|()| start.elapsed().as_secs_f64())
            })?);
        }
    }
    let alone = contenders[0].secs.clone();
    for Contender { pool, stage, share, secs, .. } in contenders {
        let gains = alone.iter().zip(&secs).map(|(alone, secs)| share * alone / secs).collect();
        let measurement = pool.install(|| stage.took(middle(secs)));
        report(&Measurement { times_one_thread: Some(middle(gains)), ..measurement });
    }
    Ok(())
}

/// 1, 2, 4, … and `most`.
fn counts(most: usize) -> Vec<usize> {
    let doubled = std::iter::successors(Some(1), |n| Some(2 * n)).take_while(|n| *n < most);
    doubled.chain([most]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_are_doubled_up_to_all_of_them() {
        assert_eq!(counts(1), [1]);
        assert_eq!(counts(2), [1, 2]);
        assert_eq!(counts(12), [1, 2, 4, 8, 12]);
    }
}
