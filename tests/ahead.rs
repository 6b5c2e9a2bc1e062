//! What a view will need soon is encoded before anybody asks for its pixels.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests and their helpers may panic and speak")]

mod common;

use common::{psnr, textured};
use std::sync::Arc;
use std::time::{Duration, Instant};
use zoomfield::export::{self, ExportJob, FileOptions};
use zoomfield::geometry::{MipTile, Region, SampleGrid, Size, View, mip_rect};
use zoomfield::kernel::Precision;
use zoomfield::key::TileKey;
use zoomfield::picture::{MipPixels, Picture};
use zoomfield::recipe::Source;
use zoomfield::render::{
    FeatureStore, FieldRequest, LoadedModel, RenderEvent, RenderOptions, RenderWorker, Renderer, TilePart, ViewRequest,
};
use zoomfield::task::{Gate, NEVER};
use zoomfield::weights::{Builtin, Weights};

/// What came until a request was finished.
#[derive(Default)]
struct Answer {
    tiles: Vec<TilePart>,
    /// The pixels of each.
    rgba: Vec<Vec<u8>>,
    /// The features that are ready, as often as that has changed.
    features: Vec<Vec<(usize, usize)>>,
    /// The fields of feature tiles, in the order in which they came.
    fields: Vec<(usize, usize)>,
    /// The source's tiles.
    source: Vec<MipPixels>,
}

fn answer(worker: &RenderWorker, request: ViewRequest) -> Answer {
    let (number, deadline) = (request.number, Instant::now() + Duration::from_mins(3));
    worker.request(request);
    let mut answer = Answer::default();
    loop {
        match worker.poll() {
            Some(RenderEvent::Tile(tile)) => {
                answer.tiles.push(TilePart { key: tile.key, rect: tile.rect });
                answer.rgba.push(tile.rgba);
            }
            Some(RenderEvent::Features(report)) => answer.features.push(report.tiles),
            Some(RenderEvent::Field(field)) => answer.fields.push(field.cells.place()),
            Some(RenderEvent::Source(source)) => answer.source.extend(source.tiles),
            Some(RenderEvent::Finished(finished)) if finished == number => return answer,
            Some(RenderEvent::Finished(other)) => panic!("request {other} was answered before"),
            Some(RenderEvent::Failed { reason, .. }) => panic!("{reason}"),
            None => std::thread::sleep(Duration::from_millis(1)),
        }
        assert!(Instant::now() < deadline, "waited in vain");
    }
}

fn part(picture: &Picture, model: &LoadedModel, zoom: f64, place: (usize, usize), source: Source) -> TilePart {
    let (scale, (column, row)) = ((zoom.to_bits(), zoom.to_bits()), place);
    let by = source.is_neural().then(|| model.key());
    let key = TileKey { picture: picture.id, model: by, scale, column, row, recipe: source.into() };
    let view = View { zoom, corner_on_screen: [0.0, 0.0] };
    TilePart { key, rect: view.tile_rect(column, row, picture.size).unwrap() }
}

/// Everything of a view, as the window asks for it.
fn request_of(view: View, canvas: Size, picture: &Arc<Picture>, model: &Arc<LoadedModel>) -> ViewRequest {
    let visible = view.visible_output(picture.size, canvas).unwrap();
    let part = |place| {
        let part = part(picture, model, view.zoom, place, Source::NEURAL);
        part.rect.intersection(visible).map(|rect| TilePart { rect, ..part })
    };
    ViewRequest {
        number: 0,
        picture: picture.clone(),
        models: vec![model.clone()],
        view,
        wanted: View::tiles_over(visible).filter_map(part).collect(),
        likely: Vec::new(),
        fields: FieldRequest::default(),
        focus_in_output: [0.0, 0.0],
        feature_budget_bytes: 64 << 20,
    }
}

/// An export and a copy of what the window shows use its features, and leave them where they are.
#[test]
fn an_export_and_a_copy_of_a_finished_view_encode_nothing() {
    let model = Arc::new(LoadedModel::on_cpu(&Weights::builtin().unwrap(), Precision::best()).unwrap());
    let (picture, canvas, store) = (Arc::new(textured(400, 300)), Size::new(300, 200), FeatureStore::default());
    let worker = RenderWorker::sharing(store.clone(), || {}).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let view_at = |zoom: f64| View::centered([131.0, 125.0], zoom, canvas).snapped();
    for (number, zoom, output) in [(1, 4.0, "near.png"), (3, 30.0, "deep.png")] {
        let view = view_at(zoom);
        let request = request_of(view, canvas, &picture, &model);
        assert!(!answer(&worker, ViewRequest { number, ..request }).tiles.is_empty());
        let encoded = model.encoded();
        assert!(encoded > 0);
        let job = ExportJob {
            picture: picture.clone(),
            model: model.clone(),
            grid: view.grid_of(view.visible_output(picture.size, canvas).unwrap()),
            output: folder.path().join(output),
            overwrite: false,
            recipe: Source::NEURAL.into(),
            file: FileOptions::default(),
            features: store.clone(),
            asked: None,
            map: None,
        };
        export::run(&job, &Gate::default(), &mut |_| {}).unwrap();
        let copied = export::render(&job, &Gate::default()).unwrap();
        assert_eq!(model.encoded(), encoded, "×{zoom}: an export encoded what the view has");
        // What it puts into the store itself is gone with it, and the view has lost nothing.
        let used = store.used_bytes();
        let whole = SampleGrid::spanning(Region::whole(picture.size), Size::new(440, 330));
        export::render(&ExportJob { grid: whole, ..job.clone() }, &Gate::default()).unwrap();
        assert!(model.encoded() > encoded, "the rest of the picture was not encoded");
        assert_eq!(store.used_bytes(), used);
        let encoded = model.encoded();
        // Another zoom shares no colours with this one, but its features.
        let again = request_of(view_at(zoom * (1.0 + 1e-9)), canvas, &picture, &model);
        answer(&worker, ViewRequest { number: number + 1, ..again });
        assert_eq!(model.encoded(), encoded, "×{zoom}: the view encodes again");
        // An export by itself has to encode, and comes to the same picture, up to the order of sums.
        let alone = ExportJob { features: FeatureStore::default(), ..job };
        let exported = export::render(&alone, &Gate::default()).unwrap();
        assert!(model.encoded() > encoded && psnr(&exported.data, &copied.data, 1.0) > 60.0);
    }
}

/// A live network's view is encoded in few blocks, its tiles are made side by side, and they are what each is alone.
#[test]
fn a_live_view_is_encoded_in_few_pieces_and_its_tiles_are_what_they_are_alone() {
    let model = LoadedModel::on_cpu(&Builtin::Live.weights().unwrap(), Precision::F32).unwrap();
    let (picture, model, canvas) = (Arc::new(textured(500, 400)), Arc::new(model), Size::new(700, 500));
    let worker = RenderWorker::start(|| {}).unwrap();
    let view_at = |zoom: f64| View::centered([231.0, 225.0], zoom, canvas).snapped();
    let request = request_of(view_at(2.0), canvas, &picture, &model);
    let wanted = request.wanted.clone();
    let middle = [0, 1].map(|i| [700.0, 500.0][i] / 2.0 - request.view.corner_on_screen[i]);
    let first = answer(&worker, ViewRequest { number: 1, focus_in_output: middle, ..request });
    // 350 by 250 source pixels and their neighbours: two pieces by two, of up to 256 a side.
    assert!((1..=4).contains(&model.encoded()), "encoded {} times for {} tiles", model.encoded(), wanted.len());
    assert!(wanted.len() > 20 && first.tiles.len() == wanted.len());
    let mut alone = Renderer::new(RenderOptions::VIEW);
    for (part, rgba) in first.tiles.iter().zip(&first.rgba) {
        assert!(wanted.contains(part));
        let grid = view_at(2.0).grid_of(part.rect);
        let raster = alone.render(&picture, &model, &grid, Source::NEURAL, NEVER).unwrap();
        let off = raster.to_rgba8().iter().zip(rgba).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(off <= Some(1), "tile {:?} is off by {off:?}", part.rect);
    }
    // The next zoom finds everything there.
    let encoded = model.encoded();
    let deeper = request_of(view_at(3.0), canvas, &picture, &model);
    assert!(!answer(&worker, ViewRequest { number: 2, ..deeper }).tiles.is_empty());
    assert_eq!(model.encoded(), encoded);
}

#[test]
fn features_are_ready_before_pixels_are_asked_for() {
    let model = Arc::new(LoadedModel::on_cpu(&Weights::builtin().unwrap(), Precision::F32).unwrap());
    let (picture, worker) = (Arc::new(textured(400, 300)), RenderWorker::start(|| {}).unwrap());
    let request = |number: u64, zoom: f64, wanted: Vec<TilePart>, likely: Vec<TilePart>| ViewRequest {
        number,
        picture: picture.clone(),
        models: vec![model.clone()],
        view: View { zoom, corner_on_screen: [0.0, 0.0] },
        wanted,
        likely,
        fields: FieldRequest::default(),
        focus_in_output: [0.0, 0.0],
        feature_budget_bytes: 64 << 20,
    };
    // Tile (2, 1) at ×2 is source pixels 128 to 192 by 64 to 128, with its neighbours.
    let likely = vec![part(&picture, &model, 2.0, (2, 1), Source::NEURAL)];
    let ahead = answer(&worker, request(1, 2.0, Vec::new(), likely));
    assert!(ahead.tiles.is_empty(), "nobody asked for pixels");
    let ready = ahead.features.last().unwrap().clone();
    assert!(ready.contains(&(2, 1)), "{ready:?}");
    // At ×4 a part of it is tile (5, 2); nothing more is encoded for it, and its bicubic pixels come as well.
    let passes = [Source::Bicubic, Source::NEURAL];
    let wanted = passes.map(|source| part(&picture, &model, 4.0, (5, 2), source)).to_vec();
    let then = answer(&worker, request(2, 4.0, wanted.clone(), Vec::new()));
    assert_eq!(then.tiles.len(), 2);
    assert!(wanted.iter().all(|part| then.tiles.contains(part)));
    assert!(then.features.iter().all(|tiles| *tiles == ready), "{:?}", then.features);
    // Elsewhere there is something to encode: the comparison above sees it.
    let wanted = vec![part(&picture, &model, 4.0, (11, 7), Source::NEURAL)];
    let elsewhere = answer(&worker, request(3, 4.0, wanted, Vec::new()));
    assert!(elsewhere.features.iter().any(|tiles| *tiles != ready));
}

/// Fields that the canvas draws itself: those of the view, then its tiles, then what is around; each is encoded once.
#[test]
fn fields_of_the_view_come_first_and_those_around_it_last() {
    let model = Arc::new(LoadedModel::on_cpu(&Builtin::Live.weights().unwrap(), Precision::F32).unwrap());
    let (picture, worker) = (Arc::new(textured(400, 300)), RenderWorker::start(|| {}).unwrap());
    let fields = FieldRequest {
        by: Some(model.key()),
        view: vec![(2, 1), (1, 1)],
        ahead: vec![(0, 1), (3, 1)],
        ..FieldRequest::default()
    };
    let plain = request_of(View { zoom: 4.0, corner_on_screen: [0.0; 2] }, Size::new(64, 64), &picture, &model);
    let first = answer(&worker, ViewRequest { number: 1, fields: fields.clone(), ..plain.clone() });
    assert_eq!(first.fields, [(2, 1), (1, 1), (0, 1), (3, 1)]);
    assert!(!first.tiles.is_empty());
    let encoded = model.encoded();
    let again = answer(&worker, ViewRequest { number: 2, fields, ..plain });
    assert_eq!((again.fields.len(), model.encoded()), (4, encoded), "something was encoded twice");
}

/// Tiles of the source that the canvas draws itself come in the order in which they were asked for, small and large ones.
#[test]
fn tiles_of_the_source_are_what_the_picture_has_there() {
    let model = Arc::new(LoadedModel::on_cpu(&Builtin::Live.weights().unwrap(), Precision::F32).unwrap());
    let (picture, worker) = (Arc::new(textured(400, 300)), RenderWorker::start(|| {}).unwrap());
    let plain = request_of(View { zoom: 0.3, corner_on_screen: [0.0; 2] }, Size::new(64, 64), &picture, &model);
    let source: Vec<MipTile> =
        (0..9).flat_map(|level| MipTile::over(level, mip_rect(picture.size.rect(), level))).collect();
    let fields = FieldRequest { source: source.clone(), ..FieldRequest::default() };
    let found = answer(&worker, ViewRequest { number: 1, fields, ..plain }).source;
    assert!(found.iter().map(|pixels| pixels.tile).eq(source));
    assert!(found.iter().all(|pixels| *pixels == picture.mip_tile(pixels.tile)));
}
