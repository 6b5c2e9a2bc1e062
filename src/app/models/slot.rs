//! The models that the window enlarges with: loaded on a thread of their own, because that takes a moment.

use crate::app::kit::one_shot::{OneShot, OneShotStatus};
use crate::app::ports::LoadFn;
use crate::error::{Error, Result};
use crate::render::{Backend, Compute, LoadedModel};
use crate::weights::{Builtin, Weights};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Loads weights (the built-in ones without a path) on what is to compute; not on the window's thread.
///
/// # Errors
/// [`Error::Weights`] or [`Error::Device`].
pub fn load(path: Option<&Path>, compute: &Compute) -> Result<LoadedModel> {
    let weights = path.map_or_else(Weights::builtin, Weights::open)?;
    LoadedModel::on(&weights, compute)
}

/// What the window starts with.
pub enum ModelSource {
    /// A model that is there already.
    Loaded(Arc<LoadedModel>),
    /// A weights file, or the built-in weights, still to be loaded.
    File(Option<PathBuf>),
}

/// A model on its way in.
struct Loading {
    path: Option<PathBuf>,
    compute: Compute,
    job: OneShot<Result<LoadedModel>>,
}

/// A place for one model.
#[derive(Default)]
pub struct ModelSlot {
    model: Option<Arc<LoadedModel>>,
    path: Option<PathBuf>,
    loading: Option<Loading>,
}

impl ModelSlot {
    /// A place that holds a model already.
    pub fn holding(model: Arc<LoadedModel>) -> Self {
        Self { model: Some(model), ..Self::default() }
    }

    /// The same place without what is on its way.
    #[must_use]
    pub fn held(&self) -> Self {
        Self { model: self.model.clone(), path: self.path.clone(), loading: None }
    }

    /// The file has another name now.
    pub(in crate::app) fn follow_rename(&mut self, old: &Path, new: &Path) {
        let loading = self.loading.as_mut().and_then(|loading| loading.path.as_mut());
        for path in [self.path.as_mut(), loading].into_iter().flatten() {
            if path == old {
                new.clone_into(path);
            }
        }
    }

    /// The model, once there is one. While another is loaded it stays.
    pub fn model(&self) -> Option<&Arc<LoadedModel>> {
        self.model.as_ref()
    }

    /// Whether one is on its way.
    pub fn is_loading(&self) -> bool {
        self.loading.is_some()
    }

    /// What was asked for last: the file that is being loaded, else the model's own; none for the built-in weights.
    pub fn wanted(&self) -> Option<&Path> {
        self.loading.as_ref().map_or(self.path(), |loading| loading.path.as_deref())
    }

    /// Its file; none for the built-in weights.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Its name for people: its file's, or the title of a model that is part of the program.
    pub fn name(&self) -> String {
        let Some(path) = &self.path else { return Builtin::Liif.title().into() };
        let of_file = || path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Builtin::title_at(path).map_or_else(of_file, Into::into)
    }

    /// Starts loading. One that is still being loaded is forgotten: the newest request wins.
    ///
    /// # Errors
    /// The system's own, if it has no thread to give.
    pub fn start(
        &mut self,
        ctx: &egui::Context,
        load: Arc<LoadFn>,
        path: Option<PathBuf>,
        compute: Compute,
    ) -> std::io::Result<()> {
        let (from, by) = (path.clone(), compute.clone());
        let job = OneShot::start("load model", ctx, move || load(from.as_deref(), &by))?;
        self.loading = Some(Loading { path, compute, job });
        Ok(())
    }

    /// Takes in what was loaded: true once a new model is there.
    ///
    /// # Errors
    /// Why it could not be loaded, and what to load instead; the model before stays.
    pub fn poll(&mut self) -> Result<bool, LoadFailure> {
        let Some(loading) = &self.loading else { return Ok(false) };
        let result = match loading.job.poll() {
            OneShotStatus::Pending => return Ok(false),
            OneShotStatus::Done(result) => result,
            OneShotStatus::Lost => Err(Error::device("loading the model failed unexpectedly; choose another one")),
        };
        let Some(Loading { path, compute, .. }) = self.loading.take() else { return Ok(false) };
        let model = result.map_err(|error| {
            let instead = next_best(&error, path.clone(), compute);
            LoadFailure { error, instead }
        })?;
        (self.model, self.path) = (Some(Arc::new(model)), path);
        Ok(true)
    }
}

/// A model that could not be loaded.
#[derive(Debug)]
pub struct LoadFailure {
    /// Why.
    pub error: Error,
    /// What is left to try, for who has no model yet.
    pub instead: Option<(Option<PathBuf>, Compute)>,
}

/// What to load where this cannot be: on the processor what a demanded graphics device is not fit for, the built-in weights
/// instead of damaged ones, and after those nothing any more.
fn next_best(error: &Error, path: Option<PathBuf>, compute: Compute) -> Option<(Option<PathBuf>, Compute)> {
    if matches!(error, Error::Device { .. }) && compute.backend == Backend::Gpu {
        return Some((path, Compute { backend: Backend::Cpu, device: None, ..compute }));
    }
    path.map(|_| (None, compute))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_loaded_ends_with_the_built_in_weights_on_the_processor() {
        let demanded = Compute { backend: Backend::Gpu, device: Some("none".into()), ..Compute::default() };
        let (no_device, damaged) = (Error::device("no card"), Error::weights("a.pth".as_ref(), "damaged"));
        let (path, compute) = next_best(&damaged, Some("a.pth".into()), demanded.clone()).unwrap();
        assert_eq!((path.clone(), &compute), (None, &demanded), "the card is not to blame");
        let (path, compute) = next_best(&no_device, path, compute).unwrap();
        assert_eq!((path.clone(), compute.backend, compute.device.clone()), (None, Backend::Cpu, None));
        assert_eq!(next_best(&no_device, path, compute), None);
        let (path, compute) = next_best(&no_device, Some("a.pth".into()), demanded).unwrap();
        assert_eq!((path.clone(), compute.backend), (Some("a.pth".into()), Backend::Cpu));
        let (path, compute) = next_best(&damaged, path, compute).unwrap();
        assert_eq!((path.clone(), compute.backend), (None, Backend::Cpu));
        assert_eq!(next_best(&damaged, path, compute), None);
    }
}
