//! What peers ask for: records that they were told of.

use super::link::{RelayLink, Serving};
use super::{Offence, Relay};
use crate::chain::Hash;
use crate::sync::step::Step;
use crate::sync::{BinaryOutgoing, LinkId, Time};

impl Serving {
    /// When what waits can be sent.
    pub(super) fn due(&self) -> Option<Time> {
        self.waiting.is_some().then(|| self.texts.ready_at(1))
    }
}

impl Relay {
    /// A link that nothing was told on gets nothing.
    pub(super) fn on_get_records(&mut self, link: LinkId, ids: Vec<Hash>) -> Result<(), Offence> {
        let Some(RelayLink { serving, .. }) = self.links.get_mut(&link) else { return Ok(()) };
        if serving.is_sending || serving.waiting.is_some() {
            return Err(Offence::TooMuch);
        }
        serving.waiting = Some(ids);
        Ok(())
    }

    /// Sends what is asked for, on links that have not had too much of late.
    pub(super) fn serve(&mut self, step: &mut Step<'_>) {
        for (link, RelayLink { serving, .. }) in &mut self.links {
            if serving.texts.available(step.now) == 0 {
                continue;
            }
            if let Some(ids) = serving.waiting.take() {
                serving.is_sending = true;
                step.send(*link, BinaryOutgoing::Records(ids));
            }
        }
    }

    pub(super) fn on_records_sent(&mut self, now: Time, link: LinkId, bytes: usize) {
        if let Some(RelayLink { serving, .. }) = self.links.get_mut(&link) {
            serving.is_sending = false;
            serving.texts.spend(now, bytes);
        }
    }
}
