//! Salvage: what still checks of a damaged database, put into a fresh one.

mod branches;
mod listed;
mod marks;
mod pending;
mod scan;
mod source;

use std::path::Path;

use self::branches::salvage_branches;
pub use self::listed::{Listed, LostBlock, LostRecord, Ranges};
use self::marks::Marks;
pub use self::pending::RETURNED_FILE;
use self::pending::{Returned, salvage_batches};
use self::scan::scan;
use self::source::Source;
use super::index::{INDEX_RECORDS, record_entry};
use super::{Opened, Options, StoreError, StoredBlock, WaitingBounds, open};
use crate::chain::{
    Block, ChainHeader, Hash, Height, Spec, Timestamp, TipState, ValidBlock, leaf_hash,
};

/// Blocks between two commits of the fresh database.
const SALVAGED_AT_A_TIME: u64 = 1_000;

/// What was salvaged, and what was not.
#[derive(Debug)]
pub struct Salvaged {
    /// The chain's parameters.
    pub spec: Spec,
    /// Where the main chain of the fresh database ends.
    pub tip: ChainHeader,
    /// Where the damaged main chain ended, as far as it is known.
    pub end: Height,
    /// Records of the fresh main chain.
    pub records: u64,
    /// Blocks of the main chain that do not check, lowest first.
    pub lost: Listed<LostBlock>,
    /// Heights of them.
    pub lost_heights: Ranges,
    /// Heights of blocks of the main chain that check and are left out, since a block below them is
    /// lost.
    pub unlinked: Ranges,
    /// Own records of these that wait for a block again.
    pub returned: u64,
    /// Further own records of these, which are in the file `returned-records.jsonl` of the fresh
    /// directory: so many cannot wait.
    pub aside: u64,
    /// Other records of these.
    pub left_out: u64,
    /// Blocks beside the main chain that were salvaged.
    pub branch_blocks: u64,
    /// Blocks beside the main chain that do not check.
    pub lost_branch_blocks: u64,
    /// Blocks beside the main chain that check and are left out, since a block below them is not
    /// there.
    pub unlinked_branch_blocks: u64,
    /// Records that waited for a block, and do again.
    pub pending: u64,
    /// Batches of such records that are lost, by their numbers.
    pub lost_batches: Listed<u64>,
    /// Records of lost blocks, as the index knows them.
    pub lost_records: Listed<LostRecord>,
    /// Own records that are lost, by their ids.
    pub lost_own: Listed<Hash>,
    /// What else could not be read, in words.
    pub unread: Vec<&'static str>,
    /// What opening the damaged database had to mend, in words.
    pub repairs: Vec<String>,
}

impl Salvaged {
    /// Whether everything that the database held is in the fresh one. The repairs of opening it
    /// took nothing away.
    pub const fn is_whole(&self) -> bool {
        self.lost_heights.is_empty()
            && self.unlinked.is_empty()
            && self.lost_branch_blocks == 0
            && self.lost_batches.total == 0
            && self.unread.is_empty()
    }
}

/// Puts what still checks of the database in `copy`, which is changed by it, into the new directory
/// `into`: the main chain up to the first block that is lost, branches, marks of own records, and
/// records that wait for a block. Own records of blocks above a lost one wait for a block again, up to
/// a bound, and are in a file beyond it.
/// `specs` are the chains that it may be of if its own parameters are lost. `steps` is told of steps
/// that may take long, and `progress` the heights reached and the last one.
///
/// # Errors
/// [`StoreError::Damaged`] when not even the engine opens, or no spec fits. Any other as of [`open`](fn@open).
pub fn salvage(
    copy: &Path,
    into: &Path,
    specs: &[Spec],
    steps: &mut dyn FnMut(&str),
    progress: &mut dyn FnMut(Height, Height),
) -> Result<Salvaged, StoreError> {
    salvage_within(copy, into, specs, WaitingBounds::OF_A_DATABASE, steps, progress)
}

fn salvage_within(
    copy: &Path,
    into: &Path,
    specs: &[Spec],
    bounds: WaitingBounds,
    steps: &mut dyn FnMut(&str),
    progress: &mut dyn FnMut(Height, Height),
) -> Result<Salvaged, StoreError> {
    let source = Source::open(copy, specs, steps)?;
    let spec = source.database.spec.clone();
    let options = Options { chain: Some(spec.clone()), min_free_bytes: 0, ..Options::default() };
    let mut opened = open(into, &options, &mut |_| ())?;
    let mut marks = Marks::read(&source, &mut opened.writer)?;
    let mut found = Salvaged {
        tip: opened.reader.tip(),
        spec,
        end: source.end,
        records: 0,
        lost: Listed::default(),
        lost_heights: Ranges::default(),
        unlinked: Ranges::default(),
        returned: 0,
        aside: 0,
        left_out: 0,
        branch_blocks: 0,
        lost_branch_blocks: 0,
        unlinked_branch_blocks: 0,
        pending: 0,
        lost_batches: Listed::default(),
        lost_records: Listed::default(),
        lost_own: Listed::default(),
        unread: source.unread.clone(),
        repairs: source.repairs.clone(),
    };
    let first_lost = main_chain(&source, &mut opened, &mut marks, &mut found, progress)?;
    // Before others wait again: these are in no block.
    let waiting = salvage_batches(&source, &mut opened, &mut marks, bounds, &mut found)?;
    if let Some(first) = first_lost {
        let mut returned = Returned::below(&source, into, waiting)?;
        above(&source, &mut opened, first, &mut returned, &mut marks, &mut found, progress)?;
        find_lost_records(&source, &mut found);
    }
    salvage_branches(&source, &mut opened, &mut found)?;
    marks.finish(&mut opened.writer, found.tip.header.height, &mut found)?;
    opened.writer.commit()?;
    Ok(found)
}

/// Appends the main chain up to the first block that does not check, whose height is returned.
fn main_chain(
    source: &Source,
    opened: &mut Opened,
    marks: &mut Marks,
    found: &mut Salvaged,
    progress: &mut dyn FnMut(Height, Height),
) -> Result<Option<Height>, StoreError> {
    let mut state = TipState::genesis(&found.spec);
    let mut height = state.height().next();
    let mut first_lost = None;
    while height <= source.end {
        let Some(block) = next_block(source, &state, height) else {
            first_lost = Some(height);
            break;
        };
        opened.writer.append(&block)?;
        state.extend(&block);
        marks.found(block.block().records.iter().map(String::as_str));
        found.records = found.records.saturating_add(block.header().record_count.into());
        if height.get().is_multiple_of(SALVAGED_AT_A_TIME) {
            opened.writer.commit()?;
            progress(height, source.end);
        }
        height = height.next();
    }
    found.tip = opened.writer.commit()?;
    if first_lost.is_none() && source.is_short_of(&found.tip) {
        // Nothing says so but the file beside the database. The engine drops a damaged end of its
        // log in silence, and with it perhaps a reorg.
        found.unread.push("the end of the log, also what it had of marks and pending records; the last blocks may be of before a reorg");
        found.end = found.end.max(source.durable_height());
        first_lost = Some(found.tip.header.height.next());
    }
    Ok(first_lost)
}

/// The block that continues the chain, by every rule: that of the main chain, or a copy of it beside.
fn next_block(source: &Source, state: &TipState, height: Height) -> Option<ValidBlock> {
    let check = |stored: StoredBlock| {
        let block = Block { header: stored.header, records: stored.records };
        let now = Timestamp::from_millis(u64::MAX);
        state.check_block(&source.database.spec, block, now).ok()
    };
    if let Some(block) = source.block(height).ok().and_then(check) {
        return Some(block);
    }
    let hash = source.block(height.next()).ok()?.header.previous_hash;
    source.branch_block(height, hash).and_then(check)
}

/// Looks through the blocks above a lost one: they cannot be stored, but their own records are kept.
fn above(
    source: &Source,
    opened: &mut Opened,
    first: Height,
    returned: &mut Returned,
    marks: &mut Marks,
    found: &mut Salvaged,
    progress: &mut dyn FnMut(Height, Height),
) -> Result<(), StoreError> {
    let mut height = first;
    while height <= found.end {
        match source.lone_block(height) {
            // It reads, but breaks a rule of the chain.
            Ok(block) if height == first && block.header.previous_hash == found.tip.hash => {
                let why = "it breaks a rule of its chain".to_owned();
                lose(found, LostBlock { height, records: Some(block.header.record_count), why });
            }
            Ok(block) => {
                found.unlinked.push(height);
                for text in marks.own_of(source, &block) {
                    returned.push(&mut opened.writer, marks, text)?;
                }
                let records = u64::from(block.header.record_count);
                found.left_out = found.left_out.saturating_add(records);
            }
            Err(why) => {
                let records = source.header(height).map(|header| header.record_count);
                lose(found, LostBlock { height, records, why });
            }
        }
        if height.get().is_multiple_of(SALVAGED_AT_A_TIME) {
            opened.writer.commit()?;
            progress(height, found.end);
        }
        height = height.next();
    }
    found.aside = returned.finish_all(&mut opened.writer, marks)?;
    found.returned = returned.count;
    found.left_out = found.left_out.saturating_sub(returned.seen);
    Ok(())
}

fn lose(found: &mut Salvaged, block: LostBlock) {
    found.lost_heights.push(block.height);
    found.lost.push(block);
}

/// Names the records of lost blocks, as far as the index knows them.
fn find_lost_records(source: &Source, found: &mut Salvaged) {
    let heights = std::mem::take(&mut found.lost_heights);
    let is_read = scan(&source.database.index, INDEX_RECORDS, &mut |key, _| {
        if let Some((prefix, place)) = record_entry(key)
            && heights.contains(place.height)
        {
            let (height, position) = (place.height, place.position);
            found.lost_records.push(LostRecord { height, position, prefix });
        }
        Ok(())
    });
    found.lost_heights = heights;
    found.lost_records.items.sort_unstable_by_key(|record| (record.height, record.position));
    if !matches!(is_read, Ok(true)) {
        found.unread.push("a part of the index, which names records of lost blocks");
    }
}

/// The id of each record.
fn ids<'a>(records: impl Iterator<Item = &'a str>) -> impl Iterator<Item = Hash> {
    records.map(|text| leaf_hash(text.as_bytes()))
}

#[cfg(test)]
mod tests;
