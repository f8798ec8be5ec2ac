//! Standard error while the node runs: a bounded queue in front of a thread that writes, so that
//! nothing else ever waits for its reader.

use std::collections::VecDeque;
use std::io::{ErrorKind, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};

/// Most bytes that wait to be written, with [`CHUNK_COST`] for each piece of text. What does not
/// fit is lost, and counted.
pub(super) const MAX_QUEUED: usize = 1 << 20;

/// Bytes beyond [`MAX_QUEUED`] that only errors and last words may take.
pub(super) const RESERVED: usize = 64 << 10;

/// What a piece of text costs beside its bytes.
const CHUNK_COST: usize = 64;

/// How long the end of the process waits for what is queued.
const LAST_WAIT: Duration = Duration::from_secs(1);

/// Pause before a descriptor that takes nothing just now is tried again: somebody who shares it
/// made it non-blocking.
const RETRY: Duration = Duration::from_millis(20);

/// The process's queue, once the node runs.
static QUEUE: OnceLock<Queue> = OnceLock::new();

/// What a piece of text is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// A line of the log.
    Line,
    /// An error or last words: it may use what is reserved.
    Urgent,
    /// A part of a progress bar, which nobody misses.
    Drawing,
}

/// Text on its way to a writer that may be slow, stuck or broken. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Queue(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    queued: Condvar,
    written: Condvar,
}

#[derive(Debug, Default)]
struct State {
    chunks: VecDeque<(Kind, Vec<u8>)>,
    /// Of the queued chunks and the one that is being written.
    bytes: usize,
    pushed: u64,
    done: u64,
    /// Lines that were lost since that was last reported.
    lost: u64,
    /// `done` when a wait was last given up.
    stalled_at: Option<u64>,
}

/// Has all later text written by a thread of its own, which ends with the process. `report`
/// is told how many lines were lost, once there is room again.
pub(super) fn start(report: fn(u64)) -> Result<()> {
    let queue = QUEUE.get_or_init(Queue::default).clone();
    std::thread::Builder::new()
        .name("stderr".to_owned())
        .spawn(move || queue.write_to(&mut std::io::stderr(), report))
        .context("the thread that writes the log cannot be started")?;
    Ok(())
}

/// Writes: through the queue when the node runs, else directly. Errors are of no use: where
/// standard error is gone, nobody is left to tell.
pub(super) fn write(kind: Kind, text: &[u8]) {
    match QUEUE.get() {
        Some(queue) => queue.push(kind, text),
        None => drop(std::io::stderr().write_all(text)),
    }
}

/// Whether text goes through the queue.
pub(super) fn is_queued() -> bool {
    QUEUE.get().is_some()
}

/// Waits until what is queued was written, a second at most.
pub(super) fn flush() {
    flush_within(LAST_WAIT);
}

/// As [`flush`], for another time.
pub(super) fn flush_within(wait: Duration) {
    if let Some(queue) = QUEUE.get() {
        queue.flush(wait);
    }
}

impl Queue {
    /// Queues text, or counts it as lost. Never waits for the writer.
    pub(super) fn push(&self, kind: Kind, text: &[u8]) {
        let mut state = self.lock();
        let max = if kind == Kind::Urgent { MAX_QUEUED + RESERVED } else { MAX_QUEUED };
        let bytes = state.bytes.saturating_add(cost(text));
        if bytes > max {
            if kind != Kind::Drawing {
                state.lost = state.lost.saturating_add(1);
            }
            return;
        }
        state.bytes = bytes;
        state.pushed += 1;
        state.chunks.push_back((kind, text.to_owned()));
        drop(state);
        self.0.queued.notify_one();
    }

    /// Waits until what is queued now was written. Returns whether it was. Does not wait when
    /// nothing was written since an earlier wait was in vain.
    pub(super) fn flush(&self, wait: Duration) -> bool {
        let mut state = self.lock();
        let target = state.pushed;
        if state.done >= target {
            return true;
        }
        if state.stalled_at == Some(state.done) {
            return false;
        }
        let waited = self.0.written.wait_timeout_while(state, wait, |state| state.done < target);
        state = waited.unwrap_or_else(PoisonError::into_inner).0;
        let is_written = state.done >= target;
        state.stalled_at = (!is_written).then_some(state.done);
        is_written
    }

    /// Writes for ever.
    fn write_to(&self, out: &mut impl Write, report: impl Fn(u64)) {
        let mut is_torn = false;
        loop {
            self.write_one(out, &mut is_torn, &report);
        }
    }

    /// Waits for the next piece of text and writes it.
    fn write_one(&self, out: &mut impl Write, is_torn: &mut bool, report: &impl Fn(u64)) {
        let waited = self.0.queued.wait_while(self.lock(), |state| state.chunks.is_empty());
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        let Some((kind, text)) = state.chunks.pop_front() else { return };
        drop(state);
        // What a failed write left of a line must not begin the next one.
        let is_whole = (!*is_torn || write_all(out, b"\n").is_ok()) && {
            let written = write_all(out, &text);
            *is_torn = written.is_err_and(|taken| taken > 0);
            written.is_ok()
        };
        let mut state = self.lock();
        state.bytes = state.bytes.saturating_sub(cost(&text));
        state.done += 1;
        if !is_whole && kind != Kind::Drawing {
            state.lost = state.lost.saturating_add(1);
        }
        let has_room = is_whole && state.bytes <= MAX_QUEUED / 2;
        let lost = if has_room { std::mem::take(&mut state.lost) } else { 0 };
        drop(state);
        self.0.written.notify_all();
        if lost > 0 {
            report(lost);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const fn cost(text: &[u8]) -> usize {
    text.len().saturating_add(CHUNK_COST)
}

/// Writes everything, or returns how much was taken before an error.
fn write_all(out: &mut impl Write, text: &[u8]) -> std::result::Result<(), usize> {
    let mut rest = text;
    while !rest.is_empty() {
        match out.write(rest) {
            Ok(count) if count > 0 => rest = rest.get(count..).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::sleep(RETRY),
            _ => return Err(text.len().saturating_sub(rest.len())),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
