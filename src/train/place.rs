//! A place in a picture that somebody watches while training goes on: by the first weights, and by those of now.

use super::event::TrainEvent;
use super::predict::Predictor;
use crate::error::{Error, Result};
use crate::feature::FeaturePrecision;
use crate::geometry::{Region, SampleGrid, Size};
use crate::key::EncoderId;
use crate::picture::Picture;
use crate::raster::Raster;
use crate::recipe::Sampling;
use crate::render::{FeatureStore, RenderOptions, Renderer};
use crate::task::Interrupt;
use crate::weights::Weights;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The largest image of a place, in pixels.
const MOST_PIXELS: usize = 512 * 512;

/// Memory for the features of a place: it lies on four feature tiles at most, of 4 MiB with the shipped encoder.
const FEATURE_BYTES: usize = 32 << 20;

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
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.grid.size(), self.picture.name())
    }
}

/// Which place is watched, if any. Clones share the choice, so that it can be changed while training runs; the lock
/// inside is held for the length of a move.
#[derive(Clone, Debug, Default)]
pub struct PlaceChoice {
    choice: Arc<Mutex<NumberedPlace>>,
    /// Where features of the place are looked up, and kept as long as the encoder is the same.
    features: FeatureStore,
}

#[derive(Debug, Default)]
struct NumberedPlace {
    /// Goes up with every choice.
    number: u64,
    place: Option<Place>,
}

impl PlaceChoice {
    /// No place yet; features are shared with others who look at the same picture.
    pub fn sharing(features: FeatureStore) -> Self {
        Self { features, ..Self::default() }
    }

    /// Watches another place, or none.
    pub fn choose(&self, place: Option<Place>) {
        let mut choice = self.choice.lock().unwrap_or_else(PoisonError::into_inner);
        choice.number += 1;
        let before = std::mem::replace(&mut choice.place, place);
        drop(choice);
        // It may hold the last of a large picture.
        drop(before);
    }

    fn current(&self) -> (u64, Option<Place>) {
        let choice = self.choice.lock().unwrap_or_else(PoisonError::into_inner);
        (choice.number, choice.place.clone())
    }
}

/// Makes the images.
pub(super) struct PlaceWatcher {
    choice: PlaceChoice,
    /// Those that this training began with.
    first: Weights,
    shared: SharedFeatures,
    shown: Option<ShownPlace>,
}

/// Features that come again: those of the encoder that this training began with, which it may have been told to leave as
/// it is.
struct SharedFeatures {
    encoder: EncoderId,
    renderer: Renderer,
}

impl SharedFeatures {
    /// A place as people see it.
    fn show(&mut self, place: &Place, model: &Predictor, interrupt: Interrupt<'_>) -> Result<Raster> {
        let Place { picture, grid } = place;
        let mut raster = if model.encoder() == self.encoder {
            model.predict_by(&mut self.renderer, picture, grid, Sampling::Lattice, interrupt)?
        } else {
            model.predict(picture, grid, Sampling::Lattice, interrupt)?
        };
        picture.color.show(&mut raster);
        Ok(raster)
    }
}

/// The newest images of a place.
struct ShownPlace {
    number: u64,
    step: u64,
    before: Arc<Raster>,
    /// When the next may be made.
    next: Instant,
}

impl PlaceWatcher {
    pub(super) fn new(choice: PlaceChoice, first: Weights) -> Self {
        // As `Predictor::predict`: a difference between two images is one of weights alone.
        let precision = FeaturePrecision::Single;
        let options = RenderOptions { feature_budget_bytes: FEATURE_BYTES, precision, ..RenderOptions::EXPORT };
        let renderer = Renderer::sharing(choice.features.clone(), options);
        let shared = SharedFeatures { encoder: first.encoder_id(), renderer };
        Self { choice, first, shared, shown: None }
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
            None => Arc::new(self.shared.show(&place, &Predictor::new(&self.first)?, interrupt)?),
        };
        let start = Instant::now();
        let after = Arc::new(self.shared.show(&place, &Predictor::new(&weights()?)?, interrupt)?);
        let next = Instant::now() + INTERVAL.max(SHARE * start.elapsed());
        self.shown = Some(ShownPlace { number, step, before: before.clone(), next });
        Ok(Some(TrainEvent::Place { step, before, after }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::NEVER;

    fn place() -> Place {
        let size = Size::new(60, 50);
        let picture = Picture::from_rgb8(size, (0..size.area() * 3).map(|i| (i * 7 % 251) as u8).collect());
        let region = Region { x: 10.0, y: 10.0, width: 20.0, height: 16.0 };
        Place::new(Arc::new(picture), region, Size::new(40, 32)).unwrap()
    }

    #[test]
    fn before_and_after_are_made_in_one_way() {
        let (place, first) = (place(), Weights::builtin().unwrap());
        let mut watch = PlaceWatcher::new(PlaceChoice::default(), first.clone());
        let model = Predictor::new(&first).unwrap();
        let kept = watch.shared.show(&place, &model, NEVER).unwrap();
        // The way of any other encoder's.
        let computed = model.predict(&place.picture, &place.grid, Sampling::Lattice, NEVER).unwrap();
        let most = kept.data.iter().zip(&computed.data).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(most < 2e-6, "{most}");
    }

    #[test]
    fn features_come_again_as_long_as_the_encoder_is_the_first_one() {
        let (place, size) = (place(), Size::new(60, 50));
        let (store, first) = (FeatureStore::default(), Weights::builtin().unwrap());
        let choice = PlaceChoice::sharing(store.clone());
        let mut watch = PlaceWatcher::new(choice.clone(), first.clone());
        let changed = |name: &str| {
            let mut arrays = first.arrays().clone();
            arrays.get_mut(name).unwrap().data[0] += 0.01;
            Weights::new(first.config().clone(), arrays).unwrap()
        };
        let mut kept = Vec::new();
        for now in [first.clone(), changed("imnet.layers.0.bias"), changed("encoder.head.0.bias")] {
            choice.choose(Some(place.clone()));
            let event = watch.look(1, &|| Ok(now.clone()), NEVER).unwrap();
            let Some(TrainEvent::Place { before, after, .. }) = event else { panic!("nothing was shown") };
            assert_eq!(before.data == after.data, now.id() == first.id());
            kept.push(store.used_bytes());
        }
        // One tile, the small picture; what another encoder makes of it is not kept.
        assert_eq!(kept, [size.area() * 64 * 4; 3]);
        drop(watch);
        assert_eq!(store.used_bytes(), 0);
    }
}
