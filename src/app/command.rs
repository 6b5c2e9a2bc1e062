//! Everything a person can ask the window for, and the keys that ask for it.
//!
//! The help panel is made from [`SHORTCUTS`], so that it cannot say anything else than what the keys do.

use super::canvas::Canvas;
use egui::{Context, Key, Modifiers};
use std::path::PathBuf;

/// Zoom of one press of + or -.
pub const KEY_FACTOR: f64 = 1.5;

/// How far an arrow key moves the picture, in points.
const ARROW_POINTS: f32 = 80.0;

/// One thing to do. Each is carried out by a single call in [`super::App::apply`].
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Open a picture file, or the first picture of a folder.
    Open(PathBuf),
    /// Ask for a picture with the system's file dialog.
    BrowseOpen,
    /// Show the panel in which a picture's path can be typed.
    ShowOpenPanel,
    /// Open files and folders: one file is opened among its neighbours, several are a list of their own.
    OpenAll(Vec<PathBuf>),
    /// Show the next picture of the folder or list.
    NextPicture,
    /// Show the picture before.
    PreviousPicture,
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
    /// Between ×1 about a position on the canvas and the whole picture.
    ToggleFit([f64; 2]),
    /// Move the picture by physical pixels.
    Pan([f64; 2]),
    /// Move the picture by points: what the arrow keys do.
    Nudge([f32; 2]),
    /// The canvas has another place or size.
    SetCanvas(Canvas),
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

/// Keys and what they do.
pub struct Shortcut {
    /// The keys, for people.
    pub keys: &'static str,
    /// What they do, for people.
    pub label: &'static str,
    /// The same for the machine. None for copy and paste, which the system announces by events of their own.
    pub bindings: &'static [(Modifiers, Key, Command)],
}

const NONE: Modifiers = Modifiers::NONE;
const COMMAND: Modifiers = Modifiers::COMMAND;
const SHIFT: Modifiers = Modifiers::SHIFT;

const fn right(points: f32) -> Command {
    Command::Nudge([points, 0.0])
}

const fn down(points: f32) -> Command {
    Command::Nudge([0.0, points])
}

/// All keys. Those with Ctrl or Shift stand before those without, so that the more specific one wins.
pub const SHORTCUTS: &[Shortcut] = &[
    Shortcut { keys: "Ctrl+O", label: "Open a picture", bindings: &[(COMMAND, Key::O, Command::BrowseOpen)] },
    Shortcut { keys: "Ctrl+V", label: "Open what was copied", bindings: &[] },
    Shortcut { keys: "Ctrl+C", label: "Copy the view", bindings: &[] },
    Shortcut { keys: "Ctrl+L", label: "Open by path", bindings: &[(COMMAND, Key::L, Command::ShowOpenPanel)] },
    Shortcut {
        keys: "Ctrl+E, Ctrl+S",
        label: "Export this view",
        bindings: &[(COMMAND, Key::E, Command::ShowExport), (COMMAND, Key::S, Command::ShowExport)],
    },
    Shortcut {
        keys: "0",
        label: "Fit the window",
        bindings: &[(COMMAND, Key::Num0, Command::Fit), (NONE, Key::Num0, Command::Fit)],
    },
    Shortcut {
        keys: "1",
        label: "100 %: one source pixel on one screen pixel",
        bindings: &[(NONE, Key::Num1, Command::ZoomTo(1.0))],
    },
    Shortcut {
        keys: "2 to 9",
        label: "Zoom to ×2 to ×9",
        bindings: &[
            (NONE, Key::Num2, Command::ZoomTo(2.0)),
            (NONE, Key::Num3, Command::ZoomTo(3.0)),
            (NONE, Key::Num4, Command::ZoomTo(4.0)),
            (NONE, Key::Num5, Command::ZoomTo(5.0)),
            (NONE, Key::Num6, Command::ZoomTo(6.0)),
            (NONE, Key::Num7, Command::ZoomTo(7.0)),
            (NONE, Key::Num8, Command::ZoomTo(8.0)),
            (NONE, Key::Num9, Command::ZoomTo(9.0)),
        ],
    },
    Shortcut {
        keys: "+ or =",
        label: "Zoom in",
        bindings: &[
            (COMMAND, Key::Plus, Command::ZoomBy(KEY_FACTOR)),
            (COMMAND, Key::Equals, Command::ZoomBy(KEY_FACTOR)),
            (NONE, Key::Plus, Command::ZoomBy(KEY_FACTOR)),
            (NONE, Key::Equals, Command::ZoomBy(KEY_FACTOR)),
        ],
    },
    Shortcut {
        keys: "-",
        label: "Zoom out",
        bindings: &[
            (COMMAND, Key::Minus, Command::ZoomBy(1.0 / KEY_FACTOR)),
            (NONE, Key::Minus, Command::ZoomBy(1.0 / KEY_FACTOR)),
        ],
    },
    Shortcut {
        keys: "Shift+arrows",
        label: "Move the view (with Ctrl: further)",
        bindings: &[
            (COMMAND, Key::ArrowLeft, right(4.0 * ARROW_POINTS)),
            (COMMAND, Key::ArrowRight, right(-4.0 * ARROW_POINTS)),
            (COMMAND, Key::ArrowUp, down(4.0 * ARROW_POINTS)),
            (COMMAND, Key::ArrowDown, down(-4.0 * ARROW_POINTS)),
            (SHIFT, Key::ArrowLeft, right(ARROW_POINTS)),
            (SHIFT, Key::ArrowRight, right(-ARROW_POINTS)),
            (NONE, Key::ArrowUp, down(ARROW_POINTS)),
            (NONE, Key::ArrowDown, down(-ARROW_POINTS)),
        ],
    },
    Shortcut {
        keys: "Left, Right",
        label: "Previous and next picture",
        bindings: &[
            (NONE, Key::ArrowLeft, Command::PreviousPicture),
            (NONE, Key::ArrowRight, Command::NextPicture),
            (NONE, Key::PageUp, Command::PreviousPicture),
            (NONE, Key::PageDown, Command::NextPicture),
        ],
    },
    Shortcut {
        keys: "Home, End",
        label: "First and last picture",
        bindings: &[(NONE, Key::Home, Command::FirstPicture), (NONE, Key::End, Command::LastPicture)],
    },
    Shortcut { keys: "F5", label: "Read the picture again", bindings: &[(NONE, Key::F5, Command::Reload)] },
    Shortcut {
        keys: "I",
        label: "Show or hide what is known of the picture",
        bindings: &[(NONE, Key::I, Command::ToggleInfo)],
    },
    Shortcut {
        keys: "F or F11",
        label: "Full screen",
        bindings: &[(NONE, Key::F, Command::ToggleFullscreen), (NONE, Key::F11, Command::ToggleFullscreen)],
    },
    Shortcut {
        keys: "Esc",
        label: "Close a panel, leave full screen",
        bindings: &[(NONE, Key::Escape, Command::Back)],
    },
    Shortcut {
        keys: "? or F1",
        label: "Show or hide this help",
        bindings: &[(NONE, Key::Questionmark, Command::ToggleHelp), (NONE, Key::F1, Command::ToggleHelp)],
    },
    Shortcut { keys: "Ctrl+Q", label: "Quit", bindings: &[(COMMAND, Key::Q, Command::Quit)] },
];

/// What the pointer does, for the help panel.
pub const GESTURES: &[(&str, &str)] = &[
    ("Wheel", "Zoom at the cursor (with Shift: finely)"),
    ("Pinch, Ctrl+wheel", "Zoom at the cursor"),
    ("Drag, two fingers", "Move the view"),
    ("Double click", "100 % or fit the window"),
    ("Drop a file", "Open it"),
];

/// The commands of the keys pressed since the last frame; their presses are used up.
pub fn pressed(ctx: &Context) -> Vec<Command> {
    let is_typing = ctx.text_edit_focused();
    let bindings = SHORTCUTS.iter().flat_map(|shortcut| shortcut.bindings);
    let allowed = bindings.filter(|(modifiers, key, _)| !is_typing || works_while_typing(*modifiers, *key));
    ctx.input_mut(|input| {
        allowed
            .flat_map(|(modifiers, key, command)| {
                let presses = input.count_and_consume_key(*modifiers, *key);
                std::iter::repeat_n(command.clone(), presses)
            })
            .collect()
    })
}

/// Keys that mean nothing to a text field.
fn works_while_typing(modifiers: Modifiers, key: Key) -> bool {
    let moves_the_caret = matches!(key, Key::ArrowLeft | Key::ArrowRight | Key::ArrowUp | Key::ArrowDown);
    let is_function_key = matches!(key, Key::Escape | Key::F1 | Key::F5 | Key::F11);
    is_function_key || (modifiers.command && !moves_the_caret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_means_two_things() {
        let mut seen: Vec<(Modifiers, Key)> = Vec::new();
        for (modifiers, key, _) in SHORTCUTS.iter().flat_map(|shortcut| shortcut.bindings) {
            assert!(!seen.contains(&(*modifiers, *key)), "{key:?} is bound twice");
            seen.push((*modifiers, *key));
        }
    }

    #[test]
    fn typing_is_not_commanding() {
        assert!(!works_while_typing(NONE, Key::Num0) && !works_while_typing(NONE, Key::F));
        assert!(!works_while_typing(COMMAND, Key::ArrowLeft));
        assert!(works_while_typing(COMMAND, Key::O) && works_while_typing(NONE, Key::Escape));
    }
}
