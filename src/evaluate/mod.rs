//! Benchmark tables: a folder of originals, an enlargement, and what is measured of predictions, beside bicubic's.
//!
//! The rules are those of LIIF's `test.py` (yinboc/liif). Where no small pictures are given they are made as there:
//! the original is cut at its top-left corner to a multiple of the scale and reduced by Pillow's bicubic. Means are over
//! pictures, and their intervals by the bootstrap over pictures.

mod bootstrap;
mod csv;
mod numbers;
mod option_set;
mod pairs;
mod protocol;
mod report;
mod table;

pub use bootstrap::{Bootstrap, Interval, LEVEL};
pub use csv::csv;
pub use numbers::{Metric, Numbers};
pub use option_set::OptionSet;
pub use pairs::{Pair, pair_folders};
pub use protocol::Protocol;
pub use report::{Comparison, ImageReport, ScaleReport, Setting, Summary};
pub use table::{comparison_table, table};

use crate::error::{Error, Result};
use crate::geometry::Size;
use crate::picture::{Picture, Raster};

/// What predicts: the name of an option set, and that of its model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The option set, as it was written.
    pub set: String,
    /// The name of its model ([`crate::key::ModelId`]).
    pub model: String,
}

/// Enlarges every small picture by `predict` and compares with the originals.
///
/// `predict` receives the small picture (8-bit RGB if it is made here, else as in its file without opacity) and the
/// size to enlarge it to. `on_image` hears how many of how many pictures are done, first of none.
///
/// # Errors
/// As [`compare`].
pub fn evaluate(
    pairs: &[Pair],
    scale: f64,
    protocol: Protocol,
    predict: &mut dyn FnMut(&Picture, Size) -> Result<Raster>,
    on_image: &mut dyn FnMut(usize, usize),
) -> Result<ScaleReport> {
    let setting = Setting { scale, protocol, bootstrap: Bootstrap::default() };
    let alone = [Candidate { set: String::new(), model: String::new() }];
    let compared = compare(pairs, setting, &alone, &mut |_, picture, size| predict(picture, size), on_image)?;
    compared.sets.into_iter().next().ok_or_else(|| Error::Request("there is nothing to measure".into()))
}

/// The same for several that predict: `predict` is called with the place of each of them for every picture, and `on_image`
/// counts the predictions.
///
/// # Errors
/// [`Error::Request`] for a scale below 1 or a prediction of a wrong size, [`Error::Dataset`] for pairs that do not
/// fit the scale, [`Error::Picture`] for files that cannot be read, and whatever `predict` returns.
pub fn compare(
    pairs: &[Pair],
    setting: Setting,
    candidates: &[Candidate],
    predict: &mut dyn FnMut(usize, &Picture, Size) -> Result<Raster>,
    on_image: &mut dyn FnMut(usize, usize),
) -> Result<Comparison> {
    let Setting { scale, protocol, .. } = setting;
    if !scale.is_finite() || scale < 1.0 {
        return Err(Error::Request(format!("the scale {scale} is not an enlargement; use a number of 1 or more")));
    }
    let (mut done, all) = (0, pairs.len() * candidates.len());
    on_image(done, all);
    let mut reports = vec![Vec::with_capacity(pairs.len()); candidates.len()];
    for pair in pairs {
        let (small, truth) = pairs::load(pair, scale, protocol.multiple())?;
        let input = pairs::whole(&small);
        let measure = |image: &Raster| Numbers::of(image, &truth, &input, protocol, scale);
        let bicubic = measure(&pairs::enlarge_bicubic(&small, truth.size));
        for (place, reports) in reports.iter_mut().enumerate() {
            let prediction = checked(pair, predict(place, &small, truth.size)?, truth.size)?;
            reports.push(ImageReport { name: pair.name.clone(), numbers: measure(&prediction), bicubic });
            done += 1;
            on_image(done, all);
        }
    }
    let reports = candidates.iter().zip(reports);
    let sets = reports.map(|(Candidate { set, model }, images)| ScaleReport::new(set, model, setting, images));
    Ok(Comparison { setting, sets: sets.collect() })
}

/// A prediction of the size that was asked for, its values in [0, 1].
fn checked(pair: &Pair, mut prediction: Raster, size: Size) -> Result<Raster> {
    if prediction.size != size || prediction.channels < 3 || prediction.data.len() != size.area() * prediction.channels
    {
        return Err(Error::Request(format!("{}: the prediction is {} and not {size}", pair.name, prediction.size)));
    }
    prediction.data.iter_mut().for_each(|v| *v = v.clamp(0.0, 1.0));
    Ok(prediction)
}
