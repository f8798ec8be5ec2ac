//! The batch of the index that the writer has in hand. It is written in small steps between
//! other work.

use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::node::StoreError;
use crate::store::{IndexBatch, IndexStep, Writer};

/// To the sender of the batch.
type Reply = oneshot::Sender<Result<IndexStep, StoreError>>;

/// The batch in hand.
#[derive(Debug, Default)]
pub(in crate::node) struct IndexWork {
    /// `None` between two batches.
    batch: Option<(Box<IndexBatch>, Reply)>,
    allowance: Allowance,
}

/// Time that may be spent. A step that takes longer than what is left is paid for later.
#[derive(Debug, Default)]
struct Allowance {
    left: Duration,
    debt: Duration,
}

impl Allowance {
    fn grant(&mut self, time: Duration) {
        self.left = time.saturating_sub(self.debt);
        self.debt = self.debt.saturating_sub(time);
    }

    const fn is_spent(&self) -> bool {
        self.left.is_zero()
    }

    fn spend(&mut self, time: Duration) {
        self.debt = self.debt.saturating_add(time.saturating_sub(self.left));
        self.left = self.left.saturating_sub(time);
    }
}

impl IndexWork {
    /// Takes a batch. The builder sends the next one when it has the answer to the last.
    pub(in crate::node) fn begin(&mut self, batch: Box<IndexBatch>, reply: Reply) {
        debug_assert!(self.batch.is_none(), "two batches of the index at a time");
        self.batch = Some((batch, reply));
    }

    /// Whether a batch is in hand.
    pub(in crate::node) const fn is_begun(&self) -> bool {
        self.batch.is_some()
    }

    /// Writes small parts for this time on average.
    pub(in crate::node) fn work(
        &mut self,
        store: &mut Writer,
        time: Duration,
    ) -> Result<(), StoreError> {
        self.allowance.grant(time);
        while !self.allowance.is_spent() {
            let begun = Instant::now();
            if !self.step(store)? {
                break;
            }
            self.allowance.spend(begun.elapsed());
        }
        Ok(())
    }

    /// Writes a small part. Returns whether there was anything to write.
    pub(in crate::node) fn step(&mut self, store: &mut Writer) -> Result<bool, StoreError> {
        let Some((mut batch, reply)) = self.batch.take() else { return Ok(false) };
        let answer = match store.index(&mut batch) {
            Ok(IndexStep::Partial) => {
                self.batch = Some((batch, reply));
                return Ok(true);
            }
            Ok(step) => Ok(step),
            Err(error @ StoreError::DiskLow { .. }) => Err(error),
            Err(error) => return Err(error),
        };
        // The builder may have gone.
        let _ = reply.send(answer);
        Ok(true)
    }
}

#[cfg(test)]
mod tests;
