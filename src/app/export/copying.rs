//! Putting the view on the clipboard: rendered like an export, in the screen's colours.

use super::running::ExportPlan;
use crate::app::env::Env;
use crate::app::kit::one_shot::{OneShot, OneShotStatus};
use crate::app::view::scene::Scene;
use crate::error::{Error, Result};
use crate::export::ExportJob;
use crate::geometry::Size;
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
        let is_loading = scene.view.shown.is_some() && scene.models.own.model().is_none();
        env.tell(if is_loading { MODEL_LOADING } else { "There is nothing to copy; open a picture first." });
        return None;
    };
    let (render, gate) = (env.ports.render.clone(), Gate::default());
    let inner = gate.clone();
    let work = move || {
        let mut raster = render(&job, &inner)?;
        job.picture.color.show(&mut raster);
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
    let plan = ExportPlan::of(&shown.motion.goal(), shown.picture.size, scene.view.canvas.size)?;
    Some(ExportJob {
        picture: shown.picture.clone(),
        model: scene.models.own.model()?.clone(),
        grid: plan.grid,
        output: std::path::PathBuf::new(),
        overwrite: false,
        recipe: scene.recipe()?,
        file: crate::export::FileOptions::default(),
        features: scene.view.store.clone(),
    })
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
