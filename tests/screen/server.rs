//! A virtual screen.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// Starts Xvfb with a screen of `size` (like `1280x800`); its display's name, unless it is not installed.
pub(crate) fn start_server(size: &str) -> Option<(Child, String)> {
    let mut server = Command::new("Xvfb")
        .args(["-displayfd", "1", "-screen", "0", &format!("{size}x24"), "-nolisten", "tcp"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut number = String::new();
    BufReader::new(server.stdout.take()?).read_line(&mut number).ok()?;
    let number = number.trim();
    (!number.is_empty()).then(|| (server, format!(":{number}")))
}
