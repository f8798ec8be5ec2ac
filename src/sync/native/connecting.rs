//! From checked bodies to the writer, and the end of a download.

use super::limits::{MAX_BATCHES, MIN_SECOND_BATCH, UNAVAILABLE};
use super::{Claim, Native, Peer};
use crate::sync::{ConnectOutcome, Mark, Output, Time};

/// A batch at the writer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pending {
    download: u64,
    bytes: u64,
}

impl Native {
    /// Hands what is ready to the writer, in order.
    pub(super) fn hand_on(&mut self, out: &mut Vec<Output>) {
        while self.batches.len() < MAX_BATCHES {
            let Some(download) = &mut self.download else { return };
            let (count, _) = download.ready();
            // While the writer is busy, a small batch gathers more.
            let is_small = count < MIN_SECOND_BATCH && !download.ends_with(count);
            if count == 0 || is_small && !self.batches.is_empty() {
                return;
            }
            let batch = download.hand(count);
            self.batches.push_back(Pending { download: download.number, bytes: batch.bytes });
            out.push(Output::Connect {
                download: download.number,
                source: batch.source,
                blocks: batch.blocks,
            });
        }
    }

    pub(super) fn on_connected(
        &mut self,
        now: Time,
        number: u64,
        last: Mark,
        outcome: ConnectOutcome,
        out: &mut Vec<Output>,
    ) {
        // They are answered in order.
        if let Some(batch) = self.batches.pop_front() {
            debug_assert_eq!(batch.download, number, "batches are answered in order");
            self.held = self.held.saturating_sub(batch.bytes);
        }
        let Some(download) = self.download.as_mut().filter(|download| download.number == number)
        else {
            return;
        };
        match outcome {
            ConnectOutcome::Done => {
                download.connected(last, now);
                for peer in self.peers.values_mut() {
                    if peer.tip == Some(last) {
                        peer.claim = Claim::Nothing;
                    }
                }
                if download.left() == 0 && download.is_whole {
                    self.finish(out);
                }
            }
            ConnectOutcome::Lost => self.drop_download(),
            ConnectOutcome::Unavailable => {
                self.drop_download();
                self.paused = now.plus(UNAVAILABLE);
            }
        }
    }

    /// Everything that was to be fetched is there.
    pub(super) fn finish(&mut self, out: &mut Vec<Output>) {
        self.drop_download();
        self.announce(out);
    }

    /// Fetches a branch no further that nobody holds any more: of those whose chain reaches the
    /// block that everything waits for, each said that it is not on it. Who showed the branch
    /// rests, so that one who never holds what it shows keeps nobody from others.
    pub(super) fn leave_lost(&mut self, now: Time) {
        let Some(download) = &self.download else { return };
        let (number, shown_by) = (download.number, download.shown_by);
        let Some(front) = download.front().filter(|front| download.lacks(*front)) else { return };
        let lacks = |peer: &Peer| peer.lacks == Some(number);
        let reaches = |peer: &Peer| peer.is_greeted() && peer.height >= front;
        if !self.peers.values().any(lacks)
            || self.peers.values().any(|peer| reaches(peer) && !lacks(peer))
        {
            return;
        }
        self.drop_download();
        if let Some(peer) = self.peers.get_mut(&shown_by) {
            peer.rest(now);
        }
    }

    /// Fetches this branch no further. What is at the writer, or being checked, is given back
    /// when that is done.
    pub(super) fn drop_download(&mut self) {
        let links: Vec<_> = self.peers.keys().copied().collect();
        for link in links {
            self.let_others(link);
        }
        if let Some(mut download) = self.download.take() {
            // Whoever named one of its blocks still has it, and may not name it again.
            for peer in self.peers.values_mut() {
                if peer.tip.is_some_and(|tip| download.contains(tip)) {
                    peer.claim = Claim::Block;
                }
            }
            self.held = self.held.saturating_sub(download.discard());
        }
        // Where they begin may be far below what is held by now: found out anew.
        for peer in self.peers.values_mut() {
            if peer.walk.take_if(|walk| walk.work() > self.work).is_some() {
                peer.claim = Claim::Block;
            }
        }
    }
}
