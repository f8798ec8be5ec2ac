//! A call of the binary at a terminal, with somebody who reads the screen and types.

use std::io::{Read, Write};
use std::process::Child;
use std::sync::{Arc, Mutex};

use pty_process::Size;
use pty_process::blocking::{Pty, open};
use rustix::termios::{LocalModes, tcgetattr};

use super::command::starting;
use super::{Jenny, until};

/// A process at a terminal of its own, killed when dropped.
pub(crate) struct Terminal {
    pty: Arc<Pty>,
    child: Child,
    /// All that was written to the terminal.
    text: Arc<Mutex<String>>,
    /// How much of it was seen.
    seen: usize,
}

impl Terminal {
    /// Starts a command at a terminal of 24 lines and 80 columns.
    pub(crate) fn start(command: Jenny) -> Self {
        let (pty, pts) = open().unwrap();
        pty.resize(Size::new(24, 80)).unwrap();
        let child = {
            let _starting = starting();
            pty_process::blocking::Command::from(command.0).spawn(pts).unwrap()
        };
        let (pty, text) = (Arc::new(pty), Arc::default());
        gather(Arc::clone(&pty), Arc::clone(&text));
        Self { pty, child, text, seen: 0 }
    }

    /// All that was written to it.
    pub(crate) fn text(&self) -> String {
        self.text.lock().unwrap().clone()
    }

    /// Waits until this text comes after what was seen before.
    #[track_caller]
    pub(crate) fn see(&mut self, wanted: &str) {
        let mut end = None;
        until(wanted, || {
            let text = self.text.lock().unwrap();
            end = text[self.seen..].find(wanted).map(|start| self.seen + start + wanted.len());
            end.is_some()
        });
        self.seen = end.unwrap();
    }

    /// Types this text.
    pub(crate) fn enter(&self, text: &str) {
        (&*self.pty).write_all(text.as_bytes()).unwrap();
    }

    /// Waits for a question, and types a line.
    #[track_caller]
    pub(crate) fn answer(&mut self, question: &str, line: &str) {
        self.see(question);
        self.enter(&format!("{line}\n"));
    }

    /// Changes its size.
    pub(crate) fn resize(&self, rows: u16, columns: u16) {
        self.pty.resize(Size::new(rows, columns)).unwrap();
    }

    /// Whether what is typed shows, line by line, as on every terminal at first.
    pub(crate) fn is_as_at_first(&self) -> bool {
        let modes = tcgetattr(&*self.pty).unwrap().local_modes;
        modes.contains(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG)
    }

    /// Waits for the end of the process: its exit code, and all that was written.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        let mut code = None;
        until("the end", || {
            code = self.child.try_wait().unwrap();
            code.is_some()
        });
        assert!(self.is_as_at_first(), "the terminal has its settings back");
        // What was written before the end has come once nothing more can.
        until("the last words", || Arc::strong_count(&self.text) == 1);
        (code.unwrap().code(), self.text())
    }
}

/// Reads until every process has left the terminal.
fn gather(pty: Arc<Pty>, text: Arc<Mutex<String>>) {
    std::thread::spawn(move || {
        let mut rest = Vec::new();
        let mut buffer = [0; 4_096];
        while let Ok(count @ 1..) = (&*pty).read(&mut buffer) {
            rest.extend_from_slice(&buffer[..count]);
            // A character may come in two parts.
            let whole = match std::str::from_utf8(&rest) {
                Ok(text) => text.len(),
                Err(error) => error.valid_up_to(),
            };
            let part: Vec<u8> = rest.drain(..whole).collect();
            text.lock().unwrap().push_str(std::str::from_utf8(&part).unwrap());
        }
    });
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
