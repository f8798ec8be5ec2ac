//! What stands between the machine and the links, as the real driver does it: one thing
//! after the other on each link, and returns when the socket took it.

use jenny_chain::chain::Timestamp;
use jenny_chain::sync::{Input, JsonInput, JsonOutgoing, Outgoing, Output, Redial};

use super::blocks::{self, Id};
use super::network::{CLOCK, Json, Network, TellTip};
use super::node::{Kind, Message};
use crate::sim::network::{Driver, Socket};

/// Blocks that a driver reads at a time.
const READ_BATCH: u64 = 16;

/// What a driver is doing on its end of a link.
pub(super) enum Doing {
    Range(Range),
    Chain,
}

/// A range of blocks that is being sent.
pub(super) struct Range {
    next: u64,
    to: u64,
    /// Of the node when it began.
    reorgs: u64,
    last: Option<Id>,
    is_stopped: bool,
}

impl Driver<Json> for Network {
    fn clock_of(&self, _node: usize) -> Timestamp {
        CLOCK
    }

    fn check(&mut self, node: usize) {
        self.check_sleep(node);
    }

    fn perform(&mut self, node: usize, output: Output) {
        let (Output::Send { link, .. } | Output::StopRange { link } | Output::Close { link, .. }) =
            output
        else {
            return;
        };
        let socket = self.open_socket(node, link, &output);
        match output {
            Output::Close { redial, .. } => {
                self.world.counts.closed += 1;
                if redial != Redial::Normal {
                    self.back_off(socket.edge);
                }
                self.hang_up(socket);
                self.tell(node, Input::Closed { link });
            }
            Output::StopRange { .. } => match &mut self.end(socket).doing {
                Some(Doing::Range(range)) => range.is_stopped = true,
                _ => panic!("{}: no range to stop", self.context()),
            },
            Output::Send { what: Outgoing::Json(what), .. } => {
                self.assert_one_at_a_time(node, socket, &what);
                self.end(socket).waiting.push_back(what);
                self.start_next(socket);
            }
            other => panic!("{}: {other:?} on a link of the JSON dialect", self.context()),
        }
    }

    fn start(&mut self, socket: Socket, what: JsonOutgoing) {
        let node = self.node_at(socket);
        match what {
            JsonOutgoing::Ask => _ = self.transmit(socket, Message::Ask),
            JsonOutgoing::Block(id) => {
                let block = blocks::id(id);
                if self.nodes[node].holds(&self.world.tree, block) {
                    self.transmit(socket, Message::One(block));
                }
            }
            JsonOutgoing::Range { from, to } => {
                assert!(from <= to && to.above(from) < 128, "from {from} to {to}");
                let (next, to, reorgs) = (from.get(), to.get(), self.reorgs(node));
                self.send_batch(socket, Range { next, to, reorgs, last: None, is_stopped: false });
            }
            JsonOutgoing::Chain => {
                let took = self.transmit(socket, Message::Whole(self.nodes[node].tip()));
                self.wait_until(socket, took, Doing::Chain);
            }
        }
    }

    fn go_on(&mut self, socket: Socket, doing: Doing) {
        let (node, link) = (self.node_at(socket), socket.id());
        let done = match doing {
            Doing::Chain => (link, JsonInput::ChainSent),
            Doing::Range(Range { next, to, last: Some(last), .. }) if next > to => {
                (link, JsonInput::RangeSent { last: self.world.tree.id_of(last) })
            }
            Doing::Range(range) if range.is_stopped || range.reorgs != self.reorgs(node) => {
                (link, JsonInput::RangeLost)
            }
            Doing::Range(range) => return self.send_batch(socket, range),
        };
        self.tell(node, done);
    }

    fn opened(&mut self, socket: Socket) {
        self.greet(socket);
    }

    fn arrive(&mut self, socket: Socket, message: Message) {
        if self.nodes[self.node_at(socket)].is_ours() {
            self.ours_hears(socket, message);
        } else {
            self.seed_hears(socket, message);
        }
    }

    fn happen(&mut self, event: TellTip) {
        self.tell_tip(event);
    }
}

impl Network {
    /// One range or chain at a time on a link, one chain at a time in the node.
    fn assert_one_at_a_time(&mut self, node: usize, socket: Socket, what: &JsonOutgoing) {
        let takes_time =
            |what: &JsonOutgoing| matches!(what, JsonOutgoing::Range { .. } | JsonOutgoing::Chain);
        if takes_time(what) {
            let end = self.end(socket);
            assert!(end.doing.is_none() && !end.waiting.iter().any(takes_time));
        }
        if matches!(what, JsonOutgoing::Chain) {
            let mut sockets = self.sockets(node).into_iter();
            assert!(!sockets.any(|it| matches!(self.end(it).doing, Some(Doing::Chain))));
        }
    }

    /// How often one of our nodes replaced its chain above a fork.
    fn reorgs(&self, node: usize) -> u64 {
        let Kind::Ours(ours) = &self.nodes[node].kind else { unreachable!("seeds send no ranges") };
        ours.reorgs
    }

    /// Sends what is read at a time, and goes on when the socket took it.
    fn send_batch(&mut self, socket: Socket, mut range: Range) {
        let node = self.node_at(socket);
        let mut took = self.clock.now;
        let last = range.to.min(range.next + READ_BATCH - 1);
        for height in range.next..=last {
            // A reorg that the machine has not heard of can make the chain lower.
            let Some(block) = self.nodes[node].at(height) else {
                range.is_stopped = true;
                break;
            };
            took = self.hand_over(socket, Message::One(block));
            (range.last, range.next) = (Some(block), height + 1);
        }
        self.wait_until(socket, took, Doing::Range(range));
    }
}
