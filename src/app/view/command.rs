//! What the person asks of the view.

use super::canvas::Canvas;
use crate::app::files::turning::Turn;
use crate::app::settings::mode::Mode;
use crate::recipe::Strength;
use crate::render::InventionLayer;

/// Zoom of one press of + or -.
pub const KEY_FACTOR: f64 = 1.5;

/// One thing to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Show the whole picture.
    Fit,
    /// Go to a zoom about the canvas's centre.
    ZoomTo(f64),
    /// Multiply the zoom about the canvas's centre.
    ZoomBy(f64),
    /// Multiply the zoom about a position on the canvas, in physical pixels.
    Wheel {
        /// By how much.
        factor: f64,
        /// About what.
        at: [f64; 2],
    },
    /// The same, following fingers closely.
    Pinch {
        /// By how much.
        factor: f64,
        /// About what.
        at: [f64; 2],
    },
    /// Move the picture by physical pixels.
    Pan([f64; 2]),
    /// Move the picture by points: what the arrow keys do.
    Nudge([f32; 2]),
    /// Show another picture: what the wheel can be set to do.
    TurnPictures(Turn),
    /// What a double click at a position on the canvas is set to do.
    DoubleClick([f64; 2]),
    /// Move an image position, in source pixels, to the canvas's centre.
    CenterOn([f64; 2]),
    /// The canvas has another place or size.
    SetCanvas(Canvas),
    /// A selection begins, at a position on the canvas.
    SelectFrom([f64; 2]),
    /// It reaches to here.
    SelectTo([f64; 2]),
    /// It is done.
    EndSelecting,
    /// Show the panel in which a zoom can be typed.
    ShowZoom,
    /// Close it.
    CloseZoom,
    /// The zoom in the panel was edited.
    EditZoom(String),
    /// The zoom's text field has received the focus.
    ZoomFocused,
    /// Go to the zoom in the panel.
    SubmitZoom,
    /// Choose what enlarged pixels are made of.
    SetMode(Mode),
    /// Choose the next one.
    CycleMode,
    /// Show so much of the network's detail.
    SetStrength(Strength),
    /// Show so many percent more of it, or less.
    StrengthBy(i8),
    /// Outline source pixels and write their values, or stop that.
    TogglePixelGrid,
    /// Show or hide the minimap.
    ToggleMinimap,
    /// Show or hide the invention map.
    ToggleMap,
    /// Have it show this.
    ShowLayer(InventionLayer),
    /// Have it show the next thing.
    NextLayer,
    /// Show or hide the values under the cursor.
    ToggleInspector,
}
