//! Blocks of a running node, checked as they come.
//!
//! What a node sends is not believed: every header's hash, every body and every link is
//! computed again, so that a dump is whole and one chain, or an error.

use std::cell::Cell;
use std::io::{BufReader, Read};
use std::rc::Rc;

use anyhow::{Result, anyhow};
use serde::de::{self, DeserializeSeed, Deserializer, SeqAccess, Visitor};

use super::select::{Select, above_tip};
use super::{Piece, Source};
use crate::chain::{Hash, Height, JsonBlock, Spec, merkle_root, parse_block};
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

/// Bytes of records after which a batch is handed over.
const BATCH_BYTES: u64 = 1 << 20;

/// A running node's chain.
pub(super) struct Stream {
    remote: Remote,
    select: Select,
}

impl Stream {
    pub(super) const fn new(remote: Remote, select: Select) -> Self {
        Self { remote, select }
    }

    /// One block by its height or hash, or the tip; none when the node has none.
    fn block(&self, which: &str) -> Result<Option<Row>> {
        let path = format!("/v1/blocks/{which}");
        let Some(json) = self.remote.get(&path, MAX_BLOCK_JSON_BYTES)? else { return Ok(None) };
        let block = parse_block(&json).map_err(|error| self.wrong(&error.to_string()))?;
        check_body(&block).map_err(|what| self.wrong(&what))?;
        Ok(Some(block.into()))
    }

    fn wrong(&self, what: &str) -> Failure {
        Failure::no(format!("{} sent what is no block of a chain: {what}", self.remote.name()))
    }

    fn tip(&self) -> Result<Row> {
        Ok(self.block("tip")?.ok_or_else(|| self.wrong("there is no tip"))?)
    }

    fn spec(&self) -> Result<Spec> {
        let genesis = self.block("0")?.ok_or_else(|| self.wrong("there is no block 0"))?;
        Ok(spec_of(&genesis).map_err(|what| self.wrong(&what))?)
    }

    /// A single block; none for a hash that the node does not find among its recent blocks.
    fn one(&self) -> Result<Option<Row>> {
        match self.select {
            Select::Tip | Select::Range { .. } => self.tip().map(Some),
            Select::Hash(hash) => {
                let found = self.block(&hash.to_string())?;
                Ok(found.filter(|row| row.hash == hash))
            }
            Select::Height(height) => match self.block(&height.to_string())? {
                Some(row) if row.header.height == height => Ok(Some(row)),
                Some(_) => Err(self.wrong("it is at another height").into()),
                None => Err(above_tip(height, self.tip()?.header.height)),
            },
            Select::Exact(height, hash) => {
                let row = self.block(&height.to_string())?.filter(|row| row.hash == hash);
                Ok(Some(row.ok_or_else(|| {
                    Failure::no(format!("no block at height {height} with the hash {hash}"))
                        .hint("a block that a swap displaced is found with --data-dir, offline")
                })?))
            }
        }
    }

    /// The whole chain as the node streams it, until everything that is wanted came.
    fn chain(&self, hand: &mut dyn FnMut(Piece) -> Result<()>) -> Result<()> {
        let body = self.remote.stream("/chains")?;
        let body = body.ok_or_else(|| self.wrong("there is no /chains"))?;
        walk(self.remote.name(), self.select, body, hand)
    }
}

/// Hands over what is selected of the array of blocks that `name` sends.
fn walk(
    name: &str,
    select: Select,
    body: impl Read,
    hand: &mut dyn FnMut(Piece) -> Result<()>,
) -> Result<()> {
    let since_block = Rc::new(Cell::new(0));
    let bounded = Bounded { inner: body, read: Rc::clone(&since_block) };
    let mut walk =
        Walk { select, since_block, last: None, rows: Vec::new(), bytes: 0, hand, end: None };
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
    parsed.map_err(|error| {
        let last = walk.last.map(|(height, _)| format!(" after block {height}"));
        Failure::no(format!("{name} broke off{}", last.unwrap_or_default()))
            .because(anyhow!(error))
            .hint("what was written so far is not the whole dump; start it again")
    })?;
    match (select, walk.last) {
        (_, None) => Err(Failure::no(format!("{name} sent an empty chain")).into()),
        (Select::Range { from, .. }, Some((tip, _))) if from > tip => Err(above_tip(from, tip)),
        (Select::Hash(hash), _) => {
            Err(Failure::no(format!("no block of the main chain has the hash {hash}")).into())
        }
        _ => walk.flush(),
    }
}

impl Source for Stream {
    fn produce(self: Box<Self>, hand: &mut dyn FnMut(Piece) -> Result<()>) -> Result<()> {
        if matches!(self.select, Select::Range { .. }) {
            return self.chain(hand);
        }
        // A node finds only recent blocks by hash; for the others the whole chain is read.
        let Some(row) = self.one()? else { return self.chain(hand) };
        hand(Piece::Start { spec: Box::new(self.spec()?), total: Some(1) })?;
        hand(Piece::Rows(vec![row]))
    }
}

/// The walk along the chain as it comes.
struct Walk<'a> {
    select: Select,
    since_block: Rc<Cell<u64>>,
    last: Option<(Height, Hash)>,
    rows: Vec<Row>,
    bytes: u64,
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
    fn take(&mut self, block: JsonBlock) -> Result<()> {
        self.since_block.set(0);
        let wrong = |what: String| Failure::no(format!("what came is no chain: {what}"));
        let header = &block.block.header;
        let follows = match self.last {
            None => header.height == Height::GENESIS,
            Some((height, hash)) => header.height == height.next() && header.previous_hash == hash,
        };
        if !follows {
            let what = format!("block {} does not follow the one before it", header.height);
            return Err(wrong(what).into());
        }
        check_body(&block).map_err(wrong)?;
        let row = Row::from(block);
        if self.last.is_none() {
            let spec = Box::new(spec_of(&row).map_err(wrong)?);
            (self.hand)(Piece::Start { spec, total: None })?;
        }
        let (height, hash) = (row.header.height, row.hash);
        self.last = Some((height, hash));
        let (wanted, last) = match self.select {
            Select::Range { from, to } => ((from..=to).contains(&height), height >= to),
            Select::Hash(wanted) => (hash == wanted, hash == wanted),
            Select::Height(_) | Select::Exact(..) | Select::Tip => (false, true),
        };
        if wanted {
            self.bytes += row.records.iter().map(|record| record.len() as u64).sum::<u64>();
            self.rows.push(row);
        }
        if last || self.rows.len() >= BATCH_ROWS || self.bytes >= BATCH_BYTES {
            self.flush()?;
        }
        if last {
            self.end = Some(End::Enough);
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        self.bytes = 0;
        (self.hand)(Piece::Rows(std::mem::take(&mut self.rows)))
    }
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
        while let Some(block) = blocks.next_element()? {
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

impl From<JsonBlock> for Row {
    fn from(json: JsonBlock) -> Self {
        Self { header: json.block.header, hash: json.hash, records: json.block.records }
    }
}

/// The header's hash was checked when the JSON was read; this checks its body.
fn check_body(json: &JsonBlock) -> Result<(), String> {
    let header = &json.block.header;
    if merkle_root(&json.block.records) == header.merkle_root {
        return Ok(());
    }
    Err(format!("the records of block {} are not those of its header", header.height))
}

/// The chain's parameters, which are the record of its first block.
fn spec_of(genesis: &Row) -> Result<Spec, String> {
    let text = genesis.records.first().map(String::as_str).unwrap_or_default();
    let spec = Spec::from_canonical(text).map_err(|error| format!("block 0: {error}"))?;
    if spec.genesis().hash() == genesis.hash {
        return Ok(spec);
    }
    Err("block 0 is not the genesis block of its own parameters".to_owned())
}

#[cfg(test)]
mod tests;
