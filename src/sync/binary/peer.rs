//! What is known of one link of the binary dialect, and what is under way on it.

use std::time::Duration;

use super::candidate::Candidate;
use super::limits::{
    FIRST_PENALTY, FIRST_TIMEOUT, HEADERS_TIMEOUT, LARGE_PART, LAST_TIMEOUT, MAX_OUTSTANDING,
    MAX_REQUESTS, PENALTY,
};
use crate::chain::{BlockId, Hash, Header, Height, Work};
use crate::sync::log_once::LogOnce;
use crate::sync::split::{Rival, ShownWork};
use crate::sync::{LinkId, Origin, Time};

/// One link. Of bounded size: the hashes and headers of a candidate are most of it.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) id: LinkId,
    pub(super) dialled: bool,
    pub(super) origin: Origin,
    pub(super) opened: Time,
    /// The nonce of its Hello, `None` while that is awaited.
    pub(super) nonce: Option<u64>,
    /// The last block that it named.
    pub(super) tip: Option<BlockId>,
    /// The highest block that it claims to hold.
    pub(super) height: Height,
    pub(super) claim: Claim,
    /// The block that it was told of last, or told us of.
    pub(super) knows: Option<Hash>,
    /// `GetHeaders` under way.
    pub(super) ask: Option<Ask>,
    /// Responses to `GetHeaders` that are still to come, late ones included.
    pub(super) owed: u32,
    /// Headers whose place on our chain is being looked up.
    pub(super) query: Option<Query>,
    pub(super) candidate: Option<Candidate>,
    pub(super) requests: Vec<Request>,
    pub(super) next_request: u64,
    /// The download whose blocks it does not hold.
    pub(super) lacks: Option<u64>,
    /// The download whose headers it does not hold.
    pub(super) is_off: Option<u64>,
    /// The download whose branch its chain contains, as far as that goes.
    pub(super) is_on: Option<u64>,
    /// The download that it was late in, and sent nothing of since.
    pub(super) was_late: Option<u64>,
    /// How often it withheld a branch since it sent a block.
    pub(super) withheld: u32,
    /// When it was asked for headers last, counted: who waits longest is asked first.
    pub(super) last_asked: u64,
    /// The download whose headers it was asked for last.
    pub(super) follows: Option<u64>,
    /// When a request on it was over last: the next one is answered from then on.
    pub(super) freed: Time,
    /// Time that it has for an answer.
    pub(super) timeout: Duration,
    /// Nothing is asked of it until then.
    pub(super) paused_until: Time,
    /// No headers are asked of it until then.
    pub(super) penalized_until: Time,
    /// The usual time from a request to the last of its bodies.
    pub(super) usual: Option<Duration>,
    /// What it asked for and has not got.
    pub(super) serving: u32,
    /// When it was told addresses last.
    pub(super) told_addresses: Option<Time>,
    /// When to ask it for addresses.
    pub(super) ask_addresses: Time,
    pub(super) addresses_owed: u32,
    /// Its tip by headers that were checked, if that is not on our chain.
    pub(super) rival: Rival,
    pub(super) logged: LogOnce,
}

/// What a peer claims to have that is not checked yet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Claim {
    /// Nothing that we lack.
    Nothing,
    /// A chain of this work.
    Work(Work),
    /// A block that was not found on our chain.
    Block,
    /// A header from the future: to be asked for again then, or earlier.
    Later(Time),
}

/// `GetHeaders` under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ask {
    pub(super) sent: Time,
    pub(super) until: Time,
}

/// Headers that came and whose place is being looked up.
#[derive(Debug)]
pub(super) struct Query {
    pub(super) number: u64,
    pub(super) headers: Vec<Header>,
    /// They reach the peer's tip.
    pub(super) is_last: bool,
}

/// `GetBlocks` under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request {
    pub(super) number: u64,
    pub(super) download: u64,
    /// The next body to come.
    pub(super) next: Height,
    pub(super) left: u32,
    /// Bytes of bodies that came of it.
    pub(super) bytes: u64,
    pub(super) sent: Time,
    /// When something of it came last, or it was sent.
    pub(super) moved: Time,
    /// Bytes set aside for each body; 0 once it is late.
    pub(super) reserved: u64,
    /// Its blocks were given to others; what comes is taken all the same.
    pub(super) is_late: bool,
}

impl Peer {
    pub(super) const fn new(id: LinkId, dialled: bool, origin: Origin, opened: Time) -> Self {
        Self {
            id,
            dialled,
            origin,
            opened,
            nonce: None,
            tip: None,
            height: Height::GENESIS,
            claim: Claim::Nothing,
            knows: None,
            ask: None,
            owed: 0,
            query: None,
            candidate: None,
            requests: Vec::new(),
            next_request: 0,
            lacks: None,
            is_off: None,
            is_on: None,
            was_late: None,
            withheld: 0,
            last_asked: 0,
            follows: None,
            freed: Time(Duration::ZERO),
            timeout: FIRST_TIMEOUT,
            paused_until: Time(Duration::ZERO),
            penalized_until: Time(Duration::ZERO),
            usual: None,
            serving: 0,
            told_addresses: None,
            ask_addresses: Time(Duration::ZERO),
            addresses_owed: 0,
            rival: Rival::NONE,
            logged: LogOnce::NOTHING,
        }
    }

    pub(super) const fn is_ready(&self) -> bool {
        self.nonce.is_some()
    }

    pub(super) fn is_paused(&self, now: Time) -> bool {
        now < self.paused_until
    }

    /// Whether headers can be asked of it now.
    pub(super) fn can_ask_headers(&self, now: Time) -> bool {
        self.is_ready()
            && !self.is_paused(now)
            && self.penalized_until <= now
            && self.ask.is_none()
            && self.query.is_none()
    }

    /// Whether it may have more work than ours.
    pub(super) fn is_ahead(&self, now: Time, ours: Work) -> bool {
        match self.claim {
            Claim::Nothing => false,
            Claim::Work(work) => work > ours,
            Claim::Block => true,
            Claim::Later(at) => at <= now,
        }
    }

    /// Requests that are not late.
    pub(super) fn in_time(&self) -> usize {
        self.requests.iter().filter(|request| !request.is_late).count()
    }

    /// Whether bodies of this download can be asked of it now.
    pub(super) fn can_fetch(&self, now: Time, download: u64) -> bool {
        self.serves(now, download)
            && self.in_time() < MAX_REQUESTS
            && self.requests.len() < MAX_OUTSTANDING
    }

    /// Whether bodies of this download are asked of it, as many as it may be asked for.
    pub(super) fn serves(&self, now: Time, download: u64) -> bool {
        self.is_ready() && !self.is_paused(now) && self.lacks != Some(download)
    }

    /// Whether it was asked for this block, and is still to answer: late, but that may come.
    pub(super) fn owes(&self, download: u64, height: Height) -> bool {
        self.requests.iter().any(|request| {
            request.is_late
                && request.download == download
                && request.next <= height
                && height.above(request.next) < u64::from(request.left)
        })
    }

    /// Whether it was late or slow just now: others are asked first, and may be asked as well for
    /// what it is asked for.
    pub(super) fn is_doubtful(&self) -> bool {
        self.timeout >= FIRST_TIMEOUT.saturating_mul(2)
    }

    /// Whether it holds one of the places of links that are asked for headers.
    pub(super) fn asks_headers(&self, now: Time) -> bool {
        self.query.is_some() || self.ask.is_some_and(|ask| now < ask.sent.plus(HEADERS_TIMEOUT))
    }

    /// When it counts as slow with a request, though something may come of it all the time.
    pub(super) fn slow_at(&self, request: &Request, patience: Duration) -> Time {
        let parts = request.bytes.checked_div(LARGE_PART).unwrap_or(0);
        let parts = u32::try_from(parts).unwrap_or(u32::MAX).saturating_add(1);
        let time = patience.saturating_mul(parts);
        request.sent.max(self.freed).plus(time)
    }

    /// Whether it is slow with what it answers now, and that is not for the size of the blocks.
    pub(super) fn is_slow(&self, now: Time, patience: Duration) -> bool {
        // Requests are answered one after the other.
        let first = self.requests.iter().find(|request| !request.is_late);
        first.is_some_and(|request| {
            request.bytes < LARGE_PART && self.slow_at(request, patience) <= now
        })
    }

    /// It named this block as one of its chain.
    pub(super) fn named(&mut self, id: BlockId) {
        self.tip = Some(id);
        self.height = self.height.max(id.height);
        self.knows = Some(id.hash);
    }

    /// Its headers up to this block were checked: that is its tip.
    pub(super) fn shows(&mut self, id: BlockId, work: Work) {
        self.named(id);
        self.rival.shows(id, ShownWork::Known(work));
    }

    /// Whether it named a higher block than this one last: there is more to come of it.
    pub(super) fn named_above(&self, id: BlockId) -> bool {
        self.tip.is_some_and(|tip| tip.height > id.height)
    }

    /// It was late: it gets more time, and nothing is asked of it for as long as it had.
    pub(super) fn pause(&mut self, now: Time) {
        self.paused_until = now.plus(self.timeout);
        self.timeout = self.timeout.saturating_mul(2).min(LAST_TIMEOUT);
    }

    /// Its answer is no answer: it gets more time, and no headers are asked of it for as long as
    /// it had.
    pub(super) fn fell_short(&mut self, now: Time) {
        self.penalized_until = self.penalized_until.max(now.plus(self.timeout));
        self.timeout = self.timeout.saturating_mul(2).min(LAST_TIMEOUT);
    }

    /// It showed a branch whose blocks it does not send.
    pub(super) fn withheld(&mut self, now: Time) {
        let times = 1_u32.checked_shl(self.withheld).unwrap_or(u32::MAX);
        self.penalized_until = now.plus(FIRST_PENALTY.saturating_mul(times).min(PENALTY));
        self.withheld = self.withheld.saturating_add(1);
        self.candidate = None;
    }

    /// It answered: it gets less time.
    #[expect(clippy::expect_used, reason = "four is not zero")]
    pub(super) fn answered(&mut self) {
        let less = self.timeout.saturating_mul(3).checked_div(4).expect("three quarters");
        self.timeout = less.max(FIRST_TIMEOUT);
    }

    /// A request was answered in this time: a quarter of what is usual.
    pub(super) fn took(&mut self, took: Duration) {
        let usual = self.usual.unwrap_or(took).saturating_mul(3).saturating_add(took);
        self.usual = usual.checked_div(4);
    }

    /// When the first request that is not late will be.
    pub(super) fn due(&self) -> Option<Time> {
        let in_time = self.requests.iter().filter(|request| !request.is_late);
        // Requests are answered one after the other.
        in_time.map(|request| request.moved).max().map(|moved| moved.plus(self.timeout))
    }
}
