//! The pieces of work that the network's thread does between two looks at its mailbox.

use super::model::LoadedModel;
use super::renderer::{Renderer, features_for};
#[cfg(feature = "gpu")]
use super::request::RenderedField;
use super::request::{RenderEvent, RenderedTile, ViewRequest};
use super::schedule::{self, TilePart};
use crate::error::Result;
use crate::feature::FeaturePrecision;
use crate::geometry::PixelRect;
use crate::picture::Raster;
use crate::task::Mailbox;
use rayon::prelude::*;
use std::time::Instant;

/// Tiles of a field for each thread before the worker looks up: a few milliseconds of work, beside which waking the threads is
/// little.
pub const TILES_PER_THREAD: usize = 16;

/// What has become of a unit of work: something to show or nothing, an error, or a panic.
pub(super) type UnitResult = std::thread::Result<Result<Option<RenderEvent>>>;

/// Does units at the same time. Of the time that all took, each tile has taken its share by area.
pub(super) fn side_by_side(units: Vec<Unit>, work: impl Fn(Unit) -> UnitResult + Sync + Send) -> Vec<UnitResult> {
    let started = Instant::now();
    let mut results: Vec<_> = units.into_par_iter().map(work).collect();
    let secs = started.elapsed().as_secs_f64();
    let area = |result: &UnitResult| match result {
        Ok(Ok(Some(RenderEvent::Tile(tile)))) => tile.rect.area(),
        _ => 0,
    };
    let all: usize = results.iter().map(area).sum();
    for result in &mut results {
        if let Ok(Ok(Some(RenderEvent::Tile(tile)))) = result {
            tile.render_secs = secs * tile.rect.area() as f64 / all as f64;
        }
    }
    results
}

/// A piece of work after which the thread looks up.
#[derive(Clone, Copy)]
pub(super) enum Unit {
    /// Pixels that are missing on the screen.
    Render(TilePart),
    /// Features alone.
    Encode(TilePart),
    /// The field of a feature tile (column, row).
    #[cfg(feature = "gpu")]
    Field((usize, usize)),
}

/// The next units of a request, which are taken off its lists: one, or as many tiles as the threads make of a field in a
/// few milliseconds, each on one of them. What live networks do comes before what larger ones refine.
pub(super) fn take_units(renderer: &Renderer, request: &mut ViewRequest) -> Option<Vec<Unit>> {
    let order: [fn(&Renderer, &mut ViewRequest) -> Vec<Unit>; 4] = [
        |renderer, request| take_fields(renderer, request, false),
        |renderer, request| take_tiles(renderer, request, true),
        |renderer, request| take_fields(renderer, request, true),
        |renderer, request| take_tiles(renderer, request, false),
    ];
    order.into_iter().map(|take| take(renderer, request)).find(|units| !units.is_empty())
}

/// Fields of the view, or around it: one that must be encoded, or some whose features are there.
#[cfg(feature = "gpu")]
fn take_fields(renderer: &Renderer, request: &mut ViewRequest, ahead: bool) -> Vec<Unit> {
    let Some(model) = request.field_model().cloned() else { return Vec::new() };
    let places = if ahead { &mut request.fields.ahead } else { &mut request.fields.view };
    let most = TILES_PER_THREAD * rayon::current_num_threads();
    let is_ready = |place: &&(usize, usize)| renderer.has_features(request.picture.id, &model, **place);
    let ready = places.iter().take(most).take_while(is_ready).count();
    places.drain(..ready.max(1).min(places.len())).map(Unit::Field).collect()
}

#[cfg(not(feature = "gpu"))]
fn take_fields(_: &Renderer, _: &mut ViewRequest, _: bool) -> Vec<Unit> {
    Vec::new()
}

/// Tiles, or those of live networks alone.
fn take_tiles(renderer: &Renderer, request: &mut ViewRequest, are_live: bool) -> Vec<Unit> {
    if are_live && !request.wants_live() {
        return Vec::new();
    }
    let is_ready = |part: &TilePart| {
        let Some(model) = request.model_of(&part.key) else { return true };
        renderer.is_ready(&request.picture, model, &request.view.grid_of(part.rect), part.key.recipe)
    };
    let is_quick = |part: &TilePart| request.model_of(&part.key).is_some_and(LoadedModel::is_instant) && is_ready(part);
    let most = TILES_PER_THREAD * rayon::current_num_threads();
    let rank = |part: &TilePart| request.rank(part);
    let order = schedule::first(&request.wanted, request.focus_in_output, rank, is_ready, most);
    let mut parts: Vec<TilePart> = order.into_iter().map(|at| request.wanted[at]).collect();
    parts.retain(|part| !are_live || request.is_live(part));
    let quick = parts.iter().take_while(|part| is_quick(part)).count();
    parts.truncate(quick.max(1));
    request.wanted.retain(|part| !parts.contains(part));
    let mut units: Vec<Unit> = parts.into_iter().map(Unit::Render).collect();
    if units.is_empty() {
        units.extend(request.likely.pop().map(Unit::Encode));
    }
    units
}

/// Encodes what a part of a tile needs and, if its pixels are wanted, renders it; nothing while its model is missing.
/// `focus` are the feature tiles that the request needed first.
pub(super) fn do_unit(
    renderer: &Renderer,
    request: &ViewRequest,
    unit: Unit,
    focus: Option<PixelRect>,
    inbox: &Mailbox<ViewRequest>,
) -> Result<Option<RenderEvent>> {
    let started = Instant::now();
    let part = match unit {
        Unit::Render(part) | Unit::Encode(part) => part,
        #[cfg(feature = "gpu")]
        Unit::Field(place) => return field(renderer, request, place, inbox),
    };
    let Some(model) = request.model_of(&part.key) else { return Ok(None) };
    let (picture, grid, recipe) = (&request.picture, request.view.grid_of(part.rect), part.key.recipe);
    // A live network is in front of a larger one, whatever that one is at.
    let is_overtaken = |newer: &ViewRequest| !model.is_live() && newer.wants_live();
    let is_stale = |block| inbox.peek(|newer| is_overtaken(newer) || !needs(newer, request, model, block));
    if let Some(focus) = focus.filter(|_| model.is_live())
        && let Some(needed) = request.features_for(&part)
    {
        let alike = request.wanted.iter().filter(|other| other.key.model == part.key.model);
        let view = alike.filter_map(|part| request.features_for(part));
        renderer.encode_around(picture, model, [needed, focus], view, &is_stale)?;
    }
    let gathered = renderer.gather(picture, model, &grid, recipe, &is_stale)?;
    if let Unit::Encode(_) = unit {
        return Ok(None);
    }
    let is_wanted = |newer: &TilePart| newer.key == part.key && newer.rect.intersection(part.rect).is_some();
    let is_stale = || inbox.peek(|newer| is_overtaken(newer) || !newer.wanted.iter().any(is_wanted));
    let raster = renderer.render_gathered(gathered, picture, model, &grid, recipe, &is_stale)?;
    picture.check_read()?;
    // A graphics device that was lost on the way has not made all of it, as its name says. What does now is asked for next.
    let is_by_its_name = part.key.model == Some(model.key());
    Ok(is_by_its_name.then(|| RenderEvent::Tile(finished_tile(request, part, raster, started))))
}

/// Encodes what a feature tile needs, together with others of the request, and packs its field.
#[cfg(feature = "gpu")]
fn field(
    renderer: &Renderer,
    request: &ViewRequest,
    place: (usize, usize),
    inbox: &Mailbox<ViewRequest>,
) -> Result<Option<RenderEvent>> {
    let Some((model, packer)) = request.field_model().and_then(|model| Some((model, model.field_packer()?))) else {
        return Ok(None);
    };
    let (picture, by) = (&request.picture, model.key());
    let is_stale = |block| inbox.peek(|newer| !needs(newer, request, model, block));
    // What is near goes along: of the view's all, of what is around it no more than is left of the list.
    let list = if request.fields.view.is_empty() { &request.fields.ahead } else { &request.fields.view };
    let together = list.iter().copied().map(PixelRect::at);
    renderer.encode_around(picture, model, [PixelRect::at(place); 2], together, &is_stale)?;
    let features = renderer.features_of(picture, model, PixelRect::at(place), &is_stale)?;
    picture.check_read()?;
    let fields = features.first().map(|features| packer.pack(features));
    let is_by_its_name = by == model.key();
    let event = |cells| RenderEvent::Field(RenderedField { picture: picture.id, by, cells });
    Ok(fields.filter(|_| is_by_its_name).map(event))
}

/// Whether a tile of a newer request, be it of another zoom, needs a feature of a block: then encoding it is worth going on
/// with. What is made ahead waits for what is seen.
fn needs(newer: &ViewRequest, request: &ViewRequest, model: &LoadedModel, block: PixelRect) -> bool {
    let (picture, by) = (&request.picture, model.encoded_by(FeaturePrecision::Half));
    let needs = |TilePart { key, rect }: &TilePart| {
        let is_alike = key.picture == picture.id && key.model.is_some_and(|model| model.features == by);
        let needed = || features_for(model, picture.size, &newer.view.grid_of(*rect), key.recipe);
        is_alike && needed().is_some_and(|features| features.intersection(block).is_some())
    };
    let is_within = |place: &(usize, usize)| block.contains(PixelRect::at(*place));
    let is_own = newer.picture.id == picture.id && newer.fields.by.is_some_and(|own| own.features == by);
    let is_seen = newer.wanted.iter().any(needs) || is_own && newer.fields.view.iter().any(is_within);
    let is_idle = newer.wanted.is_empty() && newer.fields.view.is_empty();
    is_seen || is_idle && (newer.likely.iter().any(needs) || is_own && newer.fields.ahead.iter().any(is_within))
}

pub(super) fn finished_tile(
    request: &ViewRequest,
    TilePart { key, rect }: TilePart,
    mut raster: Raster,
    started: Instant,
) -> RenderedTile {
    request.picture.color.show(&mut raster);
    let (rgba, render_secs) = (raster.to_rgba8(), started.elapsed().as_secs_f64());
    RenderedTile { key, rect, rgba, is_opaque: raster.channels == 3, render_secs }
}
