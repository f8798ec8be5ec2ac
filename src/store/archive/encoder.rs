//! Writes a chain file, into memory: no I/O.

use std::io;

use sha2::{Digest, Sha256};

use super::frame::{self, Kind, MAX_ARCHIVE_FRAME};
use super::{ARCHIVE_END, ARCHIVE_VERSION, Boundary, MAGIC, Start};
use crate::chain::{BlockId, Hash, HashedBlock, Header};
use crate::store::OwnMark;

/// Contents of a frame at which it is written, one larger entry excepted, in bytes. 256 KiB.
const FRAME_BYTES: usize = 256 << 10;

/// Writes a chain file. The same chain, from the same block on, gives the same bytes, however it
/// was interrupted. Holds at most a frame and what was not taken.
#[derive(Debug)]
pub struct Encoder {
    /// Written and not taken.
    out: Vec<u8>,
    /// Over everything that was written.
    digest: Sha256,
    /// Bytes that were written.
    offset: u64,
    /// Of the entries that are gathered.
    kind: Kind,
    /// Entries of the next frame.
    gathered: Vec<u8>,
    blocks: u64,
    last: Option<BlockId>,
}

impl Encoder {
    /// Begins a file.
    ///
    /// # Errors
    /// When there is no memory, as everywhere here.
    pub fn new(start: &Start) -> io::Result<Self> {
        let mut encoder = Self::resume(Boundary {
            offset: 0,
            digest: Sha256::new(),
            blocks: 0,
            last: start.parent,
        });
        encoder.write(&MAGIC);
        encoder.write(&ARCHIVE_VERSION.to_be_bytes());
        encoder.write(&frame::encode(Kind::Start, false, &start.encode())?);
        Ok(encoder)
    }

    /// Goes on behind a place of a file that was begun.
    pub fn resume(boundary: Boundary) -> Self {
        let Boundary { offset, digest, blocks, last } = boundary;
        let (kind, gathered, out) = (Kind::Blocks, Vec::new(), Vec::new());
        Self { out, digest, offset, kind, gathered, blocks, last }
    }

    /// Adds the next block; `body` are its records as postcard encodes them.
    ///
    /// # Errors
    /// As [`Encoder::new`].
    ///
    /// # Panics
    /// In debug builds, when something other than a block was added before.
    pub fn block(&mut self, header: &Header, hash: Hash, body: &[u8]) -> io::Result<()> {
        debug_assert_eq!(self.kind, Kind::Blocks, "blocks come first");
        let length = u32::try_from(body.len()).map_err(io::Error::other)?;
        self.entry(Kind::Blocks, &[&header.encode(), &length.to_be_bytes(), body])?;
        self.blocks = self.blocks.saturating_add(1);
        self.last = Some(BlockId { height: header.height, hash });
        Ok(())
    }

    /// Adds the next block, whose records it encodes.
    ///
    /// # Errors
    /// As [`Encoder::new`].
    pub fn add(&mut self, block: &HashedBlock) -> io::Result<()> {
        let body = postcard::to_stdvec(block.records()).map_err(io::Error::other)?;
        self.block(block.header(), block.hash(), &body)
    }

    /// Adds a mark of own records.
    ///
    /// # Errors
    /// As [`Encoder::new`].
    pub fn mark(&mut self, mark: &OwnMark) -> io::Result<()> {
        match mark {
            OwnMark::Block(BlockId { height, hash }) => {
                let height = height.get().to_be_bytes();
                self.entry(Kind::Marks, &[b"b", &height, hash.as_bytes()])
            }
            OwnMark::UpTo(height) => self.entry(Kind::Marks, &[b"m", &height.get().to_be_bytes()]),
            OwnMark::Record(id) => self.entry(Kind::Marks, &[b"r", id.as_bytes()]),
        }
    }

    /// Adds an own record that waits.
    ///
    /// # Errors
    /// As [`Encoder::new`].
    pub fn pending(&mut self, text: &str) -> io::Result<()> {
        let length = u32::try_from(text.len()).map_err(io::Error::other)?;
        self.entry(Kind::Pending, &[&length.to_be_bytes(), text.as_bytes()])
    }

    /// Ends the file.
    ///
    /// # Errors
    /// As [`Encoder::new`].
    ///
    /// # Panics
    /// In debug builds, when there is no block: only a part of a chain may have none.
    pub fn finish(&mut self) -> io::Result<()> {
        self.flush()?;
        debug_assert!(self.last.is_some(), "a chain has a block");
        self.write(&[ARCHIVE_END]);
        self.write(&self.blocks.to_be_bytes());
        self.write(self.last.map_or(Hash::ZERO, |last| last.hash).as_bytes());
        let digest: [u8; 32] = self.digest.clone().finalize().into();
        self.write(&digest);
        Ok(())
    }

    /// Takes what was written so far.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    /// The last block that was added, or the parent of the first one.
    pub const fn last(&self) -> Option<BlockId> {
        self.last
    }

    /// How many blocks were added.
    pub const fn blocks(&self) -> u64 {
        self.blocks
    }

    /// Ends the frame, so that another writer may go on behind it.
    ///
    /// # Errors
    /// As [`Encoder::new`].
    pub fn boundary(&mut self) -> io::Result<Boundary> {
        debug_assert_eq!(self.kind, Kind::Blocks, "only blocks may follow");
        self.flush()?;
        let Self { offset, blocks, last, .. } = *self;
        Ok(Boundary { offset, digest: self.digest.clone(), blocks, last })
    }

    fn entry(&mut self, kind: Kind, parts: &[&[u8]]) -> io::Result<()> {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        if kind != self.kind || self.gathered.len().saturating_add(length) > FRAME_BYTES {
            self.flush()?;
            self.kind = kind;
        }
        for part in parts {
            self.gathered.extend_from_slice(part);
        }
        while self.gathered.len() > MAX_ARCHIVE_FRAME {
            let rest = self.gathered.split_off(MAX_ARCHIVE_FRAME);
            let part = std::mem::replace(&mut self.gathered, rest);
            let frame = frame::encode(kind, true, &part)?;
            self.write(&frame);
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.gathered.is_empty() {
            let frame = frame::encode(self.kind, false, &self.gathered)?;
            self.gathered.clear();
            self.write(&frame);
        }
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) {
        self.digest.update(bytes);
        self.offset = self.offset.saturating_add(bytes.len() as u64);
        self.out.extend_from_slice(bytes);
    }
}
