//! Finding damage: quickly at opening, fully in the background and in `verify`.

use std::sync::Arc;

use super::database::{Database, touch};
use super::layout::TILE;
use super::sled::errors::guarded;
use super::tiles::{self, TileEdge};
use super::{StoreError, View};
use crate::chain::{
    Block, ChainHeader, Height, Spec, Timestamp, TipState, ValidBlock, Work, leaf_hash,
};

/// Links that are checked before anything is served.
const QUICK_LINKS: u64 = 1_000;

/// The quick check: genesis, the last links with their work, and the tip's body.
pub(super) fn check_recent(view: &View, spec: &Spec) -> Result<(), StoreError> {
    let tip = view.tip();
    check_genesis(view, spec)?;
    let mut next = tip.header.height.back(QUICK_LINKS);
    let mut last: Option<ChainHeader> = None;
    while next <= tip.header.height {
        for header in view.headers(next, tip.header.height)? {
            if let Some(last) = last {
                check_link(&last, &header)?;
            }
            next = header.header.height.next();
            last = Some(header);
        }
    }
    if last.map(|last| last.hash) != Some(tip.hash) {
        return Err(StoreError::Damaged { what: "the tip is not the last block".to_owned() });
    }
    view.block(tip.header.height).map(drop)
}

fn check_genesis(view: &View, spec: &Spec) -> Result<(), StoreError> {
    let genesis = spec.genesis();
    let stored = view.block(Height::GENESIS)?;
    let fits = stored.is_some_and(|stored| {
        stored.header == *genesis.header() && stored.total_work == genesis.total_work()
    });
    let what = "block 0: it is not the genesis block of the stored chain spec";
    if fits { Ok(()) } else { Err(StoreError::Damaged { what: what.to_owned() }) }
}

fn check_link(parent: &ChainHeader, header: &ChainHeader) -> Result<(), StoreError> {
    let height = header.header.height;
    let damaged = |what: &str| StoreError::Damaged { what: format!("block {height}: {what}") };
    if header.header.previous_hash != parent.hash {
        return Err(damaged("previous_hash is not the block below it"));
    }
    let work = header.header.bits.target().map(Work::of);
    let work = work.map_err(|_| damaged("bits is not a valid target"))?;
    if header.total_work != parent.total_work.plus(work) {
        return Err(damaged("its stored work is not the sum of the blocks before it"));
    }
    Ok(())
}

/// What a full check went through, up to where it ended.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Checked {
    /// Blocks, the genesis block included.
    pub blocks: u64,
    /// Records of these blocks.
    pub records: u64,
    /// Bytes of these records.
    pub record_bytes: u64,
    /// Time of the first block above genesis, `None` if there is none.
    pub first: Option<Timestamp>,
}

impl Checked {
    fn count(&mut self, block: &ValidBlock) {
        self.blocks = self.blocks.saturating_add(1);
        self.records = self.records.saturating_add(block.header().record_count.into());
        self.record_bytes = self.record_bytes.saturating_add(block.block().record_bytes());
        if block.header().height > Height::GENESIS {
            self.first = self.first.or(Some(block.header().timestamp));
        }
    }
}

/// The full check: every rule, every stored sum, every tile.
pub(super) fn check_all(
    database: &Arc<Database>,
    progress: &mut dyn FnMut(Height) -> bool,
) -> Result<Checked, StoreError> {
    let view = View::new(Arc::clone(database));
    let spec = &database.spec;
    check_genesis(&view, spec)?;
    let genesis = spec.genesis();
    let mut state = TipState::genesis(spec);
    let mut checked = Checked::default();
    checked.count(&genesis);
    let mut edge = TileEdge::default();
    check_tiles(database, &view, &mut edge, &genesis)?;
    drop(view);
    // A view lives ten minutes, and a long chain takes longer: each batch has its own, and
    // the state that is carried along shows whether the chain is still the same.
    while state.hash() != database.state().tip.hash {
        let view = View::new(Arc::clone(database));
        let ChainHeader { header, .. } = view.tip();
        let next = state.height().next();
        let blocks = view.blocks(next, header.height).map_err(|error| {
            // The engine speaks of places in its file: say which block that is.
            first_unreadable(&view, next).unwrap_or(error)
        })?;
        if blocks.first().is_none_or(|first| first.header.previous_hash != state.hash()) {
            if view.header(state.height())?.is_some_and(|header| header.hash == state.hash()) {
                let what = format!("block {}: it does not follow", state.height().next());
                return Err(StoreError::Damaged { what });
            }
            // A reorg took the checked blocks away: start anew on the new chain.
            return check_all(database, progress);
        }
        for stored in blocks {
            let height = stored.header.height;
            let damaged = |what: String| StoreError::Damaged { what };
            let block = Block { header: stored.header, records: stored.records };
            let valid = state
                .check_block(spec, block, Timestamp::from_millis(u64::MAX))
                .map_err(|error| damaged(format!("block {height}: {error}")))?;
            if valid.total_work() != stored.total_work {
                let what = "its stored work is not the sum of the blocks before it";
                return Err(damaged(format!("block {height}: {what}")));
            }
            check_tiles(database, &view, &mut edge, &valid)?;
            state.extend(&valid);
            checked.count(&valid);
        }
        if !progress(state.height()) {
            break;
        }
    }
    Ok(checked)
}

/// The damage of the first block from `next` on that cannot be read alone.
fn first_unreadable(view: &View, next: Height) -> Option<StoreError> {
    (0..View::MAX_VIEW_BLOCKS).find_map(|above| {
        let height = next.ahead(above);
        match view.block(height) {
            Err(StoreError::Damaged { what }) if !what.starts_with("block ") => {
                Some(StoreError::Damaged { what: format!("block {height}: {what}") })
            }
            read => read.err(),
        }
    })
}

/// Every tile that the block completes must be in the database.
fn check_tiles(
    database: &Database,
    view: &View,
    edge: &mut TileEdge,
    block: &ValidBlock,
) -> Result<(), StoreError> {
    let mut result = Ok(());
    edge.append(leaf_hash(block.hash().as_bytes()), &mut |tile| {
        let stored = guarded(|| {
            touch(&database.chain, &tile.key, tile.value.len())?;
            database.chain.get(tile.key).map_err(super::sled::errors::read_error)
        });
        let fits = stored.map(|stored| stored.is_some_and(|stored| stored == tile.value));
        if !matches!(fits, Ok(true)) && view.is_main() {
            let height = block.header().height;
            let what = format!("block {height}: the history tile that it completes is wrong");
            result = fits.and(Err(StoreError::Damaged { what }));
        }
    });
    result
}

/// Writes the tiles that a kill left out. Returns the right edge of the tree over the
/// main chain up to `leaves` blocks, and how many tiles were written.
pub(super) fn repair_tiles(
    database: &Database,
    leaves: u64,
) -> Result<(TileEdge, u64), StoreError> {
    let mut written = 0;
    let leaf = |leaf: u64| {
        let height = Height::new(leaf);
        let value = database
            .raw_block(height)?
            .ok_or_else(|| StoreError::Damaged { what: format!("block {height} is missing") })?;
        let (header, _) = super::layout::decode_block(height, &value)?;
        Ok(leaf_hash(header.hash.as_bytes()))
    };
    for level in 0..u8::MAX {
        let tiles_here = tiles::nodes_at(leaves, level + 1);
        if tiles_here == 0 {
            break;
        }
        // Tiles are written in order, so at most the last of each level is missing.
        let last = tiles_here - 1;
        if database.tile(level, last).is_ok() {
            continue;
        }
        let first = last * TILE as u64;
        let nodes: Result<Vec<_>, _> = (first..first + TILE as u64)
            .map(|node| match level.checked_sub(1) {
                None => leaf(node),
                Some(below) => database.tile(below, node).map(crate::chain::root),
            })
            .collect();
        let tile = tiles::Tile::new(level, last, &nodes?);
        database.chain.insert(tile.key, tile.value).map_err(super::sled::errors::write_error)?;
        written += 1;
    }
    let edge = TileEdge::read(leaves, &|level, index| database.tile(level, index), &leaf)?;
    Ok((edge, written))
}

#[cfg(test)]
mod tests;
