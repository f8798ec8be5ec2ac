//! What the disk knows of the node.

use super::NodeHandle;
use crate::node::{DiskStatus, NodeFailure};

impl NodeHandle {
    /// What an operator wants to know of the disk.
    ///
    /// # Errors
    /// As [`NodeHandle::read`].
    pub async fn disk_status(&self) -> Result<DiskStatus, NodeFailure> {
        let (reader, book) = (self.shared.reader.clone(), self.shared.reader.book());
        self.read(move || {
            Ok(DiskStatus { free_bytes: reader.free_bytes()?, known_peers: book.count()? })
        })
        .await
    }
}
