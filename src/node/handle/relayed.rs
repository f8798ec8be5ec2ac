//! What the peer network needs of the pool: what to announce, what to ask for, and what to send.

use std::sync::Arc;

use tokio::sync::{oneshot, watch};

use super::NodeHandle;
use crate::chain::Hash;
use crate::node::NodeFailure;
use crate::node::command::Command;
use crate::node::import::append::send;
use crate::node::index::find::find_on_chain;
use crate::node::records::pool::{PoolPlace, Stage};
use crate::node::records::submission::{OnChain, Relayed};

/// Ids of records that wait, oldest first.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct PendingIds {
    /// The ids.
    pub ids: Vec<Hash>,
    /// Where the next ones begin: behind this place. `None` for the whole pool.
    pub next: Option<PoolPlace>,
    /// Whether no others wait behind these.
    pub is_end: bool,
}

impl NodeHandle {
    /// Changes whenever records entered the pool or left it.
    pub fn watch_pool(&self) -> watch::Receiver<u64> {
        self.shared.records.watch()
    }

    /// Ids of the records that wait behind a place of the pool, all or own ones alone, at most
    /// `max`. Does not touch the disk. Those whose flush is under way and those behind them come
    /// later, so that a caller who continues from `next` misses none.
    pub fn pending_ids(&self, after: Option<PoolPlace>, own_only: bool, max: usize) -> PendingIds {
        let pool = self.shared.records.lock();
        let mut found = PendingIds { ids: Vec::new(), next: after, is_end: true };
        for (place, entry) in pool.after(after) {
            if entry.stage == Stage::Arriving {
                break;
            }
            if found.ids.len() >= max {
                found.is_end = false;
                break;
            }
            found.next = Some(place);
            let waits = !matches!(entry.stage, Stage::InBlock(_));
            if waits && (entry.record.is_own || !own_only) {
                found.ids.push(entry.record.id);
            }
        }
        found
    }

    /// The texts of those of these records that wait, in their order, up to `max_bytes` of text,
    /// the first one excepted. Does not touch the disk.
    pub fn pending_texts(&self, ids: &[Hash], max_bytes: usize) -> Vec<Arc<str>> {
        let pool = self.shared.records.lock();
        let (mut texts, mut bytes) = (Vec::new(), 0_usize);
        for id in ids {
            let Some(entry) = pool.get(id) else { continue };
            if matches!(entry.stage, Stage::Arriving | Stage::InBlock(_)) {
                continue;
            }
            let text = Arc::clone(&entry.record.text);
            bytes = bytes.saturating_add(text.len());
            if bytes > max_bytes && !texts.is_empty() {
                break;
            }
            texts.push(text);
        }
        texts
    }

    /// Whether this record waits and only peers relayed it.
    pub fn is_relayed(&self, id: &Hash) -> bool {
        self.shared.records.lock().relayed_as_own(id).is_some()
    }

    /// Those of these records that are neither in the pool nor on the main chain; none of them
    /// while the index lags too far behind to say.
    ///
    /// # Errors
    /// As [`NodeHandle::read`].
    pub async fn unknown_records(&self, ids: Vec<Hash>) -> Result<Vec<Hash>, NodeFailure> {
        let (shared, index) = (Arc::clone(&self.shared), Arc::clone(&self.index));
        let look = move || {
            let mut unknown = Vec::new();
            for id in ids {
                let is_pending = shared.records.lock().get(&id).is_some();
                if !is_pending && find_on_chain(&shared.reader, &index, &id)? == OnChain::Absent {
                    unknown.push(id);
                }
            }
            Ok(unknown)
        };
        self.read(look).await
    }

    /// Takes records that a peer relayed into the pool, as far as there is room for them: those
    /// that are neither there nor on the main chain. They are kept in memory alone. Returns how
    /// many were taken.
    ///
    /// # Errors
    /// When the node is stopping or has failed.
    pub async fn take_relayed(&self, records: Vec<(Hash, Arc<str>)>) -> Result<usize, NodeFailure> {
        let (reply, taken) = oneshot::channel();
        send(&self.shared, Command::Relay(Relayed { records, reply })).await?;
        taken.await.map_err(|_| self.over())
    }
}

#[cfg(test)]
mod tests;
