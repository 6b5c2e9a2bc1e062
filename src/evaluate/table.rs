//! Tables for people.

use super::bootstrap::Bootstrap;
use super::numbers::{Metric, Numbers};
use super::report::{Comparison, ScaleReport, Setting, Summary};

/// A line: its name, and as many cells as there are columns.
type Line = (String, Vec<String>);

/// An aligned plain-text table of one option set: one block a scale, one line a picture, then the mean and its interval.
pub fn table(reports: &[ScaleReport]) -> String {
    let blocks: Vec<String> = reports.iter().map(block).collect();
    finished(blocks, reports.first().map(|report| report.setting))
}

/// One table of several option sets: one block a scale, the means of each set, then its paired differences to the first.
pub fn comparison_table(comparisons: &[Comparison]) -> String {
    let blocks: Vec<String> = comparisons.iter().map(comparison).collect();
    finished(blocks, comparisons.first().map(|comparison| comparison.setting))
}

fn finished(blocks: Vec<String>, setting: Option<Setting>) -> String {
    let legend = setting.map(|setting| legend(setting.bootstrap)).unwrap_or_default();
    format!("{}\n{legend}", blocks.join("\n"))
}

fn legend(Bootstrap { seed, resamples }: Bootstrap) -> String {
    format!(
        "PSNR in dB. Consistency: the result shrunk back by the bicubic filter, against its input, in dB; shift: of its mean \
         colour.\n95 %: interval of the mean by the bootstrap over the pictures, {resamples} resamples, seed {seed}.\n"
    )
}

fn heading(Setting { scale, protocol, .. }: Setting) -> String {
    format!("×{scale}, {}\n", protocol.in_words(scale))
}

fn block(report: &ScaleReport) -> String {
    let psnr = Metric::psnr_of(report.setting.protocol.channels());
    let beside = [psnr, Metric::Ssim];
    let cells = |own: &dyn Fn(Metric) -> String, bicubic: &dyn Fn(Metric) -> String| {
        Metric::ALL.map(own).into_iter().chain(beside.map(bicubic)).collect::<Vec<String>>()
    };
    let values = |own: &Numbers, bicubic: &Numbers| {
        cells(&|metric| value(own.get(metric), metric), &|metric| value(bicubic.get(metric), metric))
    };
    let headings = cells(&|metric| metric.heading().into(), &|metric| format!("bicubic {}", metric.heading()));
    let mut lines: Vec<Line> = vec![(String::new(), headings)];
    lines.extend(report.per_image.iter().map(|image| (image.name.clone(), values(&image.numbers, &image.bicubic))));
    let (own, bicubic) = (&report.summary, &report.bicubic);
    lines.push((format!("mean of {}", report.per_image.len()), values(&own.mean, &bicubic.mean)));
    for (name, end) in [("95 % from", 0), ("95 % to", 1)] {
        lines.push((name.into(), cells(&|metric| bound(own, metric, end), &|metric| bound(bicubic, metric, end))));
    }
    heading(report.setting) + &aligned(&lines)
}

fn comparison(comparison: &Comparison) -> String {
    let mut lines: Vec<Line> = vec![(String::new(), Metric::ALL.map(|metric| metric.heading().to_owned()).into())];
    if let Some(first) = comparison.sets.first() {
        lines.extend(summary_lines("bicubic", &first.bicubic, value));
    }
    for set in &comparison.sets {
        lines.extend(summary_lines(&set.set, &set.summary, value));
    }
    let first = comparison.sets.first().map(|set| set.set.clone()).unwrap_or_default();
    for (set, summary) in comparison.differences() {
        lines.extend(summary_lines(&format!("{} − {first}", set.set), &summary, signed));
    }
    let images = comparison.sets.first().map_or(0, |set| set.per_image.len());
    let heading = heading(comparison.setting);
    format!("{}, means of {images}\n{}", heading.trim_end(), aligned(&lines))
}

/// Two lines: means, and their intervals.
fn summary_lines(name: &str, summary: &Summary, show: fn(f64, Metric) -> String) -> [Line; 2] {
    let interval = |metric| match summary.interval(metric) {
        Some([low, high]) => format!("{}…{}", show(low, metric), show(high, metric)),
        None => "–".into(),
    };
    let means = Metric::ALL.map(|metric| show(summary.mean.get(metric), metric));
    [(name.into(), means.into()), ("  95 %".into(), Metric::ALL.map(interval).into())]
}

fn bound(summary: &Summary, metric: Metric, end: usize) -> String {
    summary.interval(metric).map_or("–".into(), |interval| value(interval[end], metric))
}

fn value(value: f64, metric: Metric) -> String {
    let decimals = metric.decimals();
    match value {
        value if value.is_nan() => "–".into(),
        value if value.is_infinite() => "∞".into(),
        value => format!("{value:.decimals$}"),
    }
}

/// Differences say which way.
fn signed(difference: f64, metric: Metric) -> String {
    let decimals = metric.decimals() + 1;
    if difference.is_finite() {
        format!("{difference:+.decimals$}").replace('-', "−")
    } else {
        value(difference, metric)
    }
}

/// Names to the left, cells to the right.
fn aligned(lines: &[Line]) -> String {
    let width = |text: &String| text.chars().count();
    let names = lines.iter().map(|(name, _)| width(name)).max().unwrap_or(0);
    let columns = lines.first().map_or(0, |(_, cells)| cells.len());
    let column = |i: usize| lines.iter().map(|(_, cells)| width(&cells[i])).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(column).collect();
    let line = |(name, cells): &Line| {
        let cells = cells.iter().zip(&widths).map(|(cell, width)| format!("  {cell:>width$}"));
        format!("{name:<names$}{}\n", cells.collect::<String>())
    };
    lines.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::{ImageReport, Protocol};

    fn reports(scale: f64) -> ScaleReport {
        let setting = Setting { scale, protocol: Protocol::LiifBenchmark, bootstrap: Bootstrap::default() };
        let numbers = |value| Numbers::from_each(|metric| if metric == Metric::Ssim { f64::NAN } else { value });
        let image =
            |name: &str, value| ImageReport { name: name.into(), numbers: numbers(value), bicubic: numbers(28.0) };
        ScaleReport::new("builtin", "0f", setting, vec![image("bébé", 30.0), image("b", f64::INFINITY)])
    }

    fn lengths(text: &str) -> Vec<usize> {
        let is_cells = |line: &&str| line.contains("  ");
        text.lines().filter(is_cells).map(|line| line.chars().count()).collect()
    }

    #[test]
    fn columns_line_up() {
        let text = table(&[2.0, 2.5].map(reports));
        let lengths = lengths(&text);
        assert_eq!(lengths, vec![lengths[0]; 12], "{text}");
        assert!(text.contains("×2.5") && text.contains("mean of 2") && text.contains('∞'), "{text}");
        assert!(text.contains("seed 1") && text.contains("a border of 3 pixels"), "{text}");
    }

    #[test]
    fn a_comparison_has_every_set_and_its_difference() {
        let mut other = reports(4.0);
        other.set = "builtin:live".into();
        let comparison = Comparison { setting: other.setting, sets: vec![reports(4.0), other] };
        let text = comparison_table(&[comparison]);
        let lengths = lengths(&text);
        assert_eq!(lengths, vec![lengths[0]; 9], "{text}");
        assert!(text.contains("builtin:live − builtin") && text.contains("bicubic"), "{text}");
    }
}
