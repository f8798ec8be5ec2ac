//! Blocks of a running node, checked as they come.
//!
//! What a node sends is not believed: each block is checked by every rule of its chain, as
//! `verify` checks a database, so that a dump is whole and one chain, or an error. Memory is
//! bounded by the limits of a block, whatever the node sends.

use std::cell::Cell;
use std::io::{BufReader, Read};
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use serde::de::{self, DeserializeSeed, Deserializer, SeqAccess, Visitor};

use super::select::{Candidates, Select, above_tip, no_hash};
use super::{Piece, Source};
use crate::chain::{
    Block, BoundedBlock, HashedBlock, Height, Spec, Timestamp, TipState, parse_bounded_block,
};
use crate::cli::exit::Failure;
use crate::cli::output::Row;
use crate::cli::remote::Remote;

/// Most bytes of one block's JSON: 1 MiB of records, each byte escaped as `\u0000`, 65,536 pairs
/// of quotes with a comma, and the header. Bounds the memory that a node can make us use.
const MAX_BLOCK_JSON_BYTES: u64 = 6 * Spec::MAX_BLOCK_BYTES + 3 * 65_536 + 4_096;

/// Bytes that are read from the socket at a time.
const READ_BYTES: usize = 64 << 10;

/// Rows that are handed over together: as many as a batch of the database has.
const BATCH_ROWS: usize = 256;

/// Bytes of memory after which a batch is handed over.
const DUMP_BATCH_BYTES: u64 = 1 << 20;

/// Memory that a row costs beside its records, in bytes.
const ROW_BYTES: u64 = 512;

/// Memory that a record costs beside its text, in bytes: its place in the list, and what the
/// allocator adds.
const RECORD_BYTES: u64 = 48;

/// Rows are handed over after this time at the latest, when the next block comes.
const BATCH_TIME: Duration = Duration::from_millis(100);

/// A running node's chain.
pub(super) struct Stream {
    remote: Remote,
    select: Select,
}

impl Stream {
    pub(super) const fn new(remote: Remote, select: Select) -> Self {
        Self { remote, select }
    }

    /// One block by its height or hash, or the tip, `None` if the node has none. It is checked by
    /// every rule that needs no other block.
    fn block(&self, spec: &Spec, which: &str) -> Result<Option<Row>> {
        let Some(block) = self.ask(which, spec.max_block_records())? else { return Ok(None) };
        check_alone(spec, &block).map_err(|what| self.wrong(&what))?;
        Ok(Some(block.into()))
    }

    fn ask(&self, which: &str, max: u32) -> Result<Option<HashedBlock>> {
        let path = format!("/v1/blocks/{which}");
        let Some(json) = self.remote.get(&path, MAX_BLOCK_JSON_BYTES)? else { return Ok(None) };
        let block = parse_bounded_block(&json, max);
        Ok(Some(block.map_err(|error| self.wrong(&error.to_string()))?))
    }

    fn wrong(&self, what: &str) -> Failure {
        Failure::no(format!("{} sent an invalid block: {what}", self.remote.name()))
    }

    fn tip(&self, spec: &Spec) -> Result<Row> {
        Ok(self.block(spec, "tip")?.ok_or_else(|| self.wrong("there is no tip"))?)
    }

    fn spec(&self) -> Result<Spec> {
        let genesis = self.ask("0", 1)?.ok_or_else(|| self.wrong("there is no block 0"))?;
        Ok(spec_of(&genesis).map_err(|what| self.wrong(&what))?)
    }

    /// A single block, `None` for the start of a hash, for which the whole chain is read.
    fn one(&self, spec: &Spec) -> Result<Option<Row>> {
        match &self.select {
            Select::Tip | Select::Range { .. } => self.tip(spec).map(Some),
            Select::Hash(prefix) => {
                // The start of a hash may fit several blocks: only the whole chain tells.
                let Some(hash) = prefix.whole() else { return Ok(None) };
                let found = self.block(spec, &hash.to_string())?.filter(|row| row.hash == hash);
                found.map(Some).ok_or_else(|| no_hash(prefix).into())
            }
            Select::Height(height) => match self.block(spec, &height.to_string())? {
                Some(row) if row.header.height == *height => Ok(Some(row)),
                Some(_) => Err(self.wrong("it is at another height").into()),
                None => Err(above_tip(*height, self.tip(spec)?.header.height)),
            },
            Select::Exact(height, prefix) => {
                let name =
                    prefix.whole().map_or_else(|| height.to_string(), |hash| hash.to_string());
                let row = self.block(spec, &name)?;
                let row = row.filter(|row| row.header.height == *height && prefix.fits(&row.hash));
                Ok(Some(row.ok_or_else(|| {
                    Failure::no(format!("no block at height {height} with the hash {prefix}"))
                        .hint("to find a block that a reorg disconnected, give all of its hash")
                })?))
            }
        }
    }

    /// The whole chain as the node streams it, until everything that is wanted came.
    fn chain(&self, hand: &mut dyn FnMut(Piece) -> Result<()>) -> Result<()> {
        let body = self.remote.stream("/chains")?;
        let body = body.ok_or_else(|| self.wrong("there is no /chains"))?;
        walk(self.remote.name(), &self.select, body, hand)
    }
}

/// Hands over what is selected of the array of blocks that `name` sends.
fn walk(
    name: &str,
    select: &Select,
    body: impl Read,
    hand: &mut dyn FnMut(Piece) -> Result<()>,
) -> Result<()> {
    let since_block = Rc::new(Cell::new(0));
    let bounded = Bounded { inner: body, read: Rc::clone(&since_block) };
    let mut walk = Walk {
        select,
        since_block,
        chain: None,
        rows: Vec::new(),
        bytes: 0,
        handed: None,
        candidates: Candidates::default(),
        found: None,
        hand,
        end: None,
    };
    let reader = BufReader::with_capacity(READ_BYTES, bounded);
    let mut json = serde_json::Deserializer::from_reader(reader);
    let parsed = walk.deserialize(&mut json).and_then(|()| json.end());
    match walk.end.take() {
        Some(End::Enough) => return Ok(()),
        Some(End::Failed(error)) => {
            return Err(error.context(format!("dumping {name}")));
        }
        None => {}
    }
    let last = walk.chain.as_ref().map(|(_, state)| state.height());
    parsed.map_err(|error| {
        let after = last.map(|height| format!(" after block {height}")).unwrap_or_default();
        if error.is_data() || error.is_syntax() {
            let message = format!("{name} sent an invalid chain{after}");
            return Failure::no(message).because(anyhow!(error));
        }
        Failure::no(format!("the response of {name} ended early{after}"))
            .because(anyhow!(error))
            .hint("the dump is incomplete; start it again")
    })?;
    match (select, last) {
        (_, None) => Err(Failure::no(format!("{name} sent an empty chain")).into()),
        (Select::Range { from, .. }, Some(tip)) if *from > tip => Err(above_tip(*from, tip)),
        (Select::Hash(prefix), _) => {
            walk.candidates.only(prefix)?.ok_or_else(|| no_hash(prefix))?;
            walk.rows.extend(walk.found.take());
            walk.flush()
        }
        _ => walk.flush(),
    }
}

impl Source for Stream {
    fn produce(self: Box<Self>, hand: &mut dyn FnMut(Piece) -> Result<()>) -> Result<()> {
        if matches!(self.select, Select::Range { .. }) {
            return self.chain(hand);
        }
        let spec = self.spec()?;
        let Some(row) = self.one(&spec)? else { return self.chain(hand) };
        hand(Piece::Start { spec: Box::new(spec), total: Some(1) })?;
        hand(Piece::Rows(vec![row]))
    }
}

/// The walk along the chain as it comes.
struct Walk<'a> {
    select: &'a Select,
    since_block: Rc<Cell<u64>>,
    /// The chain's parameters and the state after the last block, `None` before the first.
    chain: Option<(Spec, TipState)>,
    rows: Vec<Row>,
    /// Memory that the rows cost.
    bytes: u64,
    /// When rows were last handed over.
    handed: Option<Instant>,
    /// Blocks whose hash begins as is wanted.
    candidates: Candidates,
    /// The first of these.
    found: Option<Row>,
    hand: &'a mut dyn FnMut(Piece) -> Result<()>,
    end: Option<End>,
}

/// Why a walk ends before the chain does.
enum End {
    /// All that is wanted came.
    Enough,
    /// What came is no chain, or nobody takes it any more.
    Failed(anyhow::Error),
}

impl Walk<'_> {
    fn take(&mut self, block: HashedBlock) -> Result<()> {
        self.since_block.set(0);
        let row = self.check(block)?;
        let (height, hash) = (row.header.height, row.hash);
        let (wanted, last) = match self.select {
            Select::Range { from, to } => ((*from..=*to).contains(&height), height >= *to),
            Select::Hash(prefix) => (prefix.fits(&hash), prefix.whole() == Some(hash)),
            Select::Height(_) | Select::Exact(..) | Select::Tip => (false, true),
        };
        let is_searched = matches!(self.select, Select::Hash(prefix) if prefix.whole().is_none());
        if wanted && is_searched {
            self.candidates.add(height, hash);
            self.found.get_or_insert(row);
        } else if wanted {
            self.bytes = self.bytes.saturating_add(weight(&row));
            self.rows.push(row);
        }
        let is_late = self.handed.is_none_or(|handed| handed.elapsed() >= BATCH_TIME);
        let is_full = self.rows.len() >= BATCH_ROWS || self.bytes >= DUMP_BATCH_BYTES;
        if last || is_full || is_late && !self.rows.is_empty() {
            self.flush()?;
        }
        if last {
            self.end = Some(End::Enough);
        }
        Ok(())
    }

    /// Checks the next block by every rule: those that `verify` applies to a database.
    fn check(&mut self, block: HashedBlock) -> Result<Row> {
        let wrong = |what: String| Failure::no(format!("the node sent an invalid chain: {what}"));
        let height = block.header().height;
        let Some((spec, state)) = &mut self.chain else {
            if height != Height::GENESIS {
                return Err(wrong(format!("it begins with block {height}")).into());
            }
            let spec = spec_of(&block).map_err(wrong)?;
            (self.hand)(Piece::Start { spec: Box::new(spec.clone()), total: None })?;
            let state = TipState::genesis(&spec);
            self.chain = Some((spec, state));
            return Ok(block.into());
        };
        if height != state.height().next() || block.header().previous_hash != state.hash() {
            return Err(wrong(format!("block {height} does not follow the one before it")).into());
        }
        let valid = state
            .check_block(spec, block, Timestamp::from_millis(u64::MAX))
            .map_err(|error| wrong(format!("block {height}: {error}")))?;
        state.extend(&valid);
        let hash = valid.hash();
        let block = valid.into_block();
        Ok(Row { header: block.header, hash, records: block.records })
    }

    fn flush(&mut self) -> Result<()> {
        self.bytes = 0;
        self.handed = Some(Instant::now());
        (self.hand)(Piece::Rows(std::mem::take(&mut self.rows)))
    }

    /// Most records of the next block.
    fn max_records(&self) -> u32 {
        self.chain.as_ref().map_or(1, |(spec, _)| spec.max_block_records())
    }
}

/// The memory that a row costs.
fn weight(row: &Row) -> u64 {
    let record = |record: &String| (record.capacity() as u64).saturating_add(RECORD_BYTES);
    row.records.iter().map(record).fold(ROW_BYTES, u64::saturating_add)
}

impl<'de> DeserializeSeed<'de> for &mut Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for &mut Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an array of blocks")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut blocks: A) -> Result<(), A::Error> {
        while let Some(block) =
            blocks.next_element_seed(BoundedBlock { max: self.max_records() })?
        {
            if let Err(error) = self.take(block) {
                self.end = Some(End::Failed(error));
            }
            if self.end.is_some() {
                return Err(de::Error::custom("enough was read"));
            }
        }
        Ok(())
    }
}

/// Counts what is read, and refuses a block that has no end.
struct Bounded<R> {
    inner: R,
    read: Rc<Cell<u64>>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        // What the buffer above holds was counted for the block before.
        if self.read.get() > MAX_BLOCK_JSON_BYTES + READ_BYTES as u64 {
            return Err(std::io::Error::other("a block is longer than any block can be"));
        }
        let count = self.inner.read(buffer)?;
        self.read.set(self.read.get() + count as u64);
        Ok(count)
    }
}

impl From<HashedBlock> for Row {
    fn from(block: HashedBlock) -> Self {
        let hash = block.hash();
        let Block { header, records } = block.into_block();
        Self { header, hash, records }
    }
}

/// The rules that need no other block; the header's hash was checked when the JSON was read.
fn check_alone(spec: &Spec, block: &HashedBlock) -> Result<(), String> {
    let height = block.header().height;
    let named = |what: String| format!("block {height}: {what}");
    if height == Height::GENESIS {
        return spec_of(block).map(drop);
    }
    block.check_header_alone(spec).map_err(|error| named(error.to_string()))?;
    spec.check_records(block.records()).map_err(|error| named(error.to_string()))?;
    let root = block.check_merkle_root();
    root.map_err(|_| named("its records are not those of its header".to_owned()))
}

/// The chain's parameters, which are the record of its first block.
fn spec_of(genesis: &HashedBlock) -> Result<Spec, String> {
    let text = genesis.records().first().map(String::as_str).unwrap_or_default();
    let spec = Spec::from_canonical(text).map_err(|error| format!("block 0: {error}"))?;
    // The records count: the header commits to them, and the expected one is computed.
    if spec.genesis().block() == genesis.block() {
        return Ok(spec);
    }
    Err("block 0 is not the genesis block of its own parameters".to_owned())
}

#[cfg(test)]
mod tests;
