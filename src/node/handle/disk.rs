//! What an operator wants to know of the node over time, and of its disk.

use super::NodeHandle;
use crate::node::{DiskStatus, Metrics, NodeFailure};

impl NodeHandle {
    /// What the node counts over time.
    pub fn metrics(&self) -> &Metrics {
        &self.shared.metrics
    }

    /// What an operator wants to know of the disk.
    ///
    /// # Errors
    /// As [`NodeHandle::read`].
    pub async fn disk_status(&self) -> Result<DiskStatus, NodeFailure> {
        let (reader, book) = (self.shared.reader.clone(), self.shared.reader.book());
        self.read(move || {
            let min_free_bytes = reader.min_free_bytes();
            let free_bytes = reader.free_bytes()?;
            Ok(DiskStatus { free_bytes, min_free_bytes, known_peers: book.count()? })
        })
        .await
    }
}
