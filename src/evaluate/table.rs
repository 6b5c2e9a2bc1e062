//! The table for people.

use super::ScaleReport;
use std::fmt::Write;

const HEADINGS: [&str; 4] = ["PSNR", "SSIM", "bicubic PSNR", "bicubic SSIM"];

/// An aligned plain-text table: one block a scale, one line a picture, then the mean. PSNR in decibels.
pub fn table(reports: &[ScaleReport]) -> String {
    let names = reports.iter().flat_map(|report| &report.per_image).map(|image| image.name.chars().count());
    let width = names.max().unwrap_or(0).max("mean of 0000".len());
    let mut text = String::new();
    for (i, report) in reports.iter().enumerate() {
        if i > 0 {
            text.push('\n');
        }
        let heading = format!("×{}", report.scale);
        push_line(&mut text, &heading, width, HEADINGS.map(str::to_owned));
        for image in &report.per_image {
            let values = [image.psnr, image.ssim, image.bicubic_psnr, image.bicubic_ssim];
            push_line(&mut text, &image.name, width, format_values(values));
        }
        let means = [report.psnr, report.ssim, report.bicubic_psnr, report.bicubic_ssim];
        push_line(&mut text, &format!("mean of {}", report.images), width, format_values(means));
    }
    text
}

fn format_values([psnr, ssim, bicubic_psnr, bicubic_ssim]: [f64; 4]) -> [String; 4] {
    [format_number(psnr, 2), format_number(ssim, 4), format_number(bicubic_psnr, 2), format_number(bicubic_ssim, 4)]
}

fn format_number(value: f64, decimals: usize) -> String {
    match value {
        value if value.is_nan() => "–".into(),
        value if value.is_infinite() => "∞".into(),
        value => format!("{value:.decimals$}"),
    }
}

fn push_line(text: &mut String, name: &str, width: usize, cells: [String; 4]) {
    let [psnr, ssim, bicubic_psnr, bicubic_ssim] = cells;
    // Writing into a string cannot fail.
    let _ = writeln!(text, "{name:<width$}  {psnr:>6}  {ssim:>6}  {bicubic_psnr:>12}  {bicubic_ssim:>12}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::ImageReport;

    #[test]
    fn columns_line_up() {
        let image = |name: &str, psnr| ImageReport {
            name: name.into(),
            psnr,
            ssim: f64::NAN,
            bicubic_psnr: 28.0,
            bicubic_ssim: 0.81,
        };
        let reports =
            [2.0, 2.5].map(|scale| ScaleReport::new(scale, vec![image("bébé", 30.0), image("b", f64::INFINITY)]));
        let text = table(&reports);
        let lengths: Vec<usize> =
            text.lines().filter(|line| !line.is_empty()).map(|line| line.chars().count()).collect();
        assert_eq!(lengths, vec![lengths[0]; 8], "{text}");
        assert!(text.contains("×2.5") && text.contains("mean of 2") && text.contains('∞'), "{text}");
    }
}
