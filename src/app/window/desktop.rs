//! Which desktop there is to open a window on.

/// Whether there is one.
pub(super) fn is_there() -> bool {
    let is_unix_desktop = cfg!(all(unix, not(target_os = "macos")));
    !is_unix_desktop || is_set("DISPLAY") || is_wayland()
}

/// Whether windows open on Wayland rather than X11.
pub(super) fn is_wayland() -> bool {
    is_set("WAYLAND_DISPLAY") || is_set("WAYLAND_SOCKET")
}

fn is_set(name: &str) -> bool {
    std::env::var_os(name).is_some_and(|value| !value.is_empty())
}
