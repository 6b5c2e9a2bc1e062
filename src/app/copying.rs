//! Putting the view on the clipboard: rendered like an export, in the screen's colours.

use super::App;
use super::one_shot::{OneShot, Outcome};
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

impl App {
    /// Starts to render the view for the clipboard; a copy that is on its way is given up.
    pub(super) fn copy_view(&mut self) {
        let Some(job) = self.view_job() else {
            let is_loading = self.state.shown.is_some() && self.state.model.model().is_none();
            let text = if is_loading { MODEL_LOADING } else { "There is nothing to copy; open a picture first." };
            return self.state.toasts.tell(text, self.state.now_secs);
        };
        let (render, gate) = (self.services.render.clone(), Gate::default());
        let inner = gate.clone();
        let work = move || {
            let mut raster = render(&job, &inner)?;
            job.picture.color.show(&mut raster);
            let Size { width, height } = raster.size;
            Ok(ColorImage::from_rgba_unmultiplied([width, height], &raster.to_rgba8()))
        };
        match OneShot::start("copy", &self.ctx, work) {
            Ok(job) => self.state.copying = Some(Copying { job, gate }),
            Err(error) => self.state.toasts.fail(format!("cannot start to copy: {error}"), self.state.now_secs),
        }
    }

    /// What an export of the view would do; nothing if there is no view.
    fn view_job(&self) -> Option<ExportJob> {
        let shown = self.state.shown.as_ref()?;
        let plan = self.state.export_plan()?;
        Some(ExportJob {
            picture: shown.picture.clone(),
            model: self.state.model.model()?.clone(),
            grid: plan.grid,
            output: std::path::PathBuf::new(),
            overwrite: false,
            recipe: self.state.recipe()?,
            file: crate::export::FileOptions::default(),
            features: self.state.store.clone(),
        })
    }

    pub(super) fn drain_copying(&mut self) {
        let Some(copying) = &self.state.copying else { return };
        let result = match copying.job.poll() {
            Outcome::Pending => return,
            Outcome::Done(result) => result,
            Outcome::Lost => Err(Error::device("copying the view failed unexpectedly; try again")),
        };
        self.state.copying = None;
        let now_secs = self.state.now_secs;
        match result {
            Ok(image) => {
                let [width, height] = image.size;
                self.ctx.copy_image(image);
                self.state.toasts.tell(format!("Copied {width}×{height} pixels."), now_secs);
            }
            Err(Error::Cancelled) => {}
            Err(error) => self.state.toasts.fail(error, now_secs),
        }
    }
}
