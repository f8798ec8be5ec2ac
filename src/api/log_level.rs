//! The level of the log of a running node: another one for a while, then the configured one again.

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use tracing::Level;

use crate::node::AUDIT;

/// How long another level than the configured one lasts.
pub const TEMPORARY_LEVEL_TIME: Duration = Duration::from_secs(15 * 60);

/// The root of the targets of this program's own lines, those of [`AUDIT`] apart.
pub const OWN_TARGET: &str = "jenny_chain";

/// Longest name of a target, in bytes.
pub(super) const MAX_TARGET_BYTES: usize = 128;

/// Another level than the configured one, for this program's own lines.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TemporaryLevel {
    /// The level.
    pub level: Level,
    /// [`OWN_TARGET`], or a target below it.
    pub target: String,
}

/// The level that counts now.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct CurrentLevel {
    /// The configured filter, as a setting has it.
    pub(super) configured: String,
    /// The other level, and when it ends.
    pub(super) temporary: Option<(TemporaryLevel, SystemTime)>,
}

/// Controls the level of the log; clones control the same.
#[derive(Clone)]
pub struct LogLevel(Arc<Control>);

type Apply = Box<dyn Fn(Option<&TemporaryLevel>) + Send + Sync>;

struct Control {
    configured: String,
    /// Has the log follow another level, or the configured one again.
    apply: Apply,
    temporary: Mutex<Option<Temporary>>,
    changed: Condvar,
}

struct Temporary {
    what: TemporaryLevel,
    end: Instant,
    /// The same as a clock shows it, which decides nothing.
    shown_end: SystemTime,
}

impl TemporaryLevel {
    /// Returns DEBUG for all of this program's lines.
    fn debug() -> Self {
        Self { level: Level::DEBUG, target: OWN_TARGET.to_owned() }
    }
}

impl fmt::Display for TemporaryLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.target, self.level.as_str().to_ascii_lowercase())
    }
}

impl LogLevel {
    /// Returns the control of a log whose configured filter is `configured`. `apply` has the log
    /// follow another level, or the configured filter again.
    pub fn new(
        configured: impl Into<String>,
        apply: impl Fn(Option<&TemporaryLevel>) + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(Control {
            configured: configured.into(),
            apply: Box::new(apply),
            temporary: Mutex::default(),
            changed: Condvar::new(),
        }))
    }

    /// Switches between DEBUG for 15 minutes and the configured level.
    pub fn toggle_debug(&self) {
        let mut held = self.lock();
        let next = held.is_none().then(TemporaryLevel::debug);
        self.replace(&mut held, next.clone(), Instant::now());
        drop(held);
        if let Some(next) = next {
            tracing::info!(target: AUDIT, level = %next, "a signal changed the log level for 15 minutes");
        } else {
            tracing::info!(target: AUDIT, "a signal ended the temporary log level");
        }
    }

    /// Ends temporary levels when their time is over. Runs as long as the process.
    pub fn keep_time(&self) {
        loop {
            if self.end_if_over(Instant::now()) {
                tracing::info!(target: AUDIT, "the temporary log level ended");
            }
            let held = self.lock();
            let rest = held.as_ref().map(|held| held.end.saturating_duration_since(Instant::now()));
            match rest {
                None => drop(self.0.changed.wait(held)),
                Some(rest) => drop(self.0.changed.wait_timeout(held, rest)),
            }
        }
    }

    /// Ends the temporary level if its own time is over, whatever came before it. Returns whether
    /// it did.
    fn end_if_over(&self, now: Instant) -> bool {
        let mut held = self.lock();
        let is_over = held.as_ref().is_some_and(|held| held.end <= now);
        if is_over {
            self.replace(&mut held, None, now);
        }
        is_over
    }

    /// Has another level count for 15 minutes, or the configured one again.
    pub(super) fn set(&self, next: Option<TemporaryLevel>) -> CurrentLevel {
        self.set_at(next, Instant::now())
    }

    fn set_at(&self, next: Option<TemporaryLevel>, now: Instant) -> CurrentLevel {
        let mut held = self.lock();
        self.replace(&mut held, next, now);
        self.current(held.as_ref())
    }

    /// Returns the level that counts now.
    pub(super) fn get(&self) -> CurrentLevel {
        self.current(self.lock().as_ref())
    }

    fn current(&self, held: Option<&Temporary>) -> CurrentLevel {
        let temporary = held.map(|held| (held.what.clone(), held.shown_end));
        CurrentLevel { configured: self.0.configured.clone(), temporary }
    }

    /// Applies it under the lock, so that what counts is what was set last.
    fn replace(&self, held: &mut Option<Temporary>, next: Option<TemporaryLevel>, now: Instant) {
        (self.0.apply)(next.as_ref());
        *held = next.map(|what| Temporary {
            what,
            end: now.checked_add(TEMPORARY_LEVEL_TIME).unwrap_or(now),
            shown_end: SystemTime::now() + TEMPORARY_LEVEL_TIME,
        });
        self.0.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Option<Temporary>> {
        self.0.temporary.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for LogLevel {
    /// Of a log whose level stays as it is.
    fn default() -> Self {
        Self::new("info", |_| ())
    }
}

impl fmt::Debug for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LogLevel").field(&self.get()).finish()
    }
}

#[cfg(test)]
mod tests;
