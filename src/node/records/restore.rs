//! What a reorg puts back: own records of the blocks that it disconnects.

use std::time::Duration;

use super::pool::NewRecord;
use super::record_pool::{RecordPool, pending_batch};
use super::submission::OnChain;
use crate::chain::{Hash, Height};
use crate::store::{ReorgPlan, StoreError, Writer};

/// Most records of one batch that is put back.
const MAX_RESTORED_RECORDS: usize = 1_024;

/// Most bytes of one batch that is put back, one larger record excepted. 1 MiB.
const MAX_RESTORED_BYTES: usize = 1 << 20;

/// Puts the own records of the blocks that a reorg is about to disconnect into the pool, oldest
/// first and before all others: those that will be nowhere on the main chain. `find` looks on
/// the main chain as it is. When it returns they are durable.
pub(in crate::node) fn restore(
    store: &mut Writer,
    pool: &RecordPool,
    plan: &ReorgPlan,
    find: &mut dyn FnMut(&Hash) -> Result<OnChain, StoreError>,
    now: Duration,
) -> Result<usize, StoreError> {
    let mut own = store.own_disconnected(plan)?;
    if own.is_empty() {
        return Ok(0);
    }
    let mut lost = Vec::new();
    for (id, text) in std::mem::take(&mut own.missing) {
        let is_checked = match stays(find(&id)?, plan.fork()) {
            Some(true) => continue,
            Some(false) => true,
            None => false,
        };
        if pool.lock().get(&id).is_none_or(|entry| !entry.record.is_own) {
            lost.push(NewRecord { id, text: text.into(), is_own: true, is_checked });
        }
    }
    let batches = batches(lost);
    let first = pool.lock().low_sequences(batches.len() as u64);
    store.keep_own(&own, plan.fork(), first)?;
    for (sequence, records) in (first..).zip(&batches) {
        store.append_pending(&pending_batch(sequence, records))?;
    }
    store.commit()?;
    let mut count = 0_usize;
    let mut pool = pool.lock();
    for (sequence, records) in (first..).zip(batches) {
        count = count.saturating_add(records.len());
        for record in &records {
            pool.release_relayed(&record.id);
        }
        pool.restore(sequence, records, now);
    }
    Ok(count)
}

/// Whether a record is below the fork, where a reorg changes nothing; `None` if that is unknown.
fn stays(on_chain: OnChain, fork: Height) -> Option<bool> {
    match on_chain {
        OnChain::At(place) => Some(place.block.height <= fork),
        OnChain::Absent => Some(false),
        OnChain::Unknown(_) => None,
    }
}

/// Cuts records into batches, in their order.
pub(super) fn batches(records: Vec<NewRecord>) -> Vec<Vec<NewRecord>> {
    let mut batches: Vec<Vec<NewRecord>> = Vec::new();
    let mut bytes = 0;
    for record in records {
        bytes += record.text.len();
        match batches.last_mut() {
            Some(last) if last.len() < MAX_RESTORED_RECORDS && bytes <= MAX_RESTORED_BYTES => {
                last.push(record);
            }
            _ => {
                bytes = record.text.len();
                batches.push(vec![record]);
            }
        }
    }
    batches
}
