//! A loupe: around the cursor the picture is four times as near, as long as a key is held.

use super::look::{Pane, Subject};
use super::scene::Scene;
use crate::geometry::{MAX_ZOOM, PixelRect, View};

/// How much nearer the picture is in it.
const FACTOR: f64 = 4.0;

/// Its radius in points.
const RADIUS_POINTS: f32 = 130.0;

/// What a loupe shows, and where.
#[derive(Clone, Copy, Debug)]
pub struct Loupe {
    /// The picture as near as it is there: the place under the cursor stays where it is.
    pub view: View,
    /// What it shows, on the square around it.
    pub pane: Pane,
    /// Its centre on the canvas.
    pub center: [f64; 2],
    /// Its radius in pixels of the canvas.
    pub radius: f64,
}

impl Loupe {
    /// Around a position on the canvas. What the live network makes is shown where there is one: nobody waits here.
    pub fn new(scene: Scene<'_>, at: [f64; 2]) -> Option<Self> {
        let (view, subject, canvas) = (scene.view_now()?, scene.subject()?, scene.view.canvas);
        let view = View::with_anchor(view.image_from_screen(at), at, (FACTOR * view.zoom).min(MAX_ZOOM)).snapped();
        let radius = f64::from(RADIUS_POINTS * canvas.pixels_per_point);
        let start = at.map(|v| (v - radius).floor().max(0.0) as usize);
        let end = at.map(|v| (v + radius).ceil().max(0.0) as usize);
        let side = |i: usize| end[i].saturating_sub(start[i]);
        let square = PixelRect { x: start[0], y: start[1], width: side(0), height: side(1) };
        let area = square.intersection(canvas.size.rect())?;
        let model = scene.live().map(|model| model.key()).or(subject.model);
        let pane = Pane { subject: Subject { model, quick: None, ..subject }, area };
        Some(Self { view, pane, center: at, radius })
    }
}
