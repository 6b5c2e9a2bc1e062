//! Batches, made ahead of the steps by threads of their own.
//!
//! What is in a batch follows from the hyperparameters's seed and the batch's number alone: threads take turns, nothing depends
//! on their speed, and a resumed training goes on with the batch that comes next.

use super::batch::Batch;
use super::config::Hyperparameters;
use super::dataset::{Dataset, PictureFile};
use super::random::Random;
use super::sampler;
use crate::error::{Error, Result};
use crate::task::{Gate, Worker};
use crate::weights::Normalization;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Threads that make batches; with one picture a step and huge files, reading is what they wait for.
const THREADS: u64 = 2;

/// Batches that each thread is ahead.
const AHEAD: usize = 2;

/// A batch, and what went wrong while it was made.
pub(super) struct Delivery {
    pub(super) batch: Batch,
    pub(super) warnings: Vec<String>,
}

/// What batches are made of.
struct Maker {
    dataset: Arc<Dataset>,
    hyperparameters: Hyperparameters,
    normalization: Normalization,
    /// Passed before every sample.
    gate: Gate,
}

/// Delivers batches in the order of their numbers.
pub(super) struct Loader {
    // Closing these ends the workers: they come first.
    receivers: Vec<Receiver<Result<Delivery>>>,
    _workers: Vec<Worker>,
    next: u64,
    gate: Gate,
}

impl Loader {
    /// Starts with batch number `first`. Pausing `gate` holds the threads; dropping the loader stops it.
    ///
    /// # Errors
    /// [`Error::Device`] if the system has no threads to give.
    pub(super) fn start(
        dataset: Arc<Dataset>,
        hyperparameters: &Hyperparameters,
        normalization: Normalization,
        first: u64,
        gate: &Gate,
    ) -> Result<Self> {
        let (mut receivers, mut workers) = (Vec::new(), Vec::new());
        for turn in 0..THREADS {
            let (sender, receiver) = sync_channel(AHEAD);
            let (dataset, hyperparameters, gate) = (dataset.clone(), hyperparameters.clone(), gate.clone());
            let maker = Maker { dataset, hyperparameters, normalization, gate };
            let work = move || deliver(&maker, first + turn, &sender);
            let worker = Worker::spawn("loader", move || on_one_thread(work));
            workers.push(worker.map_err(|error| Error::device(format!("no thread for reading pictures: {error}")))?);
            receivers.push(receiver);
        }
        Ok(Self { receivers, _workers: workers, next: 0, gate: gate.clone() })
    }

    /// The next batch.
    ///
    /// # Errors
    /// [`Error::Dataset`] if no picture can be read any more, [`Error::Cancelled`] if the gate was stopped.
    pub(super) fn next(&mut self) -> Result<Delivery> {
        let turn = (self.next % THREADS) as usize;
        self.next += 1;
        self.receivers[turn].recv().map_err(|_| Error::device("the thread that reads pictures ended unexpectedly"))?
    }
}

impl Drop for Loader {
    /// A thread that waits at a paused gate could not be joined.
    fn drop(&mut self) {
        self.gate.stop();
    }
}

/// Reducing patches would otherwise spread over all processors, which are busy with the step.
fn on_one_thread(work: impl FnOnce() + Send) {
    match rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build() {
        Ok(pool) => pool.install(work),
        Err(_) => work(),
    }
}

/// Every second batch from `first` on, until nobody listens.
fn deliver(maker: &Maker, first: u64, sender: &SyncSender<Result<Delivery>>) {
    for number in (first..).step_by(THREADS as usize) {
        let delivery = maker.make(number);
        let is_last = delivery.is_err();
        if sender.send(delivery).is_err() || is_last {
            return;
        }
    }
}

impl Maker {
    /// Batch `number`. A picture that cannot be read is replaced by the next.
    fn make(&self, number: u64) -> Result<Delivery> {
        let Self { hyperparameters, dataset, .. } = self;
        let sources = &dataset.trained_on;
        let mut warnings = Vec::new();
        let mut samples = Vec::with_capacity(hyperparameters.batch);
        let again = hyperparameters.repeat_batches.map(|count| number % count.max(1));
        let pictures = again.unwrap_or(number);
        let mut random = Random::of(&[hyperparameters.seed, pictures]);
        for i in 0..hyperparameters.batch as u64 {
            self.gate.pass()?;
            let wanted = place(hyperparameters.seed, pictures * hyperparameters.batch as u64 + i, sources.len());
            let candidates = (0..sources.len()).map(|skip| &sources[(wanted + skip) % sources.len()]);
            let mut candidates = candidates.filter(|source| source.is_usable());
            let found = candidates.find_map(|source: &PictureFile| {
                let loaded = dataset.load(source, &|| self.gate.pass().is_err());
                loaded.map_err(|reason| warnings.extend(reason)).ok().map(|picture| (picture, source.rank))
            });
            self.gate.pass()?;
            let (picture, rank) = found.ok_or_else(|| dataset.none_left())?;
            samples.push(sampler::sample(hyperparameters, &picture, rank, true, &mut random));
        }
        if again.is_some() {
            // Small pictures that come again are queried at other pixels.
            random = Random::of(&[hyperparameters.seed, number, 0x6167_6169]);
        }
        let batch = sampler::batch(hyperparameters, &samples, &self.normalization, &mut random);
        Ok(Delivery { batch: Batch { again, ..batch }, warnings })
    }
}

/// Which of `n` pictures is the `item`-th: every picture once, in an order that is new each time around.
fn place(seed: u64, item: u64, n: usize) -> usize {
    let (round, index) = (item / n as u64, (item % n as u64) as usize);
    Random::of(&[seed, round, 0x6f72_6465]).choose(n, index + 1)[index] as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_picture_comes_once_a_round_in_a_new_order() {
        let round = |number: u64| (0..20).map(|i| place(9, number * 20 + i, 20)).collect::<Vec<_>>();
        for number in 0..3 {
            let mut sorted = round(number);
            sorted.sort_unstable();
            assert_eq!(sorted, (0..20).collect::<Vec<_>>());
        }
        assert_ne!(round(0), round(1));
        assert_eq!(round(1), round(1));
    }
}
