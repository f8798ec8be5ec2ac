//! Records: sending, finding, waiting and cancelling.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

use super::NodeHandle;
use crate::chain::{Hash, RuleError, Spec, leaf_hash};
use crate::node::command::Command;
use crate::node::import::append::send;
use crate::node::index::Index;
use crate::node::index::find::find_on_chain;
use crate::node::records::pool::{PoolPlace, Stage};
use crate::node::records::submission::{OnChain, Submission, SubmissionReply, Submitted};
use crate::node::shared::Shared;
use crate::node::{
    Acknowledged, FindError, NodeFailure, PoolUsage, RecordLocation, RecordState, StoreError,
    SubmitError,
};

/// Records that one database read looks for.
const FOUND_AT_A_TIME: usize = 256;

/// A record, and where it is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum KnownRecord {
    /// It waits for a block.
    Pending {
        /// The record.
        text: Arc<str>,
        /// Whether it is known not to be on the main chain already.
        is_checked: bool,
    },
    /// It is on the main chain.
    Included(RecordLocation),
}

/// A record that waits.
#[derive(Clone, Debug)]
pub struct PendingEntry {
    /// Where it is in the pool.
    pub place: PoolPlace,
    /// Its id.
    pub id: Hash,
    /// The record.
    pub text: Arc<str>,
    /// How long it has waited here.
    pub wait: Duration,
}

impl NodeHandle {
    /// Takes records into the pool and waits until they are durable: all or none. Equal ones
    /// count once, and one that is pending or on the main chain is not taken again. Returns what
    /// became of each, in their order.
    ///
    /// # Errors
    /// Why none of them was taken.
    pub async fn submit(&self, records: Vec<String>) -> Result<Vec<Acknowledged>, SubmitError> {
        check_lengths(self.spec(), &records)?;
        let (order, mut found) = distinct(records);
        let mut records = Vec::with_capacity(found.len());
        while !found.is_empty() {
            let rest = found.split_off(found.len().min(FOUND_AT_A_TIME));
            let (shared, index) = (Arc::clone(&self.shared), Arc::clone(&self.index));
            let look = move || {
                for record in &mut found {
                    let is_pending = shared.records.lock().get(&record.id).is_some();
                    let find = || find_on_chain(&shared.reader, &index, &record.id);
                    if !is_pending && let OnChain::At(location) = find()? {
                        record.found = Some(location);
                    }
                }
                Ok(found)
            };
            records.extend(self.read(look).await.map_err(|failure| self.none_taken(failure))?);
            found = rest;
        }
        let (reply, answer) = SubmissionReply::channel();
        let sent = send(&self.shared, Command::Submit(Submission { records, reply })).await;
        sent.map_err(|failure| self.none_taken(failure))?;
        let acknowledged = answer.await.map_err(|_| self.over())??;
        Ok(order.iter().filter_map(|&place| acknowledged.get(place).copied()).collect())
    }

    /// None of the records of a request was taken: what ended the node does not concern them.
    fn none_taken(&self, failure: NodeFailure) -> NodeFailure {
        if self.shared.is_over() { NodeFailure::Stopping } else { failure }
    }

    /// A record by its id, `None` if it is neither pending nor on the main chain.
    ///
    /// # Errors
    /// [`FindError::Indexing`] while too many blocks are not indexed yet to say.
    pub async fn record(&self, id: Hash) -> Result<Option<KnownRecord>, FindError> {
        let (shared, index) = (Arc::clone(&self.shared), Arc::clone(&self.index));
        self.read(move || find_known(&shared, &index, &id)).await?
    }

    /// The states of records, `None` for those that are neither pending nor on the main chain.
    ///
    /// # Errors
    /// As [`NodeHandle::record`].
    pub async fn record_states(
        &self,
        ids: Vec<Hash>,
    ) -> Result<Vec<Option<RecordState>>, FindError> {
        let mut states = Vec::with_capacity(ids.len());
        for ids in ids.chunks(FOUND_AT_A_TIME) {
            let (shared, index, ids) =
                (Arc::clone(&self.shared), Arc::clone(&self.index), ids.to_vec());
            let look = move || {
                let known = ids.iter().map(|id| find_known(&shared, &index, id));
                known.collect::<Result<Vec<_>, _>>()
            };
            for known in self.read(look).await? {
                states.push(known?.map(|known| match known {
                    KnownRecord::Pending { is_checked, .. } => RecordState::Pending { is_checked },
                    KnownRecord::Included(_) => RecordState::Included,
                }));
            }
        }
        Ok(states)
    }

    /// Waits until none of these records is pending, at most as long as `limit`. Returns whether
    /// it came to that.
    ///
    /// # Errors
    /// When the node is stopping or has failed.
    pub async fn wait_for_records(
        &self,
        mut ids: Vec<Hash>,
        limit: Duration,
    ) -> Result<bool, NodeFailure> {
        let mut changes = self.shared.records.watch();
        let wait = async {
            loop {
                {
                    let pool = self.shared.records.lock();
                    while ids.pop_if(|id| pool.get(id).is_none()).is_some() {}
                }
                if ids.is_empty() || changes.changed().await.is_err() {
                    return;
                }
            }
        };
        tokio::select! {
            waited = timeout(limit, wait) => Ok(waited.is_ok()),
            failure = self.failed() => Err(failure),
        }
    }

    /// Own records that wait, oldest first, behind a place, at most `max`.
    pub fn pending_records(&self, after: Option<PoolPlace>, max: usize) -> Vec<PendingEntry> {
        let now = (self.shared.config.steady)();
        let pool = self.shared.records.lock();
        let waiting = pool
            .after(after)
            .filter(|(_, entry)| entry.record.is_own && entry.stage != Stage::Arriving);
        let entries = waiting.take(max).map(|(place, entry)| PendingEntry {
            place,
            id: entry.record.id,
            text: Arc::clone(&entry.record.text),
            wait: now.saturating_sub(entry.since),
        });
        entries.collect()
    }

    /// Takes a pending record back; durable when it resolves. Returns whether it was pending.
    ///
    /// # Errors
    /// When the node is stopping or has failed.
    pub async fn cancel_record(&self, id: Hash) -> Result<bool, NodeFailure> {
        let (reply, done) = oneshot::channel();
        send(&self.shared, Command::CancelRecord { id, reply }).await?;
        let was_pending = done.await.map_err(|_| self.over())?;
        if was_pending {
            self.shared.records.note_change();
        }
        Ok(was_pending)
    }

    /// How full the pool is.
    pub fn pool_usage(&self) -> PoolUsage {
        self.shared.records.usage((self.shared.config.steady)())
    }

    pub(super) fn over(&self) -> NodeFailure {
        self.shared.failure().unwrap_or(NodeFailure::Stopping)
    }
}

/// What is known of a record; a lookup that fails for the index alone is no failed read.
pub(super) fn find_known(
    shared: &Shared,
    index: &Index,
    id: &Hash,
) -> Result<Result<Option<KnownRecord>, FindError>, StoreError> {
    // A reorg puts a record into the pool before it leaves the chain, and a block is on the chain
    // before its records leave the pool.
    let pending = || {
        let pool = shared.records.lock();
        pool.get(id).filter(|entry| entry.stage != Stage::Arriving).cloned()
    };
    let entry = pending();
    if entry.as_ref().is_none_or(|entry| !entry.record.is_checked) {
        match find_on_chain(&shared.reader, index, id)? {
            OnChain::At(location) => return Ok(Ok(Some(KnownRecord::Included(location)))),
            OnChain::Unknown(lag) if entry.is_none() => {
                let recent = index.find_recent(&shared.reader, id)?.map(KnownRecord::Included);
                return Ok(recent.map(Some).ok_or(FindError::Indexing { lag }));
            }
            OnChain::Unknown(_) | OnChain::Absent => {}
        }
    }
    Ok(Ok(entry.or_else(pending).map(|entry| KnownRecord::Pending {
        text: entry.record.text,
        is_checked: entry.record.is_checked,
    })))
}

fn check_lengths(spec: &Spec, records: &[String]) -> Result<(), RuleError> {
    let max = spec.max_record_bytes();
    let long = records.iter().position(|record| record.len() as u64 > max);
    match long.and_then(|index| Some((index, records.get(index)?.len()))) {
        Some((index, found)) => Err(RuleError::RecordBytes { index, max, found }),
        None => Ok(()),
    }
}

/// The different records, and for each record given its place among them.
fn distinct(records: Vec<String>) -> (Vec<usize>, Vec<Submitted>) {
    let (mut places, mut order) = (HashMap::new(), Vec::with_capacity(records.len()));
    let mut distinct: Vec<Submitted> = Vec::new();
    for text in records {
        let id = leaf_hash(text.as_bytes());
        let place = *places.entry(id).or_insert(distinct.len());
        if place == distinct.len() {
            distinct.push(Submitted { id, text: text.into(), found: None });
        }
        order.push(place);
    }
    (order, distinct)
}

#[cfg(test)]
mod tests;
