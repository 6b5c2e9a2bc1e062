//! Mouse and keyboard of the virtual screen: real input events through XTEST.

use std::time::Duration;
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{
    AtomEnum, BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT, ConnectionExt as _, InputFocus, KEY_PRESS_EVENT,
    KEY_RELEASE_EVENT, MOTION_NOTIFY_EVENT, PropMode,
};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

/// Names of keys, as X calls them.
pub(crate) mod key {
    pub(crate) const CONTROL: u32 = 0xffe3;
    pub(crate) const ENTER: u32 = 0xff0d;
    pub(crate) const ESCAPE: u32 = 0xff1b;
    pub(crate) const SHIFT: u32 = 0xffe1;
    pub(crate) const RIGHT: u32 = 0xff53;
}

/// The wheel's button for "away from the person".
const WHEEL_UP: u8 = 4;
const WHEEL_DOWN: u8 = 5;
const LEFT: u8 = 1;
const MIDDLE: u8 = 2;

pub(crate) struct Screen {
    pub(crate) connection: RustConnection,
    pub(crate) root: u32,
    first_code: u8,
    keys: Vec<u32>,
    keys_per_code: usize,
}

impl Screen {
    /// The screen of this process.
    pub(crate) fn connect() -> Self {
        Self::connect_to(None)
    }

    pub(crate) fn connect_to(display: Option<&str>) -> Self {
        let (connection, number) = x11rb::connect(display).expect("the virtual screen answers");
        let setup = connection.setup();
        let (root, first_code) = (setup.roots[number].root, setup.min_keycode);
        let count = setup.max_keycode - first_code + 1;
        let mapping = connection.get_keyboard_mapping(first_code, count).unwrap().reply().unwrap();
        let keys_per_code = usize::from(mapping.keysyms_per_keycode);
        Self { root, first_code, keys: mapping.keysyms, keys_per_code, connection }
    }

    /// Tells programs the ICC profile of the screen; an empty one is none.
    pub(crate) fn describe(&self, profile: &[u8]) {
        let name = self.connection.intern_atom(false, b"_ICC_PROFILE").unwrap().reply().unwrap().atom;
        let told = self.connection.change_property8(PropMode::REPLACE, self.root, name, AtomEnum::CARDINAL, profile);
        told.unwrap().check().unwrap();
    }

    /// There is no window manager to do it.
    pub(crate) fn focus_window(&self) {
        let windows = self.connection.query_tree(self.root).unwrap().reply().unwrap().children;
        for window in windows {
            let is_mapped = self.connection.get_window_attributes(window).unwrap().reply();
            if is_mapped.is_ok_and(|attributes| attributes.map_state == x11rb::protocol::xproto::MapState::VIEWABLE) {
                self.connection.set_input_focus(InputFocus::POINTER_ROOT, window, x11rb::CURRENT_TIME).unwrap();
            }
        }
        self.connection.flush().unwrap();
        std::thread::sleep(Duration::from_millis(200));
    }

    fn fake(&self, kind: u8, detail: u8, x: i16, y: i16) {
        self.connection.xtest_fake_input(kind, detail, 0, self.root, x, y, 0).unwrap();
        self.connection.flush().unwrap();
        std::thread::sleep(Duration::from_millis(40));
    }

    pub(crate) fn move_to(&self, x: i16, y: i16) {
        self.fake(MOTION_NOTIFY_EVENT, 0, x, y);
    }

    pub(crate) fn turn_wheel(&self) {
        self.turn(WHEEL_UP);
    }

    pub(crate) fn turn_wheel_back(&self) {
        self.turn(WHEEL_DOWN);
    }

    fn turn(&self, button: u8) {
        self.fake(BUTTON_PRESS_EVENT, button, 0, 0);
        self.fake(BUTTON_RELEASE_EVENT, button, 0, 0);
    }

    pub(crate) fn click(&self, x: i16, y: i16) {
        self.move_to(x, y);
        self.fake(BUTTON_PRESS_EVENT, LEFT, 0, 0);
        self.fake(BUTTON_RELEASE_EVENT, LEFT, 0, 0);
    }

    pub(crate) fn drag_by_middle(&self, from: [i16; 2], to: [i16; 2]) {
        self.move_to(from[0], from[1]);
        self.fake(BUTTON_PRESS_EVENT, MIDDLE, 0, 0);
        for step in 1..=10 {
            let at = |i: usize| from[i] + (to[i] - from[i]) * step / 10;
            self.move_to(at(0), at(1));
        }
        std::thread::sleep(Duration::from_millis(300));
        self.fake(BUTTON_RELEASE_EVENT, MIDDLE, 0, 0);
    }

    fn code(&self, key: u32) -> u8 {
        let at = self.keys.iter().position(|known| *known == key).expect("the keyboard has the key");
        self.first_code + (at / self.keys_per_code) as u8
    }

    pub(crate) fn press(&self, keys: &[u32]) {
        for key in keys {
            self.fake(KEY_PRESS_EVENT, self.code(*key), 0, 0);
        }
        for key in keys.iter().rev() {
            self.fake(KEY_RELEASE_EVENT, self.code(*key), 0, 0);
        }
    }

    pub(crate) fn hold(&self, key: u32) {
        self.fake(KEY_PRESS_EVENT, self.code(key), 0, 0);
    }

    pub(crate) fn let_go(&self, key: u32) {
        self.fake(KEY_RELEASE_EVENT, self.code(key), 0, 0);
    }

    /// Small letters, digits and simple signs.
    pub(crate) fn type_text(&self, text: &str) {
        text.chars().for_each(|letter| self.press(&[u32::from(letter)]));
    }
}
