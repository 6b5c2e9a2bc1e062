//! The invention map: where and how much the shown picture is the network's own, in distances between colours.
//!
//! It is computed of the function and nothing else, sample by sample, so that every window and every band of an export see
//! parts of one map:
//!
//! ```text
//! departure     ΔE(shown, bicubic)                    what the recipe shows against what interpolation would
//! disagreement  √(1/8 Σ ΔE(member, mean)²)            what the network makes of the picture turned and mirrored, turned back
//! ```
//!
//! The members are those of the geometric self-ensemble ([`LoadedModel::others`]), as the network answers: neither locked nor
//! mixed, whatever the recipe does to them. ΔE is CIE 1976 ([`crate::metrics::color_distance`]) of colours on the screen;
//! both are multiplied by opacity, since nobody sees more.

use super::ensemble::Function;
use super::map_scale::invention_color;
use super::model::LoadedModel;
use super::renderer::{Renderer, features_for};
use super::source::render_source;
use crate::error::{Error, Result};
use crate::geometry::{SampleGrid, Size};
use crate::metrics::{color_distance, lab_of_srgb};
use crate::picture::{Picture, Raster};
use crate::recipe::{Ensemble, Recipe, Source, Stage, Strength};
use crate::task::Interrupt;
use rayon::prelude::*;
use std::fmt;
use std::str::FromStr;

/// Members of the ensemble whose answers are compared.
const MEMBERS: usize = Ensemble::Eight.members();

/// Samples whose colours are converted together.
const TOGETHER: usize = 1 << 12;

/// What the map shows of every sample.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InventionLayer {
    /// How far the shown colour is from the bicubic one.
    Departure,
    /// How far the eight answers are from their mean.
    Disagreement,
    /// Both: the root of the sum of their squares.
    #[default]
    Both,
}

impl InventionLayer {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Both, Self::Departure, Self::Disagreement];
}

impl fmt::Display for InventionLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Departure => "departure",
            Self::Disagreement => "disagreement",
            Self::Both => "both",
        })
    }
}

impl FromStr for InventionLayer {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let named = Self::ALL.into_iter().find(|it| it.to_string() == text);
        named.ok_or_else(|| format!("`{text}` is nothing that the map shows; choose departure, disagreement or both"))
    }
}

/// The map over a grid of samples. Values are distances ΔE*ab, from 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Invention {
    /// Samples along its sides.
    pub size: Size,
    /// `height * width` distances between the shown picture and the bicubic one.
    pub departure: Vec<f32>,
    /// `height * width` root mean square distances of the eight members from their mean.
    pub disagreement: Vec<f32>,
}

impl Invention {
    /// Nothing is invented.
    fn none(size: Size) -> Self {
        Self { size, departure: vec![0.0; size.area()], disagreement: vec![0.0; size.area()] }
    }

    /// A layer in the colours of the map, 3 channels.
    pub fn colors(&self, layer: InventionLayer) -> Raster {
        let data = self.layer(layer).into_iter().flat_map(invention_color).collect();
        Raster { size: self.size, channels: 3, data }
    }

    /// `height * width` values of a layer, in ΔE*ab.
    pub fn layer(&self, layer: InventionLayer) -> Vec<f32> {
        match layer {
            InventionLayer::Departure => self.departure.clone(),
            InventionLayer::Disagreement => self.disagreement.clone(),
            InventionLayer::Both => self.departure.iter().zip(&self.disagreement).map(|(a, b)| a.hypot(*b)).collect(),
        }
    }
}

/// The recipe by which a member's features are encoded for the map.
fn plain(recipe: Recipe) -> Recipe {
    recipe.plain().with(Stage::Strength(Strength::FULL))
}

impl Renderer {
    /// The invention map of a picture on `grid`, of what `recipe` shows there. Zero where the network makes no pixels.
    ///
    /// # Errors
    /// As [`Self::render`].
    pub fn invention(
        &mut self,
        picture: &Picture,
        model: &LoadedModel,
        grid: &SampleGrid,
        recipe: Recipe,
        interrupt: Interrupt<'_>,
    ) -> Result<Invention> {
        let function = Function::of_recipe(picture, model, grid, recipe).filter(|_| model.makes(grid, recipe));
        let Some(function) = function else { return Ok(Invention::none(grid.size())) };
        let shown = self.render(picture, model, grid, recipe, interrupt)?;
        let opacity: Option<Vec<f32>> =
            (shown.channels == 4).then(|| shown.data.iter().skip(3).step_by(4).copied().collect());
        let bicubic = render_source(picture, grid, Source::Bicubic);
        let [shown, bicubic] = [shown, bicubic].map(|raster| lab(picture, raster));
        let mut departure = distances(&shown, &bicubic);
        let find = |member: &LoadedModel, pixels| self.find(picture, member, pixels, interrupt);
        let mut spread = Spread::new(grid.size());
        for member in std::iter::once(model).chain(model.others(MEMBERS - 1)?) {
            if interrupt() {
                return Err(Error::Cancelled);
            }
            let data = function.of(member, grid, &find, interrupt)?;
            spread.add(&lab(picture, Raster { size: grid.size(), channels: 3, data }));
        }
        let mut disagreement = spread.root_mean_squares();
        for layer in [&mut departure, &mut disagreement] {
            layer.iter_mut().zip(opacity.iter().flatten()).for_each(|(value, opacity)| *value *= opacity);
        }
        Ok(Invention { size: grid.size(), departure, disagreement })
    }

    /// Encodes what the map of `grid` takes and is not there yet, of every member, in as few blocks as possible.
    ///
    /// # Errors
    /// As [`Self::render`].
    pub fn encode_for_invention(
        &mut self,
        picture: &Picture,
        model: &LoadedModel,
        grid: &SampleGrid,
        recipe: Recipe,
        interrupt: Interrupt<'_>,
    ) -> Result<()> {
        self.encode_for(picture, model, grid, recipe, interrupt)?;
        for member in model.others(MEMBERS - 1)? {
            self.encode_for(picture, member, grid, plain(recipe), interrupt)?;
        }
        Ok(())
    }
}

impl Renderer {
    /// Encodes what the map of `needed` takes of every member, together with more of what `view` takes, in few blocks.
    ///
    /// # Errors
    /// As [`Self::render`].
    pub(super) fn encode_map_around(
        &self,
        picture: &Picture,
        model: &LoadedModel,
        (needed, view): (&SampleGrid, &[SampleGrid]),
        recipe: Recipe,
        interrupt: Interrupt<'_>,
    ) -> Result<()> {
        let others = model.others(MEMBERS - 1)?.iter().map(|member| (member, plain(recipe)));
        for (member, recipe) in std::iter::once((model, recipe)).chain(others) {
            let tiles = |grid: &SampleGrid| features_for(member, picture.size, grid, recipe);
            let Some(needed) = tiles(needed) else { continue };
            self.encode_around(picture, member, [needed; 2], view.iter().filter_map(tiles), &|_| interrupt())?;
        }
        Ok(())
    }
}

/// Colours of rendered ones, (L*, a*, b*). Opacity is left out.
fn lab(picture: &Picture, mut raster: Raster) -> Vec<[f32; 3]> {
    raster.data.iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
    picture.color.convert_to_srgb(&mut raster);
    let pixels = raster.data.par_chunks_exact(raster.channels).with_min_len(TOGETHER);
    pixels.map(|pixel| lab_of_srgb([pixel[0], pixel[1], pixel[2]])).collect()
}

fn distances(a: &[[f32; 3]], b: &[[f32; 3]]) -> Vec<f32> {
    a.iter().zip(b).map(|(a, b)| color_distance(*a, *b)).collect()
}

/// Mean and squared distances from it, of colours that come one after the other (Welford, 1962).
struct Spread {
    count: u16,
    means: Vec<[f32; 3]>,
    squares: Vec<f32>,
}

impl Spread {
    fn new(size: Size) -> Self {
        Self { count: 0, means: vec![[0.0; 3]; size.area()], squares: vec![0.0; size.area()] }
    }

    fn add(&mut self, colors: &[[f32; 3]]) {
        self.count += 1;
        let share = 1.0 / f32::from(self.count);
        for ((mean, square), color) in self.means.iter_mut().zip(&mut self.squares).zip(colors) {
            for c in 0..3 {
                let off = color[c] - mean[c];
                mean[c] += off * share;
                *square += off * (color[c] - mean[c]);
            }
        }
    }

    fn root_mean_squares(self) -> Vec<f32> {
        let count = f32::from(self.count.max(1));
        self.squares.into_iter().map(|square| (square.max(0.0) / count).sqrt()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spread_is_that_of_the_definition() {
        let colors = [[1.0, -2.0, 3.0], [2.5, 0.0, 3.0], [90.0, 7.0, -30.0], [91.0, 7.5, -29.0_f32]];
        let mut spread = Spread::new(Size::new(1, 1));
        for color in &colors {
            spread.add(&[*color]);
        }
        let mean: [f32; 3] = std::array::from_fn(|c| colors.iter().map(|color| color[c]).sum::<f32>() / 4.0);
        let expected = (colors.iter().map(|color| color_distance(*color, mean).powi(2)).sum::<f32>() / 4.0).sqrt();
        assert!((spread.root_mean_squares()[0] - expected).abs() < 1e-4);
        let mut same = Spread::new(Size::new(1, 1));
        (0..8).for_each(|_| same.add(&[colors[2]]));
        assert_eq!(same.root_mean_squares(), [0.0]);
    }
}
