//! What links are asked for: records that they told of and that are not held, each of one link at
//! a time.

use std::sync::Arc;

use super::link::{Asked, Asking, RelayLink};
use super::{Offence, Relay, Wanted, want};
use crate::chain::{Hash, leaf_hash};
use crate::sync::binary::UNASKED;
use crate::sync::binary::limits::{
    IDS_GROUP, MAX_ASKED_RECORDS, MAX_HEARD_IDS, MAX_LOOKUP_IDS, MAX_OTHER_TELLERS,
    MAX_QUEUED_RECORDS, MAX_WANTED_RECORDS, MIN_ASKED_RECORDS, RECORDS_WITHIN,
};
use crate::sync::message::Message;
use crate::sync::step::Step;
use crate::sync::{LinkId, RelayOutput, Time};

const WRONG_RECORD: &str = "a record that was not asked for";
const LONG_RECORD: &str = "a record that no block may hold";

impl Asking {
    /// Ids that are looked for together while a rate is used up.
    pub(super) fn group(&self) -> usize {
        self.heard.len().min(IDS_GROUP)
    }

    /// When the next ids can be looked for.
    pub(super) fn lookup_due(&self) -> Option<Time> {
        (!self.is_looking && !self.heard.is_empty()).then(|| self.ids.ready_at(self.group()))
    }

    /// When the next records can be asked for.
    pub(super) fn request_due(&self) -> Option<Time> {
        self.is_free().then(|| self.texts.ready_at(1))
    }

    /// When the response is late.
    pub(super) fn late_at(&self) -> Option<Time> {
        self.asked.as_ref().filter(|asked| !asked.is_late).map(|asked| asked.until)
    }

    /// Whether there is something to ask for, and nothing is under way.
    fn is_free(&self) -> bool {
        !self.queue.is_empty() && self.asked.is_none() && self.taking.is_empty()
    }
}

impl Relay {
    /// Ids above what is kept are dropped: the peer tells of them again.
    pub(super) fn on_record_ids(&mut self, link: LinkId, ids: &[Hash]) {
        let Some(its) = self.links.get_mut(&link) else { return };
        let is_late = its.is_late();
        for id in ids {
            its.asking.recent.insert(id);
            if !is_late && its.asking.heard.len() < MAX_HEARD_IDS {
                its.asking.heard.push_back(*id);
            }
        }
    }

    /// Has ids looked for that links told of, at the rates that they may.
    pub(super) fn look(&mut self, step: &mut Step<'_>) {
        for link in self.in_turn(self.last_looked) {
            let Some(RelayLink { asking, .. }) = self.links.get_mut(&link) else { continue };
            let max = asking.ids.available(step.now).min(self.ids.available(step.now));
            if asking.is_looking || asking.heard.is_empty() || max < asking.group() {
                continue;
            }
            let count = asking.heard.len().min(max).min(MAX_LOOKUP_IDS);
            let ids: Vec<_> = asking.heard.drain(..count).collect();
            asking.ids.spend(step.now, count);
            self.ids.spend(step.now, count);
            asking.is_looking = true;
            self.last_looked = link;
            want(step, link, RelayOutput::FindUnknown { ids });
        }
    }

    pub(super) fn on_unknown(&mut self, link: LinkId, ids: &[Hash]) {
        let Some(its) = self.links.get_mut(&link) else { return };
        its.asking.is_looking = false;
        if its.is_late() {
            return;
        }
        let wanted_count = self.wanted.len();
        let mut room = MAX_WANTED_RECORDS.saturating_sub(wanted_count);
        for id in ids {
            if let Some(Wanted { of, others }) = self.wanted.get_mut(id) {
                if *of != link && !others.contains(&link) && others.len() < MAX_OTHER_TELLERS {
                    others.push(link);
                }
                continue;
            }
            let Some(rest) = room.checked_sub(1) else { continue };
            if its.asking.queue.len() < MAX_QUEUED_RECORDS {
                room = rest;
                its.asking.queue.push_back(*id);
                self.wanted.insert(*id, Wanted { of: link, others: Vec::new() });
            }
        }
    }

    /// Asks links for what is wanted of them, one request at a time.
    pub(super) fn ask(&mut self, step: &mut Step<'_>) {
        for link in self.in_turn(self.last_asked) {
            let Some(RelayLink { asking, .. }) = self.links.get_mut(&link) else { continue };
            let may_ask =
                asking.texts.available(step.now) > 0 && self.texts.available(step.now) > 0;
            if !asking.is_free() || !may_ask {
                continue;
            }
            let count = asking.queue.len().min(asking.fitting);
            let ids: Vec<_> = asking.queue.drain(..count).collect();
            let until = step.now.plus(RECORDS_WITHIN);
            asking.asked = Some(Asked { ids: ids.clone(), until, is_late: false });
            self.last_asked = link;
            step.send(link, Message::GetRecords(ids));
        }
    }

    /// A response may be shorter than the request: what does not fit is asked for again.
    pub(super) fn on_records(
        &mut self,
        step: &mut Step<'_>,
        link: LinkId,
        texts: Vec<String>,
    ) -> Result<(), Offence> {
        let asking = self.links.get_mut(&link).map(|its| &mut its.asking);
        let Some((asking, asked)) = asking.and_then(|its| {
            let asked = its.asked.take()?;
            Some((its, asked))
        }) else {
            return Err(Offence::Fault(UNASKED));
        };
        let bytes = texts.iter().map(String::len).fold(0, usize::saturating_add);
        asking.texts.spend(step.now, bytes);
        self.texts.spend(step.now, bytes);
        let matched = match match_up(&asked.ids, texts, self.max_record) {
            Ok(matched) => matched,
            Err(reason) => {
                // What it was asked for goes to others when its link is closed for this.
                asking.asked = Some(asked);
                return Err(Offence::Fault(reason));
            }
        };
        let Matched { records, missing, rest } = matched;
        asking.taking = records.iter().map(|(id, _)| *id).collect();
        if !asked.is_late {
            asking.fitting = if rest.is_empty() {
                MAX_ASKED_RECORDS
            } else {
                records.len().saturating_mul(2).clamp(MIN_ASKED_RECORDS, MAX_ASKED_RECORDS)
            };
            rest.into_iter().rev().for_each(|id| asking.queue.push_front(id));
            for id in missing {
                self.ask_another(link, id);
            }
        }
        if !records.is_empty() {
            want(step, link, RelayOutput::Take { records });
        }
        Ok(())
    }

    pub(super) fn on_taken(&mut self, link: LinkId) {
        let Some(RelayLink { asking, .. }) = self.links.get_mut(&link) else { return };
        let taken = std::mem::take(&mut asking.taking);
        self.settle(link, &taken);
    }

    /// Records of a link are in the pool, or its link is over: they are wanted no more.
    pub(super) fn settle(&mut self, link: LinkId, ids: &[Hash]) {
        for id in ids {
            if self.wanted.get(id).is_some_and(|wanted| wanted.of == link) {
                self.wanted.remove(id);
            }
        }
    }

    /// A link does not send a record: the next one that told of it is asked, if there is one.
    pub(super) fn ask_another(&mut self, from: LinkId, id: Hash) {
        let Some(wanted) = self.wanted.get_mut(&id).filter(|wanted| wanted.of == from) else {
            return;
        };
        while !wanted.others.is_empty() {
            let next = wanted.others.remove(0);
            if let Some(its) = self.links.get_mut(&next)
                && !its.is_late()
                && its.asking.queue.len() < MAX_QUEUED_RECORDS
            {
                its.asking.queue.push_back(id);
                wanted.of = next;
                return;
            }
        }
        self.wanted.remove(&id);
    }

    /// Links that do not respond in time are asked for nothing more until they do.
    pub(super) fn give_up_late(&mut self, now: Time) {
        let is_due = |its: &RelayLink| its.asking.late_at().is_some_and(|late| late <= now);
        let late: Vec<_> =
            self.links.iter().filter(|(_, its)| is_due(its)).map(|(link, _)| *link).collect();
        for link in late {
            let Some(RelayLink { asking, .. }) = self.links.get_mut(&link) else { continue };
            asking.heard.clear();
            let mut ids = Vec::new();
            if let Some(asked) = &mut asking.asked {
                asked.is_late = true;
                ids.extend_from_slice(&asked.ids);
            }
            ids.extend(asking.queue.drain(..));
            for id in ids {
                self.ask_another(link, id);
            }
        }
    }
}

/// What came of a request.
struct Matched {
    records: Vec<(Hash, Arc<str>)>,
    /// The peer does not have them.
    missing: Vec<Hash>,
    /// They did not fit.
    rest: Vec<Hash>,
}

/// Finds the ids of records among those that were asked for, in their order.
fn match_up(asked: &[Hash], texts: Vec<String>, max: u64) -> Result<Matched, &'static str> {
    let (mut records, mut missing) = (Vec::with_capacity(texts.len()), Vec::new());
    let mut ids = asked.iter().copied();
    for text in texts {
        if text.len() as u64 > max {
            return Err(LONG_RECORD);
        }
        let id = leaf_hash(text.as_bytes());
        loop {
            match ids.next() {
                Some(next) if next == id => break,
                Some(next) => missing.push(next),
                None => return Err(WRONG_RECORD),
            }
        }
        records.push((id, Arc::from(text)));
    }
    let mut rest: Vec<_> = ids.collect();
    if records.is_empty() {
        missing.append(&mut rest);
    }
    Ok(Matched { records, missing, rest })
}
