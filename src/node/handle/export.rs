//! The chain as a portable file, with or without own records.

use std::sync::Arc;

use super::NodeHandle;
use crate::node::records::pool::Stage;
use crate::store::View;
use crate::store::archive::{ChainExport, ExportRange, RangeError};

impl NodeHandle {
    /// Begins to export the chain as it is now; with `has_own`, the marks of own records and the
    /// own records that wait go with it: each own record that was acknowledged before is in the
    /// blocks or among those. Reads the database: to be called within [`NodeHandle::read`].
    ///
    /// # Errors
    /// As [`ChainExport::new`].
    pub fn export(&self, range: ExportRange, has_own: bool) -> Result<ChainExport, RangeError> {
        let reader = self.shared.reader.clone();
        if !has_own {
            return ChainExport::new(reader.clone(), reader.view(), range, None);
        }
        let (view, pending) = self.view_with_pending();
        ChainExport::new(reader, view, range, Some(pending))
    }

    /// A view, and the own records that waited before it was made. A record leaves the pool once
    /// its block is published, so that the view has it then, unless a reorg came between.
    fn view_with_pending(&self) -> (View, Vec<Arc<str>>) {
        loop {
            let before = self.shared.reader.view();
            let pending = self.own_pending();
            let view = self.shared.reader.view();
            if before.is_main() {
                return (view, pending);
            }
        }
    }

    /// Shares the texts with the pool.
    fn own_pending(&self) -> Vec<Arc<str>> {
        let pool = self.shared.records.lock();
        let waiting = pool
            .after(None)
            .filter(|(_, entry)| entry.record.is_own && entry.stage != Stage::Arriving);
        waiting.map(|(_, entry)| Arc::clone(&entry.record.text)).collect()
    }
}

#[cfg(test)]
mod tests;
