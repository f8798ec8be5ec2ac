//! The syncer thread: makes durable what the writer applied, publishes the tip, and then
//! responds, while the writer applies more.

use std::sync::Arc;
use std::time::Instant;

use super::pipeline::{Pipeline, Unsynced};
use super::shared::{Shared, guarded};
use crate::store;

/// Owns the other end of the pipeline.
#[derive(Debug)]
pub(super) struct SyncerThread {
    shared: Arc<Shared>,
    store: store::Syncer,
    pipeline: Arc<Pipeline>,
}

impl SyncerThread {
    pub(super) const fn new(
        shared: Arc<Shared>,
        store: store::Syncer,
        pipeline: Arc<Pipeline>,
    ) -> Self {
        Self { shared, store, pipeline }
    }

    /// Serves until the writer has ended, or until a write of either fails. A failure is final:
    /// what was applied is dropped, which tells clients that it may have been stored.
    pub(super) fn run(mut self) {
        if let Err(error) = guarded(|| self.serve()) {
            self.shared.end(&error.into());
        }
    }

    fn serve(&mut self) {
        while let Some(unsynced) = self.take() {
            let begun = Instant::now();
            match self.store.sync(&unsynced.sealed) {
                Ok(true) => {}
                // The writer failed, and says why.
                Ok(false) => break,
                Err(error) => {
                    self.shared.end(&error.into());
                    break;
                }
            }
            self.shared.metrics.commits.observe(begun.elapsed());
            self.shared.publish(unsynced.state);
            unsynced.group.respond(&self.shared);
        }
    }

    fn take(&self) -> Option<Unsynced> {
        self.shared.syncer_heartbeat.rest();
        let next = self.pipeline.take();
        self.shared.syncer_heartbeat.beat();
        next
    }
}

impl Drop for SyncerThread {
    /// However it ends, the writer must not wait for it.
    fn drop(&mut self) {
        self.pipeline.end();
    }
}
