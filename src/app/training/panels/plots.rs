//! Loss and PSNR over steps.

use crate::app::kit::theme;
use crate::app::training::report::Report;
use egui::{Color32, Sense, Stroke, Ui, vec2};
use egui_plot::{HLine, Line, LineStyle, Plot, PlotPoints, Points, uniform_grid_spacer};

const HEIGHT: f32 = 88.0;

/// Draws both, as far as there is something to draw; the numbers stand above them for those who cannot see lines.
pub(super) fn show(ui: &mut Ui, report: &Report) {
    let loss = report.loss.map_or_else(|| "–".into(), |loss| format!("{loss:.4}"));
    ui.label(format!("Loss {loss} at step {}", report.step));
    let losses = report.losses.points();
    let [accent, busy, done] =
        [theme::ACCENT_LINE, theme::BUSY, theme::DONE].map(|color| theme::legible(color, ui.visuals()));
    plot(ui, "loss plot", losses.iter().map(|point| point[1])).show(ui, |plot| {
        // Every batch is of other pictures: what the loss does is seen in its running mean.
        let line = |points| Line::new("loss", PlotPoints::from(points));
        plot.line(line(losses.to_vec()).color(accent.gamma_multiply(0.4)).width(1.0));
        plot.line(line(running_mean(losses)).color(accent).width(1.8));
    });
    let Some(judgement) = report.judgement else { return };
    let held_out = report.beginning.as_ref().map_or(0, |beginning| beginning.held_out);
    let noun = if held_out == 1 { "picture" } else { "pictures" };
    ui.label(format!("{:.2} dB on {held_out} {noun} not trained on", judgement.now));
    let psnrs = report.psnrs.points();
    let (start, bicubic) = (LineStyle::dashed_loose(), LineStyle::dotted_dense());
    let reference = if judgement.since == 0 { "start".to_owned() } else { format!("step {}", judgement.since) };
    let lines =
        [(reference.as_str(), judgement.start, busy, start), ("bicubic", judgement.bicubic, theme::PLAIN, bicubic)];
    // A legend over the plot would lie on the newest points.
    ui.horizontal_wrapped(|ui| {
        for (name, value, color, style) in &lines {
            sample(ui, *color, *style);
            ui.weak(format!("{name} {value:.2} dB"));
        }
    });
    let values = psnrs.iter().map(|point| point[1]).chain(lines.iter().map(|line| line.1));
    plot(ui, "PSNR plot", values).show(ui, |plot| {
        for (name, value, color, style) in lines {
            plot.hline(HLine::new(name, value).color(color).style(style));
        }
        let points = || PlotPoints::from(psnrs.to_vec());
        plot.line(Line::new("now", points()).color(done).width(1.5));
        plot.points(Points::new("now", points()).color(done).radius(2.5));
    });
}

/// A piece of a line as the plot draws it.
fn sample(ui: &mut Ui, color: Color32, style: LineStyle) {
    let (rect, _) = ui.allocate_exact_size(vec2(18.0, ui.spacing().interact_size.y), Sense::empty());
    let [from, to] = [rect.left_center(), rect.right_center()];
    if let LineStyle::Dashed { .. } = style {
        for dash in [[from, from.lerp(to, 0.4)], [from.lerp(to, 0.6), to]] {
            ui.painter().line_segment(dash, Stroke::new(1.5, color));
        }
    } else {
        for dot in [from, from.lerp(to, 0.5), to] {
            ui.painter().circle_filled(dot, 1.2, color);
        }
    }
}

/// A plot that only shows: it takes neither the wheel nor drags away from the panel.
fn plot<'a>(ui: &Ui, name: &str, values: impl Iterator<Item = f64>) -> Plot<'a> {
    let (least, most) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    let margin = ((most - least) * 0.1).max(1e-3);
    let plot = Plot::new(name)
        .include_x(0.0)
        .include_x(10.0)
        .height(HEIGHT)
        .width(ui.available_width())
        .show_grid(false)
        .y_axis_min_width(40.0)
        .y_grid_spacer(uniform_grid_spacer(|input| marks(input.bounds.1 - input.bounds.0)))
        .allow_zoom(false)
        .allow_drag(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .allow_axis_zoom_drag(false)
        .show_crosshair(false);
    if least.is_finite() { plot.include_y(least - margin).include_y(most + margin) } else { plot }
}

/// Over about a tenth of the points there are.
fn running_mean(points: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let keep = 1.0 - 1.0 / (points.len() as f64 / 10.0).max(1.0);
    let (mut sum, mut weight) = (0.0, 0.0);
    let mean = |[x, y]: &[f64; 2]| {
        (sum, weight) = (sum * keep + y, weight * keep + 1.0);
        [*x, sum / weight]
    };
    points.iter().map(mean).collect()
}

/// Distances between an axis's marks: two or three of the smallest in a range.
fn marks(range: f64) -> [f64; 3] {
    let rough = range.max(1e-9) / 3.0;
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0].map(|digit| digit * power).into_iter().find(|step| *step >= rough);
    let step = step.unwrap_or(10.0 * power);
    [step, 10.0 * step, 100.0 * step]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_has_round_marks() {
        for (range, step) in [(0.012, 0.005), (0.7, 0.5), (3.0, 1.0), (25.0, 10.0), (28.0, 10.0), (61.0, 50.0)] {
            assert!((marks(range)[0] - step).abs() < 1e-12, "{range}: {}", marks(range)[0]);
        }
    }

    #[test]
    fn the_running_mean_keeps_a_level_and_calms_noise() {
        let level: Vec<[f64; 2]> = (0..50).map(|i| [f64::from(i), 0.3]).collect();
        assert!(running_mean(&level).iter().zip(&level).all(|(mean, point)| (mean[1] - point[1]).abs() < 1e-12));
        let noisy: Vec<[f64; 2]> = (0..50).map(|i| [f64::from(i), f64::from(i % 2)]).collect();
        assert!(running_mean(&noisy)[20..].iter().all(|mean| (mean[1] - 0.5).abs() < 0.15));
        assert_eq!(running_mean(&noisy[..3]), noisy[..3]);
    }
}
