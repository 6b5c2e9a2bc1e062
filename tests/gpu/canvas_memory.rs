//! A device that has no memory for what the canvas asks for.

use crate::target::Window;
use std::process::Command;
use zoomfield::decode::CanvasPainter;
use zoomfield::gpu::GpuError;

/// What tells a process that it is the one whose memory is limited.
const LIMITED: &str = "ZOOMFIELD_TEST_LIMITED";

/// What the process may take beside what it has when its device is open, in bytes.
const ROOM: u64 = 64 << 20;

/// A software device's memory is the process's own: where that ends, the atlas is refused in a way that the window knows, and
/// a smaller one still opens.
#[test]
#[cfg(target_os = "linux")]
fn an_atlas_without_memory_is_refused() {
    if std::env::var_os(LIMITED).is_none() {
        let mut own = Command::new(std::env::current_exe().unwrap());
        own.args(["--exact", "canvas_memory::an_atlas_without_memory_is_refused", "--nocapture"]).env(LIMITED, "1");
        let output = own.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        return;
    }
    let Some(window) = Window::open() else { return };
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let taken = status.lines().find_map(|line| line.strip_prefix("VmSize:")?.trim().strip_suffix(" kB")).unwrap();
    let most = taken.parse::<u64>().unwrap() * 1024 + ROOM;
    let (pid, limit) = (std::process::id().to_string(), format!("--as={most}"));
    assert!(Command::new("prlimit").args(["--pid", &pid, &limit]).status().unwrap().success());
    let of = |bytes| CanvasPainter::source_atlas(&window.device, bytes).map(|atlas| atlas.slots());
    assert!(matches!(of(1 << 34), Err(GpuError::OutOfMemory)), "{:?}", of(1 << 34));
    assert!(of(ROOM / 8).is_ok_and(|slots| slots > 100), "a smaller one finds no room either");
}
