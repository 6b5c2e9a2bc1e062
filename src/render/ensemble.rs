//! The function itself, or the mean of what a model makes of a picture and of the picture turned and mirrored.

use super::model::LoadedModel;
use super::sample;
use crate::decode::{KnownPoints, WindowQuery};
use crate::error::Result;
use crate::feature::FeatureTile;
use crate::geometry::{PixelRect, SampleGrid};
use crate::picture::Picture;
use crate::recipe::{Ensemble, Recipe, Sampling};
use crate::task::Interrupt;
use std::sync::Arc;

/// Which function.
#[derive(Clone, Copy)]
pub(super) struct Function<'a> {
    pub(super) picture: &'a Picture,
    pub(super) model: &'a LoadedModel,
    pub(super) ensemble: Ensemble,
    pub(super) sampling: Sampling,
    /// The pixel that the network is told, (y, x) in source pixels.
    pub(super) cell: [f64; 2],
    /// Its colours where they are known already, if it is the function of one model.
    pub(super) known: Option<KnownPoints<'a>>,
}

/// Finds the features of source pixels that a model makes.
pub(super) type FindFeatures<'a> = &'a dyn Fn(&LoadedModel, PixelRect) -> Result<Vec<Arc<FeatureTile>>>;

impl<'a> Function<'a> {
    /// The one that makes pixels of a recipe on `grid`; none if it is not the network that makes them.
    pub(super) fn of_recipe(
        picture: &'a Picture,
        model: &'a LoadedModel,
        grid: &SampleGrid,
        recipe: Recipe,
    ) -> Option<Self> {
        let (ensemble, cell) = (recipe.ensemble(), recipe.cell([grid.y.pitch, grid.x.pitch]));
        recipe.source().sampling().map(|sampling| Self { picture, model, ensemble, sampling, cell, known: None })
    }

    /// Colours at every point, `[points.y.len, points.x.len, 3]`, not clamped.
    ///
    /// # Errors
    /// [`crate::error::Error::Cancelled`] if interrupted, or as `features`.
    pub(super) fn colors(
        self,
        points: &SampleGrid,
        features: FindFeatures<'_>,
        interrupt: Interrupt<'_>,
    ) -> Result<Vec<f32>> {
        let others = self.model.others(self.ensemble.members() - 1)?;
        let mut sum: Option<Vec<f32>> = None;
        for member in std::iter::once(self.model).chain(others) {
            let colors = self.of(member, points, features, interrupt)?;
            match &mut sum {
                None => sum = Some(colors),
                Some(sum) => sum.iter_mut().zip(&colors).for_each(|(sum, value)| *sum += value),
            }
        }
        let (mut sum, share) = (sum.unwrap_or_default(), 1.0 / self.ensemble.members() as f32);
        if self.ensemble != Ensemble::One {
            for value in &mut sum {
                *value *= share;
            }
        }
        Ok(sum)
    }

    /// One member's colours at every point, as [`Self::colors`].
    ///
    /// # Errors
    /// As [`Self::colors`].
    pub(super) fn of(
        self,
        member: &LoadedModel,
        points: &SampleGrid,
        features: FindFeatures<'_>,
        interrupt: Interrupt<'_>,
    ) -> Result<Vec<f32>> {
        let size = self.picture.size;
        let features = features(member, sample::pixels_for(member, size, points, self.sampling))?;
        let window = sample::window(member, size, points, self.sampling, &features);
        let answers = self.known.map(|known| member.answers(known.values));
        let known = self.known.zip(answers.as_deref()).map(|(known, values)| KnownPoints { values, ..known });
        let query = WindowQuery { cell: self.cell, known, ..WindowQuery::new(&window, size, points, self.sampling) };
        Ok(member.unclamped(member.answer(query, interrupt)?, self.picture, points))
    }
}
