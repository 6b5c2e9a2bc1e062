//! Everything a person can ask the window for. The keys that ask for it are in [`super::keys`].

use super::canvas::Canvas;
use super::exporting::queue::ExportCommand;
use super::files::turning::Turn;
use super::library::ModelCommand;
use super::look::{Mode, Side};
use super::settings::Settings;
use super::training::TrainCommand;
use crate::key::Strength;
use std::path::PathBuf;
use std::sync::Arc;

/// Zoom of one press of + or -.
pub const KEY_FACTOR: f64 = 1.5;

/// One thing to do. Each is carried out by a single call in [`super::App::apply`].
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Open a picture file, or the first picture of a folder.
    Open(PathBuf),
    /// Open one of the pictures that come with the program, by its place in [`super::samples::SAMPLES`].
    OpenSample(usize),
    /// Ask for a picture with the system's file dialog.
    BrowseOpen,
    /// Show the panel in which a picture's path can be typed.
    ShowOpenPanel,
    /// Open files and folders: one file is opened among its neighbours, several are a list of their own.
    OpenAll(Vec<PathBuf>),
    /// Show a picture from the clipboard.
    PasteImage(Arc<egui::ColorImage>),
    /// Show the next picture of the folder or list.
    NextPicture,
    /// Show the picture before.
    PreviousPicture,
    /// Go through the pictures by turning the wheel.
    TurnPictures(Turn),
    /// Show the first picture of the folder or list.
    FirstPicture,
    /// Show the last one.
    LastPicture,
    /// Read the picture from its file again.
    Reload,
    /// Put the view on the clipboard as a picture.
    CopyView,
    /// Put the command line that does the export of the panel on the clipboard.
    CopyAsCommand,
    /// Show or hide what is known of the picture.
    ToggleInfo,
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
    /// Look at the picture in another way.
    View(ViewCommand),
    /// Ask for weights to compare with.
    BrowseModel,
    /// Compare with these weights.
    LoadOther(PathBuf),
    /// Show or hide the settings.
    ToggleSettings,
    /// Take over other settings.
    ChangeSettings(Settings),
    /// Measure again how fast every device is.
    MeasureDevices,
    /// Move the picture by physical pixels.
    Pan([f64; 2]),
    /// Move the picture by points: what the arrow keys do.
    Nudge([f32; 2]),
    /// The canvas has another place or size.
    SetCanvas(Canvas),
    /// Do something about training.
    Train(TrainCommand),
    /// Do something about models.
    Models(ModelCommand),
    /// Do something about exports.
    Export(ExportCommand),
    /// Show the export panel for the present view.
    ShowExport,
    /// The path in the panel that is open was edited.
    EditPath(String),
    /// The path's text field has received the focus.
    PathFocused,
    /// Whether an existing file may be replaced.
    SetOverwrite(bool),
    /// Ask for a file name with the system's file dialog.
    BrowseExport,
    /// Export what the panel says.
    StartExport,
    /// Stop the export that is running.
    CancelExport,
    /// Show or hide the help.
    ToggleHelp,
    /// Close what is open: a panel, then full screen.
    Back,
    /// Into or out of full screen.
    ToggleFullscreen,
    /// Take a message away.
    DismissToast(u64),
    /// End the program.
    Quit,
}

/// Ways to look at the picture. Carried out by `App::apply_view`.
#[derive(Clone, Debug, PartialEq)]
pub enum ViewCommand {
    /// What a double click at a position on the canvas is set to do.
    DoubleClick([f64; 2]),
    /// Move an image position, in source pixels, to the canvas's centre.
    CenterOn([f64; 2]),
    /// Show the panel in which a zoom can be typed.
    ShowZoom,
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
    /// Show the source's own pixels, as long as a key is held.
    HoldOriginal(bool),
    /// Show or hide the comparison.
    ToggleSplit,
    /// Move the comparison's line to a part of the canvas's width.
    SetSplitAt(f64),
    /// Move it by a part of the canvas's width.
    SplitBy(f64),
    /// Choose what one side of the comparison shows.
    SetSide {
        /// Which side.
        is_left: bool,
        /// What.
        side: Side,
    },
    /// Outline source pixels and write their values, or stop that.
    TogglePixelGrid,
    /// Show or hide the minimap.
    ToggleMinimap,
}
