//! More headers of the branch that is fetched: who is asked for them, and what is made of them.

use super::candidate::Rules;
use super::download::Taken;
use super::limits::MAX_AHEAD;
use super::{BinarySync, Claim, Peer};
use crate::chain::{BlockId, Header, RuleError};
use crate::sync::LinkId;
use crate::sync::message::MAX_HEADERS;
use crate::sync::step::Step;

impl BinarySync {
    /// Asks for the next headers of the branch that is fetched, when there is room for them: the
    /// link that gave the last ones, and others beside it when they do not come.
    pub(super) fn ask_more_headers(&mut self, step: &mut Step<'_>) {
        loop {
            let Some(download) = &self.download else { return };
            let (number, after) = (download.number, download.head());
            if download.is_whole || download.ahead().saturating_add(MAX_HEADERS) > MAX_AHEAD {
                return;
            }
            let is_under_way = |peer: &&Peer| {
                (peer.ask.is_some() || peer.query.is_some()) && peer.follows == Some(number)
            };
            let under_way = self.peers.values().filter(is_under_way).count();
            if under_way >= download.sources(step.now) {
                return;
            }
            let can = |peer: &Peer| peer.can_ask_headers(step.now) && peer.is_off != Some(number);
            let source = download.source.and_then(|source| self.peers.get(&source));
            let next = source.filter(|source| can(source)).or_else(|| {
                let higher = |peer: &&Peer| can(peer) && peer.height > after.height;
                let order = |peer: &&Peer| {
                    (peer.is_doubtful(), peer.usual.is_none(), peer.last_asked, peer.id)
                };
                self.peers.values().filter(higher).min_by_key(order)
            });
            let Some(link) = next.map(|peer| peer.id) else {
                if under_way == 0 {
                    self.end_headers(step);
                }
                return;
            };
            self.ask_headers(step, link, Some(after));
            self.peer(link).follows = Some(number);
            if let Some(download) = &mut self.download {
                download.source = download.source.or(Some(link));
                download.asked = download.asked.or(Some(step.now));
            }
        }
    }

    /// The link that was asked for more headers has none, unless it named a block above them.
    pub(super) fn no_more_headers(&mut self, link: LinkId) {
        let Some(peer) = self.peers.get(&link) else { return };
        let Some(download) = &mut self.download else { return };
        if download.source == Some(link) || peer.follows == Some(download.number) {
            download.is_whole = !peer.named_above(download.head());
            download.source = download.source.filter(|_| download.is_whole);
        }
    }

    /// Passes over the headers of blocks that are fetched already, and takes those above them.
    /// Returns whether all of them are of the branch that is fetched.
    pub(super) fn passes_over(
        &mut self,
        step: &mut Step<'_>,
        link: LinkId,
        headers: &[Header],
        is_last: bool,
    ) -> bool {
        let Some(download) = &self.download else { return false };
        let id_of = |header: &Header| BlockId { height: header.height, hash: header.hash() };
        let is_known = |header: &Header| download.contains(id_of(header));
        let known = headers.iter().enumerate().rfind(|(_, header)| is_known(header));
        let Some((place, last)) = known.map(|(place, header)| (place, id_of(header))) else {
            return false;
        };
        let (number, head) = (download.number, download.head());
        let (_, rest) = headers.split_at(place.saturating_add(1));
        if !rest.is_empty() && last != head {
            // It leaves the branch above a block that is not held yet.
            return false;
        }
        let peer = self.peer(link);
        peer.is_on = Some(number);
        peer.named(if rest.is_empty() { last } else { head });
        let is_all = is_last && !peer.named_above(last);
        peer.claim = if is_all { Claim::Nothing } else { Claim::Block };
        if !rest.is_empty() {
            self.extend_download(step, link, rest, is_last);
        }
        true
    }

    pub(super) fn extend_download(
        &mut self,
        step: &mut Step<'_>,
        link: LinkId,
        headers: &[Header],
        is_last: bool,
    ) {
        let Self { config, download, peers, .. } = self;
        let Some(download) = download else { return };
        let rules =
            Rules { spec: &config.spec, checkpoints: &config.checkpoints, clock: step.clock };
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
        // The first link to respond is asked next.
        (download.source, download.asked) = (Some(link), None);
        if let Some(peer) = peers.get_mut(&link) {
            peer.is_on = Some(download.number);
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
                self.on_broken(step, link, &error);
            }
            Some(Taken::Differs) => {
                // Its chain may have changed since it was a candidate.
                self.drop_download();
                let peer = self.peer(link);
                peer.pause(step.now);
                peer.claim = Claim::Block;
            }
            Some(Taken::Yes) | None => {}
        }
    }
}
