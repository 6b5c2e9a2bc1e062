//! Where the system has nothing to give up by a safe interface, a process that decodes is ended when its time is over, and that is all.

pub(super) fn confine(_file: &std::path::Path) {}
