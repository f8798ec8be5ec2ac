//! What links cost that is of no use, by where they come from: a link that ends takes nothing of it
//! along.

mod ledger;

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep, sleep_until};

use crate::chain::Height;
use ledger::{ALLOWANCE, FACTOR, Ledger, Source};

/// What a frame of no use costs: a control frame with its answer, or a part of a message that is
/// too short to be worth a frame. To read what is dropped costs as much.
pub(in crate::p2p) const FRAME: Duration = Duration::from_micros(20);

/// The least that a question or an announcement of no use costs.
pub(in crate::p2p) const QUESTION: Duration = Duration::from_micros(50);

/// What a block costs that is sent in JSON.
const BLOCK: Duration = Duration::from_micros(20);

/// Headers and blocks that a link may be given beside the chain twice over, which is what a peer
/// takes that has nothing and asks for everything again.
const GIVEN_MORE: u64 = 10_000;

/// What all sources owe.
#[derive(Debug, Default)]
pub(in crate::p2p) struct Debts {
    ledger: Mutex<Ledger>,
    next: AtomicU64,
}

/// A link's account, until it is dropped.
#[derive(Debug)]
pub(in crate::p2p) struct Debtor {
    debts: Arc<Debts>,
    source: Source,
    number: u64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Until when the link rests.
    resume: Instant,
    /// Headers and blocks of the binary dialect that it was given.
    given: u64,
    /// Blocks in JSON that it was sent and has not shown to hold.
    unproven: Option<Unproven>,
}

#[derive(Clone, Copy, Debug)]
struct Unproven {
    /// Any block from this height on proves that the peer took them.
    height: Height,
    cost: Duration,
}

impl Debts {
    /// How long a connection that comes from this address now is to wait before its upgrade.
    pub(in crate::p2p) fn wait(&self, ip: IpAddr) -> Duration {
        self.with(|ledger| ledger.wait(Source::of(ip), Instant::now()))
    }

    /// The upgrade of a connection from this address was answered, or its TLS handshake begun.
    pub(in crate::p2p) fn set_up(&self, ip: IpAddr) {
        self.with(|ledger| ledger.set_up(Source::of(ip), Instant::now()));
    }

    /// The account of a link that a peer at this address opened.
    pub(in crate::p2p) fn accepted(self: &Arc<Self>, ip: IpAddr) -> Arc<Debtor> {
        self.open(|_| Source::of(ip))
    }

    /// The account of a link that this node dialled.
    pub(in crate::p2p) fn dialled(self: &Arc<Self>) -> Arc<Debtor> {
        self.open(Source::Dialled)
    }

    fn open(self: &Arc<Self>, source: impl FnOnce(u64) -> Source) -> Arc<Debtor> {
        let (number, now) = (self.next.fetch_add(1, Relaxed), Instant::now());
        let source = source(number);
        self.with(|ledger| ledger.open(source, number, now));
        let state = Mutex::new(State { resume: now, given: 0, unproven: None });
        Arc::new(Debtor { debts: Arc::clone(self), source, number, state })
    }

    fn with<T>(&self, act: impl FnOnce(&mut Ledger) -> T) -> T {
        act(&mut self.ledger.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Debtor {
    /// So much time was spent on what is of no use.
    pub(in crate::p2p) fn spend(&self, spent: Duration) {
        let now = Instant::now();
        let (source, number) = (self.source, self.number);
        let resume = self.debts.with(|ledger| ledger.spend(source, number, spent, now));
        self.with(|state| state.resume = resume);
    }

    /// So much time was spent on what is of no use: waits until this is paid, and not for what was
    /// owed before.
    pub(in crate::p2p) async fn pay(&self, spent: Duration) {
        self.spend(spent);
        sleep(spent.saturating_mul(FACTOR)).await;
    }

    /// Until when the link is not to be read from, if that has not passed.
    pub(in crate::p2p) fn rests_until(&self) -> Option<Instant> {
        let resume = self.with(|state| state.resume);
        (resume > Instant::now()).then_some(resume)
    }

    /// Waits until the link may be read from.
    pub(in crate::p2p) async fn rest(&self) {
        while let Some(resume) = self.rests_until() {
            sleep_until(resume).await;
        }
    }

    /// The peer asked for headers or blocks and got these; the question took so long. It is of no
    /// use without an answer, and when the peer was given the chain several times over.
    pub(in crate::p2p) fn gave(&self, count: usize, tip: Height, took: Duration) {
        let given = self.with(|state| {
            state.given = state.given.saturating_add(count as u64);
            state.given
        });
        // Headers and blocks, twice.
        let max = tip.get().saturating_mul(4).saturating_add(GIVEN_MORE);
        if count == 0 || given > max {
            self.spend(took.max(QUESTION));
        }
    }

    /// Blocks were sent in JSON, from the first height to the last.
    pub(in crate::p2p) fn sent(&self, first: Height, last: Height) {
        let blocks = u32::try_from(last.next().above(first)).unwrap_or(u32::MAX);
        let cost = BLOCK.saturating_mul(blocks);
        self.with(|state| {
            let unproven =
                state.unproven.get_or_insert(Unproven { height: last, cost: Duration::ZERO });
            // One link that ends early does not hold up the next connection.
            unproven.cost = unproven.cost.saturating_add(cost).min(ALLOWANCE / FACTOR);
        });
    }

    /// The peer named a block of our chain. Returns whether that proves that it took what it was
    /// sent.
    pub(in crate::p2p) fn named(&self, height: Height) -> bool {
        self.with(|state| state.unproven.take_if(|sent| sent.height <= height).is_some())
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Debtor {
    fn drop(&mut self) {
        let in_vain = self.with(|state| state.unproven.map_or(Duration::ZERO, |sent| sent.cost));
        let now = Instant::now();
        self.debts.with(|ledger| ledger.close(self.source, self.number, in_vain, now));
    }
}

/// Holds a link's input back while it rests.
#[derive(Debug)]
pub(super) struct Gate {
    debtor: Arc<Debtor>,
    rest: Option<Pin<Box<Sleep>>>,
}

impl Gate {
    pub(super) const fn new(debtor: Arc<Debtor>) -> Self {
        Self { debtor, rest: None }
    }

    /// So much time was spent on what is of no use.
    pub(super) fn spend(&self, spent: Duration) {
        self.debtor.spend(spent);
    }

    /// Whether the link rests.
    pub(super) fn is_shut(&self) -> bool {
        self.debtor.rests_until().is_some()
    }

    /// Waits until the link may be read from.
    pub(super) fn poll_open(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while let Some(resume) = self.debtor.rests_until() {
            let rest = self.rest.get_or_insert_with(|| Box::pin(sleep_until(resume)));
            if rest.deadline() != resume {
                rest.as_mut().reset(resume);
            }
            if rest.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
        self.rest = None;
        Poll::Ready(())
    }
}

#[cfg(test)]
mod tests;
