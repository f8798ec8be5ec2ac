//! What we know of one link and what we are sending on it.

use std::time::Duration;

use super::limits::{ASK_EVERY, FIRST_RESPONSE};
use crate::chain::{BlockId, Hash, Height};
use crate::sync::log_once::LogOnce;
use crate::sync::split::Rival;
use crate::sync::step::Step;
use crate::sync::{JsonOutgoing, LinkId, Output, Redial, Time};

/// One link. Of fixed size.
#[derive(Debug)]
pub(in crate::sync) struct Link {
    pub(super) id: LinkId,
    /// A token was agreed on: the peer most likely runs this program.
    pub(super) jenny: bool,
    first: First,
    /// When to send the next type 0.
    ask_at: Time,
    pub(super) flow: Flow,
    /// The last block of our chain that the peer named, or that we sent right on top of one
    /// that it holds.
    pub(super) holds: Option<BlockId>,
    /// `holds` when type 0 was sent last. What was sent since is not in the answer.
    pub(super) held_when_asked: Option<BlockId>,
    /// The last block of our chain that the peer itself brought.
    pub(super) brought: Option<BlockId>,
    /// The block that the peer named while blocks above it were on their way to it.
    pub(super) behind: Option<BlockId>,
    pub(super) quiet: Option<Quiet>,
    /// When our tip was sent last, and which.
    pub(super) told: Option<(Time, Hash)>,
    /// When a fork was answered with our tip last.
    pub(super) fork_answered: Option<Time>,
    /// When our whole chain was sent last.
    pub(super) chain_sent: Option<Time>,
    /// The peer is to get our whole chain when its turn comes.
    pub(super) wants_chain: bool,
    /// The tips of the peer's branch and of our chain that have exactly as much work.
    pub(super) equal: Option<(Hash, Hash)>,
    /// It gave a valid block other than genesis.
    pub(super) is_proven: bool,
    /// Its tip, if that is not on our chain.
    pub(in crate::sync) rival: Rival,
    /// Its branch waits for our operator: until then nothing is said that draws it again.
    pub(in crate::sync) deep_until: Option<Time>,
    pub(super) logged: LogOnce,
}

/// What is on its way to the peer. At most one range or chain is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Flow {
    /// Nothing.
    Idle,
    /// A range that needs no acknowledgement.
    Announcing {
        /// Its first height.
        from: Height,
    },
    /// A range of a stream.
    Streaming {
        /// Its first height.
        from: Height,
        /// Its last height.
        to: Height,
        /// The peer sent a block of our chain meanwhile: it may be streaming to us.
        is_crossed: bool,
    },
    /// A stream's type 0.
    Acknowledging {
        /// What the answer must name.
        last: BlockId,
        /// When to give up.
        until: Time,
        /// As in `Streaming`.
        is_crossed: bool,
    },
    /// A range that was told to stop.
    Stopping {
        /// The peer was told our tip of this height.
        base: Height,
    },
    /// Our whole chain.
    Chain {
        /// Up to this height.
        base: Height,
    },
    /// Nothing ever again.
    Closed,
}

/// The first type 0 of a link waits for the peer's first type 1.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum First {
    /// Neither came.
    Awaited,
    /// Type 0 came.
    Asked { answer_at: Time },
    /// It was answered, or type 1 came before it.
    Over,
}

/// No stream starts below a block that the last one sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quiet {
    pub(super) until: Time,
    pub(super) below: Height,
}

impl Link {
    pub(in crate::sync) const fn new(id: LinkId, jenny: bool) -> Self {
        Self {
            id,
            jenny,
            first: First::Awaited,
            ask_at: Time(Duration::ZERO),
            flow: Flow::Idle,
            holds: None,
            held_when_asked: None,
            brought: None,
            behind: None,
            quiet: None,
            told: None,
            fork_answered: None,
            chain_sent: None,
            wants_chain: false,
            equal: None,
            is_proven: false,
            rival: Rival::NONE,
            deep_until: None,
            logged: LogOnce::NOTHING,
        }
    }

    pub(in crate::sync) fn is_closed(&self) -> bool {
        self.flow == Flow::Closed
    }

    pub(in crate::sync) fn on_opened(&mut self, step: &mut Step<'_>) {
        self.ask(step);
    }

    /// Whether the peer's branch was refused for its depth lately: our tip would draw it again.
    pub(super) fn is_deep(&self, now: Time) -> bool {
        self.deep_until.is_some_and(|until| now < until)
    }

    /// Type 0 came.
    pub(in crate::sync) fn on_asked(&mut self, step: &mut Step<'_>) {
        if self.is_deep(step.now) {
            return;
        }
        match self.first {
            First::Awaited => {
                self.first = First::Asked { answer_at: step.now.plus(FIRST_RESPONSE) };
            }
            First::Asked { .. } => (),
            First::Over => self.answer(step),
        }
    }

    /// The peer's type 1 is here: whether its first type 0 still waits for an answer.
    pub(super) fn take_first(&mut self) -> bool {
        let is_asked = matches!(self.first, First::Asked { .. });
        self.first = First::Over;
        is_asked
    }

    /// Responds to a type 0, unless a stream runs: our tip would draw a seed-like node's whole
    /// chain.
    fn answer(&mut self, step: &mut Step<'_>) {
        match self.flow {
            // The peer streams to us and waits for this answer, as we do for its: one has to
            // give way, and it knows of blocks that we thought it lacked.
            Flow::Streaming { is_crossed: true, .. }
            | Flow::Acknowledging { is_crossed: true, .. } => {
                self.end_stream(step);
                self.send_tip(step);
            }
            Flow::Streaming { .. } | Flow::Acknowledging { .. } | Flow::Closed => (),
            Flow::Idle | Flow::Announcing { .. } | Flow::Stopping { .. } | Flow::Chain { .. } => {
                self.send_tip(step);
            }
        }
    }

    /// Does what is due.
    pub(in crate::sync) fn on_time(&mut self, step: &mut Step<'_>) {
        if let First::Asked { answer_at } = self.first
            && answer_at <= step.now
        {
            self.first = First::Over;
            self.answer(step);
        }
        match self.flow {
            Flow::Acknowledging { until, .. } if until <= step.now => {
                self.close(step, 1002, "type 0 was not answered within 30 s", Redial::Normal);
            }
            Flow::Idle => self.ask_if_due(step),
            _ => (),
        }
    }

    /// When [`Link::on_time`] has something to do.
    pub(in crate::sync) fn deadline(&self) -> Option<Time> {
        let flow = match self.flow {
            Flow::Idle => Some(self.ask_at),
            Flow::Acknowledging { until, .. } => Some(until),
            _ => None,
        };
        let first = match self.first {
            First::Asked { answer_at } => Some(answer_at),
            First::Awaited | First::Over => None,
        };
        flow.into_iter().chain(first).min()
    }

    pub(super) fn ask(&mut self, step: &mut Step<'_>) {
        self.ask_at = step.now.plus(ASK_EVERY);
        self.held_when_asked = self.holds;
        step.send(self.id, JsonOutgoing::Ask);
    }

    pub(super) fn ask_if_due(&mut self, step: &mut Step<'_>) {
        if self.ask_at <= step.now {
            self.ask(step);
        }
    }

    /// Makes type 0 go out as soon as nothing else is on its way.
    pub(super) const fn ask_soon(&mut self, step: &Step<'_>) {
        self.ask_at = step.now;
    }

    /// What the peer brought a moment ago may be our tip before that is told.
    pub(super) fn send_tip(&mut self, step: &mut Step<'_>) {
        let newer = self.brought.filter(|brought| step.height() < brought.height);
        let id = newer.unwrap_or(step.ours.tip);
        self.note_told(step, id);
        step.send(self.id, JsonOutgoing::Block(id));
    }

    pub(super) const fn note_told(&mut self, step: &Step<'_>, id: BlockId) {
        self.told = Some((step.now, id.hash));
    }

    pub(super) fn close(
        &mut self,
        step: &mut Step<'_>,
        code: u16,
        reason: &'static str,
        redial: Redial,
    ) {
        self.flow = Flow::Closed;
        step.out.push(Output::Close { link: self.id, code, reason, redial });
    }
}
