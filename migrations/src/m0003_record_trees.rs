//! Creates the trees of records: `pending`, `own`, `index` and `reorgs`. Tree `own` notes how
//! high the main chain is now under `m`: blocks up to there are from before the tree. A new
//! database has no such block, and gets no note.

use crate::MigrationError;

const TREES: [&str; 4] = ["pending", "own", "index", "reorgs"];

/// Above every block's key in `chain` and below every other key.
const AFTER_BLOCKS: &[u8] = b"c";

/// The intent of a reorg under way, in `chain`: heights of its fork point and of its new tip, and
/// the new tip's hash.
const INTENT: &[u8] = b"swap";

/// In `own`: the height up to which blocks are from before the tree, a u64, big-endian.
const BEFORE: &[u8] = b"m";

pub(crate) fn up(db: &sled::Db) -> Result<(), MigrationError> {
    for tree in TREES {
        db.open_tree(tree)?;
    }
    let chain = db.open_tree("chain")?;
    if let Some(height) = tip_height(&chain)? {
        db.open_tree("own")?.insert(BEFORE, &height)?;
    }
    Ok(())
}

/// Where the main chain ends once opening has finished a reorg under way; `None` if there is no
/// block.
fn tip_height(chain: &sled::Tree) -> Result<Option<[u8; 8]>, MigrationError> {
    if let Some(intent) = chain.get(INTENT)? {
        let height = intent.get(8..16).and_then(|height| height.try_into().ok());
        return height.map(Some).ok_or(MigrationError::Damaged("the reorg intent"));
    }
    let Some((key, _)) = chain.get_lt(AFTER_BLOCKS)? else { return Ok(None) };
    let height = key.strip_prefix(b"b").and_then(|height| height.try_into().ok());
    height.map(Some).ok_or(MigrationError::Damaged("the last block's key"))
}
