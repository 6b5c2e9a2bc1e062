//! What is the network's own: the legend of the invention map, and the values under the cursor.

use crate::app::kit::text::{layer_name, layer_text};
use crate::app::kit::theme::CORNER_MARGIN;
use crate::app::view::inquiry::{Inquiry, MapProgress};
use crate::app::view::{Command, Reading, Shown, State};
use crate::render::{InventionLayer, MOST_INVENTED, Measured, invention_color};
use egui::{
    Align, Align2, Area, Button, Color32, Context, FontId, Frame, Grid, Id, Layout, Mesh, Order, Painter, ProgressBar,
    Rect, Role, Sense, Shape, TextStyle, Ui, WidgetInfo, pos2, vec2,
};

/// Across, in points.
const WIDTH: f32 = 276.0;

/// The legend's scale: its height, and the steps in which its colours are drawn.
const BAR_HEIGHT: f32 = 14.0;
const BAR_STEPS: usize = 64;

/// Where the scale has numbers.
const TICKS: [f32; 5] = [0.0, 2.5, 5.0, 7.5, MOST_INVENTED];

/// Draws what is wanted, in the upper left corner of the canvas.
pub(in crate::app) fn show(ctx: &Context, state: &State, commands: &mut Vec<Command>) {
    let (inquiry, Some(shown)) = (&state.inquiry, &state.shown) else { return };
    if !inquiry.shows_map && !inquiry.inspects {
        return;
    }
    // What was judged a frame ago is not so any more once the view moves.
    let progress = if shown.motion.is_at_rest() { inquiry.progress } else { MapProgress::Waiting };
    let corner = state.canvas.rect_in_points().left_top() + vec2(CORNER_MARGIN, CORNER_MARGIN);
    Area::new(Id::unique("inquiry")).order(Order::Middle).fixed_pos(corner).show(ctx, |ui| {
        if inquiry.shows_map {
            Frame::window(ui.style()).inner_margin(12).show(ui, |ui| legend(ui, inquiry, progress, commands));
        }
        if inquiry.inspects {
            Frame::window(ui.style()).inner_margin(12).show(ui, |ui| inspector(ui, state, shown, commands));
        }
    });
}

/// A heading, and at its right what closes it.
fn heading(ui: &mut Ui, text: &str, (label, close): (&str, Command), commands: &mut Vec<Command>) {
    ui.set_width(WIDTH);
    ui.horizontal(|ui| {
        ui.strong(text);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let button = ui.small_button("Close");
            button.widget_info(|| WidgetInfo::labeled(Role::Button, true, label));
            if button.clicked() {
                commands.push(close);
            }
        });
    });
}

fn legend(ui: &mut Ui, inquiry: &Inquiry, progress: MapProgress, commands: &mut Vec<Command>) {
    heading(ui, "Invention map", ("Close the map", Command::ToggleMap), commands);
    ui.horizontal(|ui| {
        for layer in InventionLayer::ALL {
            let is_chosen = layer == inquiry.layer;
            let response = ui.add(Button::selectable(is_chosen, layer_name(layer)));
            let label = format!("Map: {}", layer_name(layer));
            response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, is_chosen, &label));
            if response.on_hover_text(layer_text(layer)).clicked() {
                commands.push(Command::ShowLayer(layer));
            }
        }
    });
    scale(ui);
    ui.weak("ΔE*ab of colours; about 2.3 is just seen");
    told(ui, progress, inquiry.failure.as_deref());
    ui.weak(
        "Bright is the network's own. Dark is no proof: what has left no trace in the file is not seen here either.",
    );
    let mut inspects = inquiry.inspects;
    if ui.checkbox(&mut inspects, "Values under the cursor").changed() {
        commands.push(Command::ToggleInspector);
    }
}

/// The colours of the map, with numbers below.
fn scale(ui: &mut Ui) {
    let font = TextStyle::Small.resolve(ui.style());
    let (rect, response) = ui.allocate_exact_size(vec2(WIDTH, BAR_HEIGHT + 4.0 + font.size), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, "Scale from ΔE 0, dark blue, to 10, pale yellow"));
    let bar = Rect::from_min_size(rect.min, vec2(WIDTH, BAR_HEIGHT));
    colors(ui.painter(), bar);
    let color = ui.visuals().text_color();
    for tick in TICKS {
        let x = bar.left() + bar.width() * tick / MOST_INVENTED;
        let (text, align) = match tick {
            0.0 => ("0".to_owned(), Align2::LEFT_BOTTOM),
            MOST_INVENTED => (format!("{MOST_INVENTED} and more"), Align2::RIGHT_BOTTOM),
            _ => (tick.to_string(), Align2::CENTER_BOTTOM),
        };
        number(ui.painter(), (x, rect.bottom()), (&text, align), &font, color);
    }
}

fn number(painter: &Painter, (x, y): (f32, f32), (text, align): (&str, Align2), font: &FontId, color: Color32) {
    painter.text(pos2(x, y), align, text, font.clone(), color);
}

fn colors(painter: &Painter, bar: Rect) {
    let mut mesh = Mesh::default();
    for step in 0..=BAR_STEPS {
        let share = step as f32 / BAR_STEPS as f32;
        let [r, g, b] = invention_color(share * MOST_INVENTED).map(|value| (value * 255.0).round() as u8);
        let x = bar.left() + share * bar.width();
        for y in [bar.top(), bar.bottom()] {
            mesh.colored_vertex(pos2(x, y), Color32::from_rgb(r, g, b));
        }
        if step > 0 {
            let last = 2 * step as u32;
            mesh.add_triangle(last - 2, last - 1, last);
            mesh.add_triangle(last - 1, last, last + 1);
        }
    }
    painter.add(Shape::mesh(mesh));
}

/// What there is of the map. Whatever is said takes one line, so that nothing jumps.
fn told(ui: &mut Ui, progress: MapProgress, failure: Option<&str>) {
    match (progress, failure) {
        (MapProgress::Waiting, _) => drop(ui.label("Waits until the view is at rest and complete.")),
        (MapProgress::Nothing, _) => drop(ui.label("No network makes any pixel of this view.")),
        (MapProgress::Computing(part), _) => {
            let bar = ProgressBar::new(part).text(format!("Computing: {:.0} %", part * 100.0));
            ui.add(bar.desired_width(WIDTH));
        }
        (MapProgress::Whole, _) => drop(ui.label("Complete.")),
        (MapProgress::Failed, reason) => {
            ui.label(format!("! {}", reason.unwrap_or("It could not be computed.")));
        }
    }
}

fn inspector(ui: &mut Ui, state: &State, shown: &Shown, commands: &mut Vec<Command>) {
    heading(ui, "Under the cursor", ("Close the values", Command::ToggleInspector), commands);
    let rows = rows(state, shown);
    Grid::new("values").num_columns(2).spacing([14.0, 4.0]).show(ui, |ui| {
        for (name, value) in rows {
            ui.weak(name);
            ui.monospace(value);
            ui.end_row();
        }
    });
}

/// What is not known yet.
const COMING: &str = "…";

/// Names and values.
fn rows(state: &State, shown: &Shown) -> [(&'static str, String); 5] {
    let names = ["Source pixel", "Source", "Shown", "Departure", "Disagreement"];
    let values = match state.reading {
        None => ["–"; 5].map(str::to_owned),
        Some(Reading { pixel, shown: seen, .. }) => {
            // Of a picture that is read by rectangles not every pixel is at hand.
            let source = values_text(shown.picture.known_values(pixel));
            let seen = values_text(seen);
            let [departure, disagreement] = measured_text(state);
            [format!("{}, {}", pixel.0, pixel.1), source, seen, departure, disagreement]
        }
    };
    let mut values = values.into_iter();
    names.map(|name| (name, values.next().unwrap_or_default()))
}

fn values_text<T: ToString>(values: Option<[T; 3]>) -> String {
    values.map_or(COMING.to_owned(), |values| values.map(|value| value.to_string()).join(" "))
}

/// Departure and disagreement under the cursor.
fn measured_text(state: &State) -> [String; 2] {
    let Some(probe) = state.reading.and_then(|reading| reading.made) else {
        return ["no network made it", "no network made it"].map(str::to_owned);
    };
    let failed = || if state.inquiry.failure.is_some() { "could not be computed" } else { COMING };
    match state.inquiry.measured_at(probe) {
        Some(Measured { departure, disagreement }) => [departure, disagreement].map(|value| format!("ΔE {value:.2}")),
        None => [failed(), failed()].map(str::to_owned),
    }
}
