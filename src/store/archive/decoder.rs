//! Reads a chain file. Nothing in it is believed: lengths are bounded before memory is taken, and
//! blocks are checked as far as a file alone allows.

use std::io::{ErrorKind, Read};

use sha2::{Digest, Sha256};

use super::frame::{FRAME_HEAD, Head, Kind, MAX_ARCHIVE_FRAME};
use super::{ARCHIVE_END, ARCHIVE_VERSION, ArchiveError, Boundary, MAGIC, Start};
use crate::chain::{Block, BlockId, HEADER_BYTES, Hash, HashedBlock, Header, Height, Spec};
use crate::store::OwnMark;

/// Most bytes of an entry that several frames hold, and of what follows it in the last one: two
/// frames. The largest block has 1 MiB of records, and 65,536 of them with three bytes each. 2 MiB.
const MAX_JOINED: usize = 2 * MAX_ARCHIVE_FRAME;

/// Reads a chain file, entry by entry. Holds at most two frames.
#[derive(Debug)]
pub struct Decoder<R> {
    input: R,
    /// Bytes that were read.
    offset: u64,
    /// Where the frame of the next entry begins.
    frame_at: u64,
    /// Over what was read.
    digest: Sha256,
    start: Start,
    kind: Kind,
    /// Contents of the present frame.
    contents: Vec<u8>,
    /// How much of it was handed over.
    used: usize,
    boundary: Boundary,
    is_done: bool,
}

/// An entry of a chain file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Item {
    /// The next block: it names the one before it, has its proof of work, and its records are
    /// those of its header. The rules that need its ancestors are not checked.
    Block(HashedBlock),
    /// A mark of own records.
    OwnMark(OwnMark),
    /// An own record that waits.
    Pending(String),
}

impl<R: Read> Decoder<R> {
    /// Reads the beginning of a file.
    ///
    /// # Errors
    /// When it is no chain file, is newer or damaged, or cannot be read.
    pub fn new(input: R) -> Result<Self, ArchiveError> {
        let boundary = Boundary { offset: 0, digest: Sha256::new(), blocks: 0, last: None };
        let mut decoder = Self {
            input,
            offset: 0,
            frame_at: 0,
            digest: Sha256::new(),
            start: Start { spec: Spec::jenny(), parent: None, has_own: false },
            kind: Kind::Start,
            contents: Vec::new(),
            used: 0,
            boundary,
            is_done: false,
        };
        // Byte by byte: one that ends within them may be a file of which the rest is missing.
        for expected in MAGIC {
            if decoder.array()? != [expected] {
                return Err(ArchiveError::NotArchive);
            }
        }
        let found = u16::from_be_bytes(decoder.array()?);
        if found != ARCHIVE_VERSION {
            return Err(ArchiveError::Newer { found, known: ARCHIVE_VERSION });
        }
        if !decoder.frame(Kind::Start)? {
            return Err(decoder.damaged("it ends before its first frame"));
        }
        if decoder.kind != Kind::Start {
            return Err(decoder.damaged("the first frame is missing"));
        }
        let start = Start::decode(&decoder.contents).map_err(|what| decoder.damaged(what))?;
        decoder.boundary.last = start.parent;
        decoder.start = start;
        decoder.used = decoder.contents.len();
        Ok(decoder)
    }

    /// Which chain the file holds, and from where on.
    pub const fn start(&self) -> &Start {
        &self.start
    }

    /// Reads the next entry, `None` at the end of a file that was found complete.
    ///
    /// # Errors
    /// When the file is truncated or damaged, or cannot be read.
    #[expect(clippy::should_implement_trait, reason = "an iterator would go on after an error")]
    pub fn next(&mut self) -> Result<Option<Item>, ArchiveError> {
        while self.used == self.contents.len() {
            if self.is_done {
                return Ok(None);
            }
            if self.kind <= Kind::Blocks {
                self.boundary.offset = self.offset;
                self.boundary.digest = self.digest.clone();
            }
            if !self.frame(Kind::Blocks.max(self.kind))? {
                self.end()?;
            }
        }
        match self.kind {
            Kind::Start | Kind::Blocks => self.block().map(Item::Block).map(Some),
            Kind::Marks => self.mark().map(Item::OwnMark).map(Some),
            Kind::Pending => self.pending().map(Item::Pending).map(Some),
        }
    }

    /// The last place among the blocks that were handed over at which another writer may go on.
    pub fn boundary(&self) -> Boundary {
        self.boundary.clone()
    }

    /// How many blocks were handed over.
    pub const fn blocks(&self) -> u64 {
        self.boundary.blocks
    }

    /// The last block that was handed over, or the parent of the first one.
    pub const fn last(&self) -> Option<BlockId> {
        self.boundary.last
    }

    /// Reads a frame, and those that continue it. Returns false at the end of the frames.
    fn frame(&mut self, lowest: Kind) -> Result<bool, ArchiveError> {
        self.frame_at = self.offset;
        self.contents.clear();
        self.used = 0;
        loop {
            let [kind] = self.array()?;
            let is_first = self.contents.is_empty();
            if kind == ARCHIVE_END && is_first {
                return Ok(false);
            }
            let rest: [u8; FRAME_HEAD - 1] = self.array()?;
            let mut bytes = [kind; FRAME_HEAD];
            bytes[1..].copy_from_slice(&rest);
            let head = Head::decode(&bytes).map_err(|what| self.damaged(what))?;
            if is_first && (head.kind < lowest || head.kind > Kind::Blocks && !self.start.has_own) {
                return Err(self.damaged("a frame is out of its place"));
            }
            if !is_first && head.kind != self.kind {
                return Err(self.damaged("an entry is not continued"));
            }
            if self.contents.len() + head.length > MAX_JOINED {
                return Err(self.damaged("an entry is longer than any can be"));
            }
            let stored = self.bytes(head.stored)?;
            let contents = head.contents(&bytes, stored).map_err(|what| self.damaged(what))?;
            self.contents.extend_from_slice(&contents);
            self.kind = head.kind;
            if !head.is_continued {
                return Ok(true);
            }
        }
    }

    /// Reads what follows the first byte of the end.
    fn end(&mut self) -> Result<(), ArchiveError> {
        let blocks = u64::from_be_bytes(self.array()?);
        let tip = Hash::new(self.array()?);
        let expected: [u8; 32] = self.digest.clone().finalize().into();
        let found: [u8; 32] = self.array()?;
        if found != expected {
            return Err(self.damaged("the digest of the file does not fit"));
        }
        let last = self.last();
        if blocks != self.blocks() || last.is_none_or(|last| last.hash != tip) {
            return Err(self.damaged("its end names another block than its last one"));
        }
        let mut more = [0];
        match self.input.read(&mut more) {
            Ok(0) => self.is_done = true,
            Ok(_) => {
                self.frame_at = self.offset;
                return Err(self.damaged("something follows its end"));
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    fn block(&mut self) -> Result<HashedBlock, ArchiveError> {
        let height = self.last().map_or(Height::GENESIS, |last| last.height.next());
        let header = *self.part::<HEADER_BYTES>()?;
        let header = Header::decode(&header);
        let length = u32::from_be_bytes(*self.part()?);
        let start = self.used;
        self.part_of(usize::try_from(length).unwrap_or(usize::MAX))?;
        let body = self.contents.get(start..self.used).unwrap_or_default();
        let block = check_block(&self.start.spec, self.last(), height, header, body)
            .map_err(|what| self.damaged(format!("block {height}: {what}")))?;
        self.boundary.blocks = self.boundary.blocks.saturating_add(1);
        self.boundary.last = Some(block.id());
        Ok(block)
    }

    fn mark(&mut self) -> Result<OwnMark, ArchiveError> {
        let [tag] = *self.part()?;
        let height = |bytes| Height::new(u64::from_be_bytes(bytes));
        Ok(match tag {
            b'b' => {
                let height = height(*self.part()?);
                OwnMark::Block(BlockId { height, hash: Hash::new(*self.part()?) })
            }
            b'm' => OwnMark::UpTo(height(*self.part()?)),
            b'r' => OwnMark::Record(Hash::new(*self.part()?)),
            _ => return Err(self.damaged("a mark is of an unknown kind")),
        })
    }

    fn pending(&mut self) -> Result<String, ArchiveError> {
        let length = u32::from_be_bytes(*self.part()?);
        if u64::from(length) > self.start.spec.max_record_bytes() {
            return Err(self.damaged("a pending record is longer than the chain allows"));
        }
        let text = self.part_of(usize::try_from(length).unwrap_or(usize::MAX))?.to_vec();
        String::from_utf8(text).map_err(|_| self.damaged("a pending record is not UTF-8"))
    }

    /// The next bytes of the contents.
    fn part<const N: usize>(&mut self) -> Result<&[u8; N], ArchiveError> {
        let damaged = self.cut_off();
        self.part_of(N)?.first_chunk().ok_or(damaged)
    }

    fn part_of(&mut self, length: usize) -> Result<&[u8], ArchiveError> {
        let damaged = self.cut_off();
        let end = self.used.checked_add(length);
        let range = end.map(|end| self.used..end);
        let part = range.and_then(|range| self.contents.get(range)).ok_or(damaged)?;
        self.used += length;
        Ok(part)
    }

    fn cut_off(&self) -> ArchiveError {
        self.damaged("an entry is cut off")
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ArchiveError> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn bytes(&mut self, length: usize) -> Result<Vec<u8>, ArchiveError> {
        let mut bytes = vec![0; length];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), ArchiveError> {
        self.input.read_exact(bytes).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => ArchiveError::Truncated { offset: self.frame_at },
            _ => error.into(),
        })?;
        self.offset = self.offset.saturating_add(bytes.len() as u64);
        self.digest.update(&*bytes);
        Ok(())
    }

    fn damaged(&self, what: impl Into<String>) -> ArchiveError {
        ArchiveError::Damaged { offset: self.frame_at, what: what.into() }
    }
}

/// The rules that need no ancestor but the parent's id.
fn check_block(
    spec: &Spec,
    parent: Option<BlockId>,
    height: Height,
    header: Header,
    body: &[u8],
) -> Result<HashedBlock, String> {
    if header.height != height {
        return Err("its header names another height".to_owned());
    }
    if header.record_count > spec.max_block_records() {
        return Err("it has more records than the chain allows".to_owned());
    }
    let count = postcard::take_from_bytes::<u64>(body).map(|(count, _)| count);
    if count != Ok(header.record_count.into()) {
        return Err("its records are not as many as its header says".to_owned());
    }
    let Ok((records, [])) = postcard::take_from_bytes(body) else {
        return Err("its body does not decode".to_owned());
    };
    let block = HashedBlock::new(Block { header, records });
    let Some(parent) = parent else {
        let is_genesis = spec.genesis().block() == block.block();
        let what = || "it is not the genesis block of the chain spec".to_owned();
        return is_genesis.then_some(block).ok_or_else(what);
    };
    if header.previous_hash != parent.hash {
        return Err("it does not follow the block before it".to_owned());
    }
    block.check_header_alone(spec).map_err(|error| error.to_string())?;
    spec.check_records(block.records()).map_err(|error| error.to_string())?;
    block.check_merkle_root().map_err(|error| error.to_string())?;
    Ok(block)
}
