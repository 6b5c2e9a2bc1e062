//! What the window asks of the threads behind the view, and what they answer.

use super::model::LoadedModel;
use super::renderer::features_for;
use super::schedule::TilePart;
#[cfg(feature = "gpu")]
use crate::decode::FieldCells;
use crate::geometry::{MipTile, PixelRect, View};
use crate::key::{DecodedBy, EncodedBy, PictureId, TileKey};
#[cfg(feature = "gpu")]
use crate::picture::MipPixels;
use crate::picture::Picture;
use crate::recipe::Source;
use std::sync::Arc;

/// What the window wants to see.
#[derive(Clone)]
pub struct ViewRequest {
    /// Its name, larger than those before, which comes back with [`RenderEvent::Finished`].
    pub number: u64,
    /// Of which picture.
    pub picture: Arc<Picture>,
    /// The models that the wanted tiles name. None while they are being loaded.
    pub models: Vec<Arc<LoadedModel>>,
    /// The snapped view; the tiles' grid follows from its zoom.
    pub view: View,
    /// The tiles, or parts of them, that are missing on the screen, in any order.
    pub wanted: Vec<TilePart>,
    /// Parts of tiles that will be wanted soon: while a view is still changing its features are encoded.
    pub likely: Vec<TilePart>,
    /// What the canvas needs to draw by itself.
    pub fields: FieldRequest,
    /// The output pixel that matters most, (x, y): what is nearest to it comes first.
    pub focus_in_output: [f64; 2],
    /// Memory for features.
    pub feature_budget_bytes: usize,
}

impl ViewRequest {
    pub(super) fn model_of(&self, key: &TileKey) -> Option<&LoadedModel> {
        self.models.iter().find(|model| Some(model.key()) == key.model).map(Arc::as_ref)
    }

    /// Whether a live network makes a part of a tile.
    pub(super) fn is_live(&self, part: &TilePart) -> bool {
        self.model_of(&part.key).is_some_and(LoadedModel::is_live)
    }

    /// The pass that a part of a tile belongs to, rough ones first: a live network's pixels stand in for a larger one's.
    pub(super) fn rank(&self, part: &TilePart) -> u8 {
        let source = if self.is_live(part) { Source::COARSE } else { part.key.recipe.source() };
        source.rank()
    }

    /// Whether a live network has something to do for the view: nothing else may keep it waiting.
    pub(super) fn wants_live(&self) -> bool {
        let mut parts = self.wanted.iter().chain(&self.likely);
        !self.fields.view.is_empty() || parts.any(|part| self.is_live(part))
    }

    /// What makes the fields.
    #[cfg(feature = "gpu")]
    pub(super) fn field_model(&self) -> Option<&Arc<LoadedModel>> {
        self.models.iter().find(|model| Some(model.key()) == self.fields.by)
    }

    /// The feature tiles, counted in tiles, that a part of a tile needs.
    pub(super) fn features_for(&self, part: &TilePart) -> Option<PixelRect> {
        features_for(self.model_of(&part.key)?, self.picture.size, &self.view.grid_of(part.rect), part.key.recipe)
    }
}

/// What is missing on the canvas's device, what matters most first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FieldRequest {
    /// The live network, one of the request's models.
    pub by: Option<DecodedBy>,
    /// Feature tiles (column, row) whose fields the view reads: before any tile of a network.
    pub view: Vec<(usize, usize)>,
    /// Those around it: after what live networks do for the view, before what larger ones do.
    pub ahead: Vec<(usize, usize)>,
    /// Tiles of the source's mip levels: before any other tile of the source.
    pub source: Vec<MipTile>,
}

impl FieldRequest {
    /// Whether nothing is missing.
    pub fn is_empty(&self) -> bool {
        self.view.is_empty() && self.ahead.is_empty() && self.source.is_empty()
    }
}

/// The field of a feature tile, for the canvas to draw.
#[cfg(feature = "gpu")]
pub struct RenderedField {
    /// Of which picture.
    pub picture: PictureId,
    /// By what.
    pub by: DecodedBy,
    /// Its cells.
    pub cells: FieldCells,
}

/// Tiles of the source's mip levels, for the canvas to draw.
#[cfg(feature = "gpu")]
pub struct RenderedSource {
    /// Of which picture.
    pub picture: PictureId,
    /// The tiles.
    pub tiles: Vec<MipPixels>,
}

/// A finished tile.
pub struct RenderedTile {
    /// Its name.
    pub key: TileKey,
    /// The output pixels that are there, at its zoom: all of it or a part.
    pub rect: PixelRect,
    /// Straight (not premultiplied) RGBA, 8 bits each.
    pub rgba: Vec<u8>,
    /// Whether it is known to have no transparency.
    pub is_opaque: bool,
    /// How long it took to make, encoding included, in seconds.
    pub render_secs: f64,
}

/// Which features of the picture in view are ready.
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureReport {
    /// Of which picture.
    pub picture: PictureId,
    /// By what.
    pub by: EncodedBy,
    /// Their columns and rows, in ascending order.
    pub tiles: Vec<(usize, usize)>,
    /// Memory that all features take, those of other pictures and models included.
    pub used_bytes: usize,
}

/// What the worker has to say.
pub enum RenderEvent {
    /// A tile is ready.
    Tile(RenderedTile),
    /// The field of a feature tile is ready.
    #[cfg(feature = "gpu")]
    Field(RenderedField),
    /// Tiles of the source are ready.
    #[cfg(feature = "gpu")]
    Source(RenderedSource),
    /// Features were encoded or let go.
    Features(FeatureReport),
    /// All tiles of the request of this number were sent.
    Finished(u64),
    /// A request cannot be rendered.
    Failed {
        /// Its number.
        number: u64,
        /// Why, in a sentence.
        reason: String,
    },
}
