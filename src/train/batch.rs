//! What one step learns from.

use crate::kernel::Targets;
use crate::model::Query;
use std::ops::Range;

/// Inputs, questions and answers of one step, in normalised colours.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Rows and columns of every input.
    pub patch: usize,
    /// Small pictures, `[n, patch, patch, 3]`.
    pub inputs: Vec<f32>,
    /// Where each of them is queried.
    pub queries: Vec<Query>,
    /// The colours that are right, picture by picture in the order of the queries.
    pub targets: Vec<[f32; 3]>,
    /// Small pictures whose right colours nobody knows: their targets are the teacher's answers, once it has answered.
    pub unknown: Vec<usize>,
    /// What a teacher answers, in the same order, and its share of the loss, 0 to 1.
    pub teacher: Option<(Vec<[f32; 3]>, f32)>,
    /// The number of these small pictures, if they come again with other questions.
    pub again: Option<u64>,
}

impl Batch {
    /// How many small pictures it holds.
    pub fn len(&self) -> usize {
        self.queries.len()
    }

    /// What predictions are compared with.
    pub(super) fn answers(&self) -> Targets<'_> {
        let teacher = self.teacher.as_ref().map(|(teacher, share)| (teacher.as_slice(), *share));
        Targets { truth: &self.targets, teacher }
    }

    /// Takes a teacher's answers in.
    pub(super) fn take_answers(&mut self, answers: Vec<[f32; 3]>, share: f32) {
        let mut first = 0;
        for (image, query) in self.queries.iter().enumerate() {
            let of_image = first..first + query.position.len();
            first = of_image.end;
            if self.unknown.contains(&image) {
                self.targets[of_image.clone()].copy_from_slice(&answers[of_image]);
            }
        }
        self.teacher = Some((answers, share));
    }

    /// The same questions of some of the small pictures.
    pub(super) fn part(&self, images: Range<usize>) -> Self {
        let pixels = self.patch * self.patch * 3;
        let before = |image: usize| self.queries[..image].iter().map(|query| query.position.len()).sum::<usize>();
        let queries = before(images.start)..before(images.end);
        let taught = |(teacher, share): &(Vec<[f32; 3]>, f32)| (teacher[queries.clone()].to_vec(), *share);
        let unknown = self.unknown.iter().filter(|image| images.contains(image)).map(|image| image - images.start);
        Self {
            unknown: unknown.collect(),
            patch: self.patch,
            inputs: self.inputs[images.start * pixels..images.end * pixels].to_vec(),
            teacher: self.teacher.as_ref().map(taught),
            targets: self.targets[queries].to_vec(),
            queries: self.queries[images].to_vec(),
            again: None,
        }
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.queries.is_empty()
    }
}
