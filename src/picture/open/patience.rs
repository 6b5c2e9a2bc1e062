//! How long the opening of a file may take. Decoders cannot be stopped while they compute, so they work in a thread of their
//! own: whoever waits for one goes on when the time is over, or when nobody wants the picture any more. The thread is left
//! to itself then, and ends with its decoder or at its next look at the file.

use super::limit::{asked, number};
use crate::error::{Error, Result};
use crate::geometry::Size;
use crate::task::{Interrupt, Worker};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

/// The environment variable that says how many seconds any file may take.
const VARIABLE: &str = "ZOOMFIELD_MAX_OPENING_SECONDS";

/// What every file may take, be it small.
const AT_LEAST: Duration = Duration::from_secs(10);

/// What a million pixels add: some fifty times what decoders need for them.
const SECONDS_A_MEGAPIXEL: f64 = 1.0;

/// The longest time that can be asked for: a month.
const MOST_SECONDS: f64 = 2_592_000.0;

/// How often whoever waits looks whether the picture is still wanted.
const LOOK: Duration = Duration::from_millis(20);

/// What `work` gives, within the time that a file may take. It is asked for the picture's size once that is needed.
///
/// # Errors
/// [`Error::Cancelled`], and a sentence once the time is over.
pub(super) fn within_time<T: Send + 'static>(
    interrupt: Interrupt<'_>,
    size: impl FnOnce() -> Option<Size>,
    work: impl FnOnce(Interrupt<'_>) -> T + Send + 'static,
) -> Result<Result<T, String>> {
    // A thread of the pool that waits for another one, which needs the pool, could wait for ever.
    if rayon::current_thread_index().is_some() {
        return Ok(Ok(work(interrupt)));
    }
    in_a_thread(interrupt, size, work)
}

/// The same of work that does not need the pool of threads, and may be waited for by one of them.
pub(in crate::picture) fn in_a_thread<T: Send + 'static>(
    interrupt: Interrupt<'_>,
    size: impl FnOnce() -> Option<Size>,
    work: impl FnOnce(Interrupt<'_>) -> T + Send + 'static,
) -> Result<Result<T, String>> {
    wait_for(interrupt, Allowed::new(size), work)
}

/// A time that is known from the start, or depends on the picture's size.
struct Allowed<F> {
    now: Duration,
    size: Option<F>,
}

impl<F: FnOnce() -> Option<Size>> Allowed<F> {
    fn new(size: F) -> Self {
        match from_environment() {
            Ok(Some(asked)) => Self { now: asked, size: None },
            _ => Self { now: AT_LEAST, size: Some(size) },
        }
    }

    /// Whether so much time is more than is allowed.
    fn is_over(&mut self, spent: Duration) -> bool {
        if spent <= self.now {
            return false;
        }
        let pixels = self.size.take().and_then(|size| size()).map_or(0, Size::area);
        self.now += Duration::from_secs_f64((pixels as f64 / 1e6 * SECONDS_A_MEGAPIXEL).min(MOST_SECONDS));
        spent > self.now
    }
}

fn wait_for<T: Send + 'static>(
    interrupt: Interrupt<'_>,
    mut allowed: Allowed<impl FnOnce() -> Option<Size>>,
    work: impl FnOnce(Interrupt<'_>) -> T + Send + 'static,
) -> Result<Result<T, String>> {
    let is_given_up = Arc::new(AtomicBool::new(false));
    let stop = Arc::clone(&is_given_up);
    let (result, results) = sync_channel(1);
    let started = Instant::now();
    let worker = Worker::spawn("decoder", move || {
        // Nobody receives it once it was given up.
        let _ = result.send(work(&|| stop.load(Ordering::Relaxed)));
    });
    let worker = match worker {
        Ok(worker) => worker,
        Err(error) => return Ok(Err(format!("there is no thread to decode it in ({error})"))),
    };
    loop {
        match results.recv_timeout(LOOK) {
            Ok(outcome) => return Ok(Ok(outcome)),
            Err(RecvTimeoutError::Disconnected) => return Ok(Err(super::NOT_SURVIVED.into())),
            Err(RecvTimeoutError::Timeout) => {}
        }
        let (is_cancelled, is_over) = (interrupt(), allowed.is_over(started.elapsed()));
        if is_cancelled || is_over {
            is_given_up.store(true, Ordering::Relaxed);
            worker.detach();
            return if is_cancelled { Err(Error::Cancelled) } else { Ok(Err(refusal(allowed.now))) };
        }
    }
}

fn refusal(allowed: Duration) -> String {
    let (seconds, more) = (allowed.as_millis() as f64 / 1e3, (allowed.as_secs_f64() * 4.0).ceil());
    format!(
        "decoding it takes longer than {seconds} s, so it was given up: it is damaged, or made to keep a decoder busy; \
         if not, allow more time by {VARIABLE}={more}"
    )
}

/// The time that the environment allows; nothing if it says nothing.
///
/// # Errors
/// A sentence if what it says is no time.
pub fn from_environment() -> Result<Option<Duration>, String> {
    asked(VARIABLE, parse)
}

fn parse(text: &str) -> Result<Duration, String> {
    let range = format!("seconds above 0 and at most {MOST_SECONDS}, like 120");
    let seconds = number(text, |seconds| seconds > 0.0 && seconds <= MOST_SECONDS, (VARIABLE, &range))?;
    Ok(Duration::from_secs_f64(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::NEVER;

    fn until_stopped(stop: Interrupt<'_>) {
        while !stop() {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn allowed(now: Duration, size: Option<Size>) -> Allowed<impl FnOnce() -> Option<Size>> {
        Allowed { now, size: Some(move || size) }
    }

    #[test]
    fn what_takes_too_long_ends_in_a_sentence_and_is_told_to_stop() {
        let (ended, ends) = sync_channel(1);
        let work = move |stop: Interrupt<'_>| {
            until_stopped(stop);
            ended.send(()).unwrap();
        };
        let said = wait_for(NEVER, allowed(Duration::ZERO, None), work).unwrap().unwrap_err();
        assert!(said.contains("longer than 0 s") && said.contains(VARIABLE), "{said}");
        ends.recv().unwrap();
    }

    #[test]
    fn nobody_waits_for_a_picture_that_is_not_wanted() {
        let outcome = wait_for(&|| true, allowed(AT_LEAST, None), until_stopped);
        assert!(matches!(outcome, Err(Error::Cancelled)));
        assert!(matches!(wait_for(NEVER, allowed(AT_LEAST, None), |_| 7), Ok(Ok(7))));
    }

    #[test]
    fn a_thread_of_the_pool_does_not_wait_for_another() {
        let thread = || std::thread::current().name().map(str::to_owned);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let (own, its) = pool.install(|| (thread(), within_time(NEVER, || None, move |_| thread()).unwrap().unwrap()));
        assert_eq!(own, its);
        assert_ne!(within_time(NEVER, || None, move |_| thread()).unwrap().unwrap(), thread());
    }

    #[test]
    fn large_pictures_may_take_longer() {
        let mut small = allowed(AT_LEAST, Some(Size::new(10, 10)));
        assert!(!small.is_over(AT_LEAST) && small.is_over(AT_LEAST * 2));
        let mut large = allowed(AT_LEAST, Some(Size::new(4000, 6000)));
        assert!(!large.is_over(Duration::from_secs(34)) && large.is_over(Duration::from_secs(35)));
    }

    #[test]
    fn times_are_read_and_anything_else_is_named() {
        assert_eq!((parse("2"), parse("0.5")), (Ok(Duration::from_secs(2)), Ok(Duration::from_millis(500))));
        for wrong in ["0", "-1", "NaN", "inf", "2s", "1e9"] {
            assert!(parse(wrong).unwrap_err().contains(wrong), "{wrong}");
        }
    }
}
