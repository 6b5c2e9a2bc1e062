//! What tiles are called: by what really made them.

use crate::common::textured;
use crate::devices::choice;
use crate::view::{on_cpu, on_gpu};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use zoomfield::geometry::View;
use zoomfield::gpu::Gpu;
use zoomfield::key::TileKey;
use zoomfield::recipe::Source;
use zoomfield::render::{LoadedModel, RenderEvent, RenderWorker, TilePart, ViewRequest};

/// Tiles of a view by their names, and what they show.
type Tiles = HashMap<TileKey, Vec<u8>>;

/// What the window's threads make of four tiles that are asked for under the model's present name; `meanwhile` happens
/// before the first is begun.
fn view_by_name(model: &Arc<LoadedModel>, meanwhile: impl FnOnce()) -> Tiles {
    let picture = Arc::new(textured(40, 30));
    let (view, by) = (View { zoom: 16.0, corner_on_screen: [0.0, 0.0] }, Some(model.key()));
    let scale = (view.zoom.to_bits(), view.zoom.to_bits());
    let part = |(column, row)| {
        let key = TileKey { picture: picture.id, model: by, scale, column, row, recipe: Source::NEURAL.into() };
        TilePart { key, rect: view.tile_rect(column, row, picture.size).unwrap() }
    };
    let wanted = [(0, 0), (1, 0), (0, 1), (1, 1)].map(part).to_vec();
    meanwhile();
    let worker = RenderWorker::start(|| {}).unwrap();
    let models = vec![model.clone()];
    let (likely, focus_in_output) = (Vec::new(), [0.0, 0.0]);
    let feature_budget_bytes = 64 << 20;
    worker.request(ViewRequest {
        number: 1,
        picture,
        models,
        view,
        wanted,
        likely,
        fields: zoomfield::render::FieldRequest::default(),
        focus_in_output,
        feature_budget_bytes,
    });
    let mut tiles = Tiles::new();
    loop {
        match worker.poll() {
            Some(RenderEvent::Tile(tile)) => drop(tiles.insert(tile.key, tile.rgba)),
            Some(RenderEvent::Finished(_)) => return tiles,
            Some(RenderEvent::Failed { reason, .. }) => panic!("{reason}"),
            Some(RenderEvent::Features(_) | RenderEvent::Field(_) | RenderEvent::Source(_)) => {}
            None => std::thread::sleep(Duration::from_millis(1)),
        }
    }
}

/// A name says what really made the pixels: the device's are the device's, and after a loss the processor's are its own.
#[test]
fn what_the_processor_makes_does_not_carry_the_name_of_a_lost_device() {
    let Some(choice) = choice() else { return };
    let open = || Arc::new(Gpu::open(&choice).unwrap());
    let by_device = view_by_name(&Arc::new(on_gpu(&open())), || {});
    let by_processor = view_by_name(&Arc::new(on_cpu()), || {});
    assert_eq!((by_device.len(), by_processor.len()), (4, 4));
    for submissions in [0, 2, 5] {
        let gpu = open();
        let model = Arc::new(on_gpu(&gpu));
        let name = model.key();
        let tiles = view_by_name(&model, || gpu.faults().lose_after(submissions));
        assert!(gpu.loss().is_some() && model.key() != name, "not lost after {submissions}");
        assert!(tiles.len() < 4 && tiles.iter().all(|(key, rgba)| by_device.get(key) == Some(rgba)));
        assert_eq!(model.key(), on_cpu().key());
        assert_eq!(view_by_name(&model, || {}), by_processor);
    }
}
