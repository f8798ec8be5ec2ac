//! Pending records on their way between pools: links are told of ids, and asked for records.
//!
//! A link takes part once the driver allowed it and the peer's Hello said that it takes the
//! messages. Each end then says so by `RecordIds` without ids, and tells of nothing before the
//! other one did. What it is told of is in [`telling`], what it is asked for in [`asking`], what it is
//! given in [`serve`]. Rates are [`bucket`]s. The pool itself is the driver's: it is read and
//! filled by outputs that are answered by inputs.

mod asking;
mod bucket;
mod link;
mod recent;
mod serve;
mod telling;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{Excluded, Unbounded};

use super::limits::{ALL_IDS_BURST, ALL_IDS_EACH, ALL_TEXT_BURST, ALL_TEXT_EACH, ROUND_EVERY};
use crate::chain::Hash;
use crate::sync::message::Message;
use crate::sync::step::Step;
use crate::sync::{BinaryOutgoing, LinkId, Output, RelayInput, RelayOutput, Time};
use bucket::Bucket;
use link::RelayLink;

/// Messages about pending records from a peer whom our Hello did not say that we take them.
const NOT_ANNOUNCED: &str = "a message that this node does not take";
const NO_IDS: &str = "a request for no records";

/// What a peer did that its link does not survive.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Offence {
    /// A provable fault.
    Fault(&'static str),
    /// It asked for more than is served at a time.
    TooMuch,
}

/// A record that is to be asked for, or was.
#[derive(Debug)]
struct Wanted {
    /// Of this link.
    of: LinkId,
    /// Links that told of it too.
    others: Vec<LinkId>,
}

/// Relays pending records, unless it is off.
#[derive(Debug)]
pub(super) struct Relay {
    is_on: bool,
    /// Longest record that a block may hold.
    max_record: u64,
    /// Links that the driver allows.
    allowed: BTreeSet<LinkId>,
    /// Links whose peers take the messages.
    able: BTreeSet<LinkId>,
    /// Of these, links whose peers exchange records with us.
    willing: BTreeSet<LinkId>,
    /// Links that are both.
    links: BTreeMap<LinkId, RelayLink>,
    wanted: BTreeMap<Hash, Wanted>,
    /// The link that ids were looked for last of, and the one that was asked last: the next ones
    /// come first.
    last_looked: LinkId,
    last_asked: LinkId,
    ids: Bucket,
    texts: Bucket,
}

impl Relay {
    pub(super) const fn new(is_on: bool, max_record: u64) -> Self {
        Self {
            is_on,
            max_record,
            allowed: BTreeSet::new(),
            able: BTreeSet::new(),
            willing: BTreeSet::new(),
            links: BTreeMap::new(),
            wanted: BTreeMap::new(),
            last_looked: LinkId(0),
            last_asked: LinkId(0),
            ids: Bucket::new(ALL_IDS_EACH, ALL_IDS_BURST),
            texts: Bucket::new(ALL_TEXT_EACH, ALL_TEXT_BURST),
        }
    }

    pub(super) const fn is_on(&self) -> bool {
        self.is_on
    }

    /// The peer said that it takes the messages.
    pub(super) fn on_able(&mut self, step: &mut Step<'_>, link: LinkId) {
        if self.is_on {
            self.able.insert(link);
            self.begin(step, link);
        }
    }

    /// Takes in what the driver says.
    pub(super) fn handle(&mut self, step: &mut Step<'_>, input: RelayInput) {
        match input {
            RelayInput::Allowed { link } => {
                if self.is_on {
                    self.allowed.insert(link);
                    self.begin(step, link);
                }
            }
            RelayInput::PoolChanged => {
                for link in self.links.values_mut() {
                    link.telling.has_more = true;
                }
            }
            RelayInput::PoolRead { link, ids, next, is_end } => {
                self.on_pool_read(step, link, ids, next, is_end);
            }
            RelayInput::Unknown { link, ids } => self.on_unknown(link, &ids),
            RelayInput::Taken { link } => self.on_taken(link),
            RelayInput::IdsSent { link } => self.on_ids_sent(link),
            RelayInput::RecordsSent { link, bytes } => self.on_records_sent(step.now, link, bytes),
        }
    }

    /// Takes in a message about pending records.
    pub(super) fn on_message(
        &mut self,
        step: &mut Step<'_>,
        link: LinkId,
        message: Message,
    ) -> Result<(), Offence> {
        if !self.is_on {
            return Err(Offence::Fault(NOT_ANNOUNCED));
        }
        match message {
            Message::RecordIds(ids) => {
                self.willing.insert(link);
                self.on_record_ids(link, &ids);
                Ok(())
            }
            Message::GetRecords(ids) if ids.is_empty() => Err(Offence::Fault(NO_IDS)),
            Message::GetRecords(ids) => self.on_get_records(link, ids),
            Message::Records(texts) => self.on_records(step, link, texts),
            _ => Ok(()),
        }
    }

    /// A link is over.
    pub(super) fn on_closed(&mut self, link: LinkId) {
        self.allowed.remove(&link);
        self.able.remove(&link);
        self.willing.remove(&link);
        if let Some(RelayLink { asking, .. }) = self.links.remove(&link) {
            let asked = asking.asked.filter(|asked| !asked.is_late);
            let asked = asked.map_or_else(Vec::new, |asked| asked.ids);
            for id in asked.into_iter().chain(asking.queue) {
                self.ask_another(link, id);
            }
            self.settle(link, &asking.taking);
        }
    }

    /// Our chain lost blocks: their records may wait again.
    pub(super) fn on_reorg(&mut self) {
        for link in self.links.values_mut() {
            link.telling.begin_round();
        }
    }

    /// What is due happens.
    pub(super) fn on_time(&mut self, now: Time) {
        for link in self.links.values_mut() {
            if link.telling.next_round <= now {
                link.telling.next_round = now.plus(ROUND_EVERY);
                link.telling.begin_round();
            }
        }
        self.give_up_late(now);
    }

    /// Whatever can be begun is begun.
    pub(super) fn go_on(&mut self, step: &mut Step<'_>) {
        self.tell(step);
        self.look(step);
        self.ask(step);
        self.serve(step);
    }

    /// When the next of these is due.
    pub(super) fn deadlines(&self) -> impl Iterator<Item = Time> {
        self.links.values().flat_map(|link| {
            let times = [
                Some(link.telling.next_round),
                link.telling.due(),
                link.asking.lookup_due().map(|due| due.max(self.ids.ready_at(link.asking.group()))),
                link.asking.request_due().map(|due| due.max(self.texts.ready_at(1))),
                link.asking.late_at(),
                link.serving.due(),
            ];
            times.into_iter().flatten()
        })
    }

    fn begin(&mut self, step: &mut Step<'_>, link: LinkId) {
        let may_begin = self.allowed.contains(&link) && self.able.contains(&link);
        if may_begin && !self.links.contains_key(&link) {
            self.links.insert(link, RelayLink::new(step.now.plus(ROUND_EVERY)));
            step.send(link, BinaryOutgoing::RecordIds(Vec::new()));
        }
    }

    /// The links, those behind `last` first.
    fn in_turn(&self, last: LinkId) -> Vec<LinkId> {
        let behind = self.links.range((Excluded(last), Unbounded));
        let up_to = self.links.range(..=last);
        behind.chain(up_to).map(|(link, _)| *link).collect()
    }
}

/// Has the driver do something for a link.
fn want(step: &mut Step<'_>, link: LinkId, what: RelayOutput) {
    step.out.push(Output::Relay { link, what });
}

#[cfg(test)]
mod tests;
