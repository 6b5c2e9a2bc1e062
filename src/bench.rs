//! Measurements of this machine.
