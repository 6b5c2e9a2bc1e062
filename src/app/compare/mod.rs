//! Two ways of making pixels, side by side.

mod apply;
pub mod command;
mod held;
pub mod line;
pub mod panel;
pub mod split;

pub use command::Command;
pub use held::Held;

use crate::app::view::look::{Pane, Subject};
use crate::app::view::scene::Scene;
use crate::geometry::PixelRect;
use crate::recipe::Source;
use split::{Side, Split};

/// What is compared.
#[derive(Default)]
pub struct State {
    /// The comparison, if one is shown.
    pub split: Option<Split>,
    /// Which key is held to see the picture in another way.
    pub held: Held,
}

impl State {
    /// What the canvas shows, and where.
    pub fn panes(&self, scene: Scene<'_>) -> Vec<Pane> {
        let Some(subject) = scene.subject() else { return Vec::new() };
        let area = scene.view.canvas.size.rect();
        let subject = match self.held {
            Held::Nothing | Held::Loupe => subject,
            Held::Original => Subject { recipe: Source::Nearest.into(), ..subject },
            Held::Live => Subject { model: subject.quick.or(subject.model), quick: None, ..subject },
        };
        let Some(split) = self.split.filter(|_| matches!(self.held, Held::Nothing | Held::Loupe)) else {
            return vec![Pane { subject, area }];
        };
        let left = split.left_columns(area.width);
        let side = |side, x, width| {
            let subject = side_of(side, subject, scene);
            Pane { subject, area: PixelRect { x, width, ..area } }
        };
        let panes = [side(split.left, 0, left), side(split.right, left, area.width - left)];
        panes.into_iter().filter(|pane| pane.area.width > 0).collect()
    }
}

fn side_of(side: Side, subject: Subject, scene: Scene<'_>) -> Subject {
    let other = scene.models.other.model().filter(|_| side == Side::OtherModel);
    let model = other.map_or(subject.model, |model| Some(model.key()));
    // A live network needs nothing to stand in for it.
    let quick = subject.quick.filter(|_| !other.is_some_and(|model| model.is_live()));
    let recipe = scene.made_of(side.source(scene.settings.detail), other.or_else(|| scene.model()));
    Subject { model, quick, recipe, ..subject }
}
