//! What one step learns from.

use crate::model::Query;

/// Inputs, questions and answers of one step, in normalised colours.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Rows and columns of every input.
    pub patch: usize,
    /// Small pictures, `[n, patch, patch, 3]`.
    pub inputs: Vec<f32>,
    /// Where each of them is asked.
    pub queries: Vec<Query>,
    /// The colours that are right, picture by picture in the order of the queries.
    pub targets: Vec<[f32; 3]>,
}

impl Batch {
    /// How many small pictures it holds.
    pub fn len(&self) -> usize {
        self.queries.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.queries.is_empty()
    }
}
