//! Announcements, streams and whole chains: what a link sends of our blocks.

use super::limits::{ACK_WITHIN, MAX_ANNOUNCED, QUIET, STREAM_BATCH};
use super::link::{Flow, Link, Quiet};
use crate::chain::Height;
use crate::sync::step::Turn;
use crate::sync::{LinkId, Mark, Output, Time};

impl Link {
    /// Blocks on top of the tip that was, which had the height `from`.
    pub(in crate::sync) fn on_extended(
        &mut self,
        turn: &mut Turn<'_>,
        from: Height,
        source: Option<LinkId>,
    ) {
        if source == Some(self.id) {
            self.note_brought(turn.ours.tip);
        }
        // Else what is under way ends first, and goes on from where it ended.
        if self.flow == Flow::Idle {
            self.announce(turn, from);
        }
    }

    /// Another branch is our chain now.
    pub(in crate::sync) fn on_swapped(&mut self, turn: &mut Turn<'_>, source: Option<LinkId>) {
        let tip = turn.ours.tip;
        let has_it = source == Some(self.id) || self.holds == Some(tip);
        self.lose_track();
        match self.flow {
            Flow::Idle | Flow::Closed => (),
            Flow::Announcing { .. } | Flow::Streaming { .. } => {
                self.end_stream(turn);
                turn.out.push(Output::StopRange { link: self.id });
                self.flow = Flow::Stopping { base: tip.height };
            }
            Flow::Acknowledging { .. } => self.end_stream(turn),
            Flow::Stopping { .. } => self.flow = Flow::Stopping { base: tip.height },
            Flow::Chain { .. } => self.flow = Flow::Chain { base: tip.height },
        }
        if has_it {
            self.note_brought(tip);
        } else {
            self.send_tip(turn);
        }
    }

    /// Sends what stands above `base`, or what the peer is known to hold if that is higher.
    /// Nothing may be on its way.
    fn announce(&mut self, turn: &mut Turn<'_>, base: Height) {
        let base = self.holds.map_or(base, |held| base.max(held.height));
        match turn.height().above(base) {
            0 => (),
            1..=MAX_ANNOUNCED => {
                let from = base.next();
                self.flow = Flow::Announcing { from };
                self.send_range(turn, from, turn.height());
            }
            // Without knowing what the peer holds, the answer to the next type 0 decides.
            _ => {
                if let Some(held) = self.holds
                    && !self.is_quiet(turn.now, held.height)
                {
                    self.start_stream(turn, held);
                }
            }
        }
    }

    /// Starts a stream on top of a block that the peer holds, below our tip, when nothing
    /// is on its way.
    pub(super) fn start_stream(&mut self, turn: &mut Turn<'_>, held: Mark) {
        let from = held.height.next();
        let to = held.height.ahead(STREAM_BATCH).min(turn.height());
        self.flow = Flow::Streaming { from, to, is_crossed: false };
        self.send_range(turn, from, to);
    }

    fn send_range(&mut self, turn: &mut Turn<'_>, from: Height, to: Height) {
        if to == turn.height() {
            self.note_told(turn, turn.ours.tip);
        }
        turn.out.push(Output::SendRange { link: self.id, from, to });
    }

    /// The socket took a range.
    pub(in crate::sync) fn on_range_sent(&mut self, turn: &mut Turn<'_>, last: Mark) {
        match self.flow {
            Flow::Announcing { from } => {
                if self.holds.is_some_and(|held| held.height.next() == from) {
                    self.holds = Some(last);
                }
                self.settle(turn, last.height);
            }
            Flow::Streaming { is_crossed, .. } => {
                let until = turn.now.plus(ACK_WITHIN);
                self.flow = Flow::Acknowledging { last, until, is_crossed };
                self.ask(turn);
            }
            Flow::Stopping { base } => self.settle(turn, base),
            Flow::Idle | Flow::Acknowledging { .. } | Flow::Chain { .. } | Flow::Closed => (),
        }
    }

    /// A range ended early: a swap is about to be told, or was.
    pub(in crate::sync) fn on_range_lost(&mut self, turn: &mut Turn<'_>) {
        match self.flow {
            Flow::Announcing { .. } | Flow::Streaming { .. } => {
                self.end_stream(turn);
                self.lose_track();
                self.settle(turn, turn.height());
            }
            Flow::Stopping { base } => self.settle(turn, base),
            Flow::Idle | Flow::Acknowledging { .. } | Flow::Chain { .. } | Flow::Closed => (),
        }
    }

    /// The last block of a stream's range was named: the stream goes on until that is our tip.
    pub(super) fn on_acknowledged(&mut self, turn: &mut Turn<'_>, last: Mark) {
        self.holds = Some(last);
        if last.height < turn.height() {
            self.start_stream(turn, last);
        } else {
            self.end_stream(turn);
            self.settle(turn, last.height);
        }
    }

    /// Ends the stream, if one runs. A range that is under way still arrives, for blocks
    /// missing in the middle would draw a seed's whole chain.
    pub(super) fn end_stream(&mut self, turn: &Turn<'_>) {
        let until = turn.now.plus(QUIET);
        match self.flow {
            Flow::Streaming { from, to, .. } => {
                self.quiet = Some(Quiet { until, below: to });
                self.flow = Flow::Announcing { from };
                self.ask_soon(turn);
            }
            Flow::Acknowledging { last, .. } => {
                self.quiet = Some(Quiet { until, below: last.height });
                self.flow = Flow::Idle;
            }
            _ => (),
        }
    }

    /// Whether a stream must not start on top of this block now.
    pub(super) fn is_quiet(&self, now: Time, held: Height) -> bool {
        self.quiet.is_some_and(|quiet| now < quiet.until && held < quiet.below)
    }

    /// Nothing is on its way any more, and the peer was sent or told what stands up to `base`.
    fn settle(&mut self, turn: &mut Turn<'_>, base: Height) {
        self.flow = Flow::Idle;
        self.ask_if_due(turn);
        match self.behind.take() {
            Some(held) if held.height < turn.height() => self.start_stream(turn, held),
            _ => self.announce(turn, base),
        }
    }

    /// Whether our whole chain can start now.
    pub(in crate::sync) fn is_ready_for_chain(&self) -> bool {
        self.wants_chain && self.flow == Flow::Idle
    }

    pub(in crate::sync) fn start_chain(&mut self, turn: &mut Turn<'_>) {
        self.wants_chain = false;
        self.chain_sent = Some(turn.now);
        self.flow = Flow::Chain { base: turn.height() };
        turn.out.push(Output::SendChain { link: self.id });
    }

    pub(in crate::sync) fn on_chain_sent(&mut self, turn: &mut Turn<'_>) {
        if let Flow::Chain { base } = self.flow {
            self.settle(turn, base);
        }
    }

    /// The peer brought this block of our chain, or named it as a new one.
    pub(super) fn note_brought(&mut self, mark: Mark) {
        self.holds = Some(mark);
        self.brought = Some(mark);
    }

    /// What the peer holds of our chain is not known any more.
    pub(super) const fn lose_track(&mut self) {
        self.holds = None;
        self.held_when_asked = None;
        self.brought = None;
        self.behind = None;
    }
}
