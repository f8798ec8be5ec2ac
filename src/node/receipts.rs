//! Receipts for records whose place in the chain is known.

use super::{FindError, NodeFailure, NodeHandle, StoreError, View};
use crate::chain::{BlockId, Hash, Height, Receipt, inclusion_path, leaf_hash};

/// Against which block of the main chain a receipt is made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ReceiptTip {
    /// The durable tip.
    Durable,
    /// The block this many blocks below the durable tip.
    Below(u64),
    /// The block at this height.
    Height(Height),
    /// The block with this hash.
    Hash(Hash),
}

/// Why there is no receipt.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NoReceipt {
    /// The main chain has no such block, or the block no such record.
    #[error("the main chain has no record at index {index} of block {height}")]
    NoRecord {
        /// Height of the block.
        height: Height,
        /// The record's place in it.
        index: u32,
    },
    /// The tip is below the record.
    #[error("the record is in block {height}, above the tip at height {tip}")]
    TipBelow {
        /// Height of the record's block.
        height: Height,
        /// Height of the tip.
        tip: Height,
    },
    /// The tip is not on the main chain.
    #[error("there is no such tip on the main chain")]
    TipOffChain,
    /// The tip is given by its hash, and more blocks are not indexed than are found in memory.
    #[error("{lag} blocks are not indexed yet; try again later")]
    Indexing {
        /// Blocks that are not indexed.
        lag: u64,
    },
    /// The node cannot serve.
    #[error(transparent)]
    Node(#[from] NodeFailure),
}

impl NodeHandle {
    /// The receipt for the record at `index` of the main chain's block at `height`, all of it
    /// from one view.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn receipt_for(
        &self,
        height: Height,
        index: u32,
        tip: ReceiptTip,
    ) -> Result<Receipt, NoReceipt> {
        // Before the view: what is found is on a chain that is not younger.
        let named = match tip {
            ReceiptTip::Hash(hash) => Some(self.find_tip(hash).await?),
            ReceiptTip::Durable | ReceiptTip::Below(_) | ReceiptTip::Height(_) => None,
        };
        let (view, chain_id) = (self.view(), self.chain_id());
        let tip = match (named, tip) {
            (Some(named), _) => named.height,
            (None, ReceiptTip::Below(blocks)) => view.tip().height().back(blocks),
            (None, ReceiptTip::Height(height)) => height,
            (None, ReceiptTip::Durable | ReceiptTip::Hash(_)) => view.tip().height(),
        };
        let made = self.read(move || receipt(&view, chain_id, height, index, tip)).await??;
        // A reorg may have disconnected what had the hash.
        if named.is_some_and(|named| named.hash != made.tip.hash()) {
            return Err(NoReceipt::TipOffChain);
        }
        Ok(made)
    }

    async fn find_tip(&self, hash: Hash) -> Result<BlockId, NoReceipt> {
        match self.find_block(hash).await {
            Ok(found) => found.ok_or(NoReceipt::TipOffChain),
            Err(FindError::Indexing { lag }) => Err(NoReceipt::Indexing { lag }),
            Err(FindError::Unavailable(failure)) => Err(failure.into()),
        }
    }
}

fn receipt(
    view: &View,
    chain_id: Hash,
    height: Height,
    index: u32,
    tip: Height,
) -> Result<Result<Receipt, NoReceipt>, StoreError> {
    let Some(tip_header) = view.header(tip)? else { return Ok(Err(NoReceipt::TipOffChain)) };
    let Some(block) = view.block(height)? else {
        return Ok(Err(NoReceipt::NoRecord { height, index }));
    };
    let leaves: Vec<_> = block.records.iter().map(|record| leaf_hash(record.as_bytes())).collect();
    let at = index as usize;
    let (Some(record_path), Some(record)) =
        (inclusion_path(&leaves, at), block.records.into_iter().nth(at))
    else {
        return Ok(Err(NoReceipt::NoRecord { height, index }));
    };
    let (Some(block_path), Some(genesis_path)) =
        (view.block_path(height, tip)?, view.genesis_path(tip)?)
    else {
        return Ok(Err(NoReceipt::TipBelow { height, tip }));
    };
    Ok(Ok(Receipt {
        chain_id,
        record,
        record_index: u64::from(index),
        record_path,
        header: block.header,
        block_path,
        tip: tip_header.header,
        genesis_path,
    }))
}

#[cfg(test)]
mod tests;
