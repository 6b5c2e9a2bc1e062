//! What every further thread is worth, on pieces as small as those of a view.

use super::{Measurement, stages};
use crate::error::{Error, Result};
use crate::geometry::{FEATURE_TILE, PixelRect, VIEW_TILE};
use crate::kernel::Precision;
use crate::picture::Picture;
use crate::render::LoadedModel;
use crate::weights::Weights;

/// Source pixels along a side of a view's tile at ×4.
const UNDER_A_TILE: usize = VIEW_TILE / 4;

/// Large products, one to a thread: what the machine itself gives for every further thread, to hold the rest against. On a machine
/// that others use too that changes from minute to minute.
pub(super) fn products(report: &mut impl FnMut(&Measurement)) -> Result<()> {
    let mut alone = None;
    for threads in counts(rayon::current_num_threads()) {
        let measurement = on(threads, stages::product)??;
        let secs = measurement.secs / threads as f64;
        report(&Measurement { times_one_thread: Some(*alone.get_or_insert(secs) / secs), ..measurement });
    }
    Ok(())
}

/// `work` on so many threads.
fn on<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> Result<T> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|error| Error::device(format!("the system has no thread to give: {error}")))?;
    Ok(pool.install(work))
}

/// Encodes four feature tiles with their halo, and decodes a tile of a view, on 1, 2, 4, … threads up to as many as there are.
/// Each measurement tells how many times as fast as one thread that was.
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
    let mut alone: Option<[f64; 2]> = None;
    for threads in counts(rayon::current_num_threads()) {
        let [encoding, decoding] = on(threads, || {
            let encoding = stages::encode_rect(&model, picture, rect, precision);
            [encoding, stages::decode(&model, &under_a_tile, precision, VIEW_TILE)]
        })?;
        let measured = [encoding?, decoding?];
        let first = *alone.get_or_insert([measured[0].secs, measured[1].secs]);
        for (measurement, first) in measured.into_iter().zip(first) {
            report(&Measurement { times_one_thread: Some(first / measurement.secs), ..measurement });
        }
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
