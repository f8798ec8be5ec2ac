//! Announcements, streams and whole chains: what a link sends of our blocks.

use super::limits::{ACK_WITHIN, MAX_ANNOUNCED, QUIET, STREAM_BATCH};
use super::link::{Flow, Link, Quiet};
use crate::chain::{BlockId, Height};
use crate::sync::step::Step;
use crate::sync::{JsonOutgoing, LinkId, Output, Time};

impl Link {
    /// Blocks on top of the tip that was, which had the height `from`.
    pub(in crate::sync) fn on_extended(
        &mut self,
        step: &mut Step<'_>,
        from: Height,
        source: Option<LinkId>,
    ) {
        if source == Some(self.id) {
            self.note_brought(step.ours.tip);
        }
        // Else what is under way ends first, and goes on from where it ended.
        if self.flow == Flow::Idle {
            self.announce(step, from);
        }
    }

    /// Another branch is our chain now.
    pub(in crate::sync) fn on_reorg(&mut self, step: &mut Step<'_>, source: Option<LinkId>) {
        let tip = step.ours.tip;
        let has_it = source == Some(self.id) || self.holds == Some(tip);
        self.lose_track();
        match self.flow {
            Flow::Idle | Flow::Closed => (),
            Flow::Announcing { .. } | Flow::Streaming { .. } => {
                self.end_stream(step);
                step.out.push(Output::StopRange { link: self.id });
                self.flow = Flow::Stopping { base: tip.height };
            }
            Flow::Acknowledging { .. } => self.end_stream(step),
            Flow::Stopping { .. } => self.flow = Flow::Stopping { base: tip.height },
            Flow::Chain { .. } => self.flow = Flow::Chain { base: tip.height },
        }
        if has_it {
            self.note_brought(tip);
        } else {
            self.send_tip(step);
        }
    }

    /// Sends the blocks above `base`, or above the last that the peer is known to hold if higher.
    /// Nothing may be on its way.
    fn announce(&mut self, step: &mut Step<'_>, base: Height) {
        let base = self.holds.map_or(base, |held| base.max(held.height));
        match step.height().above(base) {
            0 => (),
            1..=MAX_ANNOUNCED => {
                let from = base.next();
                self.flow = Flow::Announcing { from };
                self.send_range(step, from, step.height());
            }
            // Without knowing what the peer holds, the answer to the next type 0 decides.
            _ => {
                if let Some(held) = self.holds
                    && !self.is_quiet(step.now, held.height)
                {
                    self.start_stream(step, held);
                }
            }
        }
    }

    /// Starts a stream on top of a block that the peer holds, below our tip, when nothing
    /// is on its way.
    pub(super) fn start_stream(&mut self, step: &mut Step<'_>, held: BlockId) {
        let from = held.height.next();
        let to = held.height.ahead(STREAM_BATCH).min(step.height());
        self.flow = Flow::Streaming { from, to, is_crossed: false };
        self.send_range(step, from, to);
    }

    fn send_range(&mut self, step: &mut Step<'_>, from: Height, to: Height) {
        if to == step.height() {
            self.note_told(step, step.ours.tip);
        }
        step.send(self.id, JsonOutgoing::Range { from, to });
    }

    /// The socket took a range.
    pub(in crate::sync) fn on_range_sent(&mut self, step: &mut Step<'_>, last: BlockId) {
        match self.flow {
            Flow::Announcing { from } => {
                if self.holds.is_some_and(|held| held.height.next() == from) {
                    self.holds = Some(last);
                }
                self.settle(step, last.height);
            }
            Flow::Streaming { is_crossed, .. } => {
                let until = step.now.plus(ACK_WITHIN);
                self.flow = Flow::Acknowledging { last, until, is_crossed };
                self.ask(step);
            }
            Flow::Stopping { base } => self.settle(step, base),
            Flow::Idle | Flow::Acknowledging { .. } | Flow::Chain { .. } | Flow::Closed => (),
        }
    }

    /// A range ended early: a reorg is about to be told, or was.
    pub(in crate::sync) fn on_range_lost(&mut self, step: &mut Step<'_>) {
        match self.flow {
            Flow::Announcing { .. } | Flow::Streaming { .. } => {
                self.end_stream(step);
                self.lose_track();
                self.settle(step, step.height());
            }
            Flow::Stopping { base } => self.settle(step, base),
            Flow::Idle | Flow::Acknowledging { .. } | Flow::Chain { .. } | Flow::Closed => (),
        }
    }

    /// The last block of a stream's range was named: the stream goes on until that is our tip.
    pub(super) fn on_acknowledged(&mut self, step: &mut Step<'_>, last: BlockId) {
        self.holds = Some(last);
        if last.height < step.height() {
            self.start_stream(step, last);
        } else {
            self.end_stream(step);
            self.settle(step, last.height);
        }
    }

    /// Ends the stream, if one runs. A range that is under way still arrives, for blocks
    /// missing in the middle would draw a seed-like node's whole chain.
    pub(super) fn end_stream(&mut self, step: &Step<'_>) {
        let until = step.now.plus(QUIET);
        match self.flow {
            Flow::Streaming { from, to, .. } => {
                self.quiet = Some(Quiet { until, below: to });
                self.flow = Flow::Announcing { from };
                self.ask_soon(step);
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

    /// Nothing is on its way any more, and the peer was sent or told the blocks up to `base`.
    fn settle(&mut self, step: &mut Step<'_>, base: Height) {
        self.flow = Flow::Idle;
        self.ask_if_due(step);
        match self.behind.take() {
            Some(held) if held.height < step.height() => self.start_stream(step, held),
            _ => self.announce(step, base),
        }
    }

    /// Whether our whole chain can start now.
    pub(in crate::sync) fn is_ready_for_chain(&self) -> bool {
        self.wants_chain && self.flow == Flow::Idle
    }

    pub(in crate::sync) fn start_chain(&mut self, step: &mut Step<'_>) {
        self.wants_chain = false;
        self.chain_sent = Some(step.now);
        self.flow = Flow::Chain { base: step.height() };
        step.send(self.id, JsonOutgoing::Chain);
    }

    pub(in crate::sync) fn on_chain_sent(&mut self, step: &mut Step<'_>) {
        if let Flow::Chain { base } = self.flow {
            self.settle(step, base);
        }
    }

    /// The peer brought this block of our chain, or named it as a new one.
    pub(super) fn note_brought(&mut self, id: BlockId) {
        self.holds = Some(id);
        self.brought = Some(id);
    }

    /// What the peer holds of our chain is not known any more.
    pub(super) const fn lose_track(&mut self) {
        self.holds = None;
        self.held_when_asked = None;
        self.brought = None;
        self.behind = None;
    }
}
