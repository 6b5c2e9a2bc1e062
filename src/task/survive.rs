//! Work of foreign code that may panic: the panic becomes an answer, and says nothing of its own on the terminal.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    static IS_QUIET: Cell<bool> = const { Cell::new(false) };
}

/// What `work` gives; nothing if it panics, which nobody else hears of. Threads that it starts are not covered.
pub fn survive<T>(work: impl FnOnce() -> T) -> Option<T> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let others = take_hook();
        set_hook(Box::new(move |info| {
            if !IS_QUIET.get() {
                others(info);
            }
        }));
    });
    let before = IS_QUIET.replace(true);
    let outcome = catch_unwind(AssertUnwindSafe(work));
    IS_QUIET.set(before);
    outcome.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_panics_outside_are_heard() {
        const IN_CHILD: &str = "ZOOMFIELD_TEST_SURVIVES";
        if std::env::var_os(IN_CHILD).is_some() {
            assert_eq!(survive(|| -> u8 { panic!("from the inside") }), None);
            assert!(catch_unwind(|| panic!("from the outside")).is_err());
            return;
        }
        let mut child = std::process::Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "task::survive::tests::only_panics_outside_are_heard", "--nocapture"]);
        let output = child.env(IN_CHILD, "").output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.contains("from the outside"), "{said}");
        assert!(!said.contains("from the inside"), "{said}");
    }

    #[test]
    fn a_panic_is_an_answer_and_quiet_only_inside() {
        assert_eq!(survive(|| 7), Some(7));
        let inside = survive(|| -> bool { panic!("nobody hears this") });
        assert_eq!(inside, None);
        assert!(!IS_QUIET.get());
        let nested = survive(|| {
            assert_eq!(survive(|| -> u8 { panic!("nor this") }), None);
            IS_QUIET.get()
        });
        assert_eq!(nested, Some(true));
    }
}
