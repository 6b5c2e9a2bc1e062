//! What a slice is given to work with, and what it tells the others.
//!
//! A slice calls the slices below it; those above hear of it by an [`Event`], which the window delivers.

use super::kit::toasts::Toasts;
use super::ports::{DialogPurpose, Opened, Ports};
use crate::geometry::Region;
use std::path::PathBuf;

/// The panel over the canvas; at most one. What is typed in it is in the state of its slice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Panel {
    /// None.
    #[default]
    Closed,
    /// Type a path to open.
    Open,
    /// Export the view.
    Export,
    /// Type a zoom.
    Zoom,
    /// Choices that last.
    Settings,
    /// The list of models.
    Models,
    /// Type where to write a model.
    SaveModel,
    /// Whether to go on with a training that was interrupted.
    Resuming,
    /// Whether to close the window while an export or a training runs.
    Closing,
    /// Keys and gestures.
    Help,
}

/// What has happened in a slice that slices above it should know.
pub enum Event {
    /// A file is to be chosen with the system's dialog.
    DialogWanted(DialogPurpose),
    /// There is another picture to look at.
    PictureOpened {
        /// The picture.
        opened: Opened,
        /// Whether the view stays, because it is the same picture again.
        keeps_view: bool,
    },
    /// Something else is to compute from now on.
    ComputeChanged,
    /// The model to compare with is there.
    OtherModelLoaded,
    /// A model's file has another name.
    ModelRenamed {
        /// What it was.
        old: PathBuf,
        /// What it is.
        new: PathBuf,
    },
    /// The person has said where to write the weights of the training that runs.
    TrainedWeightsWanted {
        /// Where to.
        path: PathBuf,
        /// Whether a file of that name may be replaced.
        overwrite: bool,
    },
    /// A selection is being drawn.
    SelectionBegun,
    /// The selection is this now: a rectangle in source pixels, or nothing yet.
    Selected(Option<Region>),
    /// The window is to fill the screen, or to do so no more.
    FullscreenToggled,
    /// The window does not close after all: nobody would see what has gone wrong.
    ClosingCalledOff,
}

/// What a slice works with.
pub struct Env<'a> {
    /// The toolkit.
    pub ctx: &'a egui::Context,
    /// The rest of the program and the system.
    pub ports: &'a Ports,
    /// The time of this frame, in seconds.
    pub now_secs: f64,
    /// Messages.
    pub toasts: &'a mut Toasts,
    /// The panel over the canvas.
    pub panel: &'a mut Panel,
    /// What has happened, oldest first.
    pub events: &'a mut Vec<Event>,
}

impl Env<'_> {
    /// Tells the person of something that went well.
    pub fn tell(&mut self, text: impl ToString) {
        self.toasts.tell(text, self.now_secs);
    }

    /// Tells the person of a failure.
    pub fn fail(&mut self, text: impl ToString) {
        self.toasts.fail(text, self.now_secs);
    }

    /// Tells the person of something that changes often: what was told about `topic` before goes.
    pub fn replace(&mut self, topic: &'static str, text: impl ToString) {
        self.toasts.replace(topic, text, self.now_secs);
    }

    /// Tells the other slices.
    pub fn announce(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Closes the panel if it is this one.
    pub fn close(&mut self, panel: Panel) {
        if *self.panel == panel {
            *self.panel = Panel::Closed;
        }
    }

    /// Shows a panel, or closes it if it is shown. True if it is shown now.
    pub fn toggle(&mut self, panel: Panel) -> bool {
        *self.panel = if *self.panel == panel { Panel::Closed } else { panel };
        *self.panel == panel
    }
}
