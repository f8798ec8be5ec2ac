//! What links are told of: new records of the pool, and own ones again from time to time.

use super::link::{RelayLink, Round, Telling, TellingStep};
use super::{Relay, want};
use crate::chain::Hash;
use crate::sync::binary::limits::IDS_GROUP;
use crate::sync::message::MAX_RECORD_IDS;
use crate::sync::step::Step;
use crate::sync::{BinaryOutgoing, LinkId, RecordPlace, RelayOutput, Time};

impl Telling {
    /// Own records are told of again, from the oldest one on.
    pub(super) const fn begin_round(&mut self) {
        self.round = Some(Round { after: None });
    }

    fn is_behind(&self) -> bool {
        self.step == TellingStep::Idle && (self.has_more || self.round.is_some())
    }

    /// When more ids can be told.
    pub(super) fn due(&self) -> Option<Time> {
        self.is_behind().then(|| self.ids.ready_at(IDS_GROUP))
    }
}

impl Relay {
    /// Has the next ids read that links are to be told of, new ones before those of a round.
    pub(super) fn tell(&mut self, step: &mut Step<'_>) {
        let is_willing = |link: &LinkId| self.willing.contains(link);
        for (link, RelayLink { telling, .. }) in
            self.links.iter_mut().filter(|(link, _)| is_willing(link))
        {
            let max = telling.ids.available(step.now).min(MAX_RECORD_IDS);
            if !telling.is_behind() || max < IDS_GROUP {
                continue;
            }
            let is_round = !telling.has_more;
            let (after, own_only) = match telling.round {
                Some(Round { after }) if is_round => (after, true),
                _ => (telling.told, !telling.tells_relayed),
            };
            telling.step = TellingStep::Reading { is_round };
            want(step, *link, RelayOutput::ReadPool { after, own_only, max });
        }
    }

    pub(super) fn on_pool_read(
        &mut self,
        step: &mut Step<'_>,
        link: LinkId,
        mut ids: Vec<Hash>,
        next: Option<RecordPlace>,
        is_end: bool,
    ) {
        let Some(RelayLink { telling, asking, .. }) = self.links.get_mut(&link) else { return };
        let TellingStep::Reading { is_round } = telling.step else { return };
        if is_round {
            telling.round = (!is_end).then_some(Round { after: next });
        } else {
            telling.told = next;
            if is_end {
                telling.has_more = false;
                telling.tells_relayed = true;
            }
            // What the peer told of it has.
            ids.retain(|id| !asking.recent.contains(id));
        }
        telling.ids.spend(step.now, ids.len());
        telling.step = if ids.is_empty() { TellingStep::Idle } else { TellingStep::Sending };
        if !ids.is_empty() {
            step.send(link, BinaryOutgoing::RecordIds(ids));
        }
    }

    pub(super) fn on_ids_sent(&mut self, link: LinkId) {
        if let Some(RelayLink { telling, .. }) = self.links.get_mut(&link)
            && telling.step == TellingStep::Sending
        {
            telling.step = TellingStep::Idle;
        }
    }
}
