//! `.ci/measure-card` writes one JSON object, valid whatever fails: tried with programs that fail in every way.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "tests and their helpers may panic")]

use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

/// Writes a program that stands in for another one.
fn fake(path: &Path, text: &str) {
    std::fs::write(path, format!("#!/bin/bash\n{text}\n")).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// What the script writes about a program and the tests in `folder`, and whether it says that nothing has failed.
fn measure(folder: &Path, binary: &Path, secs: u32) -> (Value, bool) {
    let out = folder.join("out.json");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/measure-card");
    let mut command = Command::new(script);
    command.arg(binary).arg(folder.join("tests")).arg(&out).env("ZOOMFIELD_MEASURE_SECONDS", secs.to_string());
    let output = command.env_remove("ZOOMFIELD_DEVICE").output().unwrap();
    (serde_json::from_slice(&std::fs::read(&out).unwrap()).unwrap(), output.status.success())
}

fn world() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("tests")).unwrap();
    let binary = folder.path().join("zoomfield");
    (folder, binary)
}

#[test]
fn a_card_that_is_measured_and_passes() {
    let (folder, binary) = world();
    fake(
        &binary,
        r#"[ "$1" = --version ] && echo 'zoomfield 1.2' && exit
        [ "$ZOOMFIELD_REQUIRE_GPU" = 1 ] || exit 3
        echo '{"measured":"card","device":"A \"card\" ×2","driver":"D\\1","f16":true}'
        echo '{"measured":"product","precision":"f32","secs":1.5e-3,"share":null,"off":-0.25}'"#,
    );
    fake(
        &folder.path().join("tests/gpu"),
        r#"[ -x "$ZOOMFIELD_TEST_PROGRAM" ] && [ -d "$ZOOMFIELD_TEST_FIXTURES" ] && [ "$ZOOMFIELD_REQUIRE_GPU" = 1 ] || exit 3
        echo 'test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out'"#,
    );
    std::fs::create_dir(folder.path().join("tests/fixtures")).unwrap();
    let (said, is_well) = measure(folder.path(), &binary, 20);
    assert!(is_well && said["failures"] == 0, "{said}");
    assert!(said["date"].as_str().unwrap().ends_with('Z') && said["version"] == "zoomfield 1.2", "{said}");
    let bench = &said["bench"];
    assert!(bench["result"] == "passed" && bench["rows"].as_array().unwrap().len() == 2, "{bench}");
    assert_eq!(bench["rows"][0]["device"], "A \"card\" ×2");
    assert_eq!(bench["rows"][1]["secs"], 1.5e-3);
    assert_eq!(said["tests"].as_array().unwrap().len(), 1);
    let test = &said["tests"][0];
    assert!(test["name"] == "gpu" && test["result"] == "passed" && test["output"].is_null(), "{test}");
    assert_eq!([&test["passed"], &test["failed"], &test["ignored"]].map(|n| n.as_u64().unwrap()), [12, 0, 1]);
}

#[test]
fn whatever_fails_is_told_in_valid_json() {
    let (folder, binary) = world();
    // What is no flat JSON object is a message, a line that was cut off too.
    fake(
        &binary,
        r#"printf '{"kept":"\xc3\x97"}\n{garbage}\n{"a":{"b":1}}\n{"utf8":"\xff\xfe"}\n{"long":"\xe0\x80\x80"}\n'
        printf '{"number":01}\n{"comma":1,}\n{"escape":"\\x"}\n{"tab":"\t"}\n[]\n\n"text"\n'
        printf 'said "so" \\ \x01\x1b[31m\xe2\x80\r\n' >&2
        printf '{"cut":"of'
        exit 101"#,
    );
    let test = |name: &str, text: &str| fake(&folder.path().join("tests").join(name), text);
    test(
        "fails \"so\" \\",
        "printf 'a\\tb \"c\" \\\\ \\xff\\ntest result: FAILED. 2 passed; 1 failed; 0 ignored; 0\\n'; exit 101",
    );
    test("slow", "sleep 60");
    test("killed", "kill -SEGV $$");
    std::fs::write(folder.path().join("tests/not a program"), "text").unwrap();
    let (said, is_well) = measure(folder.path(), &binary, 4);
    assert!(!is_well && said["failures"] == 4, "{said}");
    let bench = &said["bench"];
    assert!(bench["result"] == "failed" && bench["exit_code"] == 101, "{bench}");
    assert_eq!(bench["rows"], serde_json::json!([{ "kept": "×" }]));
    let messages = bench["messages"].as_str().unwrap();
    for part in ["{garbage}", "said \"so\" \\ ", "{\"number\":01}", "{\"comma\":1,}"] {
        assert!(messages.contains(part), "{part}: {messages}");
    }
    let test = |name: &str| said["tests"].as_array().unwrap().iter().find(|test| test["name"] == name).unwrap();
    let fails = test("fails \"so\" \\");
    assert!(fails["failed"] == 1 && fails["output"].as_str().unwrap().starts_with("a\tb \"c\" \\ "), "{fails}");
    assert_eq!(test("slow")["result"], "ran out of time");
    assert_eq!(test("killed")["result"], "failed");
    assert_eq!(said["tests"].as_array().unwrap().len(), 3);
}

#[test]
fn what_is_missing_has_not_passed() {
    let (folder, binary) = world();
    let (said, is_well) = measure(folder.path(), &binary, 5);
    assert!(
        !is_well && said["bench"]["result"] == "failed" && said["bench"]["rows"] == serde_json::json!([]),
        "{said}"
    );
    assert!(said["tests"] == serde_json::json!([]) && said["failures"] == 2, "{said}");
}
