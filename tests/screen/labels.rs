//! Where things are in the window, by the names that screen readers hear.

use eframe::egui::{self, Context, FullOutput, Plugin, Rect, pos2};
use std::sync::{Arc, Mutex};

/// Names and places of the last frame, in points: on a screen of this kind also pixels.
pub(crate) type Places = Arc<Mutex<Vec<(String, Rect)>>>;

/// Notes them at the end of every frame.
pub(crate) struct Labels(pub(crate) Places);

impl Plugin for Labels {
    fn debug_name(&self) -> &'static str {
        "labels"
    }

    fn output_hook(&mut self, _ctx: &Context, output: &mut FullOutput) {
        let Some(update) = &output.platform_output.accesskit_update else { return };
        let place = |node: &egui::accesskit::Node| {
            let name = node.label().or(node.value())?.to_owned();
            let bounds = node.bounds()?;
            let [x0, y0, x1, y1] = [bounds.x0, bounds.y0, bounds.x1, bounds.y1].map(|v| v as f32);
            Some((name, Rect::from_min_max(pos2(x0, y0), pos2(x1, y1))))
        };
        *self.0.lock().unwrap() = update.nodes.iter().filter_map(|(_, node)| place(node)).collect();
    }
}
