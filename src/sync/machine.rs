//! The state machine: the links, and what concerns more than one of them.

use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Unbounded};
use std::time::Duration;

use super::binary::BinarySync;
use super::json::link::Link;
use super::split::{Rival, Split};
use super::step::{Ours, Step};
use super::{BinaryConfig, Input, JsonInput, LinkId, Output, Progress, Time, TipChange};
use crate::chain::{BlockId, Timestamp, Work};

/// How long a peer stays on another tip before that is a split, unless it is told: two blocks of
/// the chains built in.
const SPLIT_AFTER: Duration = Duration::from_secs(20);

/// Keeps one node's links in step, by the rules of their dialects.
///
/// What it holds for a link has a bounded size, so the driver's cap on links bounds it.
#[derive(Debug)]
pub struct SyncMachine {
    ours: Ours,
    links: BTreeMap<LinkId, Link>,
    /// The link that our whole chain is being sent on: one in the node.
    served: Option<LinkId>,
    /// The one before, so that the links take turns.
    last_served: LinkId,
    /// The binary dialect, when it is spoken.
    binary: Option<BinarySync>,
    /// Work of our chain.
    work: Work,
    /// How long a peer stays on another tip before that is a split.
    split_after: Duration,
}

impl SyncMachine {
    /// Starts without links. `chain_json_bytes` is about how long the whole chain is as
    /// JSON; above `max_chain_bytes` it is never sent as one message.
    pub const fn new(tip: BlockId, chain_json_bytes: u64, max_chain_bytes: u64) -> Self {
        Self {
            ours: Ours { tip, json_bytes: chain_json_bytes, max_bytes: max_chain_bytes },
            links: BTreeMap::new(),
            served: None,
            last_served: LinkId(0),
            binary: None,
            work: Work::ZERO,
            split_after: SPLIT_AFTER,
        }
    }

    /// Speaks the binary dialect too. `work` is that of our chain.
    #[must_use]
    pub fn with_binary(mut self, config: BinaryConfig, work: Work) -> Self {
        self.binary = Some(BinarySync::new(config, self.ours.tip, work));
        self.work = work;
        self
    }

    /// Takes a peer that stays on another tip for so long for a split.
    #[must_use]
    pub const fn with_split_after(mut self, time: Duration) -> Self {
        self.split_after = time;
        self
    }

    /// The peer that has stayed on another tip for longest, and long enough.
    pub fn split(&self, now: Time) -> Option<Split> {
        let lasting = self.rivals().filter_map(|(link, rival)| {
            let (lasts, theirs) = rival.lasting(now, self.split_after)?;
            Some(Split { link, ours: self.ours.tip, theirs, lasts })
        });
        lasting.max_by_key(|split| split.lasts)
    }

    /// Whether a peer has another tip than ours on a chain of exactly as much work. Only one that
    /// was checked counts.
    pub fn is_tied(&self) -> bool {
        self.rivals().any(|(_, rival)| rival.is_tied(self.ours.tip, self.work))
    }

    fn rivals(&self) -> impl Iterator<Item = (LinkId, &Rival)> {
        let links = self.links.iter().map(|(link, known)| (*link, &known.rival));
        links.chain(self.binary.iter().flat_map(BinarySync::rivals))
    }

    /// How the download of the binary dialect goes.
    pub fn progress(&self) -> Progress {
        self.binary.as_ref().map(BinarySync::progress).unwrap_or_default()
    }

    /// Takes one fact in, and appends what is to be done to `out`. `clock` is the wall clock of
    /// this node, which headers are compared with.
    pub fn handle(&mut self, now: Time, clock: Timestamp, input: Input, out: &mut Vec<Output>) {
        let step = &mut Step { now, clock, ours: self.ours, out };
        match input {
            Input::Json(link, input) => self.json(step, link, input),
            Input::Binary(input) => {
                self.binary(|binary| binary.handle(step, input));
            }
            Input::Closed { link } => {
                self.forget(link);
                self.binary(|binary| binary.on_closed(step, link));
            }
            Input::Tip { tip, chain_json_bytes, work, change } => {
                let is_reorg =
                    !matches!(change, TipChange::Extended { from, .. } if from == self.ours.tip);
                self.work = work;
                self.on_tip(step, tip, chain_json_bytes, change);
                self.binary(|binary| binary.on_tip(step, tip, work, is_reorg));
            }
            Input::ForksAccepted { firsts } => {
                for link in self.links.values_mut() {
                    link.deep_until = None;
                }
                self.binary(|binary| binary.on_forks_accepted(step, firsts));
            }
            Input::DeadlinePassed => {
                self.each(step, Link::on_time);
                self.binary(|binary| binary.on_deadline_passed(step));
            }
        }
        self.serve_next(step);
        for link in self.links.values_mut() {
            link.rival.look(now, self.ours.tip, self.work);
        }
        self.binary(|binary| binary.look_at_rivals(now));
    }

    /// When to say [`Input::DeadlinePassed`], if nothing else happens before.
    pub fn deadline(&self) -> Option<Time> {
        let binary = self.binary.as_ref().and_then(BinarySync::deadline);
        self.links.values().filter_map(Link::deadline).chain(binary).min()
    }

    fn json(&mut self, step: &mut Step<'_>, link: LinkId, input: JsonInput) {
        if let JsonInput::Opened { jenny } = input {
            self.forget(link);
            self.links.insert(link, Link::new(link, jenny));
        }
        if input == JsonInput::ChainSent && self.served == Some(link) {
            self.served = None;
        }
        self.with(step, link, |link, step| match input {
            JsonInput::Opened { .. } => link.on_opened(step),
            JsonInput::Asked => link.on_asked(step),
            JsonInput::Block { id, outcome } => link.on_block(step, id, outcome),
            JsonInput::Chain { last, outcome } => link.on_chain(step, last, outcome),
            JsonInput::Malformed { code, reason } => link.on_malformed(step, code, reason),
            JsonInput::RangeSent { last } => link.on_range_sent(step, last),
            JsonInput::RangeLost => link.on_range_lost(step),
            JsonInput::ChainSent => link.on_chain_sent(step),
        });
    }

    /// Has the binary dialect act, when it is spoken.
    fn binary(&mut self, act: impl FnOnce(&mut BinarySync)) {
        if let Some(binary) = &mut self.binary {
            act(binary);
        }
    }

    fn on_tip(&mut self, step: &mut Step<'_>, tip: BlockId, json_bytes: u64, change: TipChange) {
        let old = self.ours.tip;
        self.ours = Ours { tip, json_bytes, ..self.ours };
        step.ours = self.ours;
        if tip == old {
            return;
        }
        match change {
            TipChange::Extended { from, source } if from == old => {
                self.each(step, |link, step| link.on_extended(step, old.height, source));
            }
            TipChange::Extended { source, .. } | TipChange::Reorged { source } => {
                self.each(step, |link, step| link.on_reorg(step, source));
            }
        }
    }

    /// Starts the next whole chain, when none is under way and one is wanted.
    fn serve_next(&mut self, step: &mut Step<'_>) {
        if self.served.is_some() {
            return;
        }
        let after = self.links.range((Excluded(self.last_served), Unbounded));
        let mut in_turn = after.chain(&self.links);
        let Some((&id, _)) = in_turn.find(|(_, link)| link.is_ready_for_chain()) else { return };
        self.served = Some(id);
        self.last_served = id;
        self.with(step, id, Link::start_chain);
    }

    /// Lets one link act, if it is still open.
    fn with(
        &mut self,
        step: &mut Step<'_>,
        id: LinkId,
        act: impl FnOnce(&mut Link, &mut Step<'_>),
    ) {
        let Some(link) = self.links.get_mut(&id) else { return };
        act(link, step);
        if link.is_closed() {
            self.forget(id);
        }
    }

    /// Lets every link act.
    fn each(&mut self, step: &mut Step<'_>, act: impl Fn(&mut Link, &mut Step<'_>)) {
        for link in self.links.values_mut() {
            act(link, step);
        }
        self.links.retain(|_, link| !link.is_closed());
        self.served = self.served.filter(|id| self.links.contains_key(id));
    }

    fn forget(&mut self, id: LinkId) {
        self.links.remove(&id);
        if self.served == Some(id) {
            self.served = None;
        }
    }
}

#[cfg(test)]
mod tests;
