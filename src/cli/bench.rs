//! `zoomfield bench`.

use super::args::BenchArgs;
use crate::error::Result;

#[expect(clippy::unnecessary_wraps, reason = "the measurements land separately and can fail")]
pub(super) fn run(_args: &BenchArgs) -> Result<()> {
    Ok(())
}
