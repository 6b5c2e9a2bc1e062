//! Numbers of pictures, their means and intervals, and differences of two option sets on the same pictures.

use super::bootstrap::{Bootstrap, Interval, LEVEL};
use super::numbers::{Metric, Numbers};
use super::protocol::Protocol;
use serde_json::{Map, Value, json};

/// The numbers of one picture.
#[derive(Clone, Debug, PartialEq)]
pub struct ImageReport {
    /// The original's file name without its ending.
    pub name: String,
    /// Those of the prediction.
    pub numbers: Numbers,
    /// Those of bicubic enlargement.
    pub bicubic: Numbers,
}

/// Means over pictures, and their 95 % intervals.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Means.
    pub mean: Numbers,
    intervals: [Option<Interval>; Metric::ALL.len()],
}

impl Summary {
    fn of(bootstrap: Bootstrap, images: impl Iterator<Item = Numbers>) -> Self {
        let images: Vec<Numbers> = images.collect();
        let column = |metric| images.iter().map(|numbers| numbers.get(metric)).collect::<Vec<f64>>();
        Self {
            mean: Numbers::from_each(|metric| column(metric).iter().sum::<f64>() / images.len() as f64),
            intervals: Metric::ALL.map(|metric| bootstrap.interval(&column(metric))),
        }
    }

    /// The 95 % interval of a mean; nothing of a single picture, or where a value is not finite.
    pub fn interval(&self, metric: Metric) -> Option<Interval> {
        self.intervals[metric as usize]
    }
}

/// What was measured, and of what.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Setting {
    /// The enlargement.
    pub scale: f64,
    /// Which values count.
    pub protocol: Protocol,
    /// How intervals are drawn.
    pub bootstrap: Bootstrap,
}

/// The numbers of one option set at one scale.
#[derive(Clone, Debug, PartialEq)]
pub struct ScaleReport {
    /// The option set, as it was written.
    pub set: String,
    /// The name of its model ([`crate::key::ModelId`]).
    pub model: String,
    /// What was measured.
    pub setting: Setting,
    /// Of the predictions.
    pub summary: Summary,
    /// Of bicubic enlargement.
    pub bicubic: Summary,
    /// One entry a picture, in the order of the pairs.
    pub per_image: Vec<ImageReport>,
}

impl ScaleReport {
    pub(super) fn new(set: &str, model: &str, setting: Setting, per_image: Vec<ImageReport>) -> Self {
        Self {
            set: set.to_owned(),
            model: model.to_owned(),
            setting,
            summary: Summary::of(setting.bootstrap, per_image.iter().map(|image| image.numbers)),
            bicubic: Summary::of(setting.bootstrap, per_image.iter().map(|image| image.bicubic)),
            per_image,
        }
    }

    /// Mean PSNR of the channels that count, in decibels.
    pub fn psnr(&self) -> f64 {
        self.summary.mean.get(Metric::psnr_of(self.setting.protocol.channels()))
    }

    /// By how much its numbers are higher than another's, picture by picture.
    pub fn difference(&self, other: &Self) -> Summary {
        let pairs = self.per_image.iter().zip(&other.per_image);
        let off = |(a, b): (&ImageReport, &ImageReport)| {
            Numbers::from_each(|metric| a.numbers.get(metric) - b.numbers.get(metric))
        };
        Summary::of(self.setting.bootstrap, pairs.map(off))
    }

    /// As one JSON object: means, bicubic's behind `bicubic_`, `psnr` for that of the channels that count; what is infinite
    /// or not defined is `null`.
    pub fn to_json(&self) -> Value {
        let Setting { scale, protocol, bootstrap } = self.setting;
        let psnr = Metric::psnr_of(protocol.channels());
        let image = |image: &ImageReport| {
            let mut fields = Map::from_iter([("name".to_owned(), json!(image.name))]);
            columns(&mut fields, "", psnr, |metric| json!(image.numbers.get(metric)));
            columns(&mut fields, "bicubic_", psnr, |metric| json!(image.bicubic.get(metric)));
            Value::from(fields)
        };
        let (mut fields, mut interval) = (Map::new(), Map::new());
        for (prefix, summary) in [("", &self.summary), ("bicubic_", &self.bicubic)] {
            columns(&mut fields, prefix, psnr, |metric| json!(summary.mean.get(metric)));
            columns(&mut interval, prefix, psnr, |metric| json!(summary.interval(metric)));
        }
        fields.extend([
            ("set".to_owned(), json!(self.set)),
            ("model".to_owned(), json!(self.model)),
            ("scale".to_owned(), json!(scale)),
            ("protocol".to_owned(), json!(protocol.to_string())),
            ("images".to_owned(), json!(self.per_image.len())),
            ("interval".to_owned(), interval.into()),
            ("bootstrap".to_owned(), bootstrap_json(bootstrap)),
            ("per_image".to_owned(), self.per_image.iter().map(image).collect()),
        ]);
        fields.into()
    }
}

/// Several option sets on the same pictures at one scale.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// What was measured.
    pub setting: Setting,
    /// One report an option set; differences are to the first.
    pub sets: Vec<ScaleReport>,
}

impl Comparison {
    /// The sets behind the first, each with its paired difference to it.
    pub fn differences(&self) -> impl Iterator<Item = (&ScaleReport, Summary)> {
        let first = self.sets.first();
        self.sets.iter().skip(1).filter_map(move |set| Some((set, set.difference(first?))))
    }

    /// As one JSON object.
    pub fn to_json(&self) -> Value {
        let psnr = Metric::psnr_of(self.setting.protocol.channels());
        let difference = |(set, summary): (&ScaleReport, Summary)| {
            let against = self.sets.first().map(|first| &first.set);
            let mut fields = Map::from_iter([("set".into(), json!(set.set)), ("against".into(), json!(against))]);
            let mut interval = Map::new();
            columns(&mut fields, "", psnr, |metric| json!(summary.mean.get(metric)));
            columns(&mut interval, "", psnr, |metric| json!(summary.interval(metric)));
            fields.insert("interval".into(), interval.into());
            Value::from(fields)
        };
        json!({
            "scale": self.setting.scale,
            "protocol": self.setting.protocol.to_string(),
            "images": self.sets.first().map_or(0, |set| set.per_image.len()),
            "bootstrap": bootstrap_json(self.setting.bootstrap),
            "sets": self.sets.iter().map(ScaleReport::to_json).collect::<Vec<_>>(),
            "differences": self.differences().map(difference).collect::<Vec<_>>(),
        })
    }
}

/// A field a column, and `psnr` for the one that counts.
fn columns(fields: &mut Map<String, Value>, prefix: &str, psnr: Metric, value: impl Fn(Metric) -> Value) {
    fields.insert(format!("{prefix}psnr"), value(psnr));
    fields.extend(Metric::ALL.map(|metric| (format!("{prefix}{}", metric.name()), value(metric))));
}

fn bootstrap_json(bootstrap: Bootstrap) -> Value {
    json!({ "level": LEVEL, "resamples": bootstrap.resamples, "seed": bootstrap.seed })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTING: Setting =
        Setting { scale: 2.0, protocol: Protocol::LiifBenchmark, bootstrap: Bootstrap { seed: 1, resamples: 100 } };

    fn report(set: &str, values: &[f64]) -> ScaleReport {
        let numbers = |value| Numbers::from_each(|_| value);
        let image = |value: &f64| ImageReport { name: "a".into(), numbers: numbers(*value), bicubic: numbers(30.5) };
        ScaleReport::new(set, "0f", SETTING, values.iter().map(image).collect())
    }

    #[test]
    fn infinite_numbers_are_valid_json() {
        let json = report("builtin", &[f64::INFINITY]).to_json();
        assert_eq!((&json["psnr"], &json["bicubic_psnr"]), (&Value::Null, &json!(30.5)));
        assert_eq!((&json["per_image"][0]["ssim"], &json["interval"]["psnr"]), (&Value::Null, &Value::Null));
        assert_eq!(json["bootstrap"], json!({"level": 0.95, "resamples": 100, "seed": 1}));
    }

    #[test]
    fn differences_are_paired() {
        // The pictures differ by far more than the sets do: only a paired difference sees it.
        let (a, b) = (report("a", &[20.0, 30.0, 40.0]), report("b", &[20.1, 30.2, 40.3]));
        let difference = b.difference(&a);
        let [low, high] = difference.interval(Metric::PsnrY).unwrap();
        assert!((difference.mean.get(Metric::PsnrY) - 0.2).abs() < 1e-9 && low > 0.0 && high < 0.31, "{low} {high}");
        let [low, high] = b.summary.interval(Metric::PsnrY).unwrap();
        assert!(high - low > 5.0, "the means by themselves tell nothing");
        let swapped = report("b", &[40.3, 20.1, 30.2]).difference(&a).interval(Metric::PsnrY).unwrap();
        assert!(swapped[0] < 0.0, "{swapped:?}: other pairs, another answer");
    }
}
