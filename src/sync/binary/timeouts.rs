//! What happens when answers are late, and the time when something is due.

use std::time::Duration;

use super::limits::{
    EXAMINE_OTHERS_AFTER, GIVE_UP, HEADERS_TIMEOUT, HEDGE_AFTER, HEDGE_TIMES, HEDGE_UNKNOWN,
    HELLO_WITHIN, LAST_TIMEOUT, STALLED, WITHHELD,
};
use super::peer::{Peer, Request};
use super::{BinarySync, Claim};
use crate::chain::{Height, Work};
use crate::sync::step::Step;
use crate::sync::{LinkId, Note, Output, Time};

impl BinarySync {
    pub(super) fn on_time(&mut self, step: &mut Step<'_>) {
        self.looked = step.now;
        self.close_unready(step);
        for link in self.late_asks(step.now) {
            self.headers_late(step.now, link);
        }
        for link in self.late_requests(step.now) {
            self.bodies_late(step.now, link);
        }
        self.watch(step);
        self.ask_addresses(step);
        self.relay.on_time(step.now);
    }

    fn late_asks(&self, now: Time) -> Vec<LinkId> {
        let is_late = |peer: &&Peer| peer.ask.is_some_and(|ask| ask.until <= now);
        self.peers.values().filter(is_late).map(|peer| peer.id).collect()
    }

    fn late_requests(&self, now: Time) -> Vec<LinkId> {
        let is_late = |peer: &&Peer| peer.due().is_some_and(|due| due <= now);
        self.peers.values().filter(is_late).map(|peer| peer.id).collect()
    }

    fn headers_late(&mut self, now: Time, link: LinkId) {
        let Some(peer) = self.peers.get_mut(&link) else { return };
        peer.ask = None;
        peer.pause(now);
        if let Some(download) = &mut self.download
            && download.source == Some(link)
        {
            download.source = None;
            peer.was_late = Some(download.number);
        }
    }

    fn bodies_late(&mut self, now: Time, link: LinkId) {
        self.let_others(link);
        let number = self.download.as_ref().map(|download| download.number);
        let peer = self.peer(link);
        peer.pause(now);
        peer.was_late = number;
    }

    /// The request whose block everything waits for, who has it, and who could help out.
    fn awaited(&self, now: Time) -> Option<(Request, LinkId, Option<LinkId>)> {
        let download = self.download.as_ref()?;
        let front = download.front()?;
        let late = download.asked_of(front)?;
        let covers = |request: &&Request| {
            !request.is_late
                && request.download == download.number
                && request.next <= front
                && front.above(request.next) < u64::from(request.left)
        };
        let request = self.peers.get(&late)?.requests.iter().find(covers).copied()?;
        let patience = self.patience();
        let helps =
            |peer: &&Peer| peer.id != late && self.can_help(now, peer.id, front, download.number);
        let best = |peer: &&Peer| {
            (peer.is_doubtful(), peer.is_slow(now, patience), peer.in_time(), peer.id)
        };
        let helper = self.peers.values().filter(helps).min_by_key(best);
        Some((request, late, helper.map(|peer| peer.id)))
    }

    /// How long an answer usually takes where it takes least, and some more.
    fn patience(&self) -> Duration {
        let usual = self.peers.values().filter_map(|peer| peer.usual).min();
        usual.map_or(HEDGE_UNKNOWN, |usual| {
            usual.saturating_mul(HEDGE_TIMES).clamp(HEDGE_AFTER, LAST_TIMEOUT)
        })
    }

    /// When the block that everything waits for is given to another link, and to which.
    fn help_at(&self, now: Time) -> Option<(Time, LinkId, LinkId)> {
        let (request, late, helper) = self.awaited(now)?;
        let at = self.peers.get(&late)?.slow_at(&request, self.patience());
        Some((at, late, helper?))
    }

    /// Gives the block that everything waits for to another link, when one is free.
    pub(super) fn help_out(&mut self, step: &mut Step<'_>) {
        let Some((at, late, helper)) = self.help_at(step.now) else { return };
        if step.now < at {
            return;
        }
        let patience = self.patience();
        self.bodies_late(step.now, late);
        // Others that are as slow would hold up what follows, one after the other.
        let is_slow = |peer: &&Peer| peer.id != helper && peer.is_slow(step.now, patience);
        let slow: Vec<_> = self.peers.values().filter(is_slow).map(|peer| peer.id).collect();
        for link in slow {
            self.bodies_late(step.now, link);
        }
        // Its range is free again, and the lowest one.
        self.request(step, helper);
        self.fetch(step);
    }

    /// Whether the branch that is fetched gives way to another one, whose headers were checked and
    /// show this work: to any one when it is withheld, and to a heavier one when it is slow or
    /// takes long. Each time more work was shown, so branches do not take turns for ever.
    pub(super) fn gives_way(&self, now: Time, work: Work) -> bool {
        let Some(download) = &self.download else { return true };
        let is_heavier = work > download.work() && download.pace.looks_around(now);
        is_heavier || self.is_withheld(now)
    }

    /// Whether nothing comes of the branch that is fetched, and not for our own slowness.
    fn is_withheld(&self, now: Time) -> bool {
        let Some(download) = &self.download else { return false };
        let wait = if download.has_begun { GIVE_UP } else { WITHHELD };
        !self.is_at_work() && download.pace.moved.plus(wait) <= now
    }

    /// Whether bodies that came are being checked or written.
    fn is_at_work(&self) -> bool {
        !self.batches.is_empty() || !self.checks.is_empty()
    }

    /// Gives up the branch that is fetched, for another one. When nothing of it came, that is at
    /// the cost of those who showed it.
    pub(super) fn give_up(&mut self, step: &mut Step<'_>) {
        let is_withheld = self.is_withheld(step.now);
        let Some(download) = &self.download else { return };
        if !is_withheld {
            self.drop_download();
            return;
        }
        let (number, source) = (download.number, download.source);
        let height = download.front().unwrap_or(download.head().height);
        let holders: Vec<_> = self
            .peers
            .values()
            .filter(|peer| peer.was_late == Some(number) || Some(peer.id) == source)
            .map(|peer| peer.id)
            .collect();
        self.drop_download();
        for link in holders {
            self.peer(link).withheld(step.now);
            step.out.push(Output::Log { link, note: Note::Withheld { height } });
        }
    }

    /// Tells the operator that nothing moves, and what is waited for: not while it is this node that
    /// checks or writes what came.
    fn watch(&mut self, step: &mut Step<'_>) {
        if self.is_at_work() {
            return;
        }
        let awaited = self.awaited(step.now).map(|(_, link, _)| link);
        let Some(download) = &mut self.download else { return };
        let since = download.moved.max(download.told);
        if since.plus(STALLED) <= step.now {
            download.told = step.now;
            let height = download.front().unwrap_or(download.head().height);
            let link = awaited.or(download.source).or_else(|| self.peers.keys().next().copied());
            if let Some(link) = link {
                step.out.push(Output::Log { link, note: Note::Stalled { height } });
            }
        }
    }

    /// When the next of these is due. What was due already and could not be helped waits for
    /// something else to happen.
    pub(in crate::sync) fn deadline(&self) -> Option<Time> {
        let of_peers = self.peers.values().flat_map(|peer| {
            let hello = (!peer.is_ready()).then(|| peer.opened.plus(HELLO_WITHIN));
            let ask = peer.ask.map(|ask| ask.until);
            let place = peer.ask.map(|ask| ask.sent.plus(HEADERS_TIMEOUT));
            let addresses = (peer.is_ready() && peer.dialled).then_some(peer.ask_addresses);
            let later = match peer.claim {
                Claim::Later(at) => Some(at),
                _ => None,
            };
            let paused_until = [Some(peer.paused_until), Some(peer.penalized_until)];
            [hello, ask, place, peer.due(), addresses, later].into_iter().chain(paused_until)
        });
        let of_download = self.download.iter().flat_map(|download| {
            let pace = download.pace;
            let given_up = [pace.moved.plus(GIVE_UP), pace.moved.plus(WITHHELD)];
            [pace.due(), pace.began.plus(EXAMINE_OTHERS_AFTER)]
                .into_iter()
                .chain(given_up)
                .chain(download.more_sources_at(self.looked))
                .map(Some)
        });
        let stalled =
            self.download.as_ref().map(|download| download.moved.max(download.told).plus(STALLED));
        let helped = self.help_at(self.looked).map(|(at, ..)| at);
        let over = [self.unheld_at(), self.silent_until()];
        let others = [stalled, helped, Some(self.paused)].into_iter().chain(over);
        let others = others.chain(self.relay.deadlines().map(Some));
        of_peers.chain(of_download).chain(others).flatten().filter(|time| *time > self.looked).min()
    }

    /// The block that everything waits for, and who was asked for it.
    pub(super) fn awaited_block(&self, now: Time) -> Option<(Height, Option<LinkId>)> {
        let front = self.download.as_ref()?.front()?;
        Some((front, self.awaited(now).map(|(_, link, _)| link)))
    }
}
