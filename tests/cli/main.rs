//! The command line's contract: exit codes, one sentence on stderr, results on stdout, nothing left behind.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests may")]

mod batch;
mod eval;
mod export;
mod fields;
mod instructions;
mod invention;
#[cfg(unix)]
mod kills;
mod metadata;
mod output;
mod pages;
mod refuse;
mod repeat;
mod train;
mod views;
mod weights;
mod world;
