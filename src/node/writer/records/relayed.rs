//! The writer's part in records that peers relay.

use crate::node::StoreError;
use crate::node::group::Group;
use crate::node::records::pool::NewRecord;
use crate::node::records::submission::{OnChain, Relayed};
use crate::node::writer::WriterThread;

impl WriterThread {
    /// Takes relayed records into the pool that are neither there nor on the main chain, as far
    /// as there is room for them.
    pub(in crate::node::writer) fn take_relayed(
        &mut self,
        relayed: Relayed,
        group: &mut Group,
    ) -> Result<(), StoreError> {
        let Relayed { records, reply } = relayed;
        self.keep_unpublished(group)?;
        let mut fresh = Vec::with_capacity(records.len());
        for (id, text) in records {
            let is_known = self.shared.records.lock().get(&id).is_some();
            // Of what cannot be looked for now the peer tells again.
            if !is_known && !self.unpublished.contains(&id) && self.find(&id)? == OnChain::Absent {
                fresh.push(NewRecord { id, text, is_own: false, is_checked: true });
            }
        }
        let now = (self.shared.config.steady)();
        let taken = self.shared.records.lock().admit_relayed(fresh, now);
        if taken > 0 {
            self.shared.metrics.received_records.add(taken as u64);
            self.shared.records.note_change();
            self.shared.queue.demand_changed();
        }
        // The link may be over.
        let _ = reply.send(taken);
        Ok(())
    }
}
