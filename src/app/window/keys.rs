//! The keys: one table that the window, the help panel and the tests read, so that the help cannot say anything else
//! than what the keys do.

use super::command::Command;
use crate::app::compare::command::SPLIT_STEP;
use crate::app::compare::{Command as Compare, Held};
use crate::app::env::Panel;
use crate::app::export::Command as Export;
use crate::app::files::Command as Files;
use crate::app::files::album::Step;
use crate::app::files::paging::EXPOSURE_STEP;
use crate::app::models::Command as Models;
use crate::app::settings::Command as Settings;
use crate::app::training::Command as Train;
use crate::app::view::command::KEY_FACTOR;
use crate::app::view::{Command as View, Tool};
use egui::{Context, Key, Modifiers};

/// How far an arrow key moves the picture, in points.
const ARROW_POINTS: f32 = 80.0;

/// How far it does with Ctrl.
const FAR_POINTS: f32 = 4.0 * ARROW_POINTS;

/// What a key is for; the help panel has a heading for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Files and folders.
    Files,
    /// How near.
    Zoom,
    /// Which part.
    Move,
    /// What pixels are made of.
    Look,
    /// The window and its panels.
    Window,
}

impl Group {
    /// All of them, in the order of the help panel.
    pub const ALL: [Self; 5] = [Self::Files, Self::Zoom, Self::Move, Self::Look, Self::Window];

    /// Its heading.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Files => "Files",
            Self::Zoom => "Zoom",
            Self::Move => "Move",
            Self::Look => "Look and compare",
            Self::Window => "Window",
        }
    }
}

/// Keys and what they do.
pub struct Shortcut {
    /// What they are for.
    pub group: Group,
    /// The keys, for people.
    pub keys: &'static str,
    /// What they do, for people.
    pub label: &'static str,
    /// The same for the machine. None for copy and paste, which the system
    /// announces by events of their own, and for keys that are held.
    pub bindings: &'static [Binding],
}

/// A key, with what else must be held, and what it asks for.
pub type Binding = (Modifiers, Key, Command);

const NONE: Modifiers = Modifiers::NONE;
const COMMAND: Modifiers = Modifiers::COMMAND;
const SHIFT: Modifiers = Modifiers::SHIFT;

const fn row(group: Group, keys: &'static str, label: &'static str, bindings: &'static [Binding]) -> Shortcut {
    Shortcut { group, keys, label, bindings }
}

/// All keys. Those with Ctrl or Shift stand before those without, so that the more specific one wins.
pub const SHORTCUTS: &[Shortcut] = &[
    row(
        Group::Move,
        "Ctrl+arrows",
        "Move the view further",
        &[
            (COMMAND, Key::ArrowLeft, Command::View(View::Nudge([FAR_POINTS, 0.0]))),
            (COMMAND, Key::ArrowRight, Command::View(View::Nudge([-FAR_POINTS, 0.0]))),
            (COMMAND, Key::ArrowUp, Command::View(View::Nudge([0.0, FAR_POINTS]))),
            (COMMAND, Key::ArrowDown, Command::View(View::Nudge([0.0, -FAR_POINTS]))),
        ],
    ),
    row(
        Group::Move,
        "Shift+arrows",
        "Move the view (up and down also without Shift)",
        &[
            (SHIFT, Key::ArrowLeft, Command::View(View::Nudge([ARROW_POINTS, 0.0]))),
            (SHIFT, Key::ArrowRight, Command::View(View::Nudge([-ARROW_POINTS, 0.0]))),
            (SHIFT, Key::ArrowUp, Command::View(View::Nudge([0.0, ARROW_POINTS]))),
            (SHIFT, Key::ArrowDown, Command::View(View::Nudge([0.0, -ARROW_POINTS]))),
            (NONE, Key::ArrowUp, Command::View(View::Nudge([0.0, ARROW_POINTS]))),
            (NONE, Key::ArrowDown, Command::View(View::Nudge([0.0, -ARROW_POINTS]))),
        ],
    ),
    row(Group::Files, "Ctrl+O", "Open a picture", &[(COMMAND, Key::O, Command::Files(Files::Browse))]),
    row(Group::Files, "Ctrl+V", "Open what was copied", &[]),
    row(Group::Files, "Ctrl+C", "Copy the view", &[]),
    row(
        Group::Files,
        "Ctrl+Page Up, Ctrl+Page Down",
        "Previous and next page of the file, or frame of an animation",
        &[
            (COMMAND, Key::PageUp, Command::Files(Files::TurnPage(Step::Previous))),
            (COMMAND, Key::PageDown, Command::Files(Files::TurnPage(Step::Next))),
        ],
    ),
    row(
        Group::Files,
        "Ctrl+Home, Ctrl+End",
        "First and last page or frame",
        &[
            (COMMAND, Key::Home, Command::Files(Files::TurnPage(Step::First))),
            (COMMAND, Key::End, Command::Files(Files::TurnPage(Step::Last))),
        ],
    ),
    row(Group::Files, "A", "Play or pause an animation", &[(NONE, Key::A, Command::Files(Files::TogglePlaying))]),
    row(
        Group::Files,
        "Left, Right",
        "Previous and next picture (also Page Up and Page Down)",
        &[
            (NONE, Key::ArrowLeft, Command::Files(Files::Show(Step::Previous))),
            (NONE, Key::ArrowRight, Command::Files(Files::Show(Step::Next))),
            (NONE, Key::PageUp, Command::Files(Files::Show(Step::Previous))),
            (NONE, Key::PageDown, Command::Files(Files::Show(Step::Next))),
        ],
    ),
    row(
        Group::Files,
        "Home, End",
        "First and last picture",
        &[
            (NONE, Key::Home, Command::Files(Files::Show(Step::First))),
            (NONE, Key::End, Command::Files(Files::Show(Step::Last))),
        ],
    ),
    row(Group::Files, "F5", "Read the picture again", &[(NONE, Key::F5, Command::Files(Files::Reload))]),
    row(Group::Files, "Ctrl+L", "Open by path", &[(COMMAND, Key::L, Command::Files(Files::ShowPanel))]),
    row(
        Group::Files,
        "Ctrl+E, Ctrl+S",
        "Export this view",
        &[(COMMAND, Key::E, Command::Export(Export::Show)), (COMMAND, Key::S, Command::Export(Export::Show))],
    ),
    row(Group::Files, "D", "Draw a selection to export", &[(NONE, Key::D, Command::UseTool(Tool::Select))]),
    row(
        Group::Zoom,
        "0",
        "Fit the window",
        &[(COMMAND, Key::Num0, Command::View(View::Fit)), (NONE, Key::Num0, Command::View(View::Fit))],
    ),
    row(
        Group::Zoom,
        "1",
        "100 %: one source pixel on one screen pixel",
        &[(NONE, Key::Num1, Command::View(View::ZoomTo(1.0)))],
    ),
    row(
        Group::Zoom,
        "2 to 9",
        "Zoom to ×2 to ×9",
        &[
            (NONE, Key::Num2, Command::View(View::ZoomTo(2.0))),
            (NONE, Key::Num3, Command::View(View::ZoomTo(3.0))),
            (NONE, Key::Num4, Command::View(View::ZoomTo(4.0))),
            (NONE, Key::Num5, Command::View(View::ZoomTo(5.0))),
            (NONE, Key::Num6, Command::View(View::ZoomTo(6.0))),
            (NONE, Key::Num7, Command::View(View::ZoomTo(7.0))),
            (NONE, Key::Num8, Command::View(View::ZoomTo(8.0))),
            (NONE, Key::Num9, Command::View(View::ZoomTo(9.0))),
        ],
    ),
    row(
        Group::Zoom,
        "+ or =",
        "Zoom in",
        &[
            (COMMAND, Key::Plus, Command::View(View::ZoomBy(KEY_FACTOR))),
            (COMMAND, Key::Equals, Command::View(View::ZoomBy(KEY_FACTOR))),
            (NONE, Key::Plus, Command::View(View::ZoomBy(KEY_FACTOR))),
            (NONE, Key::Equals, Command::View(View::ZoomBy(KEY_FACTOR))),
        ],
    ),
    row(
        Group::Zoom,
        "-",
        "Zoom out",
        &[
            (COMMAND, Key::Minus, Command::View(View::ZoomBy(1.0 / KEY_FACTOR))),
            (NONE, Key::Minus, Command::View(View::ZoomBy(1.0 / KEY_FACTOR))),
        ],
    ),
    row(Group::Zoom, "Z", "Go to a zoom by typing it", &[(NONE, Key::Z, Command::View(View::ShowZoom))]),
    row(
        Group::Look,
        "V",
        "Change how pixels are made: auto, neural, bicubic, nearest",
        &[(NONE, Key::V, Command::View(View::CycleMode))],
    ),
    row(
        Group::Look,
        "[ and ]",
        "Less and more of the network's detail",
        &[
            (NONE, Key::OpenBracket, Command::View(View::StrengthBy(-10))),
            (NONE, Key::CloseBracket, Command::View(View::StrengthBy(10))),
        ],
    ),
    row(
        Group::Look,
        "E and Shift+E",
        "A picture of light (EXR, HDR) brighter and darker by half a stop",
        &[
            (SHIFT, Key::E, Command::Files(Files::Expose(Some(-EXPOSURE_STEP)))),
            (NONE, Key::E, Command::Files(Files::Expose(Some(EXPOSURE_STEP)))),
        ],
    ),
    row(
        Group::Look,
        "C",
        "Compare two ways side by side, or stop",
        &[(NONE, Key::C, Command::Compare(Compare::ToggleSplit))],
    ),
    row(
        Group::Look,
        ", and .",
        "Move the line of the comparison",
        &[
            (NONE, Key::Comma, Command::Compare(Compare::SplitBy(-SPLIT_STEP))),
            (NONE, Key::Period, Command::Compare(Compare::SplitBy(SPLIT_STEP))),
        ],
    ),
    row(Group::Look, "Hold O", "Show the source's own pixels", &[]),
    row(Group::Look, "Hold X", "A loupe around the cursor: four times as near", &[]),
    row(Group::Look, "Hold R", "Show the live network by itself, not refined", &[]),
    row(
        Group::Look,
        "Ctrl+M",
        "Compare with another model",
        &[(COMMAND, Key::M, Command::Compare(Compare::BrowseModel))],
    ),
    row(
        Group::Look,
        "G",
        "Grid and values of source pixels, at high zoom",
        &[(NONE, Key::G, Command::View(View::TogglePixelGrid))],
    ),
    row(
        Group::Look,
        "Shift+N",
        "What the invention map shows: both, or one part",
        &[(SHIFT, Key::N, Command::View(View::NextLayer))],
    ),
    row(
        Group::Look,
        "N",
        "Invention map: what is the network's own",
        &[(NONE, Key::N, Command::View(View::ToggleMap))],
    ),
    row(
        Group::Look,
        "P",
        "Values under the cursor: source, shown, disagreement",
        &[(NONE, Key::P, Command::View(View::ToggleInspector))],
    ),
    row(Group::Window, "T", "Train on your own pictures", &[(NONE, Key::T, Command::Train(Train::Toggle))]),
    row(Group::Window, "L", "The list of models", &[(NONE, Key::L, Command::Models(Models::Toggle))]),
    row(Group::Window, "M", "Show or hide the minimap", &[(NONE, Key::M, Command::View(View::ToggleMinimap))]),
    row(Group::Window, "Ctrl+,", "Settings", &[(COMMAND, Key::Comma, Command::Settings(Settings::Toggle))]),
    row(
        Group::Window,
        "I",
        "Show or hide what is known about the picture",
        &[(NONE, Key::I, Command::Files(Files::ToggleInfo))],
    ),
    row(
        Group::Window,
        "F or F11",
        "Full screen",
        &[(NONE, Key::F, Command::ToggleFullscreen), (NONE, Key::F11, Command::ToggleFullscreen)],
    ),
    row(Group::Window, "Esc", "Close a panel, leave full screen", &[(NONE, Key::Escape, Command::Back)]),
    row(
        Group::Window,
        "? or F1",
        "Show or hide this help",
        &[
            (NONE, Key::Questionmark, Command::TogglePanel(Panel::Help)),
            (NONE, Key::F1, Command::TogglePanel(Panel::Help)),
        ],
    ),
    row(Group::Window, "Ctrl+Q", "Quit", &[(COMMAND, Key::Q, Command::Quit)]),
];

/// What the pointer does, for the help panel.
pub const GESTURES: &[(&str, &str)] = &[
    ("Wheel", "Zoom at the cursor (with Shift: finely); a setting"),
    ("Pinch, Ctrl+wheel", "Zoom at the cursor"),
    ("Drag, two fingers", "Move the view, with any button or with Space held"),
    ("Double click", "100 % or fit the window; a setting"),
    ("Drop a file", "Open a picture, or import a model and compare with it"),
];

/// The key that shows the source's own pixels while it is held.
const HELD: [(Key, Held); 3] = [(Key::O, Held::Original), (Key::R, Held::Live), (Key::X, Held::Loupe)];

/// What the key shows that is held.
pub fn held(ctx: &Context) -> Held {
    if ctx.text_edit_focused() {
        return Held::Nothing;
    }
    let is_held = |key: Key| ctx.input(|input| input.key_down(key) && !input.modifiers.any());
    let held = HELD.into_iter().find(|(key, _)| is_held(*key));
    held.map_or(Held::Nothing, |(_, held)| held)
}

/// The commands of the keys pressed since the last frame; their presses are used up.
pub fn pressed(ctx: &Context) -> Vec<Command> {
    let is_typing = ctx.text_edit_focused();
    let has_focus = ctx.memory(|memory| memory.focused().is_some());
    let is_free = |modifiers: Modifiers, key: Key| {
        (!is_typing || works_while_typing(modifiers, key)) && (!has_focus || !belongs_to_widgets(modifiers, key))
    };
    let bindings = SHORTCUTS.iter().flat_map(|shortcut| shortcut.bindings);
    let allowed = bindings.filter(|(modifiers, key, _)| is_free(*modifiers, *key));
    ctx.input_mut(|input| {
        allowed
            .flat_map(|(modifiers, key, command)| {
                let presses = input.count_and_consume_key(*modifiers, *key);
                std::iter::repeat_n(command.clone(), presses)
            })
            .collect()
    })
}

fn is_arrow(key: Key) -> bool {
    matches!(key, Key::ArrowLeft | Key::ArrowRight | Key::ArrowUp | Key::ArrowDown)
}

/// Keys that mean nothing to a text field.
fn works_while_typing(modifiers: Modifiers, key: Key) -> bool {
    let edits_text = is_arrow(key) || matches!(key, Key::Home | Key::End | Key::C | Key::X | Key::V | Key::A | Key::Z);
    let is_function_key = matches!(key, Key::Escape | Key::F1 | Key::F5 | Key::F11);
    is_function_key || (modifiers.command && !edits_text)
}

/// Keys that work the control which has the focus: sliders and lists go by arrows, buttons by Space and Enter.
fn belongs_to_widgets(modifiers: Modifiers, key: Key) -> bool {
    let works_controls = matches!(key, Key::Space | Key::Enter | Key::Home | Key::End | Key::PageUp | Key::PageDown);
    modifiers == NONE && (is_arrow(key) || works_controls)
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
        assert!(!works_while_typing(COMMAND, Key::ArrowLeft) && !works_while_typing(COMMAND, Key::C));
        assert!(works_while_typing(COMMAND, Key::O) && works_while_typing(NONE, Key::Escape));
    }

    #[test]
    fn a_control_with_the_focus_keeps_the_keys_that_work_it() {
        assert!(belongs_to_widgets(NONE, Key::ArrowLeft) && belongs_to_widgets(NONE, Key::Home));
        assert!(!belongs_to_widgets(COMMAND, Key::ArrowLeft) && !belongs_to_widgets(NONE, Key::Num1));
    }
}
