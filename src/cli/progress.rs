//! Progress with the time left, on stderr, where there is a person to see it.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar over `total` units of `what`; invisible if stderr is not a terminal.
pub(super) fn bar(total: usize, what: &str) -> ProgressBar {
    let bar = ProgressBar::new(total as u64);
    let style = ProgressStyle::with_template("{msg} {wide_bar} {percent}%  {eta} left");
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar.set_message(what.to_owned());
    bar
}
