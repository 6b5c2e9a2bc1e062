//! The screen's own colours, as the system tells them.

use crate::app::settings::ScreenChoice;
use crate::picture::Screen;

/// The screen, and what the person should know if what the system says of it cannot be used.
#[derive(Default)]
pub(super) struct Found {
    pub(super) screen: Screen,
    pub(super) complaint: Option<String>,
}

/// As the settings want it: by what the system says, or sRGB.
pub(super) fn find(choice: ScreenChoice) -> Found {
    match choice {
        ScreenChoice::Srgb => Found::default(),
        ScreenChoice::System => described(profile().as_deref()),
    }
}

/// What a profile of the system makes of it; without one it is taken for sRGB.
fn described(profile: Option<&[u8]>) -> Found {
    match profile.map(Screen::from_profile) {
        None => Found::default(),
        Some(Ok(screen)) => Found { screen, complaint: None },
        Some(Err(reason)) => {
            let complaint = format!("the screen's colour profile cannot be used ({reason}), so it is taken for sRGB");
            Found { screen: Screen::default(), complaint: Some(complaint) }
        }
    }
}

/// The property of X11's root window that holds the first screen's profile (ICC Profiles in X, version 0.4).
#[cfg(all(unix, not(target_os = "macos")))]
fn profile() -> Option<Vec<u8>> {
    use super::desktop;
    use x11rb::connection::Connection;
    use x11rb::protocol::xproto::{AtomEnum, ConnectionExt};
    /// Four bytes each; the largest profiles of screens have a few megabytes.
    const MOST_WORDS: u32 = 16 << 20;
    // A compositor of Wayland takes windows for sRGB, and does the rest itself.
    if desktop::is_wayland() {
        return None;
    }
    let (connection, screen) = x11rb::connect(None).ok()?;
    let root = connection.setup().roots.get(screen)?.root;
    let name = connection.intern_atom(true, b"_ICC_PROFILE").ok()?.reply().ok()?.atom;
    let property = connection.get_property(false, root, name, AtomEnum::ANY, 0, MOST_WORDS).ok()?.reply().ok()?;
    let is_whole = property.format == 8 && property.bytes_after == 0;
    Some(property.value).filter(|bytes| is_whole && !bytes.is_empty())
}

/// Not asked for on these systems.
#[cfg(not(all(unix, not(target_os = "macos"))))]
fn profile() -> Option<Vec<u8>> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_that_cannot_be_used_is_told_of() {
        let Found { screen, complaint } = described(Some(b"no profile"));
        assert_eq!(screen.name(), "sRGB");
        let complaint = complaint.expect("is said");
        assert!(complaint.contains("it is damaged") && complaint.contains("taken for sRGB"), "{complaint}");
        assert!(described(None).complaint.is_none());
    }
}
