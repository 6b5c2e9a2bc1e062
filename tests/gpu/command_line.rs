//! What the command line says of devices.

use crate::common::{fixture, program};
use crate::devices::choice;
use zoomfield::gpu::AdapterChoice;

/// How lines begin that graphics libraries write to the same place: the Vulkan loader's, Mesa's, those of EGL.
const LIBRARIES: [&str; 8] = [
    "error: XDG_RUNTIME_DIR ",
    "ERROR: [Loader",
    "WARNING: [Loader",
    "INFO: [Loader",
    "MESA: ",
    "MESA-",
    "WARNING: lavapipe ",
    "libEGL ",
];

/// What the program itself wrote: everything that is not known to be a library's.
fn said_by_us(stderr: &[u8]) -> Vec<String> {
    let is_ours = |line: &&str| !LIBRARIES.iter().any(|beginning| line.starts_with(beginning));
    String::from_utf8_lossy(stderr).lines().filter(is_ours).map(str::to_owned).collect()
}

#[test]
fn what_a_library_says_is_not_ours_and_all_else_is() {
    let loader = "error: XDG_RUNTIME_DIR is invalid or not set in the environment.\n";
    assert_eq!(said_by_us(format!("{loader}zoomfield: no\n{loader}").as_bytes()), ["zoomfield: no"]);
    assert_eq!(said_by_us(b"zoomfield: no\nand more\nthread 'main' panicked\n").len(), 3);
}

#[test]
fn the_command_line_reports_adapter_and_dispatches() {
    let Some(choice) = choice() else { return };
    let AdapterChoice::Named(name) = choice else { panic!("tests name their adapter") };
    let folder = tempfile::tempdir().unwrap();
    let (input, model) = (fixture("lr_24x20.png"), fixture("liif_edsr_tiny.pth"));
    let export = |words: &[&str], out: &str| {
        let mut command = program();
        command.arg("export").arg(&input);
        command.arg("--model").arg(&model).arg("-o").arg(folder.path().join(out));
        command.args(["--scale", "3", "--json"]).args(words).output().unwrap()
    };
    let done = export(&["--device", &name, "--exact"], "a.png");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let said: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!((said["backend"].as_str(), said["precision"].as_str()), (Some("gpu"), Some("f32")));
    assert!(said["adapter"].as_str().unwrap().contains(&name) && said["dispatches"].as_u64() > Some(0), "{said}");
    let refused = export(&["--backend", "gpu", "--device", "no such card"], "b.png");
    assert_eq!(refused.status.code(), Some(1));
    let said = said_by_us(&refused.stderr);
    assert!(said.len() == 1 && said[0].starts_with("zoomfield: ") && said[0].contains("no such card"), "{said:?}");
    assert!(!folder.path().join("b.png").exists());
}

#[test]
#[cfg(target_os = "linux")]
fn without_a_graphics_card_gpu_is_an_error_and_auto_the_processor_without_a_word() {
    let folder = tempfile::tempdir().unwrap();
    let export = |backend: &str, out: &str| {
        let mut command = program();
        command.arg("export").arg(fixture("lr_24x20.png")).arg("--model").arg(fixture("liif_edsr_tiny.pth"));
        command.arg("-o").arg(folder.path().join(out)).args(["--scale", "3", "--json", "--backend", backend]);
        // No driver, and neither session nor desktop, as on a server.
        command.env("VK_DRIVER_FILES", "/none").env("VK_ICD_FILENAMES", "/none").env_remove("XDG_RUNTIME_DIR");
        command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").env_remove("ZOOMFIELD_DEVICE").output().unwrap()
    };
    let refused = export("gpu", "a.png");
    let sentence = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(1), "{sentence}");
    assert!(sentence.contains("no graphics card can compute: there is none at all"), "{sentence}");
    assert!(!folder.path().join("a.png").exists());
    let done = export("auto", "b.png");
    assert_eq!((done.status.code(), String::from_utf8_lossy(&done.stderr).as_ref()), (Some(0), ""));
    let said: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!((said["backend"].as_str(), said["dispatches"].as_u64()), (Some("cpu"), Some(0)));
}
