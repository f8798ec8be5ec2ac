//! What happens when answers are late, and the time when something is due.

use std::time::Duration;

use super::limits::{
    GIVE_UP, GIVE_UP_FIRST, HEDGE_AFTER, HEDGE_TIMES, HEDGE_UNKNOWN, HELLO_WITHIN, SHUN, STALLED,
};
use super::peer::{Peer, Request};
use super::{Claim, Native};
use crate::chain::Height;
use crate::sync::{LinkId, Note, Output, Time};

impl Native {
    pub(super) fn on_time(&mut self, now: Time, out: &mut Vec<Output>) {
        self.looked = now;
        self.close_ungreeted(now, out);
        for link in self.late_asks(now) {
            self.headers_late(now, link);
        }
        for link in self.late_requests(now) {
            self.bodies_late(now, link);
        }
        self.watch(now, out);
        self.ask_addresses(now, out);
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
        peer.rest(now);
        if let Some(download) = &mut self.download
            && download.source == Some(link)
        {
            download.source = None;
            peer.was_late = Some(download.number);
        }
    }

    fn bodies_late(&mut self, now: Time, link: LinkId) {
        self.let_others(link);
        if let Some(peer) = self.peers.get_mut(&link) {
            peer.rest(now);
            peer.was_late = self.download.as_ref().map(|download| download.number);
        }
    }

    /// The request whose block everything waits for, who has it, and who could help out.
    fn awaited(&self, now: Time) -> Option<(Request, LinkId, Option<LinkId>)> {
        let download = self.download.as_ref()?;
        let front = download.front().filter(|front| download.awaits(*front))?;
        let covers = |request: &&Request| {
            !request.is_late
                && request.download == download.number
                && request.next <= front
                && front.above(request.next) < u64::from(request.left)
        };
        let asked = |peer: &Peer| peer.requests.iter().find(covers).map(|&it| (it, peer.id));
        let (request, late) = self.peers.values().find_map(asked)?;
        let helps =
            |peer: &&Peer| peer.id != late && self.can_help(now, peer.id, front, download.number);
        let helper = self.peers.values().filter(helps).min_by_key(|peer| peer.in_time());
        Some((request, late, helper.map(|peer| peer.id)))
    }

    /// How long an answer usually takes where it takes least, and some more.
    fn patience(&self) -> Duration {
        let usual = self.peers.values().filter_map(|peer| peer.usual).min();
        usual.map_or(HEDGE_UNKNOWN, |usual| {
            usual.saturating_mul(HEDGE_TIMES).clamp(HEDGE_AFTER, HEDGE_UNKNOWN.saturating_mul(4))
        })
    }

    /// Gives the block that everything waits for to another link, when one is free.
    pub(super) fn help_out(&mut self, now: Time, out: &mut Vec<Output>) {
        let Some((request, late, Some(helper))) = self.awaited(now) else { return };
        if request.moved.plus(self.patience()) <= now {
            // Its range is free again, and the lowest one.
            self.bodies_late(now, late);
            self.request(now, helper, out);
        }
    }

    /// Gives up a branch that nobody sends the blocks of, when there is another one.
    pub(super) fn give_up(&mut self, now: Time, out: &mut Vec<Output>) {
        let Some(over) = self.give_up_at() else { return };
        if now < over {
            return;
        }
        let Some(download) = &self.download else { return };
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
            if let Some(peer) = self.peers.get_mut(&link) {
                peer.shunned = now.plus(SHUN);
                peer.walk = None;
                out.push(Output::Log { link, note: Note::Withheld { height } });
            }
        }
    }

    /// When the branch is given up; never while no other link claims more work than ours.
    fn give_up_at(&self) -> Option<Time> {
        let download = self.download.as_ref()?;
        if !self.batches.is_empty() || !self.checks.is_empty() {
            // It is we who are slow.
            return None;
        }
        let others = |peer: &&Peer| {
            peer.shunned <= self.looked
                && peer.was_late != Some(download.number)
                && Some(peer.id) != download.source
                && matches!(peer.claim, Claim::Work(_) | Claim::Block)
                && peer.is_ahead(Time::default(), self.work)
        };
        self.peers.values().find(others)?;
        let wait = if download.has_begun { GIVE_UP } else { GIVE_UP_FIRST };
        Some(download.moved.plus(wait))
    }

    /// Tells the operator that nothing moves, and what is waited for.
    fn watch(&mut self, now: Time, out: &mut Vec<Output>) {
        let awaited = self.awaited(now).map(|(_, link, _)| link);
        let Some(download) = &mut self.download else { return };
        let since = download.moved.max(download.told);
        if since.plus(STALLED) <= now {
            download.told = now;
            let height = download.front().unwrap_or(download.head().height);
            let link = awaited.or(download.source).or_else(|| self.peers.keys().next().copied());
            if let Some(link) = link {
                out.push(Output::Log { link, note: Note::Stalled { height } });
            }
        }
    }

    /// When the next of these is due. What was due already and could not be helped waits for
    /// something else to happen.
    pub(in crate::sync) fn deadline(&self) -> Option<Time> {
        let of_peers = self.peers.values().flat_map(|peer| {
            let hello = (!peer.is_greeted()).then(|| peer.opened.plus(HELLO_WITHIN));
            let ask = peer.ask.map(|ask| ask.until);
            let addresses = (peer.is_greeted() && peer.dialled).then_some(peer.ask_addresses);
            let later = match peer.claim {
                Claim::Later(at) => Some(at),
                _ => None,
            };
            [hello, ask, peer.due(), addresses, later, Some(peer.rests), Some(peer.shunned)]
        });
        let stalled =
            self.download.as_ref().map(|download| download.moved.max(download.told).plus(STALLED));
        let helped = self
            .awaited(self.looked)
            .and_then(|(request, _, helper)| helper.map(|_| request.moved.plus(self.patience())));
        let over = [self.give_up_at(), self.unheld_at(), self.silent_until()];
        let others = [stalled, helped, Some(self.paused)].into_iter().chain(over);
        of_peers.chain(others).flatten().filter(|time| *time > self.looked).min()
    }

    /// The block that everything waits for, and who was asked for it.
    pub(super) fn awaited_block(&self, now: Time) -> Option<(Height, Option<LinkId>)> {
        let front = self.download.as_ref()?.front()?;
        Some((front, self.awaited(now).map(|(_, link, _)| link)))
    }
}
