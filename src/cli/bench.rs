//! `zoomfield bench`.

use super::args::BenchArgs;
use crate::error::Result;

pub(super) fn run(_args: &BenchArgs) -> Result<()> {
    Ok(())
}
