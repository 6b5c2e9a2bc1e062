//! A virtual screen.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Starts Xvfb with a screen of `size` (like `1280x800`); its display's name, unless it is not installed.
pub(crate) fn start_server(size: &str) -> Option<(Child, String)> {
    let mut server = Command::new("Xvfb")
        .args(["-displayfd", "1", "-screen", "0", &format!("{size}x24"), "-nolisten", "tcp", "-noreset"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut number = String::new();
    BufReader::new(server.stdout.take()?).read_line(&mut number).ok()?;
    let display = format!(":{}", number.trim());
    // On a busy machine the first to knock may be too early.
    for _ in 0..100 {
        if x11rb::connect(Some(&display)).is_ok() {
            return Some((server, display));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    let _ = server.kill();
    let _ = server.wait();
    None
}
