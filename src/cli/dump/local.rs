//! Blocks of a database that no node holds open.

use std::path::Path;

use anyhow::Result;

use super::select::{Candidates, Select, above_tip, no_hash};
use super::{Piece, Source};
use crate::chain::{BlockId, ChainHeader, Hash, Height};
use crate::cli::api_address;
use crate::cli::args::DEFAULT_URL;
use crate::cli::block_name::HashPrefix;
use crate::cli::evidence::Evidence;
use crate::cli::exit::{Code, Failure};
use crate::cli::offline;
use crate::cli::output::Row;
use crate::store::{Opened, Reader, StoreError, StoredBlock};

/// An opened database. It is locked while this lives, so its chain does not change.
pub(super) struct Local {
    opened: Opened,
    select: Select,
    headers: bool,
}

impl Local {
    pub(super) fn open(evidence: &Evidence, select: Select, headers: bool) -> Result<Self> {
        match offline::open_any(evidence.dir()) {
            Ok(opened) => Ok(Self { opened, select, headers }),
            Err(error @ StoreError::Locked { .. }) => Err(in_use(evidence.dir(), &error)),
            Err(error) => Err(evidence.explain(error)),
        }
    }

    /// What opening had to mend.
    pub(super) fn repairs(&self) -> &[String] {
        &self.opened.repairs
    }

    fn one(&self) -> Result<Row> {
        let reader = &self.opened.reader;
        let (view, tip) = (reader.view(), reader.tip().header.height);
        let height = match &self.select {
            Select::Tip | Select::Range { .. } => tip,
            Select::Height(height) => *height,
            Select::Exact(height, hash) => return exact(reader, *height, hash),
            Select::Hash(prefix) => match prefix.whole() {
                Some(hash) => match view.find_recent(&hash, u64::MAX)? {
                    Some(height) => height,
                    None => return beside(reader, hash)?.ok_or_else(|| no_hash(prefix).into()),
                },
                None => search(reader, prefix)?.ok_or_else(|| {
                    no_hash(prefix).hint(
                        "to find a block that a reorg disconnected, give all of its hash, or --height too",
                    )
                })?,
            },
        };
        let block = view.block(height)?.ok_or_else(|| above_tip(height, tip))?;
        Ok(block.into())
    }
}

/// The database of a running node, which can be asked over REST.
pub(super) fn in_use(dir: &Path, error: &StoreError) -> anyhow::Error {
    let url = api_address::of_holder(dir, error).unwrap_or_else(|| DEFAULT_URL.to_owned());
    Failure::new(Code::Locked, error.to_string())
        .hint(format!("dump the running node over REST: jenny dump --url {url}"))
        .into()
}

/// The height of the one block of the main chain whose hash begins so. Reads every header, since
/// a second one may fit.
fn search(reader: &Reader, prefix: &HashPrefix) -> Result<Option<Height>> {
    let (mut next, tip) = (Height::GENESIS, reader.tip().header.height);
    let mut candidates = Candidates::default();
    while next <= tip {
        let headers = reader.view().headers(next, tip)?;
        let last = headers.last().ok_or_else(|| missing(next, tip))?;
        next = last.header.height.next();
        for header in headers.iter().filter(|header| prefix.fits(&header.hash)) {
            candidates.add(header.header.height, header.hash);
        }
    }
    Ok(candidates.only(prefix)?.map(|(height, _)| height))
}

/// The block beside the main chain with this hash.
fn beside(reader: &Reader, hash: Hash) -> Result<Option<Row>> {
    let Some(id) = reader.search_branches(&hash)? else { return Ok(None) };
    Ok(reader.branch_block(id)?.map(Row::from))
}

fn exact(reader: &Reader, height: Height, prefix: &HashPrefix) -> Result<Row> {
    let mut candidates = Candidates::default();
    let main = reader.view().block(height)?;
    let main_hash = main.as_ref().map(|block| block.hash);
    let sides = reader.branch_hashes(height)?.into_iter().filter(|side| Some(*side) != main_hash);
    for hash in main_hash.into_iter().chain(sides).filter(|hash| prefix.fits(hash)) {
        candidates.add(height, hash);
    }
    let nothing =
        || Failure::no(format!("no block at height {height} with the hash {prefix} is stored"));
    let (_, hash) = candidates.only(prefix)?.ok_or_else(nothing)?;
    if let Some(block) = main.filter(|block| block.hash == hash) {
        return Ok(block.into());
    }
    Ok(reader.branch_block(BlockId { height, hash })?.ok_or_else(nothing)?.into())
}

fn missing(height: Height, tip: Height) -> StoreError {
    StoreError::Damaged { what: format!("block {height} is missing below the tip {tip}") }
}

impl Source for Local {
    fn produce(self: Box<Self>, hand: &mut dyn FnMut(Piece) -> Result<()>) -> Result<()> {
        let spec = Box::new(self.opened.spec.clone());
        let reader = &self.opened.reader;
        let tip = reader.tip().header.height;
        let Select::Range { from, to } = self.select else {
            let row = self.one()?;
            hand(Piece::Start { spec, total: Some(1) })?;
            return hand(Piece::Rows(vec![row]));
        };
        if from > tip {
            return Err(above_tip(from, tip));
        }
        let to = to.min(tip);
        hand(Piece::Start { spec, total: Some(to.above(from).saturating_add(1)) })?;
        let mut next = from;
        while next <= to {
            // A view of its own for each batch: the chain does not change, and a view must not
            // grow old while our own reader is slow.
            let view = reader.view();
            let rows: Vec<Row> = if self.headers {
                view.headers(next, to)?.into_iter().map(Row::from).collect()
            } else {
                view.blocks(next, to)?.into_iter().map(Row::from).collect()
            };
            let Some(last) = rows.last() else {
                return Err(missing(next, tip).into());
            };
            next = last.header.height.next();
            hand(Piece::Rows(rows))?;
        }
        Ok(())
    }
}

impl From<StoredBlock> for Row {
    fn from(block: StoredBlock) -> Self {
        Self { header: block.header, hash: block.hash, records: block.records }
    }
}

impl From<ChainHeader> for Row {
    fn from(stored: ChainHeader) -> Self {
        Self { header: stored.header, hash: stored.hash, records: Vec::new() }
    }
}
