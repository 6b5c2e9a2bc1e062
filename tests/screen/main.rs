//! What you see is what you export: the real window on a real (virtual) screen, driven by real input events.
//!
//! Starts Xvfb and this program again on it. There the window opens the sample picture, the wheel turns over a point
//! until ×30, and once the picture is exact the screen's pixels are compared with `zoomfield export` of the same view.
//!
//! Needs Xvfb and a Vulkan driver (lavapipe will do). Says so and passes where they are missing, unless
//! `ZOOMFIELD_REQUIRE_SCREEN` is set.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests and their helpers may panic and speak")]

#[cfg(target_os = "linux")]
mod director;
#[cfg(target_os = "linux")]
#[path = "../common/icc.rs"]
mod icc;
#[cfg(target_os = "linux")]
mod keyboard;
#[cfg(target_os = "linux")]
mod labels;
#[cfg(target_os = "linux")]
mod measure;
#[cfg(target_os = "linux")]
mod server;
#[cfg(target_os = "linux")]
mod stage;
#[cfg(target_os = "linux")]
mod training;

fn main() {
    // The test runner asks for a list before a filtered run.
    if std::env::args().any(|argument| argument == "--list") {
        println!("what_you_see_is_what_you_export: test");
        return;
    }
    #[cfg(target_os = "linux")]
    stage::main();
    #[cfg(not(target_os = "linux"))]
    println!("skipped: the screen test runs on Linux under Xvfb");
}
