//! Who is asked for headers, and what is made of them: a branch is a candidate until it
//! shows more work than ours, and then fetched.

use std::cmp::Reverse;
use std::time::Duration;

use super::candidate::{Candidate, Rules};
use super::download::Download;
use super::limits::{
    HEADER_RETRY, MAX_ACCEPTED_HEADER_SOURCES, MAX_CANDIDATE_HEADERS, MAX_HEADER_SOURCES, NEAR,
    PENALTY,
};
use super::peer::{Ask, Query};
use super::{BinarySync, Claim, Peer, UNASKED};
use crate::chain::{BlockId, Header, RuleError, Work};
use crate::sync::message::MAX_HEADERS;
use crate::sync::step::Step;
use crate::sync::{BinaryOutgoing, Held, LinkId, Note, Output, Redial, Time};

const BAD_HEADER: &str = "a header that breaks a rule";
const NOT_CONSECUTIVE: &str = "headers that do not follow each other";
const CHECKPOINT: &str = "its chain contradicts a checkpoint of this node";

impl BinarySync {
    /// Asks a few links that may have more work than ours for headers, while nothing is fetched or
    /// what is fetched gets on badly. A link that was never asked comes first, and then the one
    /// that was asked longest ago, whatever they claim.
    pub(super) fn seek_headers(&mut self, step: &mut Step<'_>) {
        let looks = |download: &Download| download.pace.looks_around(step.now);
        if step.now < self.paused || !self.download.as_ref().is_none_or(looks) {
            return;
        }
        let is_asked = |peer: &&Peer| peer.asks_headers(step.now);
        let accepted = |peer: &&Peer| !peer.dialled;
        let busy = self.peers.values().filter(is_asked);
        let mut free_accepted =
            MAX_ACCEPTED_HEADER_SOURCES.saturating_sub(busy.clone().filter(accepted).count());
        let mut free = MAX_HEADER_SOURCES.saturating_sub(busy.count());
        let mut ready: Vec<_> = self
            .peers
            .values()
            .filter(|peer| peer.can_ask_headers(step.now) && self.is_unseen(peer, step.now))
            .map(|peer| (peer.last_asked, peer.id, peer.dialled))
            .collect();
        ready.sort_unstable();
        for (_, link, dialled) in ready {
            let Some(left) = free.checked_sub(1) else { return };
            let accepted = usize::from(!dialled);
            let Some(left_accepted) = free_accepted.checked_sub(accepted) else { continue };
            (free, free_accepted) = (left, left_accepted);
            let candidate = self.peers.get(&link).and_then(|peer| peer.candidate.as_ref());
            let after = candidate.filter(|candidate| candidate.count() > 0).map(Candidate::head);
            self.ask_headers(step, link, after);
        }
    }

    /// Whether a link may have a branch with more work than ours, and than what is fetched, and has
    /// not shown as much of it.
    fn is_unseen(&self, peer: &Peer, now: Time) -> bool {
        let number = self.download.as_ref().map(|download| download.number);
        let is_fetched = number.is_some() && peer.is_on == number;
        let is_enough = |candidate: &Candidate| {
            candidate.work() > self.wanted() && self.deep_fork(candidate).is_none()
        };
        let is_shown = peer.candidate.as_ref().is_some_and(is_enough);
        peer.is_ahead(now, self.work) && !is_fetched && !is_shown
    }

    /// The work that a branch has to show more of than this to be fetched.
    fn wanted(&self) -> Work {
        self.download.as_ref().map_or(self.work, |download| download.work().max(self.work))
    }

    pub(super) fn ask_headers(
        &mut self,
        step: &mut Step<'_>,
        link: LinkId,
        after: Option<BlockId>,
    ) {
        let asked = self.headers_asked.saturating_add(1);
        self.headers_asked = asked;
        let peer = self.peer(link);
        peer.last_asked = asked;
        peer.follows = None;
        peer.ask = Some(Ask { sent: step.now, until: step.now.plus(peer.timeout) });
        peer.owed = peer.owed.saturating_add(1);
        step.send(link, BinaryOutgoing::GetHeaders { after });
    }

    pub(super) fn on_headers(&mut self, step: &mut Step<'_>, link: LinkId, headers: Vec<Header>) {
        let peer = self.peer(link);
        let Some(owed) = peer.owed.checked_sub(1) else {
            self.ban(step, link, UNASKED);
            return;
        };
        peer.owed = owed;
        if peer.ask.take().is_none() || peer.query.is_some() {
            // Late, and asked for anew since: passed over.
            return;
        }
        let is_last = headers.len() < MAX_HEADERS;
        // It ends below the block that the link itself named: a peer that has more says so at once.
        let falls_short = is_last
            && headers
                .last()
                .is_some_and(|last| peer.tip.is_some_and(|tip| tip.height > last.height));
        if falls_short {
            peer.fell_short(step.now);
        } else {
            peer.answered();
        }
        self.take_headers(step, link, headers, is_last);
        if falls_short
            && let Some(download) = &mut self.download
            && download.source == Some(link)
        {
            download.source = None;
        }
    }

    /// Headers of a link's chain, asked for or announced. `is_last` says that they reach its tip.
    pub(super) fn take_headers(
        &mut self,
        step: &mut Step<'_>,
        link: LinkId,
        headers: Vec<Header>,
        is_last: bool,
    ) {
        let Some(first) = headers.first() else {
            let peer = self.peer(link);
            peer.claim = Claim::Nothing;
            if peer.candidate.is_none() {
                // Its tip is on our chain.
                peer.rival.leaves();
            }
            self.no_more_headers(link);
            return;
        };
        let Some(height) = first.height.parent() else {
            self.ban(step, link, NOT_CONSECUTIVE);
            return;
        };
        let parent = BlockId { height, hash: first.previous_hash };
        if self.download.as_ref().is_some_and(|download| download.head() == parent) {
            self.extend_download(step, link, &headers, is_last);
            return;
        }
        if self.passes_over(step, link, &headers, is_last) {
            return;
        }
        self.leave_source(link);
        let candidate = self.peer(link).candidate.as_ref();
        if candidate.is_some_and(|candidate| candidate.head() == parent) {
            self.extend_candidate(step, link, &headers, is_last);
            return;
        }
        let mut ids = vec![parent];
        ids.extend(
            headers.iter().map(|header| BlockId { height: header.height, hash: header.hash() }),
        );
        let query = self.next_number();
        self.peer(link).query = Some(Query { number: query, headers, is_last });
        step.out.push(Output::FindHeldAncestor { link, query, ids });
    }

    /// How much of the headers that came is held.
    pub(super) fn on_held_ancestor(
        &mut self,
        step: &mut Step<'_>,
        link: LinkId,
        query: u64,
        held: Option<Held>,
    ) {
        let Some(peer) = self.peers.get_mut(&link) else { return };
        let Some(Query { headers, is_last, .. }) =
            peer.query.take_if(|waiting| waiting.number == query)
        else {
            return;
        };
        let Some(Held { place, state, fork }) = held else {
            // It begins above what we hold, or below a reorg: asked again after a pause.
            peer.candidate = None;
            peer.pause(step.now);
            return;
        };
        // The first block that was looked up is the parent of the first header, so that the place
        // of the last one is the number of headers.
        let (_, fresh) = headers.split_at(place);
        if fresh.is_empty() {
            peer.shows(super::candidate::id_of(&state), state.total_work());
            if is_last {
                self.resolved(link);
            } else {
                // All of this was stored before a restart: on from there, as long as it moves on.
                let candidate = Candidate::new(*state, fork);
                let after = candidate.head();
                let before =
                    peer.candidate.replace(candidate).map(|candidate| candidate.base().height);
                if before.is_none_or(|before| before < after.height) {
                    self.ask_headers(step, link, Some(after));
                } else {
                    peer.pause(step.now);
                }
            }
            return;
        }
        peer.candidate = Some(Candidate::new(*state, fork));
        self.extend_candidate(step, link, fresh, is_last);
    }

    fn extend_candidate(
        &mut self,
        step: &mut Step<'_>,
        link: LinkId,
        headers: &[Header],
        is_last: bool,
    ) {
        let wanted = self.wanted();
        let Self { config, peers, .. } = self;
        let rules =
            Rules { spec: &config.spec, checkpoints: &config.checkpoints, clock: step.clock };
        let Some(peer) = peers.get_mut(&link) else { return };
        let Some(candidate) = &mut peer.candidate else { return };
        let mut failure = None;
        for header in headers {
            if let Err(error) = candidate.step(&rules, header) {
                failure = Some(error);
                break;
            }
        }
        let (work, count, head) = (candidate.work(), candidate.count(), candidate.head());
        let is_last = is_last && !peer.named_above(head);
        if count > 0 {
            peer.shows(head, work);
        }
        let is_deep = self.is_too_deep(link);
        if let Some(error) = failure {
            let is_over = self.on_broken(step, link, &error);
            if is_over {
                return;
            }
        } else if is_last {
            self.resolved(link);
        } else if work > wanted && !(is_deep && count >= MAX_CANDIDATE_HEADERS) {
            // There is more of it: read while it is fetched, or after another branch.
            self.peer(link).claim = Claim::Block;
        } else if count >= MAX_CANDIDATE_HEADERS {
            // Too many blocks without more work than ours.
            let peer = self.peer(link);
            (peer.candidate, peer.penalized_until) = (None, step.now.plus(PENALTY));
            self.resolved(link);
            return;
        } else {
            // Asked for more when no other link was asked longer ago.
            self.peer(link).claim = Claim::Block;
            return;
        }
        self.begin(step, link, is_last);
    }

    /// A header was not taken. Returns whether the link is gone.
    pub(super) fn on_broken(
        &mut self,
        step: &mut Step<'_>,
        link: LinkId,
        error: &RuleError,
    ) -> bool {
        let (latest, found) = match error {
            RuleError::NotYet { latest, found } => (latest, found),
            RuleError::Checkpoint { .. } => {
                // Valid elsewhere: it is this node's operator who knows better.
                self.tell_invalid(step, link, error);
                self.close(step, link, 1008, CHECKPOINT, Redial::Longest);
                return true;
            }
            RuleError::PreviousHash { .. } | RuleError::Height { .. } => {
                self.ban(step, link, NOT_CONSECUTIVE);
                return true;
            }
            _ => {
                self.tell_invalid(step, link, error);
                self.ban(step, link, BAD_HEADER);
                return true;
            }
        };
        let wait = Duration::from_millis(found.millis_since(*latest).max(1_000)).min(HEADER_RETRY);
        self.peer(link).claim = Claim::Later(step.now.plus(wait));
        false
    }

    fn tell_invalid(&mut self, step: &mut Step<'_>, link: LinkId, error: &RuleError) {
        let id = self.peers.get(&link).and_then(|peer| peer.tip).unwrap_or(self.tip);
        self.tell(step, link, Note::Invalid { id, reason: error.to_string() });
    }

    /// What the peer claimed was checked.
    fn resolved(&mut self, link: LinkId) {
        self.peer(link).claim = Claim::Nothing;
    }

    /// Begins to fetch the branch of a link's candidate, when it has more work than ours
    /// and nothing else is fetched.
    fn begin(&mut self, step: &mut Step<'_>, link: LinkId, is_whole: bool) {
        if self.download.is_some() || step.now < self.paused {
            return;
        }
        let work = self.work;
        let number = self.next_number();
        if self.is_too_deep(link) {
            return;
        }
        let peer = self.peer(link);
        let Some(candidate) = peer.candidate.take_if(|candidate| candidate.work() > work) else {
            return;
        };
        let from = candidate.base();
        let found = candidate.found();
        let is_again = found.headers.is_empty();
        let is_whole = is_whole && !is_again;
        if peer.height.above(from.height) > NEAR as u64 {
            step.out.push(Output::Log { link, note: Note::Started { from } });
        }
        self.download = Some(Download::new(number, link, found, is_whole, step.now));
    }

    /// Begins with the branch that showed most work, when nothing is fetched or what is fetched
    /// gives way to it. Of several that show as much, one of a link that sent blocks before.
    pub(super) fn begin_best(&mut self, step: &mut Step<'_>) {
        if let Some(download) = &self.download
            && download.left() == 0
            && download.is_whole
        {
            self.drop_download();
        }
        if step.now < self.paused {
            return;
        }
        let (work, source) = (self.work, self.download.as_ref().and_then(|it| it.source));
        let may = |peer: &&Peer| peer.penalized_until <= step.now && Some(peer.id) != source;
        let heavier = self.peers.values().filter(may).filter_map(|peer| {
            let candidate = peer.candidate.as_ref().filter(|candidate| candidate.work() > work)?;
            let is_deep = self.deep_fork(candidate).is_some();
            (!is_deep).then_some((candidate.work(), peer.usual.is_some(), Reverse(peer.id)))
        });
        let Some((best, _, Reverse(link))) = heavier.max() else { return };
        if !self.gives_way(step.now, best) {
            return;
        }
        // What others showed is found out anew; this one is begun with.
        let candidate = self.peers.get_mut(&link).and_then(|peer| peer.candidate.take());
        self.give_up(step);
        self.peer(link).candidate = candidate;
        self.begin(step, link, false);
    }
}
