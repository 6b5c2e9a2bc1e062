//! How pixels are made, as every command takes it that makes any. What a recipe learns to say gets its option here, and is
//! then part of exports, of their provenance and of evaluations.

use super::look::{Look, NamedModel};
use crate::recipe::{Recipe, Source, Stage, Strength};

/// A recipe, and the options that are short for parts of it.
#[derive(Clone, Copy, clap::Args)]
pub(super) struct LookArgs {
    /// How enlarged pixels are made: neural, neural:exact (the network at every pixel), neural:coarse (on a sparse lattice,
    /// sooner), bicubic or nearest (source pixels as squares); +strength:PERCENT behind it mixes the network's with bicubic.
    /// In place of neural, liif, live or photo choose that built-in model as well, and auto the live one that suits the
    /// picture: photo for one with noise or JPEG blocks. Without it exports are neural, and evaluations neural:exact.
    #[arg(long, value_name = "RECIPE")]
    look: Option<Look>,
    /// How much of the network's detail is in the result, in percent: 0 is bicubic. Short for +strength:PERCENT in --look.
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(super) strength: Option<u8>,
}

impl LookArgs {
    /// The recipe; out of `source` where no look is given.
    pub(super) fn recipe(self, source: Source) -> Recipe {
        let recipe = self.look.map_or(source.into(), |look| look.recipe);
        let stages = [self.strength.map(|percent| Stage::Strength(Strength::percent(percent)))];
        stages.into_iter().flatten().fold(recipe, Recipe::with)
    }

    /// The model that the look names.
    pub(super) fn model(self) -> Option<NamedModel> {
        self.look.and_then(|look| look.model)
    }
}
