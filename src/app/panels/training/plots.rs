//! Loss and PSNR over steps.

use crate::app::theme;
use crate::app::training::report::Report;
use egui::Ui;
use egui_plot::{Corner, HLine, Legend, Line, LineStyle, Plot, PlotPoints, Points};

const HEIGHT: f32 = 88.0;

/// Draws both, as far as there is something to draw; the numbers stand above them for those who cannot see lines.
pub(super) fn show(ui: &mut Ui, report: &Report) {
    let loss = report.loss.map_or_else(|| "–".into(), |loss| format!("{loss:.4}"));
    ui.label(format!("Loss {loss} at step {}", report.step));
    let losses = report.losses.points();
    plot(ui, "loss plot", losses.iter().map(|point| point[1])).show(ui, |plot| {
        plot.line(Line::new("loss", PlotPoints::from(losses.to_vec())).color(theme::ACCENT_LINE).width(1.5));
    });
    let Some(judgement) = report.judgement else { return };
    let held_out = report.beginning.as_ref().map_or(0, |beginning| beginning.held_out);
    let noun = if held_out == 1 { "picture" } else { "pictures" };
    ui.label(format!("{:.2} dB on {held_out} {noun} not trained on", judgement.now));
    ui.weak(format!("at the start {:.2} dB, bicubic {:.2} dB", judgement.start, judgement.bicubic));
    let psnrs = report.psnrs.points();
    let lines = [("bicubic", judgement.bicubic, theme::PLAIN), ("start", judgement.start, theme::BUSY)];
    let values = psnrs.iter().map(|point| point[1]).chain(lines.iter().map(|line| line.1));
    plot(ui, "PSNR plot", values)
        .legend(Legend::default().position(Corner::RightBottom).follow_insertion_order(true))
        .show(ui, |plot| {
            for (name, value, color) in lines {
                plot.hline(HLine::new(name, value).color(color).style(LineStyle::dashed_loose()));
            }
            let points = || PlotPoints::from(psnrs.to_vec());
            plot.line(Line::new("now", points()).color(theme::DONE).width(1.5));
            plot.points(Points::new("now", points()).color(theme::DONE).radius(2.5));
        });
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
        .allow_zoom(false)
        .allow_drag(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .allow_axis_zoom_drag(false)
        .show_crosshair(false);
    if least.is_finite() { plot.include_y(least - margin).include_y(most + margin) } else { plot }
}
