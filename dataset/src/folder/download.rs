//! A file on its way out of an object store, in parts: a request of a whole one would take too long.

use std::io::{self, Read};
use std::sync::Arc;

use bytes::{Buf as _, Bytes};
use object_store::{GetOptions, ObjectMeta, ObjectStore};
use tokio::runtime::Runtime;

use super::store_error::{StoreError, io_error};

/// A file on its way. It is the one that was found: one that replaced it is an error.
pub(super) struct Download {
    store: Arc<dyn ObjectStore>,
    runtime: Arc<Runtime>,
    found: ObjectMeta,
    part_bytes: u64,
    /// Bytes that were asked for.
    next: u64,
    part: Bytes,
}

impl Download {
    /// The file that was found, in parts of this size.
    pub(super) fn new(
        store: Arc<dyn ObjectStore>,
        runtime: Arc<Runtime>,
        found: ObjectMeta,
        part_bytes: usize,
    ) -> Self {
        Self { store, runtime, found, part_bytes: part_bytes as u64, next: 0, part: Bytes::new() }
    }

    fn load_part(&self, end: u64) -> io::Result<Bytes> {
        let options = GetOptions {
            range: Some((self.next..end).into()),
            if_match: self.found.e_tag.clone(),
            ..GetOptions::default()
        };
        let part = self.runtime.block_on(async {
            self.store.get_opts(&self.found.location, options).await?.bytes().await
        });
        let part = part.map_err(io_error)?;
        if part.len() as u64 != end.saturating_sub(self.next) {
            let what = "the bucket sent another part of the file than asked for";
            return Err(StoreError::new(what, "run the same command again").into_io());
        }
        Ok(part)
    }
}

impl Read for Download {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.part.is_empty() && self.next < self.found.size {
            let end = self.next.saturating_add(self.part_bytes).min(self.found.size);
            self.part = self.load_part(end)?;
            self.next = end;
        }
        let count = self.part.len().min(buffer.len());
        self.part.copy_to_slice(buffer.get_mut(..count).unwrap_or_default());
        Ok(count)
    }
}
