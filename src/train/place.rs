//! A place in a picture that somebody watches while training goes on: by the first weights, and by those of now.

use super::event::TrainEvent;
use super::predict::Predictor;
use crate::decode::Sampling;
use crate::error::{Error, Result};
use crate::geometry::{Region, SampleGrid, Size};
use crate::picture::Picture;
use crate::raster::Raster;
use crate::task::Interrupt;
use crate::weights::Weights;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The largest image of a place, in pixels.
const MOST_PIXELS: usize = 512 * 512;

/// Time between two images of one place, at least.
const INTERVAL: Duration = Duration::from_secs(5);

/// The time that images of a place may take is this part of all time.
const SHARE: u32 = 20;

/// A rectangle of a picture, enlarged to so many pixels.
#[derive(Clone)]
pub struct Place {
    picture: Arc<Picture>,
    grid: SampleGrid,
}

impl Place {
    /// `region` (in source pixels) of `picture`, enlarged to `size`.
    ///
    /// # Errors
    /// [`Error::Request`] for a region outside the picture, one that is not enlarged, or an image of more than 512×512
    /// pixels (counted by area).
    pub fn new(picture: Arc<Picture>, region: Region, size: Size) -> Result<Self> {
        let refuse = |words: &str| Err(Error::Request(format!("this place cannot be watched: {words}")));
        if !region.is_inside(picture.size) {
            return refuse("it is not inside the picture");
        }
        if size.area() == 0 || size.area() > MOST_PIXELS {
            return refuse("its image has at least one and at most 512×512 pixels");
        }
        let grid = SampleGrid::spanning(region, size);
        if grid.is_reduction() {
            return refuse("only enlarged places look different by other weights; zoom in");
        }
        Ok(Self { picture, grid })
    }

    /// As people see it.
    fn show(&self, model: &Predictor, interrupt: Interrupt<'_>) -> Result<Raster> {
        let mut raster = model.predict(&self.picture, &self.grid, Sampling::Lattice, interrupt)?;
        self.picture.color.show(&mut raster);
        Ok(raster)
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.grid.size(), self.picture.name())
    }
}

/// Which place is watched, if any. Clones share the choice, so that it can be changed while training runs; the lock
/// inside is held for the length of a move.
#[derive(Clone, Debug, Default)]
pub struct PlaceChoice(Arc<Mutex<Choice>>);

#[derive(Debug, Default)]
struct Choice {
    /// Goes up with every choice.
    number: u64,
    place: Option<Place>,
}

impl PlaceChoice {
    /// Watches another place, or none.
    pub fn choose(&self, place: Option<Place>) {
        let mut choice = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        choice.number += 1;
        let before = std::mem::replace(&mut choice.place, place);
        drop(choice);
        // It may hold the last of a large picture.
        drop(before);
    }

    fn current(&self) -> (u64, Option<Place>) {
        let choice = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (choice.number, choice.place.clone())
    }
}

/// Makes the images.
pub(super) struct Watch {
    choice: PlaceChoice,
    /// Those that this training began with.
    first: Weights,
    shown: Option<Shown>,
}

/// The newest images of a place.
struct Shown {
    number: u64,
    step: u64,
    before: Arc<Raster>,
    /// When the next may be made.
    next: Instant,
}

impl Watch {
    pub(super) fn new(choice: PlaceChoice, first: Weights) -> Self {
        Self { choice, first, shown: None }
    }

    /// The chosen place after `step`, if it is due: at once after a choice, then as often as the share of time allows.
    ///
    /// # Errors
    /// [`Error::Cancelled`] if interrupted, or the device's own.
    pub(super) fn look(
        &mut self,
        step: u64,
        weights: &dyn Fn() -> Result<Weights>,
        interrupt: Interrupt<'_>,
    ) -> Result<Option<TrainEvent>> {
        let (number, place) = self.choice.current();
        let known = self.shown.as_ref().filter(|shown| shown.number == number);
        if known.is_some_and(|shown| shown.step == step || Instant::now() < shown.next) {
            return Ok(None);
        }
        let Some(place) = place else { return Ok(None) };
        let before = match known {
            Some(shown) => shown.before.clone(),
            None => Arc::new(place.show(&Predictor::new(&self.first)?, interrupt)?),
        };
        let start = Instant::now();
        let after = Arc::new(place.show(&Predictor::new(&weights()?)?, interrupt)?);
        let next = Instant::now() + INTERVAL.max(SHARE * start.elapsed());
        self.shown = Some(Shown { number, step, before: before.clone(), next });
        Ok(Some(TrainEvent::Place { step, before, after }))
    }
}
