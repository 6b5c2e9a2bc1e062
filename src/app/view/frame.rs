//! The tiles of a view at rest, looked up once for everybody who needs them: until the view, what it shows, or the canvas
//! becomes another one.

use super::look::{Pane, Pass};
use crate::geometry::View;
use crate::render::TilePart;

/// A part of the canvas with its tiles, from rough to final.
#[derive(Clone, Debug)]
pub struct PaneTiles {
    /// What is shown, and where.
    pub pane: Pane,
    /// Its tiles.
    pub passes: Vec<Pass>,
}

impl PaneTiles {
    /// The tiles that end the work on it.
    pub fn finals(&self) -> &[TilePart] {
        self.passes.last().map_or(&[], |pass| &pass.tiles)
    }
}

/// What the canvas shows once the view is at rest.
#[derive(Clone, Debug, Default)]
pub struct Frame {
    view: Option<View>,
    panes: Vec<PaneTiles>,
    finals: Vec<TilePart>,
    neural: Vec<TilePart>,
    quick: Vec<TilePart>,
}

impl Frame {
    /// Takes over where the view comes to rest, and what it shows there.
    pub fn update(&mut self, view: Option<View>, panes: &[Pane]) {
        if self.view == view && self.panes.iter().map(|known| &known.pane).eq(panes) {
            return;
        }
        let with_tiles = |view: View| move |pane: &Pane| PaneTiles { pane: *pane, passes: pane.passes(&view) };
        self.panes = view.map_or_else(Vec::new, |view| panes.iter().map(with_tiles(view)).collect());
        self.view = view;
        self.finals = self.panes.iter().flat_map(PaneTiles::finals).copied().collect();
        let passes = self.panes.iter().flat_map(|pane| &pane.passes).filter(|pass| pass.recipe.is_neural());
        self.neural = passes.flat_map(|pass| &pass.tiles).copied().collect();
        let by = self.panes.iter().find_map(|known| known.pane.subject.quick);
        let is_quick = |part: &&TilePart| by.is_some() && part.key.model == by;
        self.quick = self.neural.iter().filter(is_quick).copied().collect();
    }

    /// Where the view comes to rest, if there is a picture.
    pub fn view(&self) -> Option<View> {
        self.view
    }

    /// What the canvas shows, and where.
    pub fn panes(&self) -> &[PaneTiles] {
        &self.panes
    }

    /// The tiles that end the work on the view.
    pub fn finals(&self) -> &[TilePart] {
        &self.finals
    }

    /// The tiles of the live network that stands in for a larger one.
    pub fn quick(&self) -> &[TilePart] {
        &self.quick
    }

    /// The network's tiles, rough and final: those that fade in.
    pub fn neural(&self) -> &[TilePart] {
        &self.neural
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::view::look::Subject;
    use crate::geometry::Size;
    use crate::key::PictureId;
    use crate::recipe::Source;

    const CANVAS: Size = Size::new(1200, 800);

    fn pane(source: Source) -> Pane {
        let picture = PictureId::of([&b"p"[..]]);
        let subject = Subject { picture, size: Size::new(451, 300), model: None, quick: None, recipe: source.into() };
        Pane { subject, area: CANVAS.rect() }
    }

    #[test]
    fn tiles_are_asked_again_only_for_another_view_or_pane() {
        let view = |zoom| Some(View::centered([200.0, 150.0], zoom, CANVAS).snapped());
        let mut frame = Frame::default();
        assert!(frame.finals().is_empty() && frame.panes().is_empty());
        frame.update(view(30.0), &[pane(Source::NEURAL)]);
        let (at, tiles) = (frame.finals().as_ptr(), frame.finals().to_vec());
        assert!(!tiles.is_empty() && frame.neural().len() == 2 * tiles.len());
        frame.update(view(30.0), &[pane(Source::NEURAL)]);
        assert_eq!(frame.finals().as_ptr(), at, "nothing was asked again");
        frame.update(view(31.0), &[pane(Source::NEURAL)]);
        assert_ne!(frame.finals(), tiles);
        frame.update(view(30.0), &[pane(Source::EXACT)]);
        assert!(frame.finals().iter().all(|part| part.key.recipe == Source::EXACT.into()));
        frame.update(None, &[]);
        assert!(frame.finals().is_empty() && frame.panes().is_empty());
    }
}
