//! The terminal: asks questions, and gives its settings back whatever ends the process.

use std::fs::File;
use std::io::{BufRead as _, Error, IsTerminal as _, Read as _, Write as _};
use std::os::fd::AsFd;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use super::exit::Failure;
use super::stderr::{self, Kind};

/// Longest answer that is read, in bytes: as much as a terminal gives at once.
const MAX_TYPED_BYTES: u64 = 4_096;

/// The terminal whose settings are changed. A process has one.
static CHANGED: Mutex<Option<Before>> = Mutex::new(None);

/// What a terminal gets back.
#[derive(Debug)]
struct Before {
    terminal: File,
    settings: Termios,
    /// Written to standard output at the end.
    last: &'static str,
}

/// Changed settings of a terminal, which gets the former ones back when this is dropped or
/// [`restore`] is called.
#[derive(Debug)]
pub(super) struct Changed(());

impl Changed {
    /// Changes the settings of a terminal; at the end, `last` is written to standard output.
    ///
    /// # Errors
    /// When it is no terminal, or does not take the settings.
    pub(super) fn new(
        terminal: impl AsFd,
        last: &'static str,
        change: impl FnOnce(&mut Termios),
    ) -> Result<Self, Error> {
        let terminal = File::from(terminal.as_fd().try_clone_to_owned()?);
        let settings = tcgetattr(&terminal)?;
        let mut changed = settings.clone();
        change(&mut changed);
        // Before the change, so that a signal in between finds them.
        *lock() = Some(Before { terminal, settings, last });
        let guard = Self(());
        let before = lock();
        if let Some(before) = before.as_ref() {
            tcsetattr(&before.terminal, OptionalActions::Now, &changed)?;
        }
        drop(before);
        Ok(guard)
    }
}

impl Drop for Changed {
    fn drop(&mut self) {
        restore();
    }
}

/// Gives the terminal its settings back, if they are changed.
pub(super) fn restore() {
    let Some(Before { terminal, settings, last }) = lock().take() else { return };
    // A terminal that is gone needs nothing.
    let _ = tcsetattr(&terminal, OptionalActions::Now, &settings);
    if !last.is_empty() {
        let mut out = File::from(match std::io::stdout().as_fd().try_clone_to_owned() {
            Ok(out) => out,
            Err(_) => return,
        });
        drop(out.write_all(last.as_bytes()));
    }
}

fn lock() -> std::sync::MutexGuard<'static, Option<Before>> {
    CHANGED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether somebody can be asked: standard input and standard error are a terminal.
pub(super) fn is_there() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Shows lines on standard error, where questions are asked.
pub(super) fn tell(text: &str) {
    stderr::write(Kind::Urgent, text.as_bytes());
}

/// Asks a question and returns the answer, without its line end.
///
/// # Errors
/// When standard input ends, or the answer is not UTF-8.
pub(super) fn ask(question: &str) -> Result<String> {
    tell(question);
    let mut answer = String::new();
    let stdin = std::io::stdin().lock();
    let read = stdin.take(MAX_TYPED_BYTES).read_line(&mut answer);
    read.context("the answer cannot be read")?;
    let Some(line) = answer.strip_suffix('\n') else {
        tell("\n");
        return Err(Failure::usage("standard input ended before the answer")
            .hint("answer the question, or give the flags that --help lists")
            .into());
    };
    Ok(line.trim_end_matches('\r').to_owned())
}

/// As [`ask`], but what is typed does not show.
///
/// # Errors
/// As [`ask`], and when the terminal cannot hide what is typed.
pub(super) fn ask_secret(question: &str) -> Result<String> {
    let hidden = Changed::new(std::io::stdin(), "", |settings| {
        settings.local_modes.remove(LocalModes::ECHO);
        // The line end still shows, so that the cursor moves on.
        settings.local_modes.insert(LocalModes::ECHONL | LocalModes::ICANON);
    });
    let _hidden = hidden.context("the terminal cannot hide what is typed")?;
    ask(question)
}
