//! What predictions are compared with in training.

/// The colours that are right, query by query, and what a teacher answers to the same queries, if there is one.
#[derive(Clone, Copy)]
pub struct Targets<'a> {
    /// The colours that are right.
    pub truth: &'a [[f32; 3]],
    /// The teacher's, as many, and its share of the loss, 0 to 1.
    pub teacher: Option<(&'a [[f32; 3]], f32)>,
}

impl<'a> Targets<'a> {
    /// Of so many queries, whatever they are.
    pub(super) fn are_of(&self, queries: usize) -> bool {
        self.truth.len() == queries && self.teacher.is_none_or(|(teacher, _)| teacher.len() == queries)
    }

    /// Takes the first `count` away.
    pub(super) fn take(&mut self, count: usize) -> Self {
        let (truth, rest) = self.truth.split_at(count);
        self.truth = rest;
        let split = |(teacher, share): (&'a [[f32; 3]], f32)| {
            let (first, rest) = teacher.split_at(count);
            ((first, share), (rest, share))
        };
        let teacher = self.teacher.map(split);
        self.teacher = teacher.map(|(_, rest)| rest);
        Self { truth, teacher: teacher.map(|(first, _)| first) }
    }

    /// The sum of the absolute differences of a prediction, and its slopes.
    pub(super) fn compare(&self, query: usize, prediction: [f32; 3]) -> (f64, [f32; 3]) {
        let (loss, slope) = compare(prediction, self.truth[query]);
        let Some((teacher, share)) = self.teacher else { return (loss, slope) };
        let (soft_loss, soft_slope) = compare(prediction, teacher[query]);
        let own = 1.0 - share;
        let loss = f64::from(own) * loss + f64::from(share) * soft_loss;
        (loss, [0, 1, 2].map(|c| own * slope[c] + share * soft_slope[c]))
    }
}

impl<'a> From<&'a [[f32; 3]]> for Targets<'a> {
    fn from(truth: &'a [[f32; 3]]) -> Self {
        Self { truth, teacher: None }
    }
}

/// The absolute value has no slope at zero.
fn compare(a: [f32; 3], b: [f32; 3]) -> (f64, [f32; 3]) {
    let difference = [0, 1, 2].map(|c| a[c] - b[c]);
    let loss = difference.iter().map(|d| f64::from(d.abs())).sum();
    (loss, difference.map(|d| if d == 0.0 { 0.0 } else { d.signum() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_teacher_has_its_share() {
        let (truth, teacher) = ([[0.0; 3], [1.0, 2.0, 3.0]], [[0.0; 3], [0.0, 2.0, 5.0]]);
        let mut targets = Targets { truth: &truth, teacher: Some((&teacher, 0.25)) };
        assert!(targets.are_of(2) && !targets.are_of(1));
        assert_eq!(targets.take(1).compare(0, [1.0, 0.0, -1.0]), (2.0, [1.0, 0.0, -1.0]));
        assert_eq!(targets.compare(0, [1.0, 2.0, 4.0]), (0.75 + 0.25 * 2.0, [0.25, 0.0, 0.5]));
        assert_eq!(Targets::from(&truth[1..]).compare(0, [1.0, 0.0, 4.0]), (3.0, [0.0, -1.0, 1.0]));
    }
}
