//! A model that another one learns from: its answers to the queries of a batch.

use super::batch::Batch;
use super::config::Distillation;
use super::network::{Network, describe};
use crate::error::{Error, Result};
use crate::model::{TrainingContext, constants};
use crate::task::Gate;
use crate::weights::{Builtin, Normalization, Weights};
use candle_core::Device;
use std::path::Path;

impl Distillation {
    /// Learning from the weights that `teacher` names: `builtin`, `builtin:live` and its like, or a file of any family, whose
    /// place is remembered as seen from the root.
    ///
    /// # Errors
    /// [`Error::Weights`] if they cannot be used.
    pub fn from(teacher: &str, share: f64) -> Result<Self> {
        let id = Weights::open(Path::new(teacher))?.id().to_string();
        let absolute = || std::path::absolute(teacher).ok()?.to_str().map(str::to_owned);
        let is_file = Builtin::at(Path::new(teacher)).is_none();
        let teacher = if is_file { absolute() } else { None }.unwrap_or_else(|| teacher.to_owned());
        Ok(Self { teacher, id, share })
    }
}

/// The model, ready to answer.
pub(super) struct Teacher {
    network: Network,
    normalization: Normalization,
    share: f32,
    context: TrainingContext,
}

impl Teacher {
    /// Opens it. Its answers pass `gate`.
    ///
    /// # Errors
    /// [`Error::Request`] if it is not there any more or another model, [`Error::Device`] if there is no room for it.
    pub(super) fn open(distillation: &Distillation, gate: &Gate) -> Result<Self> {
        let Distillation { teacher, id, share } = distillation;
        let weights = Weights::open(Path::new(teacher)).map_err(|error| {
            Error::Request(format!("this training needs the model that it learns from, which cannot be read: {error}"))
        })?;
        if weights.id().to_string() != *id {
            let sentence = "is not the model any more that this training learns from; put that one back";
            return Err(Error::Request(format!("{teacher} {sentence}")));
        }
        let context = TrainingContext { gate: gate.clone(), ..TrainingContext::default() };
        let load = || Network::load(&constants(&weights, &Device::Cpu)?, weights.config(), &context);
        let network = load().map_err(|error| describe(&context, "loading the teacher", &error))?;
        Ok(Self { network, normalization: weights.config().normalization, share: *share as f32, context })
    }

    /// Adds its answers to a batch whose colours are normalised as `own`.
    ///
    /// # Errors
    /// [`Error::Cancelled`] if the gate was stopped, or the device's own.
    pub(super) fn teach(&self, batch: &mut Batch, own: &Normalization) -> Result<()> {
        let theirs = &self.normalization;
        let answers = if own == theirs {
            self.network.predict(batch)
        } else {
            let mut inputs = batch.inputs.clone();
            inputs.as_chunks_mut::<3>().0.iter_mut().for_each(|color| *color = converted(*color, own, theirs));
            let batch = Batch { inputs, ..batch.clone() };
            let answers = self.network.predict(&batch);
            answers.map(|colors| colors.into_iter().map(|color| converted(color, theirs, own)).collect())
        };
        let answers = answers.map_err(|error| describe(&self.context, "the teacher", &error))?;
        batch.take_answers(answers, self.share);
        Ok(())
    }
}

/// A colour of one normalisation in another.
fn converted(color: [f32; 3], from: &Normalization, to: &Normalization) -> [f32; 3] {
    [0, 1, 2].map(|c| (color[c] * from.std[c] + from.mean[c] - to.mean[c]) / to.std[c])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::{Region, SampleGrid, Size};
    use crate::model::Query;
    use crate::picture::Picture;
    use crate::recipe::Sampling;
    use crate::task::NEVER;
    use crate::train::predict::Predictor;
    use crate::train::random::untrained;
    use crate::weights::{EncoderConfig, FieldConfig, ModelConfig};

    /// A teacher's answers are what the program shows of it, whatever its family and its normalisation.
    #[test]
    fn a_teacher_answers_as_it_looks() {
        let folder = tempfile::tempdir().unwrap();
        let (size, own) = (Size::new(12, 12), Normalization::LIIF);
        let rgb: Vec<u8> = (0..size.area() * 3).map(|i| (i * 37 % 251) as u8).collect();
        let grid = SampleGrid::spanning(Region::whole(size), Size::new(30, 30));
        let live = ModelConfig {
            encoder: EncoderConfig::Plain { blocks: 1, convs: 2, features: 8 },
            decoder: FieldConfig { luma_waves: 6, chroma_waves: 2 }.into(),
            normalization: Normalization::MMAGIC_EDSR,
        };
        let file = folder.path().join("live.safetensors");
        let mut arrays = untrained(&live, 5).unwrap().arrays().clone();
        arrays
            .get_mut("field.amplitudes.weight")
            .unwrap()
            .data
            .iter_mut()
            .enumerate()
            .for_each(|(i, v)| *v = (i as f32).sin() / 9.0);
        Weights::new(live, arrays).unwrap().save(&file, false).unwrap();
        for name in ["builtin", "builtin:live", file.to_str().unwrap()] {
            let distillation = Distillation::from(name, 0.5).unwrap();
            assert_eq!(distillation.teacher, name);
            let inputs = rgb.iter().map(|v| f32::from(*v) / 127.5 - 1.0).collect();
            let queries = vec![Query::grid(&grid)];
            let targets = vec![[0.0; 3]; 900];
            let mut batch = Batch { patch: 12, inputs, queries, targets, unknown: vec![], teacher: None, again: None };
            Teacher::open(&distillation, &Gate::default()).unwrap().teach(&mut batch, &own).unwrap();
            let picture = Picture::from_rgb8(size, rgb.clone());
            let predictor = Predictor::new(&Weights::open(Path::new(name)).unwrap()).unwrap();
            let shown = predictor.predict(&picture, &grid, Sampling::Exact, NEVER);
            let (answers, share) = batch.teacher.unwrap();
            let off = answers
                .as_flattened()
                .iter()
                .zip(shown.unwrap().data)
                .map(|(a, b)| ((a / 2.0 + 0.5).clamp(0.0, 1.0) - b).abs());
            let off = off.fold(0.0, f32::max);
            assert!(off < 1e-4 && share == 0.5, "{name}: {off:e}");
        }
        std::fs::remove_file(&file).unwrap();
        let gone = Distillation { teacher: file.to_str().unwrap().into(), id: String::new(), share: 0.5 };
        let refusal =
            |distillation: &Distillation| Teacher::open(distillation, &Gate::default()).err().unwrap().to_string();
        assert!(refusal(&gone).contains("needs the model that it learns from"));
        let other = Distillation { id: "other".into(), ..Distillation::from("builtin", 0.5).unwrap() };
        assert!(refusal(&other).contains("is not the model any more"));
    }
}
