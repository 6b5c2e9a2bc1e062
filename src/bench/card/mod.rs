//! A graphics device, measured through and through: what it can do at all, how much of that each dispatch takes, how
//! long a person waits, and how far its results are from the processor's.

mod difference;
mod rates;

use super::rows::{Card, CardRow, Failure, Row, SelfTest};
use super::{graphics, sample, views};
use crate::error::{Error, Result};
use crate::gpu::{AdapterChoice, ElementType, Gpu};
use crate::kernel::{Precision, PrecisionChoice};
use crate::picture::Picture;
use crate::render::{Backend, Compute, LoadedModel};
use crate::weights::Weights;
use std::sync::Arc;
use std::time::Duration;

/// The zooms at which a person waits.
const ZOOMS: [f64; 3] = [2.0, 8.0, 30.0];

/// What to measure, and with what.
pub(super) struct Task<'a> {
    pub(super) weights: &'a Weights,
    pub(super) picture: &'a Picture,
    /// One device alone, by a part of its name; else all that are real.
    pub(super) named: Option<&'a str>,
    /// One arithmetic alone, or all that the device has.
    pub(super) precision: PrecisionChoice,
    /// The most that one view may take; what has a rate is measured for a tenth of it.
    pub(super) patience: Duration,
}

/// One device that is being measured.
struct Measuring<'a, R> {
    task: &'a Task<'a>,
    gpu: Arc<Gpu>,
    device: String,
    report: &'a mut R,
    /// The first thing that failed.
    failed: Option<Error>,
}

/// Measures every real device, or the one that is named. What fails is reported, and the rest measured.
///
/// # Errors
/// [`Error::Device`] if there is no device, or, once all is done, the first failure.
pub(super) fn run(task: &Task<'_>, report: &mut impl FnMut(&Row)) -> Result<()> {
    let names = graphics::names(task.named);
    if names.is_empty() {
        // Says what there is instead.
        Gpu::shared(&AdapterChoice::Best)?;
    }
    let mut failed = None;
    for name in names {
        let gpu = Gpu::shared(&AdapterChoice::Named(name.clone()))?;
        let device = gpu.description().in_words();
        let mut measuring = Measuring { task, gpu, device, report, failed: None };
        measuring.all(&name);
        failed = failed.or(measuring.failed);
    }
    failed.map_or(Ok(()), Err)
}

/// As all rows name it.
fn name_of(element: ElementType) -> &'static str {
    match element {
        ElementType::F32 => "f32",
        ElementType::F16 => "f16",
    }
}

impl<R: FnMut(&Row)> Measuring<'_, R> {
    fn all(&mut self, name: &str) {
        let card = self.card();
        self.say(CardRow::Card(card));
        self.attempt(None, "upload and readback", |this| {
            for transfer in rates::transfers(&this.gpu, &this.device, this.task.patience / 10)? {
                this.say(CardRow::Transfer(transfer));
            }
            Ok(())
        });
        let mut best = None;
        for element in self.elements() {
            best = self.arithmetic(name, element).map(|model| (model, element)).or(best);
        }
        if let Some((model, element)) = best {
            self.attempt(Some(element), "views", |this| this.views(&Arc::new(model), element));
        }
    }

    /// What it can multiply and is asked for, the most precise first.
    fn elements(&self) -> Vec<ElementType> {
        let is_asked_for = |element: &ElementType| match self.task.precision {
            PrecisionChoice::Only(Precision::F32) => *element == ElementType::F32,
            PrecisionChoice::Half => *element == ElementType::F16,
            _ => *element == ElementType::F32 || self.gpu.has_f16(),
        };
        [ElementType::F32, ElementType::F16].into_iter().filter(is_asked_for).collect()
    }

    fn card(&self) -> Card {
        let (description, limits) = (self.gpu.description(), self.gpu.limits());
        Card {
            device: self.device.clone(),
            driver: description.driver.clone(),
            software: description.is_software,
            f16: self.gpu.has_f16(),
            clock: self.gpu.has_clock(),
            workgroup_bytes: limits.max_compute_workgroup_storage_size,
            invocations: limits.max_compute_invocations_per_workgroup,
        }
    }

    /// All that is measured in one arithmetic. Answers with the model, if the device is fit for it.
    fn arithmetic(&mut self, name: &str, element: ElementType) -> Option<LoadedModel> {
        let model = self.model(name, element);
        self.say(CardRow::SelfTest(SelfTest {
            device: self.device.clone(),
            precision: name_of(element),
            passed: model.is_ok(),
            reason: model.as_ref().err().map(ToString::to_string),
        }));
        if let Err(reason) = &model {
            self.failed.get_or_insert(Error::device(reason));
        }
        // How far a device is off that is not fit is worth knowing too.
        self.attempt(Some(element), "difference from the processor", |this| {
            for difference in difference::all(&this.gpu, this.task, element)? {
                this.say(CardRow::Difference(difference));
            }
            Ok(())
        });
        self.attempt(Some(element), "product and dispatches", |this| {
            rates::dispatches(&this.gpu, this.task, element, &mut |row| (this.report)(&Row::Card(row)))
        });
        let model = model.ok()?;
        self.attempt(Some(element), "encoding and decoding", |this| {
            let (picture, patience) = (graphics::part(this.task.picture), this.task.patience);
            graphics::measure(&model, &picture, patience, &mut |row| (this.report)(&Row::Stage(row.clone())))
        });
        Some(model)
    }

    /// The model on this device, which passes its test on the way.
    fn model(&self, name: &str, element: ElementType) -> Result<LoadedModel> {
        let precision = match element {
            ElementType::F32 => PrecisionChoice::Only(Precision::F32),
            ElementType::F16 => PrecisionChoice::Half,
        };
        let (backend, device) = (Backend::Gpu, Some(name.to_owned()));
        LoadedModel::on(self.task.weights, &Compute { backend, device, precision, half: true })
    }

    fn views(&mut self, model: &Arc<LoadedModel>, element: ElementType) -> Result<()> {
        let folder = sample::folder()?;
        let path = folder.path().join("photo.jpg");
        sample::write_photo(self.task.picture, &path)?;
        for zoom in ZOOMS {
            let opened = views::open(&path, model, zoom, self.task.patience)?;
            if let Some(reason) = model.take_warning() {
                return Err(Error::device(reason));
            }
            self.say(CardRow::View(opened.by(&self.device, name_of(element), self.task.patience)));
        }
        Ok(())
    }

    fn say(&mut self, row: CardRow) {
        (self.report)(&Row::Card(row));
    }

    /// Measures something; if that fails, says so and goes on.
    fn attempt(&mut self, element: Option<ElementType>, what: &str, work: impl FnOnce(&mut Self) -> Result<()>) {
        let Err(error) = work(self) else { return };
        self.say(CardRow::Failure(Failure {
            device: self.device.clone(),
            precision: element.map(name_of),
            what: what.to_owned(),
            reason: error.to_string(),
        }));
        self.failed.get_or_insert(error);
    }
}
