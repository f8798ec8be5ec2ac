//! What a link makes of blocks and chains that came, once the node has checked them.

use super::limits::{DEEP_PAUSE, is_too_soon};
use super::link::{Flow, Link};
use crate::chain::{BlockId, Height};
use crate::sync::split::ShownWork;
use crate::sync::step::Step;
use crate::sync::{
    BlockOutcome, ChainOutcome, FOREIGN_GENESIS, JsonOutgoing, Note, Outgoing, Output, Redial,
    Refusal,
};

const BAD_WORK: &str = "a block's proof of work does not hold";
const INVALID_CHAIN: &str = "a block of the chain breaks a rule";

impl Link {
    /// Type 1 came.
    pub(in crate::sync) fn on_block(
        &mut self,
        step: &mut Step<'_>,
        id: BlockId,
        outcome: BlockOutcome,
    ) {
        let is_asked = self.take_first();
        let before = step.out.len();
        self.on_outcome(step, id, outcome);
        // Our blocks, in whatever form, answer the first type 0: our tip after them would
        // draw a seed-like node's whole chain.
        let sent = step.out.iter().skip(before);
        let is_answered = self.wants_chain || sent.into_iter().any(says_more);
        if is_asked && !is_answered {
            self.send_tip(step);
        }
    }

    fn on_outcome(&mut self, step: &mut Step<'_>, id: BlockId, outcome: BlockOutcome) {
        if outcome == BlockOutcome::Ours {
            self.on_ours(step, id);
            return;
        }
        self.end_stream(step);
        match outcome {
            BlockOutcome::Adopted => self.on_adopted(id),
            BlockOutcome::Fork => {
                self.rival.leaves();
                self.on_fork(step, id);
            }
            BlockOutcome::Level => {
                self.rival.shows(id, ShownWork::NoMore);
                self.on_fork(step, id);
            }
            BlockOutcome::Tied => {
                self.rival.shows(id, ShownWork::As(step.ours.tip.hash));
                self.on_fork(step, id);
            }
            BlockOutcome::Refused(Refusal::Invalid(reason)) => {
                self.tell(step, Note::Invalid { id, reason });
            }
            BlockOutcome::Refused(refusal) => self.on_refused(step, &refusal),
            BlockOutcome::Ours => (),
        }
    }

    /// Type 2 came.
    pub(in crate::sync) fn on_chain(
        &mut self,
        step: &mut Step<'_>,
        last: BlockId,
        outcome: ChainOutcome,
    ) {
        self.end_stream(step);
        match outcome {
            ChainOutcome::Ours => self.on_ours(step, last),
            ChainOutcome::Adopted => self.on_adopted(last),
            ChainOutcome::Lighter => {
                self.rival.shows(last, ShownWork::NoMore);
                self.on_lighter(step, last, self.jenny);
            }
            ChainOutcome::Equal => {
                self.rival.shows(last, ShownWork::As(step.ours.tip.hash));
                self.equal = Some((last.hash, step.ours.tip.hash));
                self.on_lighter(step, last, false);
            }
            ChainOutcome::Refused(Refusal::Invalid(reason)) => {
                self.tell(step, Note::Invalid { id: last, reason });
                self.close(step, 1002, INVALID_CHAIN, Redial::Normal);
            }
            ChainOutcome::Refused(refusal) => self.on_refused(step, &refusal),
        }
    }

    pub(in crate::sync) fn on_malformed(
        &mut self,
        step: &mut Step<'_>,
        code: u16,
        reason: &'static str,
    ) {
        // 1009: its chain is too long for this node, and does not get shorter.
        let redial = if code == 1009 { Redial::Longest } else { Redial::Normal };
        self.close(step, code, reason, redial);
    }

    /// The peer named a block of our chain.
    fn on_ours(&mut self, step: &mut Step<'_>, id: BlockId) {
        self.rival.leaves();
        self.deep_until = None;
        self.is_proven |= id.height > Height::GENESIS;
        self.wants_chain = false;
        match &mut self.flow {
            Flow::Acknowledging { last, .. } if *last == id => {
                self.on_acknowledged(step, id);
            }
            Flow::Streaming { is_crossed, .. } => *is_crossed = true,
            Flow::Acknowledging { .. } => {
                self.end_stream(step);
                self.catch_up(step, id);
            }
            _ => self.catch_up(step, id),
        }
    }

    /// Streams the blocks above the one that the peer named, if it lacks that.
    fn catch_up(&mut self, step: &mut Step<'_>, id: BlockId) {
        let held = self.holds.map_or(Height::GENESIS, |held| held.height);
        // It said so before it got what was sent since.
        let is_overtaken = self.held_when_asked == Some(id) && id.height < held;
        self.held_when_asked = None;
        // A peer that sent a later block holds this one and all between.
        let is_passed = self.brought.is_some_and(|brought| id.height < brought.height);
        if is_overtaken || is_passed {
            return;
        }
        match self.flow {
            Flow::Announcing { from } if id.height < step.height() => {
                let is_lower = id.height.next() < from;
                if is_lower && !self.is_quiet(step.now, id.height) {
                    self.behind = Some(id);
                }
            }
            Flow::Idle => {
                self.holds = Some(id);
                if id.height < step.height() && !self.is_quiet(step.now, id.height) {
                    self.start_stream(step, id);
                }
            }
            _ => (),
        }
    }

    fn on_adopted(&mut self, id: BlockId) {
        self.rival.leaves();
        self.deep_until = None;
        self.is_proven = true;
        self.wants_chain = false;
        self.note_brought(id);
    }

    /// A single block of another branch, or above what we hold.
    fn on_fork(&mut self, step: &mut Step<'_>, id: BlockId) {
        self.lose_track();
        if self.is_deep(step.now) {
            return;
        }
        // Between nodes of our kind equal work settles nothing, however often it is sent.
        if self.jenny && self.equal == Some((id.hash, step.ours.tip.hash)) {
            return;
        }
        let is_level = id.height == step.height();
        if id.height < step.height() || self.jenny && is_level {
            self.want_chain(step);
        } else {
            self.answer_fork(step);
        }
    }

    /// Its branch waits for the operator, who is told when it is checked.
    fn on_too_deep(&mut self, step: &Step<'_>) {
        self.lose_track();
        self.rival.leaves();
        self.is_proven = true;
        self.wants_chain = false;
        self.deep_until = Some(step.now.plus(DEEP_PAUSE));
    }

    /// A whole chain that does not replace ours.
    fn on_lighter(&mut self, step: &mut Step<'_>, last: BlockId, whatever_the_heights: bool) {
        self.lose_track();
        self.is_proven = true;
        if last.height < step.height() || whatever_the_heights {
            self.want_chain(step);
        } else {
            self.tell(step, Note::NotHigher { id: last });
        }
    }

    /// Has our whole chain sent when its turn comes, within the limits.
    fn want_chain(&mut self, step: &mut Step<'_>) {
        let (bytes, cap) = (step.ours.json_bytes, step.ours.max_bytes);
        if bytes > cap {
            self.tell(step, Note::ChainAboveCap { bytes, cap });
        } else if !is_too_soon(step, self.chain_sent) {
            self.wants_chain = true;
        }
    }

    /// Sends our tip, which makes a seed-like node send its chain, within the limits.
    fn answer_fork(&mut self, step: &mut Step<'_>) {
        let told = self.told.filter(|(_, hash)| *hash == step.ours.tip.hash);
        let told_at = told.map(|(at, _)| at);
        if !is_too_soon(step, told_at) && !is_too_soon(step, self.fork_answered) {
            self.fork_answered = Some(step.now);
            self.send_tip(step);
        }
    }

    /// A block or a chain was refused, but for a rule of its own.
    fn on_refused(&mut self, step: &mut Step<'_>, refusal: &Refusal) {
        match refusal {
            Refusal::ForeignGenesis => {
                self.close(step, 1008, FOREIGN_GENESIS, Redial::OtherChain);
            }
            Refusal::BadWork => {
                let redial = if self.is_proven { Redial::Normal } else { Redial::Longest };
                self.close(step, 1002, BAD_WORK, redial);
            }
            Refusal::TooDeep => self.on_too_deep(step),
            Refusal::Invalid(_) | Refusal::NotYet | Refusal::Unavailable => (),
        }
    }

    fn tell(&mut self, step: &mut Step<'_>, note: Note) {
        self.logged.tell(self.id, note, step.out);
    }
}

/// Whether this leaves a type 0 nothing to be answered with.
const fn says_more(output: &Output) -> bool {
    let Output::Send { what: Outgoing::Json(what), .. } = output else {
        return matches!(output, Output::Close { .. });
    };
    matches!(what, JsonOutgoing::Block(_) | JsonOutgoing::Range { .. })
}
