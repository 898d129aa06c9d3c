//! Progress on long work, on standard error, where a person is watching.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::time::Duration;

/// A bar over a known number of bytes.
pub fn bytes(total: u64, what: &str) -> ProgressBar {
    let bar = bar(Some(total), what);
    let style = "{msg}  {bar:30}  {bytes}/{total_bytes}  {bytes_per_sec}  {eta} left";
    bar.set_style(ProgressStyle::with_template(style).expect("the template is right"));
    bar
}

/// A count of something of which nobody knows how much there is.
pub fn count(what: &str) -> ProgressBar {
    let bar = bar(None, what);
    let style = "{spinner} {msg}  {human_pos}  {per_sec}";
    bar.set_style(ProgressStyle::with_template(style).expect("the template is right"));
    bar
}

fn bar(total: Option<u64>, what: &str) -> ProgressBar {
    let target = if std::io::stderr().is_terminal() {
        ProgressDrawTarget::stderr_with_hz(5)
    } else {
        ProgressDrawTarget::hidden()
    };
    let bar = ProgressBar::with_draw_target(total, target);
    bar.set_message(what.to_owned());
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
