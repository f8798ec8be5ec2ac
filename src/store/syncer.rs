//! The step from applied to durable, which a thread of its own may take.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::StoreError;
use super::database::Database;
use super::durable_tip::DurableTip;
use super::sled::errors::guarded;
use crate::chain::ChainHeader;

/// Makes durable what the writer sealed, while the writer applies more.
///
/// There is one beside the [`super::Writer`], which takes the same step itself where it has to
/// wait for it. After a failure of either, both fail until the store is opened again.
#[derive(Debug)]
pub struct Syncer {
    commits: Arc<Commits>,
}

/// Everything that was applied or stored up to a moment, as [`super::Writer::seal`] captured it.
#[derive(Clone, Copy, Debug)]
pub struct Sealed {
    /// Counts the seals that had something new.
    pub(super) number: u64,
    /// The applied tip of that moment.
    pub(super) tip: ChainHeader,
}

impl Syncer {
    pub(super) const fn new(commits: Arc<Commits>) -> Self {
        Self { commits }
    }

    /// Makes everything durable that `sealed` captured, and publishes its tip. Does nothing if
    /// the writer did so meanwhile. Returns whether it is durable: `false` after an earlier
    /// failure, which was reported to the caller that met it.
    ///
    /// # Errors
    /// Every error is final.
    pub fn sync(&mut self, sealed: &Sealed) -> Result<bool, StoreError> {
        if self.commits.have_failed() {
            return Ok(false);
        }
        self.commits.commit(sealed).map(|()| true)
    }
}

/// What the writer and the syncer share.
#[derive(Debug)]
pub(super) struct Commits {
    database: Arc<Database>,
    progress: Mutex<Progress>,
    failed: AtomicBool,
}

/// What is durable.
#[derive(Debug)]
struct Progress {
    durable_tip: DurableTip,
    /// Number of the last seal that is.
    sealed: u64,
}

impl Commits {
    pub(super) const fn new(database: Arc<Database>, durable_tip: DurableTip) -> Self {
        let progress = Mutex::new(Progress { durable_tip, sealed: 0 });
        Self { database, progress, failed: AtomicBool::new(false) }
    }

    /// Makes durable what was sealed, and publishes its tip.
    pub(super) fn commit(&self, sealed: &Sealed) -> Result<(), StoreError> {
        self.commit_and(sealed, |database| database.state().tip = sealed.tip)
    }

    /// Makes durable what was sealed: flush, fdatasync, and then the durable tip. `publish` runs
    /// before anything later becomes durable, and not at all if something later is already.
    pub(super) fn commit_and(
        &self,
        sealed: &Sealed,
        publish: impl FnOnce(&Database),
    ) -> Result<(), StoreError> {
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        self.check()?;
        if sealed.number <= progress.sealed {
            return Ok(());
        }
        debug_assert!(
            progress.durable_tip.last().is_none_or(|last| last.total_work <= sealed.tip.total_work),
            "work never falls"
        );
        let made = guarded(|| {
            self.database.synchronise()?;
            progress.durable_tip.note(&sealed.tip)
        });
        if made.is_err() {
            self.fail();
        }
        made?;
        progress.sealed = sealed.number;
        publish(&self.database);
        Ok(())
    }

    /// From now on nothing is written any more.
    pub(super) fn fail(&self) {
        self.failed.store(true, Ordering::Release);
    }

    /// Refuses whatever comes after a failure.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        if self.have_failed() {
            return Err(StoreError::WriteFailed("an earlier write failed".to_owned()));
        }
        Ok(())
    }

    fn have_failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests;
