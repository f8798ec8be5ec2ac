//! A terminal's screen that is drawn over and over, and its keys.

use std::fmt::Write as _;
use std::io::{Read as _, Stdout, Write as _};
use std::time::Duration;

use anyhow::{Context as _, Result};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{LocalModes, SpecialCodeIndex, tcgetwinsize};

use crate::cli::output::shorten;
use crate::cli::terminal::Changed;

/// The other screen, without a cursor.
const ENTER: &str = "\x1b[?1049h\x1b[?25l";

/// The screen and the cursor as they were.
const LEAVE: &str = "\x1b[?25h\x1b[?1049l";

/// The size of a terminal that tells none.
const DEFAULT_SIZE: (usize, usize) = (24, 80);

/// A terminal's screen, which is as it was once this is dropped.
#[derive(Debug)]
pub(super) struct Screen {
    /// `None` without a keyboard.
    keys: Option<std::io::Stdin>,
    out: Stdout,
    _changed: Option<Changed>,
}

/// What somebody typed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Key {
    Quit,
    Other,
}

impl Screen {
    /// Takes the screen of standard output over, and the keys of standard input if that is a
    /// terminal as well.
    ///
    /// # Errors
    /// When the terminal takes no text.
    pub(super) fn enter() -> Result<Self> {
        let changed = Changed::new(std::io::stdin(), LEAVE, |settings| {
            settings.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
            settings.special_codes[SpecialCodeIndex::VMIN] = 0;
            settings.special_codes[SpecialCodeIndex::VTIME] = 0;
            // A stopped program could not give the screen back.
            settings.special_codes[SpecialCodeIndex::VSUSP] = 0;
        });
        let changed = changed.or_else(|_| Changed::new(std::io::stdout(), LEAVE, |_| {})).ok();
        let mut out = std::io::stdout();
        write(&mut out, ENTER)?;
        let keys = rustix::termios::isatty(std::io::stdin()).then(std::io::stdin);
        Ok(Self { keys, out, _changed: changed })
    }

    /// Draws lines over the former ones; what does not fit is cut.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(super) fn draw(&mut self, lines: &[String]) -> Result<()> {
        let size = tcgetwinsize(&self.out).ok();
        let size = size.map(|size| (usize::from(size.ws_row), usize::from(size.ws_col)));
        let (rows, columns) = size.filter(|size| size.0 > 0 && size.1 > 0).unwrap_or(DEFAULT_SIZE);
        write(&mut self.out, &picture(lines, rows, columns))
    }

    /// Waits for a key, `None` if none is typed in time.
    pub(super) fn key(&mut self, time: Duration) -> Option<Key> {
        let Some(keys) = &mut self.keys else {
            std::thread::sleep(time);
            return None;
        };
        let wait = Timespec { tv_sec: 0, tv_nsec: i64::from(time.subsec_nanos()) };
        let mut fds = [PollFd::new(&*keys, PollFlags::IN)];
        let typed = poll(&mut fds, Some(&wait)).ok()? > 0;
        let is_over = fds.iter().any(|fd| fd.revents().intersects(PollFlags::HUP | PollFlags::ERR));
        if is_over {
            // A terminal that is gone types nothing.
            self.keys = None;
            return None;
        }
        if !typed {
            return None;
        }
        let mut bytes = [0; 64];
        let count = keys.lock().read(&mut bytes).ok()?;
        let typed = bytes.get(..count)?;
        let quits = typed.iter().any(|byte| matches!(byte, b'q' | b'Q' | 0x03 | 0x04));
        (count > 0).then_some(if quits { Key::Quit } else { Key::Other })
    }
}

fn write(out: &mut Stdout, text: &str) -> Result<()> {
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    written.context("the terminal is gone")
}

/// The lines as a picture of this size: from the top left, each line to its end, and nothing below.
/// One text, so that no half of it shows.
fn picture(lines: &[String], rows: usize, columns: usize) -> String {
    let mut out = String::from("\x1b[H");
    let shown = if lines.len() > rows { rows.saturating_sub(1) } else { lines.len() };
    let cut = (shown < lines.len()).then_some("…");
    let lines = lines.iter().take(shown).map(String::as_str).chain(cut);
    for (number, line) in lines.enumerate() {
        let end = if number > 0 { "\r\n" } else { "" };
        // Not the last column: some terminals erase what is in it with the rest of the line.
        let line = shorten(line, columns.saturating_sub(1));
        // Writing into memory cannot fail.
        let _ = write!(out, "{end}{line}\x1b[K");
    }
    out.push_str("\x1b[J");
    out
}

#[cfg(test)]
mod tests;
