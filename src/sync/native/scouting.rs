//! Who is asked for headers, and what is made of them: a branch is walked until it shows
//! more work than ours, and then fetched.

use std::cmp::Reverse;
use std::time::Duration;

use super::download::{Download, Taken};
use super::limits::{LOOK_AGAIN, MAX_AHEAD, MAX_SCOUTS, MAX_WALK, NEAR, SHUN};
use super::peer::{Ask, Query};
use super::walk::{Rules, Walk};
use super::{Claim, Native, Peer, UNASKED};
use crate::chain::{Header, Height, RuleError, Timestamp, Work};
use crate::sync::message::MAX_HEADERS;
use crate::sync::{Held, LinkId, Mark, Note, Output, Redial, Time};

const BAD_HEADER: &str = "a header that breaks a rule";
const NOT_CONSECUTIVE: &str = "headers that do not follow each other";
const CHECKPOINT: &str = "its chain contradicts a checkpoint of this node";

impl Native {
    /// Asks a few links that may have more work than ours for headers, while nothing is fetched.
    pub(super) fn scout(&mut self, now: Time, out: &mut Vec<Output>) {
        if self.download.is_some() || now < self.paused {
            return;
        }
        let busy = |peer: &&Peer| peer.ask.is_some() || peer.query.is_some();
        let free = MAX_SCOUTS.saturating_sub(self.peers.values().filter(busy).count());
        let work = self.work;
        let may = |peer: &&Peer| peer.can_scout(now) && peer.is_ahead(now, work);
        let mut ready: Vec<_> = self.peers.values().filter(may).map(rank).collect();
        ready.sort_unstable_by(|one, other| other.cmp(one));
        for (.., link) in ready.into_iter().take(free) {
            let walk = self.peers.get(&link.0).and_then(|peer| peer.walk.as_ref());
            let after = walk.filter(|walk| walk.count() > 0).map(Walk::head);
            self.ask_headers(now, link.0, after, out);
        }
    }

    fn ask_headers(&mut self, now: Time, link: LinkId, after: Option<Mark>, out: &mut Vec<Output>) {
        let Some(peer) = self.peers.get_mut(&link) else { return };
        peer.ask = Some(Ask { until: now.plus(peer.timeout) });
        peer.owed = peer.owed.saturating_add(1);
        out.push(Output::AskHeaders { link, after });
    }

    /// Asks for the next headers of the branch that is fetched, when there is room for them.
    pub(super) fn ask_more_headers(&mut self, now: Time, out: &mut Vec<Output>) {
        let Some(download) = &mut self.download else { return };
        let (number, after) = (download.number, download.head());
        if download.is_whole || download.ahead().saturating_add(MAX_HEADERS) > MAX_AHEAD {
            return;
        }
        let can = |peer: &Peer| peer.can_scout(now) && peer.is_off != Some(number);
        let source = download.source.and_then(|source| self.peers.get(&source));
        let link = match source {
            // An answer of the source is on its way.
            Some(source) if source.ask.is_some() || source.query.is_some() => return,
            Some(source) if can(source) => source.id,
            _ => {
                let higher = |peer: &&Peer| can(peer) && peer.height > after.height;
                let next = self.peers.values().filter(higher).max_by_key(|peer| rank(peer));
                let Some(next) = next.map(|peer| peer.id) else {
                    self.end_headers(now, out);
                    return;
                };
                download.source = Some(next);
                next
            }
        };
        self.ask_headers(now, link, Some(after), out);
    }

    pub(super) fn on_headers(
        &mut self,
        now: Time,
        link: LinkId,
        headers: Vec<Header>,
        clock: Timestamp,
        out: &mut Vec<Output>,
    ) {
        let Some(peer) = self.peers.get_mut(&link) else { return };
        let Some(owed) = peer.owed.checked_sub(1) else {
            self.ban(link, UNASKED, out);
            return;
        };
        peer.owed = owed;
        if peer.ask.take().is_none() || peer.query.is_some() {
            // Late, and asked for anew since: passed over.
            return;
        }
        peer.answered();
        let is_last = headers.len() < MAX_HEADERS;
        self.take_headers(now, link, headers, is_last, clock, out);
    }

    /// Headers of a link's chain, asked for or announced. `is_last` says that they reach its tip.
    pub(super) fn take_headers(
        &mut self,
        now: Time,
        link: LinkId,
        headers: Vec<Header>,
        is_last: bool,
        clock: Timestamp,
        out: &mut Vec<Output>,
    ) {
        let Some(first) = headers.first() else {
            self.resolved(link);
            if let Some(peer) = self.peers.get_mut(&link).filter(|peer| peer.walk.is_none()) {
                // Its tip is on our chain.
                peer.rival.leaves();
            }
            if let Some(download) = &mut self.download
                && download.source == Some(link)
            {
                download.is_whole = true;
            }
            return;
        };
        let Some(height) = first.height.parent() else {
            self.ban(link, NOT_CONSECUTIVE, out);
            return;
        };
        let parent = Mark { height, hash: first.previous_hash };
        if self.download.as_ref().is_some_and(|download| download.head() == parent) {
            self.extend_download(now, link, &headers, is_last, clock, out);
            return;
        }
        self.leave_source(link);
        let Some(peer) = self.peers.get_mut(&link) else { return };
        if peer.walk.as_ref().is_some_and(|walk| walk.head() == parent) {
            self.extend_walk(now, link, &headers, is_last, clock, out);
            return;
        }
        let mut marks = vec![parent];
        marks.extend(
            headers.iter().map(|header| Mark { height: header.height, hash: header.hash() }),
        );
        let query = self.next_number();
        if let Some(peer) = self.peers.get_mut(&link) {
            peer.query = Some(Query { number: query, headers, is_last });
            out.push(Output::FindBase { link, query, marks });
        }
    }

    /// How much of the headers that came is held.
    pub(super) fn on_base(
        &mut self,
        now: Time,
        link: LinkId,
        query: u64,
        held: Option<Held>,
        clock: Timestamp,
        out: &mut Vec<Output>,
    ) {
        let Some(peer) = self.peers.get_mut(&link) else { return };
        let Some(Query { headers, is_last, .. }) =
            peer.query.take_if(|waiting| waiting.number == query)
        else {
            return;
        };
        let Some(Held { place, state, fork }) = held else {
            // It begins above what we hold, or below a swap of ours: asked again after a rest.
            peer.walk = None;
            peer.rest(now);
            return;
        };
        let fresh = headers.get(place..).unwrap_or_default();
        if fresh.is_empty() {
            peer.shows(super::walk::mark_of(&state), state.total_work());
            if is_last {
                self.resolved(link);
            } else {
                // All of this was staged before a restart: on from there, as long as it moves on.
                let walk = Walk::new(*state, fork);
                let after = walk.head();
                let before = peer.walk.replace(walk).map(|walk| walk.base().height);
                if before.is_none_or(|before| before < after.height) {
                    self.ask_headers(now, link, Some(after), out);
                } else {
                    peer.rest(now);
                }
            }
            return;
        }
        peer.walk = Some(Walk::new(*state, fork));
        self.extend_walk(now, link, fresh, is_last, clock, out);
    }

    fn extend_walk(
        &mut self,
        now: Time,
        link: LinkId,
        headers: &[Header],
        is_last: bool,
        clock: Timestamp,
        out: &mut Vec<Output>,
    ) {
        let Self { config, peers, .. } = self;
        let rules = Rules { spec: &config.spec, checkpoints: &config.checkpoints, clock };
        let Some(peer) = peers.get_mut(&link) else { return };
        let Some(walk) = &mut peer.walk else { return };
        let mut failure = None;
        for header in headers {
            if let Err(error) = walk.step(&rules, header) {
                failure = Some(error);
                break;
            }
        }
        let (work, count, head) = (walk.work(), walk.count(), walk.head());
        let is_last = is_last && !peer.named_above(head);
        if count > 0 {
            peer.shows(head, work);
        }
        let is_deep = self.is_too_deep(link);
        if let Some(error) = failure {
            let is_over = self.on_broken(now, link, &error, out);
            if is_over {
                return;
            }
        } else if is_last {
            self.resolved(link);
        } else if work > self.work && !(is_deep && count >= MAX_WALK) {
            // There is more of it: looked at while it is fetched, or after another branch.
            if let Some(peer) = self.peers.get_mut(&link) {
                peer.claim = Claim::Block;
            }
        } else if count >= MAX_WALK {
            // So many blocks without more work than ours.
            if let Some(peer) = self.peers.get_mut(&link) {
                (peer.walk, peer.shunned) = (None, now.plus(SHUN));
            }
            self.resolved(link);
            return;
        } else {
            self.ask_headers(now, link, Some(head), out);
            return;
        }
        self.begin(now, link, is_last, out);
    }

    /// A header was not taken. Answers whether the link is gone.
    fn on_broken(
        &mut self,
        now: Time,
        link: LinkId,
        error: &RuleError,
        out: &mut Vec<Output>,
    ) -> bool {
        let (latest, found) = match error {
            RuleError::NotYet { latest, found } => (latest, found),
            RuleError::Checkpoint { .. } => {
                // Valid elsewhere: it is this node's operator who knows better.
                self.tell_invalid(link, error, out);
                self.close(link, 1008, CHECKPOINT, Redial::Longest, out);
                return true;
            }
            RuleError::PreviousHash { .. } | RuleError::Height { .. } => {
                self.ban(link, NOT_CONSECUTIVE, out);
                return true;
            }
            _ => {
                self.tell_invalid(link, error, out);
                self.ban(link, BAD_HEADER, out);
                return true;
            }
        };
        let wait = Duration::from_millis(found.millis_since(*latest).max(1_000)).min(LOOK_AGAIN);
        if let Some(peer) = self.peers.get_mut(&link) {
            peer.claim = Claim::Later(now.plus(wait));
        }
        false
    }

    fn tell_invalid(&mut self, link: LinkId, error: &RuleError, out: &mut Vec<Output>) {
        let mark = self.peers.get(&link).and_then(|peer| peer.tip).unwrap_or(self.tip);
        self.tell(link, Note::Invalid { mark, reason: error.to_string() }, out);
    }

    /// What the peer claimed was looked at.
    fn resolved(&mut self, link: LinkId) {
        if let Some(peer) = self.peers.get_mut(&link) {
            peer.claim = Claim::Nothing;
        }
    }

    /// Begins to fetch the branch that a link's walk showed, when it has more work than ours
    /// and nothing else is fetched.
    fn begin(&mut self, now: Time, link: LinkId, is_whole: bool, out: &mut Vec<Output>) {
        if self.download.is_some() || now < self.paused {
            return;
        }
        let work = self.work;
        let number = self.next_number();
        if self.is_too_deep(link) {
            return;
        }
        let Some(peer) = self.peers.get_mut(&link) else { return };
        let Some(walk) = peer.walk.take_if(|walk| walk.work() > work) else { return };
        let from = walk.base();
        let found = walk.found();
        let is_again = found.headers.is_empty();
        let is_whole = is_whole && !is_again;
        if peer.height.above(from.height) > NEAR as u64 {
            out.push(Output::Log { link, note: Note::Started { from } });
        }
        self.download = Some(Download::new(number, link, found, is_whole, now));
    }

    /// Begins with the best branch that was walked before and is not fetched yet.
    pub(super) fn begin_best(&mut self, now: Time, out: &mut Vec<Output>) {
        if let Some(download) = &self.download
            && download.left() == 0
            && download.is_whole
        {
            self.drop_download();
        }
        if self.download.is_some() || now < self.paused {
            return;
        }
        let work = self.work;
        let heavier = self.peers.values().filter(|peer| peer.shunned <= now).filter_map(|peer| {
            let walk = peer.walk.as_ref().filter(|walk| walk.work() > work)?;
            self.deep_fork(walk).is_none().then_some((walk.work(), peer.id))
        });
        if let Some((_, link)) = heavier.max() {
            self.begin(now, link, false, out);
        }
    }

    fn extend_download(
        &mut self,
        now: Time,
        link: LinkId,
        headers: &[Header],
        is_last: bool,
        clock: Timestamp,
        out: &mut Vec<Output>,
    ) {
        let Self { config, download, peers, .. } = self;
        let Some(download) = download else { return };
        let rules = Rules { spec: &config.spec, checkpoints: &config.checkpoints, clock };
        let mut failure = None;
        for header in headers {
            // Two links can answer at a time.
            if download.ahead() >= MAX_AHEAD {
                break;
            }
            match download.extend(&rules, header) {
                Taken::Yes => {}
                other => {
                    failure = Some(other);
                    break;
                }
            }
        }
        let head = download.head();
        let is_all = head.height >= headers.last().map_or(head.height, |h| h.height);
        download.is_whole = is_last && is_all;
        if let Some(peer) = peers.get_mut(&link) {
            download.is_whole &= !peer.named_above(head);
            peer.shows(head, download.work());
            peer.claim = if download.is_whole { Claim::Nothing } else { Claim::Block };
        }
        match failure {
            Some(Taken::Breaks(error)) => {
                let number = download.number;
                download.is_whole = matches!(error, RuleError::NotYet { .. });
                if let Some(peer) = peers.get_mut(&link) {
                    peer.is_off = Some(number);
                }
                self.on_broken(now, link, &error, out);
            }
            Some(Taken::Differs) => {
                // Its chain may have changed since it was walked.
                self.drop_download();
                if let Some(peer) = self.peers.get_mut(&link) {
                    peer.rest(now);
                    peer.claim = Claim::Block;
                }
            }
            Some(Taken::Yes) | None => {}
        }
    }
}

/// Who answers in time comes first, whatever others claim; then by what a link claims, then by
/// what it showed. The name makes it a total order.
fn rank(peer: &Peer) -> (Reverse<Duration>, Option<Work>, Height, Reverse<LinkId>) {
    let claimed = match peer.claim {
        Claim::Work(work) => Some(work),
        _ => None,
    };
    (Reverse(peer.timeout), claimed, peer.height, Reverse(peer.id))
}
