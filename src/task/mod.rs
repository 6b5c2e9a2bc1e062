//! The few concurrency pieces: a newest-wins mailbox, a named worker that is joined, a gate, bytes that are shared, and surviving panics.

mod gate;
mod mailbox;
mod room;
mod survive;
mod worker;

pub use gate::Gate;
pub use mailbox::{Closed, Mailbox, Post, mailbox};
pub use room::{Place, Room};
pub use survive::survive;
pub use worker::Worker;

use crate::error::{Error, Result};

/// Checked between units of work: `true` means that nobody wants the result any more.
pub type Interrupt<'a> = &'a (dyn Fn() -> bool + Sync);

/// An interrupt that never comes.
pub const NEVER: Interrupt<'static> = &|| false;

/// Stops the caller by [`Error::Cancelled`] if the result is no longer wanted.
///
/// # Errors
/// [`Error::Cancelled`].
pub fn check(interrupt: Interrupt<'_>) -> Result<()> {
    if interrupt() { Err(Error::Cancelled) } else { Ok(()) }
}
