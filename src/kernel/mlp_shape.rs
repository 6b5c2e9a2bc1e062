//! What imnet consists of in training, and what it is asked.

use std::ops::Range;

/// The sizes of imnet behind its projected first layer.
///
/// Its parameters are one flat list: the columns of `rel_coord` and `rel_cell` (`[inputs, widths[0]]`), for every
/// further hidden layer weight `[output, input]` and bias, then the last weight `[3, input]` and bias.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MlpShape {
    /// Values per row beside the code: 2 (`rel_coord`) or 4 (and `rel_cell`).
    pub inputs: usize,
    /// Widths of the hidden layers, at least one.
    pub widths: Vec<usize>,
}

impl MlpShape {
    /// How many parameters there are.
    pub fn parameters(&self) -> usize {
        self.last().end + 3
    }

    /// Where weight and bias of the layer from hidden layer `i` to the next lie.
    pub(super) fn hidden(&self, i: usize) -> (Range<usize>, Range<usize>) {
        let before = |i: usize| self.widths[i] * self.widths[i + 1] + self.widths[i + 1];
        let start = self.inputs * self.widths[0] + (0..i).map(before).sum::<usize>();
        let weight = start..start + self.widths[i] * self.widths[i + 1];
        (weight.clone(), weight.end..weight.end + self.widths[i + 1])
    }

    /// Where the last weight lies; its bias follows.
    pub(super) fn last(&self) -> Range<usize> {
        let inner = self.widths.len() - 1;
        let start = if inner == 0 { self.inputs * self.widths[0] } else { self.hidden(inner - 1).1.end };
        start..start + 3 * self.widths[inner]
    }
}

/// One latent code that a query reads: a term of its weighted sum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QueryTerm {
    /// Which code of the image.
    pub code: u32,
    /// `rel_coord` y and x, then `rel_cell` y and x.
    pub inputs: [f32; 4],
    /// Its share in the prediction.
    pub weight: f32,
}

/// The queries of one image: query `i` reads `rows[ends[i - 1]..ends[i]]`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QueryTerms {
    /// All rows, query by query.
    pub rows: Vec<QueryTerm>,
    /// Where each query's rows end; at most four rows each.
    pub ends: Vec<u32>,
}

impl QueryTerms {
    pub(super) fn rows_of(&self, queries: Range<usize>) -> Range<usize> {
        let end = |query: usize| if query == 0 { 0 } else { self.ends[query - 1] as usize };
        end(queries.start)..end(queries.end)
    }
}
