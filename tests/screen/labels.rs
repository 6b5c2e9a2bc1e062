//! Where things are in the window, by the names that screen readers hear.

use eframe::egui::{self, Context, FullOutput, Plugin, Rect, Ui, pos2};
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// Names and places of the last frame, in points (on a screen of this kind also pixels), and what it took, in seconds.
pub(crate) type Places = Arc<Mutex<(Vec<(String, Rect)>, Option<f64>)>>;

/// Notes them at the end of every frame.
pub(crate) struct Labels {
    places: Places,
    began: Option<Instant>,
}

impl Labels {
    pub(crate) fn new(places: Places) -> Self {
        Self { places, began: None }
    }
}

impl Plugin for Labels {
    fn debug_name(&self) -> &'static str {
        "labels"
    }

    fn on_begin_pass(&mut self, ui: &mut Ui) {
        ui.ctx().enable_accesskit();
        self.began = Some(Instant::now());
    }

    fn output_hook(&mut self, _ctx: &Context, output: &mut FullOutput) {
        let Some(update) = &output.platform_output.accesskit_update else { return };
        let place = |node: &egui::accesskit::Node| {
            let name = node.label().or(node.value())?.to_owned();
            let bounds = node.bounds()?;
            let [x0, y0, x1, y1] = [bounds.x0, bounds.y0, bounds.x1, bounds.y1].map(|v| v as f32);
            Some((name, Rect::from_min_max(pos2(x0, y0), pos2(x1, y1))))
        };
        let labels = update.nodes.iter().filter_map(|(_, node)| place(node)).collect();
        let secs = self.began.take().map(|began| began.elapsed().as_secs_f64());
        *self.places.lock().unwrap() = (labels, secs);
    }
}
