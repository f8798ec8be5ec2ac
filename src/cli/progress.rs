//! Progress of long work on standard error: a bar on a terminal, plain lines elsewhere.

use std::io::{IsTerminal, Write};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle, TermLike};

use super::stderr::{self, Kind};

/// Time between two plain lines.
pub(super) const LINE_EVERY: Duration = Duration::from_secs(10);

/// How often a bar is drawn in a second, at most.
const DRAWN_PER_SECOND: u8 = 10;

/// Columns of a terminal that does not tell how many it has.
const USUAL_WIDTH: u16 = 80;

/// Shows how far some work on blocks, or on other things, is.
#[derive(Debug)]
pub struct Progress {
    what: &'static str,
    things: &'static str,
    total: Option<u64>,
    start: Instant,
    shown: Instant,
    bar: Option<Bar>,
}

/// A bar on the terminal. Dropping it takes it away.
#[derive(Debug)]
pub(super) struct Bar(ProgressBar);

/// The bar that is on the terminal; there is at most one.
static SHOWN_BAR: Mutex<Option<ProgressBar>> = Mutex::new(None);

impl Progress {
    /// Starts at nothing done of `total` blocks, `None` if that is not known.
    pub fn start(what: &'static str, total: Option<u64>) -> Self {
        Self::of_things(what, "blocks", total)
    }

    /// Starts at none done of things whose number is not known.
    pub(super) fn counting(what: &'static str, things: &'static str) -> Self {
        Self::of_things(what, things, None)
    }

    /// Starts at none done of `total` things, `None` if their number is not known.
    pub fn of_things(what: &'static str, things: &'static str, total: Option<u64>) -> Self {
        let now = Instant::now();
        let bar = std::io::stderr().is_terminal().then(|| Bar::of_work(what, things, total));
        Self { what, things, total, start: now, shown: now, bar }
    }

    /// This number of them is done.
    pub fn at(&mut self, done: u64) {
        if let Some(bar) = &self.bar {
            return bar.0.set_position(done);
        }
        let now = Instant::now();
        if now.duration_since(self.shown) >= LINE_EVERY {
            self.shown = now;
            let elapsed = now.duration_since(self.start);
            let line = line(self.what, self.things, done, self.total, elapsed);
            // Where standard error is gone, nobody is left to tell.
            drop(writeln!(std::io::stderr(), "{line}"));
        }
    }

    /// Takes the bar away.
    pub fn finish(&mut self) {
        self.bar = None;
    }
}

impl Bar {
    /// Where standard error is a terminal: a bar before a text of its owner's.
    pub(super) fn with_text(prefix: &'static str) -> Option<Self> {
        let is_terminal = std::io::stderr().is_terminal();
        is_terminal.then(|| Self::show(ProgressBar::new(0), prefix, "{prefix} {bar:10} {wide_msg}"))
    }

    /// Moves a bar that was made by [`Bar::with_text`].
    pub(super) fn set(&self, done: u64, total: u64, text: String) {
        self.0.set_length(total);
        self.0.set_position(done);
        self.0.set_message(text);
    }

    fn of_work(what: &'static str, things: &'static str, total: Option<u64>) -> Self {
        let bar = total.map_or_else(ProgressBar::no_length, ProgressBar::new);
        let template = match total {
            Some(_) => "{prefix} {bar:12} {human_pos}/{human_len} {things}, {rate}, ETA {eta}",
            None => "{prefix} {spinner} {human_pos} {things}, {rate}",
        };
        Self::show(bar, what, &template.replace("{things}", things))
    }

    fn show(bar: ProgressBar, prefix: &'static str, template: &str) -> Self {
        if stderr::is_queued() {
            let terminal = Box::new(QueuedTerminal);
            let target = ProgressDrawTarget::term_like_with_hz(terminal, DRAWN_PER_SECOND);
            bar.set_draw_target(target);
        }
        if let Ok(style) = ProgressStyle::with_template(template) {
            let rate = |state: &ProgressState, out: &mut dyn std::fmt::Write| {
                // There is nothing to do about a bar that cannot be drawn.
                let _ = write!(out, "{:.0}/s", state.per_sec());
            };
            bar.set_style(style.with_key("rate", rate));
        }
        bar.set_prefix(prefix);
        *SHOWN_BAR.lock().unwrap_or_else(PoisonError::into_inner) = Some(bar.clone());
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
    let bar = SHOWN_BAR.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
}

/// Writes something on standard error that the bar must not tear: it steps aside meanwhile.
pub(super) fn beside_bar(write: impl FnOnce()) {
    let bar = SHOWN_BAR.lock().unwrap_or_else(PoisonError::into_inner).clone();
    match bar {
        Some(bar) => bar.suspend(write),
        None => write(),
    }
}

/// The terminal of a running node, which is drawn on through the queue in front of it.
#[derive(Debug)]
struct QueuedTerminal;

impl QueuedTerminal {
    #[expect(clippy::unnecessary_wraps, reason = "the trait's methods may fail")]
    fn put(text: &str) -> std::io::Result<()> {
        stderr::write(Kind::Drawing, text.as_bytes());
        Ok(())
    }

    /// Moves the cursor; a count of none would move it by one.
    fn move_cursor(count: usize, direction: char) -> std::io::Result<()> {
        if count == 0 { Ok(()) } else { Self::put(&format!("\x1b[{count}{direction}")) }
    }
}

impl TermLike for QueuedTerminal {
    fn width(&self) -> u16 {
        let size = rustix::termios::tcgetwinsize(std::io::stderr());
        size.ok().map(|size| size.ws_col).filter(|&width| width > 0).unwrap_or(USUAL_WIDTH)
    }

    fn move_cursor_up(&self, count: usize) -> std::io::Result<()> {
        Self::move_cursor(count, 'A')
    }

    fn move_cursor_down(&self, count: usize) -> std::io::Result<()> {
        Self::move_cursor(count, 'B')
    }

    fn move_cursor_right(&self, count: usize) -> std::io::Result<()> {
        Self::move_cursor(count, 'C')
    }

    fn move_cursor_left(&self, count: usize) -> std::io::Result<()> {
        Self::move_cursor(count, 'D')
    }

    fn write_line(&self, text: &str) -> std::io::Result<()> {
        Self::put(&format!("{text}\n"))
    }

    fn write_str(&self, text: &str) -> std::io::Result<()> {
        Self::put(text)
    }

    fn clear_line(&self) -> std::io::Result<()> {
        Self::put("\r\x1b[2K")
    }

    fn flush(&self) -> std::io::Result<()> {
        Ok(())
    }
}

/// One plain line.
fn line(
    what: &'static str,
    things: &'static str,
    done: u64,
    total: Option<u64>,
    elapsed: Duration,
) -> String {
    let millis = elapsed.as_millis().max(1);
    let rate = u128::from(done) * 1_000 / millis;
    let Some(total) = total else { return format!("{what}: {done} {things}, {rate} {things}/s") };
    let left = u128::from(total.saturating_sub(done));
    let ready = left.checked_div(rate).map_or_else(String::new, |secs| format!(", {secs} s left"));
    format!("{what}: {done} of {total} {things}, {rate} {things}/s{ready}")
}

#[cfg(test)]
mod tests;
