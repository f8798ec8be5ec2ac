//! Progress of long work on standard error: a bar on a terminal, plain lines elsewhere.

use std::io::{IsTerminal, Write as _};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressState, ProgressStyle};

/// Time between two plain lines.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Shows how far some work on blocks is.
#[derive(Debug)]
pub(super) struct Progress {
    what: &'static str,
    total: Option<u64>,
    start: Instant,
    shown: Instant,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Starts at nothing done of `total` blocks; none when that is not known.
    pub(super) fn start(what: &'static str, total: Option<u64>) -> Self {
        let now = Instant::now();
        let bar = std::io::stderr().is_terminal().then(|| bar(what, total));
        Self { what, total, start: now, shown: now, bar }
    }

    /// `done` blocks are done.
    pub(super) fn at(&mut self, done: u64) {
        if let Some(bar) = &self.bar {
            return bar.set_position(done);
        }
        let now = Instant::now();
        if now.duration_since(self.shown) >= LINE_EVERY {
            self.shown = now;
            let line = line(self.what, done, self.total, now.duration_since(self.start));
            // Where standard error is gone, nobody is left to tell.
            drop(writeln!(std::io::stderr(), "{line}"));
        }
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn bar(what: &'static str, total: Option<u64>) -> ProgressBar {
    let bar = total.map_or_else(ProgressBar::no_length, ProgressBar::new);
    let template = match total {
        Some(_) => "{prefix} {bar:30} {human_pos}/{human_len} blocks, {rate}, ETA {eta}",
        None => "{prefix} {spinner} {human_pos} blocks, {rate}",
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        let rate = |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            // There is nothing to do about a bar that cannot be drawn.
            let _ = write!(out, "{:.0} blocks/s", state.per_sec());
        };
        bar.set_style(style.with_key("rate", rate));
    }
    bar.set_prefix(what);
    bar
}

/// One plain line.
fn line(what: &str, done: u64, total: Option<u64>, elapsed: Duration) -> String {
    let millis = elapsed.as_millis().max(1);
    let rate = u128::from(done) * 1_000 / millis;
    let Some(total) = total else { return format!("{what}: {done} blocks, {rate} blocks/s") };
    let left = u128::from(total.saturating_sub(done));
    let ready = left.checked_div(rate).map_or_else(String::new, |secs| format!(", {secs} s left"));
    format!("{what}: {done} of {total} blocks, {rate} blocks/s{ready}")
}

#[cfg(test)]
mod tests;
