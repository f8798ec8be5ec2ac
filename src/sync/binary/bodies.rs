//! Bodies: who is asked for which, and what is made of those that come.

use super::budget::Budget;
use super::limits::{LARGE_PART, MAX_REQUESTS, REQUEST_BYTES};
use super::peer::{Peer, Request};
use super::{BinarySync, UNASKED};
use crate::chain::{Height, Spec, ValidBlock, ValidHeader};
use crate::sync::message::{Body, MAX_RANGE, Message};
use crate::sync::step::Step;
use crate::sync::{LinkId, Note, Output, Time};

const EMPTY: &str = "an answer without a block";
const TOO_MANY: &str = "more blocks than were asked for";

/// Why a peer that sends such a body is banned.
pub const WRONG_BODY: &str = "a body that is not the one of its header";

impl BinarySync {
    /// Asks for bodies, lowest first, of the links with the fewest requests under way.
    pub(super) fn fetch(&mut self, step: &mut Step<'_>) {
        let Some(number) = self.download.as_ref().map(|download| download.number) else { return };
        let is_sure = self.is_served(step.now, number, None);
        let mut tired: Vec<LinkId> = Vec::new();
        loop {
            // One question is enough for a doubtful link, as long as there are others.
            let asks = |peer: &&Peer| !(is_sure && peer.is_doubtful() && peer.in_time() > 0);
            let can = |peer: &&Peer| peer.can_fetch(step.now, number) && !tired.contains(&peer.id);
            let can = |peer: &&Peer| can(peer) && asks(peer);
            let idle = |peer: &&Peer| (peer.is_doubtful(), peer.in_time(), peer.timeout, peer.id);
            let next = self.peers.values().filter(can).min_by_key(idle);
            let Some(link) = next.map(|peer| peer.id) else { return };
            if !self.request(step, link) {
                tired.push(link);
            }
        }
    }

    /// Whether bodies of a download are asked of a link that is not doubtful, other than this one.
    fn is_served(&self, now: Time, download: u64, but: Option<LinkId>) -> bool {
        let serves = |peer: &Peer| peer.serves(now, download) && !peer.is_doubtful();
        self.peers.values().any(|peer| Some(peer.id) != but && serves(peer))
    }

    /// Requests the lowest range that was not requested yet. Returns whether it did. A link is not
    /// asked again for what it owes: it answers in order, so that the second answer would come
    /// after the first one, and before all that is asked for later.
    pub(super) fn request(&mut self, step: &mut Step<'_>, link: LinkId) -> bool {
        let each = self.budget.expected();
        let number = self.download.as_ref().map(|download| download.number);
        let is_sure = number.is_some_and(|number| self.is_served(step.now, number, Some(link)));
        let Self { download: Some(download), peers, budget, .. } = self else { return false };
        let Some(peer) = peers.get_mut(&link) else { return false };
        let is_lent = peer.is_doubtful() && is_sure;
        let current = download.number;
        let owed = |height| peer.owes(current, height);
        let max = bodies_of_request(each);
        let Some((first, count, last)) = download.next_range(peer.height, max, is_lent, &owed)
        else {
            return false;
        };
        let bytes = |count: u32| u64::from(count).saturating_mul(each);
        // What the writer waits for may use what is spared for it, alone.
        let is_front = download.front() == Some(first);
        let (count, last) = if budget.has_room(bytes(count), false) {
            (count, last)
        } else if is_front
            && budget.has_room(each, true)
            && let Some((_, count, last)) = download.next_range(peer.height, 1, is_lent, &owed)
        {
            (count, last)
        } else {
            return false;
        };
        download.ask(first, count, link, is_lent);
        let number = peer.next_request;
        peer.next_request = number.saturating_add(1);
        peer.requests.push(Request {
            number,
            download: download.number,
            next: first,
            left: count,
            bytes: 0,
            sent: step.now,
            moved: step.now,
            reserved: each,
            is_late: false,
        });
        budget.reserve(bytes(count));
        step.send(link, Message::GetBlocks { request: number, first, count, last: last.hash });
        true
    }

    pub(super) fn on_blocks(
        &mut self,
        step: &mut Step<'_>,
        link: LinkId,
        number: u64,
        bodies: Vec<Body>,
    ) {
        let count = bodies.len();
        let bytes: u64 = bodies.iter().map(|body| body.len() as u64).sum();
        let memory: u64 = bodies.iter().map(Body::memory_bytes).sum();
        self.came = (self.came.0.saturating_add(count as u64), self.came.1.saturating_add(bytes));
        let peer = self.peer(link);
        if count == 0 {
            self.ban(step, link, EMPTY);
            return;
        }
        let Some(request) = peer.requests.iter_mut().find(|request| request.number == number)
        else {
            // Given up long ago, unless it was never made.
            if number >= peer.next_request {
                self.ban(step, link, UNASKED);
            }
            return;
        };
        let taken = u32::try_from(count).unwrap_or(u32::MAX);
        let Some(left) = request.left.checked_sub(taken) else {
            self.ban(step, link, TOO_MANY);
            return;
        };
        let (first, download, reserved) = (request.next, request.download, request.reserved);
        let was_late = request.is_late;
        request.next = first.ahead(count as u64);
        request.left = left;
        request.bytes = request.bytes.saturating_add(bytes);
        let took = step.now.0.saturating_sub(request.sent.0);
        if left == 0 {
            if !was_late {
                peer.took(took);
                peer.answered();
            }
            peer.freed = step.now;
            peer.requests.retain(|request| request.number != number);
        }
        // It withholds nothing.
        peer.was_late = peer.was_late.filter(|late| *late != download);
        // Requests are answered one after the other: those after this one have moved, unless
        // this one was given to others; those before it were passed over.
        peer.requests.retain(|request| request.number >= number || !request.is_late);
        let mut passed_over = false;
        for request in &mut peer.requests {
            request.moved = if was_late { request.moved } else { step.now };
            passed_over |= request.number < number;
        }
        self.budget.release(reserved.saturating_mul(count as u64));
        if passed_over {
            self.let_others_before(link, number);
        }
        let is_current = self.download.as_ref().is_some_and(|current| current.number == download);
        let wants = |height| self.download.as_ref().is_some_and(|it| it.wants(height).is_some());
        let is_first = is_current && wants(first.ahead(u64::from(taken).saturating_sub(1)));
        // One that was late is paused until its time is over, unless it gives the last of what it was
        // asked for, or a large part, before another one does; or there is no other one.
        let is_over = (left == 0 || bytes >= LARGE_PART) && (is_first || !was_late);
        if (is_over || !self.is_served(step.now, download, Some(link)))
            && let Some(peer) = self.peers.get_mut(&link)
        {
            peer.paused_until = peer.paused_until.min(step.now);
            if is_over && was_late {
                peer.answered();
            }
        }
        // A lie tells nothing of the size of bodies.
        if !is_current || self.take_bodies(step, link, first, bodies) {
            self.budget.learn(memory, count as u64);
        }
    }

    /// Has the bodies checked that are wanted and fit the budget. Returns whether all can be those
    /// of their headers; if not, the link is banned.
    fn take_bodies(
        &mut self,
        step: &mut Step<'_>,
        link: LinkId,
        first: Height,
        bodies: Vec<Body>,
    ) -> bool {
        let Self { download: Some(download), budget, checks, peers, config, .. } = self else {
            return true;
        };
        let number = download.number;
        let mut lies = false;
        let mut run: (Height, Vec<(ValidHeader, Body)>, u64) = (first, Vec::new(), 0);
        let mut emit = |run: &mut (Height, Vec<(ValidHeader, Body)>, u64), next: Height| {
            let (start, bodies, bytes) = std::mem::replace(run, (next, Vec::new(), 0));
            let count = bodies.len() as u64;
            if count > 0 {
                let before = checks.insert((number, start, link), (count, bytes));
                debug_assert_eq!(before, None, "a body is checked once at a time");
                step.out.push(Output::Check { link, download: number, first: start, bodies });
            }
        };
        for (offset, body) in bodies.into_iter().enumerate() {
            let height = first.ahead(offset as u64);
            let Some(header) = download.wants(height) else {
                emit(&mut run, height.next());
                continue;
            };
            lies |= !may_be(&body, &header, &config.spec);
            if lies {
                // Those before it are checked all the same; the rest is asked of others.
                emit(&mut run, height.next());
                download.refuse(height, link);
                continue;
            }
            let bytes = body.memory_bytes();
            if !budget.receive(bytes, download.front() == Some(height)) {
                download.refuse(height, link);
                emit(&mut run, height.next());
                continue;
            }
            download.checking(height, bytes);
            download.has_begun = true;
            download.moved = step.now;
            if let Some(peer) = peers.get_mut(&link) {
                (peer.is_on, peer.withheld) = (Some(number), 0);
            }
            run.2 = run.2.saturating_add(bytes);
            run.1.push((header, body));
        }
        emit(&mut run, first);
        if lies {
            self.wrong_body(
                step,
                link,
                "not the count of records that its header names".to_owned(),
            );
        }
        !lies
    }

    /// A provable fault: the header, which was checked, commits to another body.
    fn wrong_body(&mut self, step: &mut Step<'_>, link: LinkId, reason: String) {
        let id = self.peers.get(&link).and_then(|peer| peer.tip).unwrap_or(self.tip);
        self.tell(step, link, Note::Invalid { id, reason });
        self.ban(step, link, WRONG_BODY);
    }

    pub(super) fn on_checked(
        &mut self,
        step: &mut Step<'_>,
        link: LinkId,
        number: u64,
        first: Height,
        blocks: Vec<ValidBlock>,
        fault: Option<String>,
    ) {
        let Some((count, bytes)) = self.checks.remove(&(number, first, link)) else { return };
        let Some(download) = self.download.as_mut().filter(|download| download.number == number)
        else {
            self.budget.free(bytes);
            return;
        };
        download.moved = step.now;
        let right = blocks.len() as u64;
        for block in blocks {
            download.right(block);
        }
        for offset in right..count {
            let back = download.wrong(first.ahead(offset));
            self.budget.free(back);
        }
        if let Some(reason) = fault {
            self.wrong_body(step, link, reason);
        }
    }

    /// The link does not hold the rest of a range: it is on another branch, or was.
    pub(super) fn on_not_found(&mut self, step: &mut Step<'_>, link: LinkId, number: u64) {
        let peer = self.peer(link);
        let Some(request) = peer.requests.iter().find(|request| request.number == number).copied()
        else {
            if number >= peer.next_request {
                self.ban(step, link, UNASKED);
            }
            return;
        };
        peer.answered();
        peer.paused_until = peer.paused_until.min(step.now);
        (peer.lacks, peer.is_on) = (Some(request.download), None);
        // It withholds nothing, however late it says so.
        peer.was_late = peer.was_late.filter(|download| *download != request.download);
        for request in &mut peer.requests {
            request.moved = step.now;
        }
        self.release(link, Some(number));
    }

    /// Gives back what a link was asked for: one request, or all; the requests are forgotten.
    pub(super) fn release(&mut self, link: LinkId, only: Option<u64>) {
        let Self { download, peers, budget, .. } = self;
        let Some(peer) = peers.get_mut(&link) else { return };
        peer.requests.retain(|request| {
            if only.is_some_and(|number| number != request.number) {
                return true;
            }
            give_back(download.as_mut(), budget, request, link);
            false
        });
    }

    /// Gives what a link was asked for to others; what comes of it late is still taken.
    pub(super) fn let_others(&mut self, link: LinkId) {
        self.let_others_before(link, u64::MAX);
    }

    /// As [`BinarySync::let_others`], the requests before one.
    fn let_others_before(&mut self, link: LinkId, number: u64) {
        let Self { download, peers, budget, .. } = self;
        let Some(peer) = peers.get_mut(&link) else { return };
        let before = |request: &&mut Request| !request.is_late && request.number < number;
        for request in peer.requests.iter_mut().filter(before) {
            give_back(download.as_mut(), budget, request, link);
            (request.is_late, request.reserved) = (true, 0);
        }
    }

    /// Whether the budget is what the requests and the bodies add up to.
    pub(super) fn is_balanced(&self) -> bool {
        let requests = self.peers.values().flat_map(|peer| &peer.requests);
        let reserved =
            requests.map(|request| u64::from(request.left).saturating_mul(request.reserved));
        let checked = self.checks.values().map(|(_, bytes)| *bytes);
        let at_writer = self.batches.iter().map(|batch| batch.bytes);
        let right = self.download.iter().map(super::Download::right_bytes);
        reserved.sum::<u64>() == self.budget.reserved()
            && checked.chain(at_writer).chain(right).sum::<u64>() == self.budget.held()
    }

    /// Links that are asked for bodies now.
    pub(super) fn asked_links(&self) -> Vec<LinkId> {
        let is_asked = |peer: &&Peer| peer.in_time() > 0;
        self.peers.values().filter(is_asked).map(|peer| peer.id).collect()
    }

    /// Whether a link has room for another request; used to pick who helps out.
    pub(super) fn can_help(&self, now: Time, link: LinkId, height: Height, number: u64) -> bool {
        self.peers.get(&link).is_some_and(|peer| {
            peer.can_fetch(now, number)
                && peer.height >= height
                && peer.in_time() < MAX_REQUESTS
                && !peer.owes(number, height)
        })
    }
}

/// Whether a body can be the one of a header, as far as its first bytes and its length tell. One
/// that cannot is a fault before anything is set aside for it: what it claims costs its sender
/// alone.
fn may_be(body: &Body, header: &ValidHeader, spec: &Spec) -> bool {
    let count = u64::from(header.header().record_count);
    // The count and each length take 5 bytes at most.
    let max = count.saturating_add(1).saturating_mul(5).saturating_add(spec.max_block_bytes());
    body.count() == Some(count) && body.len() as u64 <= max
}

/// How many bodies are requested together when `each` is reserved for one.
#[expect(clippy::expect_used, reason = "64 bytes at least are reserved, and 128 fit every integer")]
fn bodies_of_request(each: u64) -> usize {
    let count = REQUEST_BYTES.checked_div(each).expect("something is reserved for a body");
    usize::try_from(count.clamp(1, u64::from(MAX_RANGE))).expect("at most MAX_RANGE")
}

/// Gives back the room and the blocks of a request, unless it is late and was given back.
fn give_back(
    download: Option<&mut super::Download>,
    budget: &mut Budget,
    request: &Request,
    link: LinkId,
) {
    if request.is_late {
        return;
    }
    budget.release(u64::from(request.left).saturating_mul(request.reserved));
    if let Some(download) = download.filter(|download| download.number == request.download) {
        download.release(request.next, request.left, link);
    }
}
