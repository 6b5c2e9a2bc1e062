//! Putting the view on the clipboard: rendered like an export, in the screen's colours.

use crate::app::env::Env;
use crate::app::kit::one_shot::{OneShot, OneShotStatus};
use crate::app::view::scene::Scene;
use crate::error::{Error, Result};
use crate::export::ExportJob;
use crate::geometry::{SampleGrid, Size, View};
use crate::task::Gate;
use egui::ColorImage;

const MODEL_LOADING: &str = "The model is still being loaded; copy again in a moment.";

/// A copy on its way.
pub struct Copying {
    job: OneShot<Result<ColorImage>>,
    gate: Gate,
}

impl Copying {
    /// Holds the work at its next unit while the view waits for tiles: the view always wins.
    pub(super) fn give_way(&self, is_view_waiting: bool) {
        self.gate.hold(is_view_waiting);
    }
}

impl Drop for Copying {
    fn drop(&mut self) {
        self.gate.stop();
    }
}

/// Starts to render the view for the clipboard; nothing if that is not possible.
pub(super) fn start(scene: Scene<'_>, env: &mut Env<'_>) -> Option<Copying> {
    let Some(job) = view_job(scene) else {
        let is_loading = scene.view.shown.is_some() && scene.model().is_none();
        env.tell(if is_loading { MODEL_LOADING } else { "There is nothing to copy; open a picture first." });
        return None;
    };
    let (render, gate) = (env.ports.render.clone(), Gate::default());
    let inner = gate.clone();
    let work = move || {
        let mut raster = render(&job, &inner)?;
        job.picture.color.convert_to_srgb(&mut raster);
        let Size { width, height } = raster.size;
        Ok(ColorImage::from_rgba_unmultiplied([width, height], &raster.to_rgba8()))
    };
    match OneShot::start("copy", env.ctx, work) {
        Ok(job) => Some(Copying { job, gate }),
        Err(error) => {
            env.fail(format!("cannot start to copy: {error}"));
            None
        }
    }
}

/// What an export of the view would do; nothing if there is no view.
fn view_job(scene: Scene<'_>) -> Option<ExportJob> {
    let shown = scene.view.shown.as_ref()?;
    Some(ExportJob {
        picture: shown.picture.clone(),
        model: scene.model()?.clone(),
        grid: grid_of(&shown.motion.goal(), shown.picture.size, scene.view.canvas.size)?,
        output: std::path::PathBuf::new(),
        overwrite: false,
        recipe: scene.recipe()?,
        file: crate::export::FileOptions::default(),
        features: scene.view.store.clone(),
        asked: None,
        map: None,
    })
}

/// The output pixels that a snapped view shows of a picture.
fn grid_of(view: &View, picture: Size, canvas: Size) -> Option<SampleGrid> {
    view.visible_output(picture, canvas).map(|visible| view.grid_of(visible))
}

/// Takes in what has become of a copy. True if it is over.
pub(super) fn take(copying: &Copying, env: &mut Env<'_>) -> bool {
    let result = match copying.job.poll() {
        OneShotStatus::Pending => return false,
        OneShotStatus::Done(result) => result,
        OneShotStatus::Lost => Err(Error::device("copying the view failed unexpectedly; try again")),
    };
    match result {
        Ok(image) => {
            let [width, height] = image.size;
            env.ctx.copy_image(image);
            env.tell(format!("Copied {width}×{height} pixels."));
        }
        Err(Error::Cancelled) => {}
        Err(error) => env.fail(error),
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_copied_is_the_visible_output_pixels() {
        let (picture, canvas) = (Size::new(100, 80), Size::new(640, 480));
        let view = View::centered([50.0, 40.0], 30.0, canvas).snapped();
        let grid = grid_of(&view, picture, canvas).unwrap();
        assert_eq!(grid.size(), canvas);
        assert_eq!(grid.x.pitch, 1.0 / 30.0);
        assert_eq!(grid.x.origin, (-view.corner_on_screen[0]) / 30.0);
    }
}
