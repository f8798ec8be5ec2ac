//! What each rule promises, and a bench to try it on.

use std::time::Duration;

use crate::chain::{BlockId, Hash, Height, Timestamp, Work};
use crate::sync::{
    BlockOutcome, ChainOutcome, Input, JsonInput, JsonOutgoing, LinkId, Outgoing, Output, Refusal,
    SyncMachine, Time, TipChange,
};

mod announce;
mod bad_input;
mod forks;
mod opening;
mod property;
mod streams;

const SMALL: u64 = 1_000;
const LARGE: u64 = 2 << 20;
const CAP: u64 = 64 << 20;

/// Nothing in the JSON dialect depends on it.
const CLOCK: Timestamp = Timestamp::from_millis(0);

const A: LinkId = LinkId(1);
const B: LinkId = LinkId(2);
const C: LinkId = LinkId(3);

/// The block at this height of our chain.
fn ours(height: u64) -> BlockId {
    block(0, height)
}

/// The block at this height of another branch.
fn theirs(height: u64) -> BlockId {
    block(1, height)
}

fn block(branch: u8, height: u64) -> BlockId {
    let mut bytes = [branch; 32];
    bytes[..8].copy_from_slice(&height.to_be_bytes());
    BlockId { height: Height::new(height), hash: Hash::new(bytes) }
}

/// A machine whose driver answers nothing by itself.
struct Bench {
    machine: SyncMachine,
    now: Time,
    tip: BlockId,
    json_bytes: u64,
}

impl Bench {
    /// Our chain is this high, and small.
    fn at(height: u64) -> Self {
        Self::with(height, SMALL)
    }

    fn with(height: u64, json_bytes: u64) -> Self {
        let tip = ours(height);
        let machine = SyncMachine::new(tip, json_bytes, CAP);
        Self { machine, now: Time(Duration::from_secs(100)), tip, json_bytes }
    }

    /// With one link that is past its opening: the peer has our tip.
    fn level_with(link: LinkId, height: u64) -> Self {
        let mut bench = Self::at(height);
        bench.open_level(link);
        bench
    }

    fn open_level(&mut self, link: LinkId) {
        self.open(link);
        self.asked(link);
        let tip = self.tip;
        self.says(link, tip, BlockOutcome::Ours);
    }

    fn tell(&mut self, input: impl Into<Input>) -> Vec<Output> {
        let mut out = Vec::new();
        self.machine.handle(self.now, CLOCK, input.into(), &mut out);
        out
    }

    fn open(&mut self, link: LinkId) -> Vec<Output> {
        self.tell((link, JsonInput::Opened { jenny: false }))
    }

    fn asked(&mut self, link: LinkId) -> Vec<Output> {
        self.tell((link, JsonInput::Asked))
    }

    /// Type 1.
    fn says(&mut self, link: LinkId, id: BlockId, outcome: BlockOutcome) -> Vec<Output> {
        self.tell((link, JsonInput::Block { id, outcome }))
    }

    /// Type 2.
    fn sends(&mut self, link: LinkId, last: BlockId, outcome: ChainOutcome) -> Vec<Output> {
        self.tell((link, JsonInput::Chain { last, outcome }))
    }

    /// Our chain grows to this height.
    fn grows(&mut self, height: u64, source: Option<LinkId>) -> Vec<Output> {
        let from = self.tip;
        self.tip = ours(height);
        self.tip(TipChange::Extended { from, source })
    }

    /// Another branch becomes ours.
    fn reorgs(&mut self, tip: BlockId, source: Option<LinkId>) -> Vec<Output> {
        self.tip = tip;
        self.tip(TipChange::Reorged { source })
    }

    fn tip(&mut self, change: TipChange) -> Vec<Output> {
        self.tell(Input::Tip {
            tip: self.tip,
            chain_json_bytes: self.json_bytes,
            work: Work::default(),
            change,
        })
    }

    fn sent(&mut self, link: LinkId, last: BlockId) -> Vec<Output> {
        self.tell((link, JsonInput::RangeSent { last }))
    }

    fn chain_sent(&mut self, link: LinkId) -> Vec<Output> {
        self.tell((link, JsonInput::ChainSent))
    }

    fn passes(&mut self, time: Duration) {
        self.now = self.now.plus(time);
    }

    /// Lets time pass, waking the machine whenever it wants to be; what it does.
    fn waits(&mut self, time: Duration) -> Vec<Output> {
        let end = self.now.plus(time);
        let mut out = Vec::new();
        while let Some(due) = self.machine.deadline().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.machine.handle(self.now, CLOCK, Input::DeadlinePassed, &mut out);
        }
        self.now = end;
        out
    }
}

fn ask(link: LinkId) -> Output {
    Output::Send { link, what: JsonOutgoing::Ask.into() }
}

fn one(link: LinkId, id: BlockId) -> Output {
    Output::Send { link, what: JsonOutgoing::Block(id).into() }
}

fn range(link: LinkId, from: u64, to: u64) -> Output {
    let what = JsonOutgoing::Range { from: Height::new(from), to: Height::new(to) };
    Output::Send { link, what: what.into() }
}

fn chain(link: LinkId) -> Output {
    Output::Send { link, what: JsonOutgoing::Chain.into() }
}

fn stop(link: LinkId) -> Output {
    Output::StopRange { link }
}

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
