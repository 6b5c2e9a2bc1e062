//! One line a picture and option set, for programs that compute with tables (RFC 4180, numbers as they are).

use super::numbers::{Metric, Numbers};
use super::report::{Comparison, ScaleReport, Setting};

/// All numbers of some comparisons; those of bicubic enlargement are the set `bicubic`. What is not defined is empty, what
/// is infinite is `inf`.
pub fn csv(comparisons: &[Comparison]) -> String {
    let columns = ["set", "model", "protocol", "scale", "image"];
    let mut lines = vec![join(columns.into_iter().map(str::to_owned).chain(Metric::ALL.map(|m| m.name().to_owned())))];
    for comparison in comparisons {
        for set in &comparison.sets {
            lines.extend(
                set.per_image.iter().map(|image| line(&set.set, &set.model, set.setting, &image.name, &image.numbers)),
            );
        }
        let first: Option<&ScaleReport> = comparison.sets.first();
        let images = first.iter().flat_map(|set| &set.per_image);
        lines.extend(images.map(|image| line("bicubic", "", comparison.setting, &image.name, &image.bicubic)));
    }
    lines.concat()
}

fn line(set: &str, model: &str, setting: Setting, image: &str, numbers: &Numbers) -> String {
    let Setting { scale, protocol, .. } = setting;
    let about = [set.to_owned(), model.to_owned(), protocol.to_string(), scale.to_string(), image.to_owned()];
    join(about.into_iter().chain(Metric::ALL.map(|metric| number(numbers.get(metric)))))
}

fn number(value: f64) -> String {
    if value.is_nan() { String::new() } else { value.to_string() }
}

fn join(cells: impl Iterator<Item = String>) -> String {
    cells.map(|cell| quoted(&cell)).collect::<Vec<_>>().join(",") + "\r\n"
}

fn quoted(cell: &str) -> String {
    let is_plain = !cell.contains([',', '"', '\r', '\n']);
    if is_plain { cell.to_owned() } else { format!("\"{}\"", cell.replace('"', "\"\"")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::{Bootstrap, ImageReport, Protocol};

    #[test]
    fn there_is_a_line_for_every_picture_of_every_set() {
        let setting = Setting { scale: 2.5, protocol: Protocol::Rgb, bootstrap: Bootstrap::default() };
        let numbers = |value| Numbers::from_each(|metric| if metric == Metric::Ssim { f64::NAN } else { value });
        let image =
            |name: &str| ImageReport { name: name.into(), numbers: numbers(30.25), bicubic: numbers(f64::INFINITY) };
        let set = |name| ScaleReport::new(name, "0f", setting, vec![image("a, \"b\""), image("c")]);
        let text = csv(&[Comparison { setting, sets: vec![set("one"), set("two")] }]);
        let lines: Vec<&str> = text.split_terminator("\r\n").collect();
        assert_eq!(lines[0], "set,model,protocol,scale,image,psnr_y,psnr_rgb,ssim,consistency_psnr,color_shift");
        assert_eq!(lines[1], "one,0f,rgb,2.5,\"a, \"\"b\"\"\",30.25,30.25,,30.25,30.25");
        assert_eq!(lines[6], "bicubic,,rgb,2.5,c,inf,inf,,inf,inf");
        assert_eq!(lines.len(), 7);
    }
}
