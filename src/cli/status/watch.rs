//! `jenny status --watch`: the status again and again, also while the node is away.

use std::io::IsTerminal as _;
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, Result};

use super::screen::{Key, Screen};
use crate::cli::exit;
use crate::cli::format::duration;
use crate::cli::remote::Remote;
use crate::cli::stderr::{self, Kind};

/// Time between two questions.
const WATCH_EVERY: Duration = Duration::from_secs(2);

/// Least time between two pictures.
const DRAW_EVERY: Duration = Duration::from_secs(1);

/// How soon a key or another size of the terminal is noticed.
const NOTICE_WITHIN: Duration = Duration::from_millis(100);

/// What a node responded, as lines.
type Answer = Result<String>;

/// Watches a node until somebody quits. `ask` gets its status.
pub(super) fn watch(
    remote: Remote,
    as_json: bool,
    ask: impl Fn(&Remote) -> Answer + Send + 'static,
) -> Result<()> {
    // A wrong address or password shows at once. Later a node may be away for a while.
    let first = ask(&remote)?;
    if as_json || !std::io::stdout().is_terminal() {
        return print(&remote, first, as_json, ask);
    }
    let name = remote.name().to_owned();
    // One answer waits; the thread ends with the process, or when nobody takes them.
    let (send, receive) = sync_channel(0);
    std::thread::Builder::new()
        .name("status".to_owned())
        .spawn(move || {
            loop {
                std::thread::sleep(WATCH_EVERY);
                if send.send(ask(&remote)).is_err() {
                    return;
                }
            }
        })
        .context("a thread cannot be started")?;
    draw(&name, first, &receive)
}

/// One answer after the other, for files and pipes.
fn print(
    remote: &Remote,
    first: String,
    as_json: bool,
    ask: impl Fn(&Remote) -> Answer,
) -> Result<()> {
    let mut answer = Ok(first);
    let mut told = String::new();
    loop {
        match answer {
            Ok(answer) => {
                told.clear();
                super::super::print(&if as_json { answer } else { answer + "\n" })?;
            }
            Err(error) if exit::may_pass(&error) => {
                let text = exit::text_of(&error);
                // Once, and again when it is another one.
                if text != told {
                    let line = "retrying until the node responds; Ctrl-C quits\n";
                    stderr::write(Kind::Urgent, format!("{text}{line}").as_bytes());
                    told = text;
                }
            }
            Err(error) => return Err(error),
        }
        std::thread::sleep(WATCH_EVERY);
        answer = ask(remote);
    }
}

/// The picture on a terminal.
fn draw(name: &str, first: String, answers: &Receiver<Answer>) -> Result<()> {
    let mut screen = Screen::enter()?;
    let mut picture = Picture { name: name.to_owned(), status: first, away: None };
    let mut drawn: Option<Instant> = None;
    loop {
        if drawn.is_none_or(|time| time.elapsed() >= DRAW_EVERY) {
            screen.draw(&picture.lines(SystemTime::now()))?;
            drawn = Some(Instant::now());
        }
        if screen.key(NOTICE_WITHIN) == Some(Key::Quit) {
            return Ok(());
        }
        match answers.try_recv() {
            Ok(Ok(status)) => (picture.status, picture.away) = (status, None),
            Ok(Err(error)) if exit::may_pass(&error) => {
                let text = exit::text_of(&error);
                let since = picture.away.take().map_or_else(SystemTime::now, |away| away.since);
                picture.away = Some(Away { since, text });
            }
            Ok(Err(error)) => return Err(error),
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => {
                anyhow::bail!("internal error: the asking thread panicked")
            }
        }
    }
}

/// What is shown.
struct Picture {
    name: String,
    /// The last status.
    status: String,
    /// Since when the node does not respond.
    away: Option<Away>,
}

struct Away {
    since: SystemTime,
    text: String,
}

impl Picture {
    fn lines(&self, now: SystemTime) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(Away { since, text }) = &self.away {
            let for_seconds = now.duration_since(*since).unwrap_or_default().as_secs();
            let since = humantime::format_rfc3339_seconds(*since);
            lines.push(format!("{} does not respond", self.name));
            lines.push(format!("since {since}, for {}", duration(for_seconds)));
            lines.extend(text.lines().map(str::to_owned));
            lines.extend([String::new(), "its last status:".to_owned()]);
        }
        lines.extend(self.status.lines().map(str::to_owned));
        lines.extend([String::new(), "q or Ctrl-C quits".to_owned()]);
        lines
    }
}

#[cfg(test)]
mod tests;
