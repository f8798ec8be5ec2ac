//! Progress of long work on standard error: a bar on a terminal, plain lines elsewhere.

use std::io::{IsTerminal, Write};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressState, ProgressStyle};

/// Time between two plain lines.
pub(super) const LINE_EVERY: Duration = Duration::from_secs(10);

/// Shows how far some work on blocks is.
#[derive(Debug)]
pub(super) struct Progress {
    what: &'static str,
    total: Option<u64>,
    start: Instant,
    shown: Instant,
    bar: Option<Bar>,
}

/// A bar on the terminal. Dropping it takes it away.
#[derive(Debug)]
pub(super) struct Bar(ProgressBar);

/// The bar that is on the terminal; there is at most one.
static SHOWN: Mutex<Option<ProgressBar>> = Mutex::new(None);

impl Progress {
    /// Starts at nothing done of `total` blocks; none when that is not known.
    pub(super) fn start(what: &'static str, total: Option<u64>) -> Self {
        let now = Instant::now();
        let bar = std::io::stderr().is_terminal().then(|| Bar::of_work(what, total));
        Self { what, total, start: now, shown: now, bar }
    }

    /// `done` blocks are done.
    pub(super) fn at(&mut self, done: u64) {
        if let Some(bar) = &self.bar {
            return bar.0.set_position(done);
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
    pub(super) fn finish(&mut self) {
        self.bar = None;
    }
}

impl Bar {
    /// Where standard error is a terminal: a bar before a text of its owner's.
    pub(super) fn with_text(prefix: &'static str) -> Option<Self> {
        let is_terminal = std::io::stderr().is_terminal();
        is_terminal.then(|| Self::show(ProgressBar::new(0), prefix, "{prefix} {bar:20} {msg}"))
    }

    /// Moves a bar that was made by [`Bar::with_text`].
    pub(super) fn set(&self, done: u64, total: u64, text: String) {
        self.0.set_length(total);
        self.0.set_position(done);
        self.0.set_message(text);
    }

    fn of_work(what: &'static str, total: Option<u64>) -> Self {
        let bar = total.map_or_else(ProgressBar::no_length, ProgressBar::new);
        let template = match total {
            Some(_) => "{prefix} {bar:30} {human_pos}/{human_len} blocks, {rate}, ETA {eta}",
            None => "{prefix} {spinner} {human_pos} blocks, {rate}",
        };
        Self::show(bar, what, template)
    }

    fn show(bar: ProgressBar, prefix: &'static str, template: &str) -> Self {
        if let Ok(style) = ProgressStyle::with_template(template) {
            let rate = |state: &ProgressState, out: &mut dyn std::fmt::Write| {
                // There is nothing to do about a bar that cannot be drawn.
                let _ = write!(out, "{:.0} blocks/s", state.per_sec());
            };
            bar.set_style(style.with_key("rate", rate));
        }
        bar.set_prefix(prefix);
        *SHOWN.lock().unwrap_or_else(PoisonError::into_inner) = Some(bar.clone());
        Self(bar)
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        clear();
    }
}

/// Takes the bar that is shown away: the process says its last words, or ends.
pub(super) fn clear() {
    let bar = SHOWN.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
}

/// Standard error for lines that must not be torn by the bar: it steps aside while one is
/// written.
#[derive(Clone, Copy, Debug)]
pub(super) struct BesideBar;

impl Write for BesideBar {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        let bar = SHOWN.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let write = || std::io::stderr().write_all(line).map(|()| line.len());
        bar.map_or_else(write, |bar| bar.suspend(write))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stderr().flush()
    }
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
