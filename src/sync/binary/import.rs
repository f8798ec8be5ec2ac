//! From checked bodies to the writer, and the end of a download.

use super::limits::{GIVE_UP_FIRST, MAX_IMPORT_BATCHES, MIN_SECOND_BATCH, UNAVAILABLE};
use super::{BinarySync, Claim, Peer};
use crate::chain::{BlockId, Height};
use crate::sync::step::Step;
use crate::sync::{ImportOutcome, LinkId, Output, Time};

/// A batch at the writer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pending {
    download: u64,
    pub(super) bytes: u64,
}

impl BinarySync {
    /// Hands what is ready to the writer, in order.
    pub(super) fn hand_on(&mut self, step: &mut Step<'_>) {
        while self.batches.len() < MAX_IMPORT_BATCHES {
            let Some(download) = &mut self.download else { return };
            let count = download.ready();
            // While the writer is busy, a small batch gathers more.
            let is_small = count < MIN_SECOND_BATCH && !download.ends_with(count);
            if count == 0 || is_small && !self.batches.is_empty() {
                return;
            }
            let batch = download.hand(count);
            self.batches.push_back(Pending { download: download.number, bytes: batch.bytes });
            step.out.push(Output::Import { download: download.number, blocks: batch.blocks });
        }
    }

    /// The check of a link's bodies panicked. Nobody is blamed; but the same bodies would have it
    /// panic again, so the branch is given up, and links that have it are asked for no headers for a
    /// while.
    pub(super) fn on_unchecked(&mut self, now: Time, link: LinkId, number: u64, first: Height) {
        let Some((count, bytes)) = self.checks.remove(&(number, first, link)) else { return };
        let Some(download) = self.download.as_mut().filter(|download| download.number == number)
        else {
            self.budget.free(bytes);
            return;
        };
        for offset in 0..count {
            let back = download.wrong(first.ahead(offset));
            self.budget.free(back);
        }
        let source = download.source;
        let has_it = |peer: &&Peer| {
            peer.is_on == Some(number)
                || [Some(link), source].contains(&Some(peer.id))
                || peer.tip.is_some_and(|tip| download.contains(tip))
        };
        let holders: Vec<_> = self.peers.values().filter(has_it).map(|peer| peer.id).collect();
        self.drop_download();
        for link in holders {
            self.peer(link).withheld(now);
        }
    }

    #[expect(clippy::expect_used, reason = "the node reports each batch once, whatever peers send")]
    pub(super) fn on_imported(
        &mut self,
        now: Time,
        number: u64,
        last: BlockId,
        outcome: ImportOutcome,
    ) {
        let batch = self.batches.pop_front().expect("a batch at the writer");
        debug_assert_eq!(batch.download, number, "each once, in order");
        self.budget.free(batch.bytes);
        let Some(download) = self.download.as_mut().filter(|download| download.number == number)
        else {
            return;
        };
        match outcome {
            ImportOutcome::Done => {
                download.imported(last, now);
                for peer in self.peers.values_mut() {
                    let is_later = matches!(peer.claim, Claim::Later(_));
                    if peer.tip == Some(last) && peer.height <= last.height && !is_later {
                        peer.claim = Claim::Nothing;
                    }
                }
                if download.left() == 0 && download.is_whole {
                    self.drop_download();
                }
            }
            ImportOutcome::Lost => self.drop_download(),
            ImportOutcome::Unavailable => {
                self.drop_download();
                self.paused = now.plus(UNAVAILABLE);
            }
        }
    }

    /// Nobody can be asked for more headers of the branch that is fetched: there are none,
    /// unless a paused link has some.
    pub(super) fn end_headers(&mut self, step: &mut Step<'_>) {
        let Some(download) = &mut self.download else { return };
        let (number, head) = (download.number, download.head());
        let may_have = |peer: &&mut Peer| {
            peer.is_paused(step.now) && peer.is_off != Some(number) && peer.height > head.height
        };
        let mut paused = self.peers.values_mut().filter(may_have).peekable();
        if download.left() > 0 {
            download.is_whole |= paused.peek().is_none();
            return;
        }
        // Tried again when the pause is over.
        paused.for_each(|peer| peer.claim = Claim::Block);
        self.drop_download();
        self.begin_best(step);
        self.seek_headers(step);
    }

    /// A link was asked for more headers of the branch that is fetched, and stands on another
    /// one by now.
    pub(super) fn leave_source(&mut self, link: LinkId) {
        if let Some(download) = &mut self.download
            && let Some(peer) = self.peers.get_mut(&link)
            && (download.source == Some(link) || peer.follows == Some(download.number))
        {
            download.source = download.source.filter(|source| *source != link);
            (peer.is_off, peer.follows) = (Some(download.number), None);
        }
    }

    /// When the branch is dropped because no link can have the block which everything waits for:
    /// at once when a link said that it does not hold it, for those that showed it are on another
    /// one by now, or lied; else when who had it does not come back. And when all of it has no
    /// more work than ours by now, and nothing of it comes.
    pub(super) fn unheld_at(&self) -> Option<Time> {
        let download = self.download.as_ref()?;
        if !self.checks.is_empty() || !self.batches.is_empty() {
            return None;
        }
        let later = download.moved.plus(GIVE_UP_FIRST);
        if download.is_whole && download.left() > 0 && download.work() <= self.work {
            return Some(later);
        }
        let front = download.front().filter(|front| download.misses(*front))?;
        let lacks = |peer: &Peer| peer.lacks == Some(download.number);
        let may_have = |peer: &Peer| peer.is_ready() && !lacks(peer) && peer.height >= front;
        if self.peers.values().any(may_have) {
            return None;
        }
        Some(if self.peers.values().any(lacks) { download.moved } else { later })
    }

    /// Drops the branch when that is due, see [`BinarySync::unheld_at`]. Returns whether it did.
    pub(super) fn drop_unheld(&mut self, now: Time) -> bool {
        let is_unheld = self.unheld_at().is_some_and(|at| at <= now);
        if is_unheld && let Some(download) = &self.download {
            // The peer that showed it is not asked at once for what it may show again.
            for peer in self.peers.values_mut() {
                if peer.tip.is_some_and(|tip| download.contains(tip)) {
                    peer.pause(now);
                }
            }
            self.drop_download();
        }
        is_unheld
    }

    /// Fetches this branch no further. What is at the writer, or being checked, is given back
    /// when that is done.
    pub(super) fn drop_download(&mut self) {
        let links: Vec<_> = self.peers.keys().copied().collect();
        for link in links {
            self.let_others(link);
        }
        if let Some(download) = self.download.take() {
            // A peer that named one of its blocks still has it, and may not name it again.
            for peer in self.peers.values_mut() {
                if peer.tip.is_some_and(|tip| download.contains(tip)) {
                    peer.claim = Claim::Block;
                }
            }
            self.budget.free(download.right_bytes());
        }
        // Where they begin may be far below what is held by now: found out anew.
        for peer in self.peers.values_mut() {
            if peer.candidate.take_if(|candidate| candidate.work() > self.work).is_some() {
                peer.claim = Claim::Block;
            }
        }
    }
}
