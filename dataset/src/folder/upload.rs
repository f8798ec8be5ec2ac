//! A file on its way into an object store, in parts.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::Arc;

use anyhow::Result;
use object_store::path::Path;
use object_store::{Error, MultipartUpload, ObjectStore, ObjectStoreExt as _, PutMode, PutPayload};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use super::store_error::{StoreError, io_error};
use super::{Finished, NewFile};

/// Bytes of a part, sent or read: every one but the last has as many, which some stores ask for. 8 MiB.
pub(super) const UPLOAD_PART_BYTES: usize = 8 << 20;

/// Parts that are sent while the next one is made: with it, 24 MiB of memory.
const PARTS_IN_FLIGHT: usize = 2;

/// Most parts that S3 takes: 78 GiB.
const MAX_PARTS: usize = 10_000;

/// A file on its way. A small one is sent in one piece.
pub(super) struct Upload {
    store: Arc<dyn ObjectStore>,
    runtime: Arc<Runtime>,
    path: Path,
    part_bytes: usize,
    /// There is a file already: what is written is forgotten.
    is_taken: bool,
    next: Vec<u8>,
    multipart: Option<Box<dyn MultipartUpload>>,
    parts: usize,
    sending: VecDeque<JoinHandle<object_store::Result<()>>>,
}

impl Upload {
    pub(super) fn begin(
        store: Arc<dyn ObjectStore>,
        runtime: Arc<Runtime>,
        path: Path,
        part_bytes: usize,
    ) -> Result<Self, Error> {
        let is_taken = exists(&store, &runtime, &path)?;
        let (next, sending) = (Vec::new(), VecDeque::new());
        Ok(Self {
            store,
            runtime,
            path,
            part_bytes,
            is_taken,
            next,
            multipart: None,
            parts: 0,
            sending,
        })
    }

    fn send_part(&mut self) -> io::Result<()> {
        if self.parts >= MAX_PARTS {
            let what =
                format!("the file has more than {MAX_PARTS} parts of {} bytes", self.part_bytes);
            let hint = "begin another dataset with fewer --range-blocks";
            return Err(StoreError::new(what, hint).into_io());
        }
        let multipart = match &mut self.multipart {
            Some(multipart) => multipart,
            none => {
                let begun = self.runtime.block_on(self.store.put_multipart(&self.path));
                none.insert(begun.map_err(io_error)?)
            }
        };
        let payload = PutPayload::from(std::mem::take(&mut self.next));
        self.sending.push_back(self.runtime.spawn(multipart.put_part(payload)));
        self.parts += 1;
        self.wait(PARTS_IN_FLIGHT)
    }

    /// Waits until no more than this number of parts are being sent.
    fn wait(&mut self, count: usize) -> io::Result<()> {
        while self.sending.len() > count {
            let Some(part) = self.sending.pop_front() else { break };
            self.runtime.block_on(part).map_err(io::Error::other)?.map_err(io_error)?;
        }
        Ok(())
    }

    fn complete(&mut self) -> io::Result<()> {
        if self.multipart.is_none() {
            let payload = PutPayload::from(std::mem::take(&mut self.next));
            let put = self.store.put_opts(&self.path, payload, PutMode::Create.into());
            return self.runtime.block_on(put).map(drop).map_err(io_error);
        }
        if !self.next.is_empty() {
            self.send_part()?;
        }
        self.wait(0)?;
        if let Some(multipart) = &mut self.multipart {
            self.runtime.block_on(multipart.complete()).map_err(io_error)?;
        }
        // What is complete is not aborted.
        self.multipart = None;
        Ok(())
    }
}

/// Whether there is a file.
fn exists(store: &Arc<dyn ObjectStore>, runtime: &Runtime, path: &Path) -> Result<bool, Error> {
    match runtime.block_on(store.head(path)) {
        Ok(_) => Ok(true),
        Err(Error::NotFound { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

impl Write for Upload {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_taken {
            return Ok(bytes.len());
        }
        if self.next.capacity() == 0 {
            self.next.reserve_exact(self.part_bytes);
        }
        let count = bytes.len().min(self.part_bytes.saturating_sub(self.next.len()));
        self.next.extend_from_slice(bytes.get(..count).unwrap_or_default());
        if self.next.len() >= self.part_bytes {
            self.send_part()?;
        }
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl NewFile for Upload {
    fn finish(mut self: Box<Self>) -> Result<Finished> {
        if self.is_taken {
            return Ok(Finished::Exists);
        }
        let Err(error) = self.complete() else { return Ok(Finished::Written) };
        // Another export may have been faster, or the response of our own success was lost.
        if exists(&self.store, &self.runtime, &self.path).is_ok_and(|exists| exists) {
            return Ok(Finished::Exists);
        }
        Err(error.into())
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        for part in self.sending.drain(..) {
            part.abort();
        }
        if let Some(mut multipart) = self.multipart.take() {
            // What cannot be removed now, a rule of the bucket removes: docs/analytics.md.
            drop(self.runtime.block_on(multipart.abort()));
        }
    }
}
