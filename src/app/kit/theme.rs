//! Every colour and measure of the window, in one place.
//!
//! The canvas is a neutral grey in both themes: a tinted or glaring surround changes how colours in a picture look.

use egui::{Color32, Context, CornerRadius, Margin, Stroke, Theme, Visuals};

/// What lies around the picture.
pub const CANVAS: Color32 = Color32::from_gray(46);

/// Text on the canvas.
pub const ON_CANVAS: Color32 = Color32::from_gray(216);

/// Text on the canvas that matters less.
pub const ON_CANVAS_WEAK: Color32 = Color32::from_gray(160);

/// The two greys behind transparent parts of a picture.
pub const CHECKER: [u8; 2] = [98, 128];

/// Side of a checkerboard square, in output pixels.
pub const CHECKER_SIDE: usize = 8;

/// No tint: textures are shown as they are.
pub const UNTINTED: Color32 = Color32::WHITE;

/// From the canvas's edges to what lies in its corners, in points.
pub const CORNER_MARGIN: f32 = 14.0;

/// The dot of a view that shows exactly what an export would write.
pub const DONE: Color32 = Color32::from_rgb(118, 190, 140);

/// The dot of a view that is still being worked on.
pub const BUSY: Color32 = Color32::from_rgb(222, 178, 92);

/// The dot of a view that is made of source pixels only.
pub const PLAIN: Color32 = Color32::from_gray(140);

/// The edge of a message that tells of a failure.
pub const FAILED: Color32 = Color32::from_rgb(226, 108, 96);

/// Lines between source pixels.
pub const GRID: Color32 = Color32::from_black_alpha(120);

/// Behind text on the picture.
pub const PLATE: Color32 = Color32::from_black_alpha(170);

/// The line of a comparison and the frame in the minimap.
pub const SPLIT: Color32 = Color32::from_gray(245);

/// What is drawn on it.
pub const ON_SPLIT: Color32 = Color32::from_gray(40);

/// Around light lines, so that they are seen on light pictures.
pub const OUTLINE: Color32 = Color32::from_black_alpha(150);

/// The part of a progress ring that is still to come.
pub const RING: Color32 = Color32::from_gray(110);

/// What is not encoded yet, in the minimap: a veil, and lines that do not need colour to be seen.
pub const UNENCODED: Color32 = Color32::from_rgba_premultiplied(22, 22, 22, 22);
/// The lines.
pub const UNENCODED_LINE: Color32 = Color32::from_rgba_premultiplied(44, 44, 44, 44);

/// Behind a panel that asks for attention.
pub const BACKDROP: Color32 = Color32::from_black_alpha(110);

/// The outline of the canvas while a file hovers over it.
pub const DROP_OUTLINE: Color32 = Color32::from_rgb(108, 158, 222);

/// Around the control that has the keyboard's focus.
pub const FOCUS: Color32 = Color32::from_rgb(118, 170, 236);

/// The button that matters most, and what is selected.
pub const ACCENT: Color32 = Color32::from_rgb(62, 104, 160);

/// Text on it.
pub const ON_ACCENT: Color32 = Color32::from_gray(245);

/// A line of that colour, light enough for thin strokes.
pub const ACCENT_LINE: Color32 = Color32::from_rgb(96, 150, 220);

/// White at `opacity`: how a texture is shown partly transparent.
pub fn fading(opacity: f32) -> Color32 {
    UNTINTED.gamma_multiply(opacity)
}

/// One of the colours above for text and thin lines: darker on a light ground.
pub fn legible(color: Color32, visuals: &Visuals) -> Color32 {
    if visuals.dark_mode {
        return color;
    }
    let [r, g, b, _] = color.to_array().map(|value| (f32::from(value) * 0.55) as u8);
    Color32::from_rgb(r, g, b)
}

/// Applies the design; which of the two themes is shown is a setting.
pub fn apply(ctx: &Context) {
    ctx.set_visuals_of(Theme::Dark, dark());
    ctx.set_visuals_of(Theme::Light, light());
    ctx.all_styles_mut(|style| {
        style.spacing.item_spacing = egui::vec2(8.0, 8.0);
        style.spacing.button_padding = egui::vec2(10.0, 5.0);
        style.spacing.window_margin = Margin::same(16);
        style.interaction.selectable_labels = false;
    });
}

fn dark() -> Visuals {
    let mut visuals = Visuals::dark();
    visuals.panel_fill = Color32::from_gray(32);
    visuals.window_fill = Color32::from_gray(36);
    visuals.window_stroke = Stroke::new(1.0, Color32::from_gray(62));
    visuals.extreme_bg_color = Color32::from_gray(22);
    visuals.widgets.noninteractive.bg_stroke = Stroke::new(1.0, Color32::from_gray(52));
    visuals.widgets.noninteractive.fg_stroke.color = Color32::from_gray(206);
    visuals.widgets.inactive.fg_stroke.color = Color32::from_gray(222);
    visuals.widgets.inactive.weak_bg_fill = Color32::from_gray(50);
    visuals.weak_text_color = Some(Color32::from_gray(158));
    visuals.selection.bg_fill = ACCENT;
    shared(visuals)
}

fn light() -> Visuals {
    let mut visuals = Visuals::light();
    visuals.panel_fill = Color32::from_gray(240);
    visuals.window_fill = Color32::from_gray(246);
    visuals.widgets.noninteractive.fg_stroke.color = Color32::from_gray(40);
    visuals.widgets.inactive.fg_stroke.color = Color32::from_gray(30);
    visuals.weak_text_color = Some(Color32::from_gray(88));
    // Text in a selection is as dark as other text, and the stroke is also the frame of a field with the focus.
    visuals.selection.bg_fill = Color32::from_rgb(176, 205, 242);
    visuals.selection.stroke.color = Color32::from_rgb(24, 58, 108);
    shared(visuals)
}

fn shared(mut visuals: Visuals) -> Visuals {
    let radius = CornerRadius::same(5);
    let widgets = &mut visuals.widgets;
    for widget in [&mut widgets.noninteractive, &mut widgets.inactive, &mut widgets.hovered, &mut widgets.active] {
        widget.corner_radius = radius;
    }
    // What has the keyboard's focus is drawn as active: a frame that is seen without telling colours apart.
    visuals.widgets.active.bg_stroke = Stroke::new(2.0, FOCUS);
    visuals.window_corner_radius = CornerRadius::same(10);
    visuals.menu_corner_radius = radius;
    visuals
}
