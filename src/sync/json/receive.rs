//! What a link makes of blocks and chains that came, once the node has judged them.

use super::limits::DEEP_PAUSE;
use super::link::{Flow, Link};
use crate::chain::Height;
use crate::sync::split::Weight;
use crate::sync::step::Turn;
use crate::sync::{BlockVerdict, ChainVerdict, Mark, Note, Output, Redial};

/// Another chain: nothing that it says can ever be of use here.
const FOREIGN_GENESIS: &str = "this is another chain: its genesis block differs";
const BAD_WORK: &str = "a block's proof of work does not hold";
const INVALID_CHAIN: &str = "a block of the chain breaks a rule";

impl Link {
    /// Type 1 came.
    pub(in crate::sync) fn on_block(
        &mut self,
        turn: &mut Turn<'_>,
        mark: Mark,
        verdict: BlockVerdict,
    ) {
        let is_asked = self.take_first();
        let before = turn.out.len();
        self.judge_block(turn, mark, verdict);
        // Our blocks, in whatever form, answer the first type 0: our tip after them would
        // draw a seed's whole chain.
        let sent = turn.out.iter().skip(before);
        let is_answered = self.wants_chain || sent.into_iter().any(says_more);
        if is_asked && !is_answered {
            self.send_tip(turn);
        }
    }

    fn judge_block(&mut self, turn: &mut Turn<'_>, mark: Mark, verdict: BlockVerdict) {
        if verdict == BlockVerdict::Ours {
            self.on_ours(turn, mark);
            return;
        }
        self.end_stream(turn);
        match verdict {
            BlockVerdict::Adopted => self.on_adopted(mark),
            BlockVerdict::Fork => {
                self.rival.leaves();
                self.on_fork(turn, mark);
            }
            BlockVerdict::Level => {
                self.rival.shows(mark, Weight::NoMore);
                self.on_fork(turn, mark);
            }
            BlockVerdict::Tied => {
                self.rival.shows(mark, Weight::As(turn.ours.tip.hash));
                self.on_fork(turn, mark);
            }
            BlockVerdict::TooDeep => self.on_too_deep(turn),
            BlockVerdict::ForeignGenesis => self.close_foreign(turn),
            BlockVerdict::BadWork => self.close_bad_work(turn),
            BlockVerdict::Invalid(reason) => self.tell(turn, Note::Invalid { mark, reason }),
            BlockVerdict::Ours | BlockVerdict::NotYet | BlockVerdict::Unavailable => (),
        }
    }

    /// Type 2 came.
    pub(in crate::sync) fn on_chain(
        &mut self,
        turn: &mut Turn<'_>,
        last: Mark,
        verdict: ChainVerdict,
    ) {
        self.end_stream(turn);
        match verdict {
            ChainVerdict::Ours => self.on_ours(turn, last),
            ChainVerdict::Adopted => self.on_adopted(last),
            ChainVerdict::Lighter => {
                self.rival.shows(last, Weight::NoMore);
                self.on_lighter(turn, last, self.jenny);
            }
            ChainVerdict::TooDeep => self.on_too_deep(turn),
            ChainVerdict::Equal => {
                self.rival.shows(last, Weight::As(turn.ours.tip.hash));
                self.equal = Some((last.hash, turn.ours.tip.hash));
                self.on_lighter(turn, last, false);
            }
            ChainVerdict::ForeignGenesis => self.close_foreign(turn),
            ChainVerdict::BadWork => self.close_bad_work(turn),
            ChainVerdict::Invalid(reason) => {
                self.tell(turn, Note::Invalid { mark: last, reason });
                self.close(turn, 1002, INVALID_CHAIN, Redial::Normal);
            }
            ChainVerdict::NotYet | ChainVerdict::Unavailable => (),
        }
    }

    pub(in crate::sync) fn on_malformed(
        &mut self,
        turn: &mut Turn<'_>,
        code: u16,
        reason: &'static str,
    ) {
        // 1009: its chain is too long for this node, and does not get shorter.
        let redial = if code == 1009 { Redial::Longest } else { Redial::Normal };
        self.close(turn, code, reason, redial);
    }

    /// The peer named a block of our chain.
    fn on_ours(&mut self, turn: &mut Turn<'_>, mark: Mark) {
        self.rival.leaves();
        self.deep_until = None;
        self.is_proven |= mark.height > Height::GENESIS;
        self.wants_chain = false;
        match &mut self.flow {
            Flow::Acknowledging { last, .. } if *last == mark => {
                self.on_acknowledged(turn, mark);
            }
            Flow::Streaming { is_crossed, .. } => *is_crossed = true,
            Flow::Acknowledging { .. } => {
                self.end_stream(turn);
                self.catch_up(turn, mark);
            }
            _ => self.catch_up(turn, mark),
        }
    }

    /// Streams what stands above a block that the peer named, if it lacks that.
    fn catch_up(&mut self, turn: &mut Turn<'_>, mark: Mark) {
        let held = self.holds.map_or(Height::GENESIS, |held| held.height);
        // It said so before it got what was sent since.
        let is_overtaken = self.held_when_asked == Some(mark) && mark.height < held;
        self.held_when_asked = None;
        // Who brought a later block holds this one and all between.
        let is_passed = self.brought.is_some_and(|brought| mark.height < brought.height);
        if is_overtaken || is_passed {
            return;
        }
        match self.flow {
            Flow::Announcing { from } if mark.height < turn.height() => {
                let is_lower = mark.height.next() < from;
                if is_lower && !self.is_quiet(turn.now, mark.height) {
                    self.behind = Some(mark);
                }
            }
            Flow::Idle => {
                self.holds = Some(mark);
                if mark.height < turn.height() && !self.is_quiet(turn.now, mark.height) {
                    self.start_stream(turn, mark);
                }
            }
            _ => (),
        }
    }

    fn on_adopted(&mut self, mark: Mark) {
        self.rival.leaves();
        self.deep_until = None;
        self.is_proven = true;
        self.wants_chain = false;
        self.note_brought(mark);
    }

    /// A single block of another branch, or above what we hold.
    fn on_fork(&mut self, turn: &mut Turn<'_>, mark: Mark) {
        self.lose_track();
        if self.is_deep(turn.now) {
            return;
        }
        // Between nodes of our kind equal work settles nothing, however often it is sent.
        if self.jenny && self.equal == Some((mark.hash, turn.ours.tip.hash)) {
            return;
        }
        let is_level = mark.height == turn.height();
        if mark.height < turn.height() || self.jenny && is_level {
            self.want_chain(turn);
        } else {
            self.answer_fork(turn);
        }
    }

    /// Its branch waits for the operator, who is told by whoever judged it.
    fn on_too_deep(&mut self, turn: &Turn<'_>) {
        self.lose_track();
        self.rival.leaves();
        self.is_proven = true;
        self.wants_chain = false;
        self.deep_until = Some(turn.now.plus(DEEP_PAUSE));
    }

    /// A whole chain that does not replace ours.
    fn on_lighter(&mut self, turn: &mut Turn<'_>, last: Mark, whatever_the_heights: bool) {
        self.lose_track();
        self.is_proven = true;
        if last.height < turn.height() || whatever_the_heights {
            self.want_chain(turn);
        } else {
            self.tell(turn, Note::NotHigher { mark: last });
        }
    }

    /// Has our whole chain sent when its turn comes, within the limits.
    fn want_chain(&mut self, turn: &mut Turn<'_>) {
        let (bytes, cap) = (turn.ours.json_bytes, turn.ours.max_bytes);
        if bytes > cap {
            self.tell(turn, Note::ChainAboveCap { bytes, cap });
        } else if !turn.is_too_soon(self.chain_sent) {
            self.wants_chain = true;
        }
    }

    /// Sends our tip, which makes a seed send its chain, within the limits.
    fn answer_fork(&mut self, turn: &mut Turn<'_>) {
        let told = self.told.filter(|(_, hash)| *hash == turn.ours.tip.hash);
        let told_at = told.map(|(at, _)| at);
        if !turn.is_too_soon(told_at) && !turn.is_too_soon(self.fork_answered) {
            self.fork_answered = Some(turn.now);
            self.send_tip(turn);
        }
    }

    fn close_foreign(&mut self, turn: &mut Turn<'_>) {
        self.close(turn, 1008, FOREIGN_GENESIS, Redial::OtherChain);
    }

    fn close_bad_work(&mut self, turn: &mut Turn<'_>) {
        let redial = if self.is_proven { Redial::Normal } else { Redial::Longest };
        self.close(turn, 1002, BAD_WORK, redial);
    }

    fn tell(&mut self, turn: &mut Turn<'_>, note: Note) {
        self.noted.tell(self.id, note, turn.out);
    }
}

/// Whether this leaves a type 0 nothing to be answered with.
const fn says_more(output: &Output) -> bool {
    matches!(output, Output::SendBlock { .. } | Output::SendRange { .. } | Output::Close { .. })
}
