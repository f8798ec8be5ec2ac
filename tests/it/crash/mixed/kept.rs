//! What a node acknowledged, compared with what it has.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jenny_chain::chain::leaf_hash;

use super::load::is_only_sent;
use crate::process::{Jenny, PeerNode, block_records};
use crate::support::random::Random;

/// The records that one node acknowledged.
#[derive(Default)]
pub(super) struct Kept {
    sent: Mutex<Vec<String>>,
    mined: Mutex<BTreeSet<String>>,
}

impl Kept {
    /// Those of `POST /v1/records`.
    pub(super) fn sent(&self) -> MutexGuard<'_, Vec<String>> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Those of `POST /mineBlock`.
    pub(super) fn mined(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.mined.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One of those that were sent, often a late one.
    pub(super) fn any_sent(&self, random: &mut Random) -> Option<String> {
        let sent = self.sent();
        let last = if random.below(2) == 0 { sent.len().min(100) } else { sent.len() };
        (last > 0).then(|| sent[sent.len() - 1 - random.below(last)].clone())
    }

    /// Restarts the node and checks that each of its records is pending or on its main chain.
    /// Returns how many are pending, and the height before the start.
    pub(super) fn check(&self, node: &mut PeerNode) -> (usize, usize) {
        node.kill();
        let dump = Jenny::new("dump").words("--format jsonl").arg("--data-dir", node.data());
        let dump = dump.done().ok();
        node.restart();
        let pending = node.process().pending();
        let distinct: BTreeSet<_> = pending.iter().map(String::as_str).collect();
        assert_eq!(distinct.len(), pending.len(), "none is pending twice");

        let mut times: HashMap<String, u32> = HashMap::new();
        for record in block_records(&dump) {
            *times.entry(record).or_default() += 1;
        }
        let (sent, mined) = (self.sent(), self.mined());
        for record in sent.iter().chain(mined.iter()) {
            let count = times.get(record).copied().unwrap_or_default();
            assert!(count <= 1 || !is_only_sent(record), "{record} is on the chain {count} times");
            if count == 0 && !distinct.contains(record.as_str()) {
                // It was mined after the dump, if it is not lost.
                let path = format!("/v1/records/{}", leaf_hash(record.as_bytes()));
                let (code, text) = node.process().get(&path);
                assert_eq!(code, 200, "{record} is lost: {text}");
            }
        }
        (pending.len(), dump.lines().count() - 1)
    }
}
