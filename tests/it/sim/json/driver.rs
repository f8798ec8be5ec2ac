//! What stands between the machine and the links, as the real driver does it: one thing
//! after the other on each link, and returns when the socket took it.

use std::collections::VecDeque;

use jenny_chain::sync::{JsonInput, Output, Redial};

use super::blocks::{self, Id};
use super::network::{Event, Network};
use super::node::{Kind, Message};
use crate::sim::clock::{MILLI, Micros};

/// Blocks that a driver reads at a time.
const READ_BATCH: u64 = 16;
/// How long a socket takes for that.
const BATCH_TAKES: Micros = MILLI;

/// What a driver is doing on its end of a link.
#[derive(Default)]
pub(super) struct Sender {
    pub(super) waiting: VecDeque<Output>,
    pub(super) doing: Option<Doing>,
}

pub(super) enum Doing {
    Range { next: u64, to: u64, reorgs: u64, last: Option<Id>, is_stopped: bool },
    Chain,
}

impl Network {
    pub(super) fn perform(&mut self, node: usize, output: Output) {
        let id = match &output {
            Output::Ask { link }
            | Output::SendBlock { link, .. }
            | Output::SendRange { link, .. }
            | Output::StopRange { link }
            | Output::SendChain { link }
            | Output::Close { link, .. } => *link,
            _ => return,
        };
        let link = usize::try_from(id.0 >> 32).unwrap();
        assert!(self.links[link].is_up && self.id(link) == id, "output for a closed link");
        let end = usize::from(self.links[link].ends[1] == node);
        match output {
            Output::Close { redial, .. } => {
                self.counts.closed += 1;
                self.cut(link);
                let wait = if redial == Redial::Normal { 2_000 } else { 60_000 };
                self.open_within(link, wait);
            }
            Output::StopRange { .. } => match &mut self.links[link].senders[end].doing {
                Some(Doing::Range { is_stopped, .. }) => *is_stopped = true,
                _ => panic!("no range to stop"),
            },
            other => {
                self.assert_one_at_a_time(node, link, end, &other);
                self.links[link].senders[end].waiting.push_back(other);
                self.start_next(link, end);
            }
        }
    }

    /// One range or chain at a time on a link, one chain at a time in the node.
    fn assert_one_at_a_time(&self, node: usize, link: usize, end: usize, output: &Output) {
        let takes_time =
            |output: &Output| matches!(output, Output::SendRange { .. } | Output::SendChain { .. });
        if takes_time(output) {
            let sender = &self.links[link].senders[end];
            assert!(sender.doing.is_none() && !sender.waiting.iter().any(takes_time));
        }
        if matches!(output, Output::SendChain { .. }) {
            let of_node = self.links.iter().filter(|link| link.is_up && link.ends.contains(&node));
            let mut senders = of_node.map(|link| &link.senders[usize::from(link.ends[1] == node)]);
            assert!(!senders.any(|sender| matches!(sender.doing, Some(Doing::Chain))));
        }
    }

    /// Does what waits, until something takes time.
    fn start_next(&mut self, link: usize, end: usize) {
        let epoch = self.links[link].epoch;
        let node = self.links[link].ends[end];
        while self.links[link].senders[end].doing.is_none() {
            let Some(output) = self.links[link].senders[end].waiting.pop_front() else { return };
            match output {
                Output::Ask { .. } => self.transmit(link, end, Message::Ask),
                Output::SendBlock { id, .. } => {
                    let block = blocks::id(id);
                    if self.nodes[node].holds(&self.tree, block) {
                        self.transmit(link, end, Message::One(block));
                    }
                }
                Output::SendRange { from, to, .. } => {
                    assert!(from <= to && to.above(from) < 128, "from {from} to {to}");
                    let Kind::Ours(ours) = &self.nodes[node].kind else { return };
                    let (next, to, reorgs) = (from.get(), to.get(), ours.reorgs);
                    let range = Doing::Range { next, to, reorgs, last: None, is_stopped: false };
                    self.links[link].senders[end].doing = Some(range);
                    self.clock.after(BATCH_TAKES, Event::Send { link, end, epoch });
                }
                Output::SendChain { .. } => {
                    let length = self.nodes[node].chain.len();
                    let takes = 1_000 + 10 * length as u64;
                    self.transmit(link, end, Message::Whole(self.nodes[node].tip()));
                    self.links[link].senders[end].doing = Some(Doing::Chain);
                    self.clock.after(takes, Event::Send { link, end, epoch });
                }
                other => panic!("{other:?} is not done in order"),
            }
        }
    }

    /// The socket took what was handed to it.
    pub(super) fn go_on(&mut self, link: usize, end: usize) {
        let node = self.links[link].ends[end];
        let id = self.id(link);
        let Kind::Ours(ours) = &self.nodes[node].kind else { return };
        let now_swaps = ours.reorgs;
        let done = match self.links[link].senders[end].doing.take() {
            None => return,
            Some(Doing::Chain) => JsonInput::ChainSent { link: id },
            Some(Doing::Range { is_stopped: true, .. }) => JsonInput::RangeLost { link: id },
            Some(Doing::Range { reorgs, .. }) if reorgs != now_swaps => {
                JsonInput::RangeLost { link: id }
            }
            Some(Doing::Range { mut next, to, reorgs, mut last, is_stopped }) => {
                let mut is_lost = false;
                let batch = next..=to.min(next + READ_BATCH - 1);
                for height in batch {
                    // A reorg that the machine has not heard of can make the chain lower.
                    let Some(block) = self.nodes[node].at(height) else {
                        is_lost = true;
                        break;
                    };
                    self.transmit(link, end, Message::One(block));
                    self.links[link].minute[end][0] -= 1;
                    last = Some(block);
                    next = height + 1;
                }
                if next <= to && !is_lost {
                    let range = Doing::Range { next, to, reorgs, last, is_stopped };
                    self.links[link].senders[end].doing = Some(range);
                    let epoch = self.links[link].epoch;
                    self.clock.after(BATCH_TAKES, Event::Send { link, end, epoch });
                    return;
                }
                match last {
                    Some(last) if !is_lost => {
                        JsonInput::RangeSent { link: id, last: self.tree.id_of(last) }
                    }
                    _ => JsonInput::RangeLost { link: id },
                }
            }
        };
        self.tell(node, done);
        if self.links[link].is_up {
            self.start_next(link, end);
        }
    }

    pub(super) fn broadcast(&mut self, node: usize, message: Message) {
        for link in 0..self.links.len() {
            let entry = &self.links[link];
            if entry.is_up && entry.ends.contains(&node) {
                let end = usize::from(entry.ends[1] == node);
                self.transmit(link, end, message);
            }
        }
    }

    pub(super) fn transmit(&mut self, link: usize, end: usize, message: Message) {
        let entry = &mut self.links[link];
        let is_hung = entry.is_hung;
        let due = (self.clock.now + entry.latency).max(entry.arrival[end]);
        entry.arrival[end] = due;
        let (node, epoch) = (entry.ends[end], entry.epoch);
        if self.nodes[node].is_ours() {
            match message {
                Message::Ask => self.counts.asks += 1,
                Message::Whole(_) => self.counts.chains += 1,
                Message::One(_) => self.counts.blocks += 1,
            }
            let [all, chains] = &mut self.links[link].minute[end];
            *all += 1;
            *chains += u64::from(matches!(message, Message::Whole(_)));
        }
        if let Some(transcript) = &mut self.transcript {
            transcript.push((node, message));
        }
        if is_hung {
            return;
        }
        self.clock.at(due, Event::Arrive { link, end: 1 - end, epoch, message });
    }
}
