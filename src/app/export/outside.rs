//! Files in the system's own programs.

use crate::app::ports::Outside;

/// Asks the system to show something, and waits until it has accepted the request.
///
/// # Errors
/// A sentence about what is wrong.
pub fn show_outside(what: &Outside) -> Result<(), String> {
    let path = match what {
        Outside::File(path) => path.clone(),
        Outside::Folder(path) => path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(".".as_ref()).to_owned(),
    };
    let program = if cfg!(windows) {
        "explorer"
    } else if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    };
    let fail = |reason: String| format!("cannot show {} ({program}: {reason}); open it yourself", path.display());
    let status = std::process::Command::new(program).arg(&path).status().map_err(|error| fail(error.to_string()))?;
    // Explorer says 1 even if it worked.
    if status.success() || cfg!(windows) { Ok(()) } else { Err(fail(status.to_string())) }
}
