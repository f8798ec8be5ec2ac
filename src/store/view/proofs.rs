//! Proofs of the history of a pinned chain.

use std::ops::Range;

use super::{View, missing};
use crate::chain::{
    Consistency, Hash, Height, Subtree, leaf_hash, prove_consistency, prove_inclusion,
    verify_consistency, verify_inclusion,
};
use crate::store::StoreError;
use crate::store::nodes::Nodes;
use crate::store::subtree_roots::KnownRoots;

impl View {
    /// The audit path of the block at `height` in the history of the block at `tip`, leaf to
    /// root: empty if they are one block, `None` if `tip` is above this chain or below `height`.
    /// It was verified.
    ///
    /// # Errors
    /// As [`View::block`].
    pub fn block_path(&self, height: Height, tip: Height) -> Result<Option<Vec<Hash>>, StoreError> {
        if height > tip || tip > self.tip.height() {
            return Ok(None);
        }
        if height == tip {
            return Ok(Some(Vec::new()));
        }
        let root = self.required_header(tip)?.header.history_root;
        let leaf = leaf_hash(self.required_header(height)?.hash.as_bytes());
        let (index, size) = (height.get(), tip.get());
        let path = self.with_tiles(tip, misfit(tip), |tiled, roots| {
            let path = self.prove(tiled, roots, |node| prove_inclusion(index, size, node))?;
            Ok(path.filter(|path| verify_inclusion(&leaf, index, size, path, &root).is_ok()))
        });
        path.map(Some)
    }

    /// The audit path of genesis in the history of the block at `tip`; `None` if `tip` is above
    /// this chain.
    ///
    /// # Errors
    /// As [`View::block`].
    pub fn genesis_path(&self, tip: Height) -> Result<Option<Vec<Hash>>, StoreError> {
        self.block_path(Height::GENESIS, tip)
    }

    /// The proof that the history of the block at `to` begins with that of the block at `from`;
    /// `None` if `to` is above this chain or below `from`. It was verified.
    ///
    /// # Errors
    /// As [`View::block`].
    pub fn consistency(&self, from: Height, to: Height) -> Result<Option<Consistency>, StoreError> {
        if from > to || to > self.tip.height() {
            return Ok(None);
        }
        let from_root = self.required_header(from)?.header.history_root;
        let header = self.required_header(to)?.header;
        let (first, second) = (from.get(), to.get());
        let proof = self.with_tiles(to, misfit(to), |tiled, roots| {
            let proof = self.prove(tiled, roots, |node| prove_consistency(first, second, node))?;
            let holds = |proof: &Vec<Hash>| {
                verify_consistency(first, second, &from_root, &header.history_root, proof).is_ok()
            };
            Ok(proof.filter(holds))
        });
        Ok(Some(Consistency { from, from_root, header, proof: proof? }))
    }

    /// Hands `prove` the roots of complete subtrees of the history, from the tiles below `tiled`.
    fn prove<T>(
        &self,
        tiled: Height,
        roots: KnownRoots<'_>,
        prove: impl FnOnce(&mut dyn FnMut(Subtree) -> Result<Hash, StoreError>) -> T,
    ) -> T {
        let tile = |level, index| self.database.tile(level, index);
        let leaves = |leaves| self.leaves(leaves);
        let mut nodes = Nodes::new(tiled.get(), roots, &tile, &leaves);
        prove(&mut |subtree| nodes.root_of(subtree))
    }

    /// Leaf hashes of consecutive blocks.
    fn leaves(&self, leaves: Range<u64>) -> Result<Vec<Hash>, StoreError> {
        let mut hashes = Vec::new();
        let mut next = Height::new(leaves.start);
        while next.get() < leaves.end {
            let headers = self.headers(next, Height::new(leaves.end).back(1))?;
            if headers.is_empty() {
                return Err(missing(next));
            }
            hashes.extend(headers.iter().map(|header| leaf_hash(header.hash.as_bytes())));
            next = next.ahead(headers.len() as u64);
        }
        Ok(hashes)
    }
}

fn misfit(height: Height) -> impl FnOnce() -> String {
    move || format!("block {height}: history_root does not fit the history tiles")
}

#[cfg(test)]
mod tests;
