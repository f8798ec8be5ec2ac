//! Signals: what ends a command, and what it leaves behind.

use std::fs::File;
use std::io::{Error, ErrorKind};
use std::os::fd::IntoRawFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use nix::sys::signal::SigSet;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::exit::Code;
use super::stderr::{self, Kind};
use super::terminal;

/// The file that is being written and the directory that is in use for a while, which an
/// interruption removes. So does dropping the last clone.
#[derive(Clone, Debug, Default)]
pub struct Unfinished(Arc<Guard>);

#[derive(Debug, Default)]
struct Guard {
    file: Mutex<Option<PathBuf>>,
    directory: Mutex<Directory>,
}

/// The directory that is in use for a while.
#[derive(Debug, Default)]
struct Directory {
    path: Option<PathBuf>,
    /// Whether it was removed, after which no other one is made.
    ended: bool,
}

/// Attempts to remove a directory into which another thread may still write.
const REMOVE_ATTEMPTS: usize = 100;

impl Unfinished {
    /// This file is being written.
    pub fn set(&self, path: PathBuf) {
        *self.0.lock() = Some(path);
    }

    /// The file will not be completed: it is removed, if it has no name yet.
    pub fn discard(&self) {
        self.0.remove_file();
    }

    /// Makes a directory, which is removed with all that is in it. An interruption waits meanwhile,
    /// so `make` must be short. Returns what `make` returns, and the name under which a database
    /// within the directory may be opened: see [`pinned`].
    ///
    /// # Errors
    /// After an interruption, when nothing is made; and those of `make`.
    pub(super) fn set_directory<T>(
        &self,
        path: &Path,
        make: impl FnOnce() -> Result<T>,
    ) -> Result<(PathBuf, T)> {
        let mut directory = locked(&self.0.directory);
        if directory.ended {
            return Err(interrupted().into());
        }
        let result = make()?;
        directory.path = Some(path.to_owned());
        Ok((pinned(path), result))
    }

    /// Removes both now. No directory is made from now on.
    pub(super) fn remove(&self) {
        self.0.remove();
    }

    /// Until this is dropped, an interruption waits: what is begun is finished.
    pub(super) fn hold(&self) -> impl Drop + '_ {
        self.0.lock()
    }

    /// The file is complete: it gets its name.
    ///
    /// # Errors
    /// When it cannot be renamed, and [`ErrorKind::Interrupted`] when an interruption has removed it.
    pub fn keep_as(&self, name: &Path) -> std::io::Result<()> {
        let mut unfinished = self.0.lock();
        std::fs::rename(unfinished.as_ref().ok_or_else(interrupted)?, name)?;
        *unfinished = None;
        Ok(())
    }
}

impl Guard {
    fn lock(&self) -> std::sync::MutexGuard<'_, Option<PathBuf>> {
        locked(&self.file)
    }

    fn remove(&self) {
        self.remove_file();
        let path = {
            let mut directory = locked(&self.directory);
            directory.ended = true;
            directory.path.take()
        };
        if let Some(path) = path {
            remove_directory(&path);
        }
    }

    fn remove_file(&self) {
        if let Some(path) = self.lock().take() {
            // It may not exist yet; nothing else can be done about it.
            drop(std::fs::remove_file(path));
        }
    }
}

fn locked<T>(path: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    path.lock().unwrap_or_else(PoisonError::into_inner)
}

fn interrupted() -> Error {
    Error::new(ErrorKind::Interrupted, "interrupted; run the command again")
}

/// Returns a name of an existing directory that ends with the directory, whatever is created at
/// `path` later; `path` itself where the system has no such name.
///
/// A database that is being opened creates the directories of its files anew, and so brings back
/// what an interruption has just removed. Under this name it cannot.
fn pinned(path: &Path) -> PathBuf {
    let Ok(directory) = File::open(path) else { return path.to_owned() };
    // Never closed: the name is as good as the descriptor, and a database may outlive its opener.
    let name = PathBuf::from(format!("/proc/self/fd/{}", directory.into_raw_fd()));
    if name.is_dir() { name } else { path.to_owned() }
}

/// Removes a directory; another thread of this process may still write to it.
fn remove_directory(path: &Path) {
    for _ in 0..REMOVE_ATTEMPTS {
        match std::fs::remove_dir_all(path) {
            Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => {}
            // It may not exist yet; nothing else can be done about it.
            _ => return,
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.remove();
    }
}

/// From now on SIGINT and SIGTERM end the process at once with code 130, and so does SIGHUP, which
/// a closed terminal sends, unless it is ignored. For commands that only read, and whose one
/// unfinished file is removed.
///
/// # Errors
/// When signals cannot be received.
pub fn exit_at_once() -> Result<Unfinished> {
    let unfinished = Unfinished::default();
    // The waiting thread lives as long as the process, so it must not keep the file alive.
    let guard = Arc::downgrade(&unfinished.0);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("signals cannot be received")?;
    let mut signals = runtime.block_on(async { Stops::listen_with_hangup() })?;
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            runtime.block_on(signals.next());
            if let Some(guard) = guard.upgrade() {
                guard.remove();
            }
            end(Code::Interrupted, "interrupted");
        })
        .context("a thread cannot be started")?;
    Ok(unfinished)
}

/// From now on this thread, and those that it starts, write to a terminal whatever its settings
/// are. With `stty tostop` a terminal stops a process in its background that writes, which is
/// wrong for a node: it would go on only when somebody calls it back.
pub(super) fn never_stop_for_output() -> Result<()> {
    let mut signals = SigSet::empty();
    signals.add(nix::sys::signal::Signal::SIGTTOU);
    signals.thread_block().context("SIGTTOU cannot be blocked")
}

/// From now on a write beyond the limit on the size of files (`ulimit -f`) fails, and does not end this
/// thread's process; also in the threads that it starts.
pub(super) fn fail_at_file_limit() {
    let mut signals = SigSet::empty();
    signals.add(nix::sys::signal::Signal::SIGXFSZ);
    // A mask that cannot be set leaves the signal as it was.
    let _ = signals.thread_block();
}

/// SIGUSR1, held back from this process until somebody takes it.
#[derive(Debug)]
pub(super) struct LevelSignal(SigSet);

impl LevelSignal {
    /// From now on SIGUSR1 does not end this thread, nor those that it starts: before the first
    /// one starts, and until the process is gone.
    pub(super) fn hold_back() -> Result<Self> {
        let mut signals = SigSet::empty();
        signals.add(nix::sys::signal::Signal::SIGUSR1);
        signals.thread_block().context("SIGUSR1 cannot be blocked")?;
        Ok(Self(signals))
    }

    /// Calls `act` for each signal, on a thread of its own that lives as long as the process.
    pub(super) fn on_each(self, act: impl Fn() + Send + 'static) -> Result<()> {
        let waiting = std::thread::Builder::new().name("SIGUSR1".to_owned()).spawn(move || {
            while self.0.wait().is_ok() {
                act();
            }
        });
        waiting.map(drop).context("a thread cannot be started")
    }
}

/// SIGINT and SIGTERM.
#[derive(Debug)]
pub(super) struct Stops {
    interrupt: Signal,
    terminate: Signal,
    /// SIGHUP, where it ends the command.
    hangup: Option<Signal>,
}

impl Stops {
    /// Takes the signals over. Within a runtime.
    pub(super) fn listen() -> Result<Self> {
        let take = |kind| signal(kind).context("signals cannot be received");
        Ok(Self {
            interrupt: take(SignalKind::interrupt())?,
            terminate: take(SignalKind::terminate())?,
            hangup: None,
        })
    }

    /// Takes SIGHUP over as well, unless the command was started under `nohup`. Within a runtime.
    pub(super) fn listen_with_hangup() -> Result<Self> {
        let mut stops = Self::listen()?;
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        if !ignores_hangup(&status) {
            let hangup = signal(SignalKind::hangup()).context("signals cannot be received")?;
            stops.hangup = Some(hangup);
        }
        Ok(stops)
    }

    /// The name of the next one.
    pub(super) async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
            _ = received(self.hangup.as_mut()) => "SIGHUP",
        }
    }
}

/// The next one of a signal that may be left alone, which never comes then.
async fn received(signal: Option<&mut Signal>) -> Option<()> {
    match signal {
        Some(signal) => signal.recv().await,
        None => std::future::pending().await,
    }
}

/// Whether a process ignores SIGHUP, by its status in `/proc`. A status that does not tell, or is
/// not there, is taken for yes: the signal is left as it is then.
fn ignores_hangup(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_none_or(|mask| mask & 1 != 0)
}

/// Ends the process now, without waiting for threads or the database's destructor: both may
/// take long or never end, and nothing that was acknowledged depends on them.
#[expect(clippy::exit, reason = "the ways that end a process at once all come here")]
pub(super) fn end(code: Code, why: &str) -> ! {
    terminal::restore();
    if !why.is_empty() {
        super::progress::clear();
        stderr::write(Kind::Urgent, format!("error: {why}\n").as_bytes());
    }
    // Standard output is flushed by the printing thread: its lock may be held by a write that never
    // ends.
    stderr::flush();
    std::process::exit(code as i32)
}

#[cfg(test)]
mod tests;
