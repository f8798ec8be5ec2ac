//! A receipt: the proof that a record is on a chain, checked without a node.

mod consistency;
mod error;
mod json;

use super::{
    BlockId, Hash, Header, Height, ProofError, Timestamp, VERSION, leaf_hash, verify_inclusion,
};
pub use consistency::Consistency;
pub use error::{HeaderName, ReceiptError};
pub use json::MAX_RECEIPT_BYTES;

/// The proof that a record is in a block, and the block in the history of a tip.
///
/// By itself it proves no more than the work in its two headers, which anyone can spend. Trust
/// comes from the tip, whose hash the verifier knows from elsewhere.
/// # Examples
///
/// ```
/// use jenny_chain::chain::{Receipt, ReceiptError, Spec};
///
/// // Genesis has one record, and is its own tip.
/// let genesis = Spec::dev().genesis();
/// let receipt = Receipt {
///     chain_id: genesis.hash(),
///     record: genesis.block().records[0].clone(),
///     record_index: 0,
///     record_path: vec![],
///     header: *genesis.header(),
///     block_path: vec![],
///     tip: *genesis.header(),
///     genesis_path: vec![],
/// };
/// let text = receipt.to_json(&Spec::dev());
/// let read = Receipt::parse(&text)?;
/// assert!(read.verify(Some(genesis.hash()))?.is_anchored);
///
/// let forged = Receipt { record: "another".to_owned(), ..read };
/// assert!(matches!(forged.verify(None), Err(ReceiptError::RecordPath(_))));
/// # Ok::<(), ReceiptError>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Receipt {
    /// Hash of the chain's genesis block.
    pub chain_id: Hash,
    /// The record.
    pub record: String,
    /// Its place in the block.
    pub record_index: u64,
    /// Audit path of the record, leaf to root, in the tree of the block's records.
    pub record_path: Vec<Hash>,
    /// Header of the block.
    pub header: Header,
    /// Audit path of the block, leaf to root, in the tip's history; empty when it is the tip.
    pub block_path: Vec<Hash>,
    /// Header of the tip.
    pub tip: Header,
    /// Audit path of the genesis block in the same history.
    pub genesis_path: Vec<Hash>,
}

/// What a sound receipt proves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Verified {
    /// Hash of the chain's genesis block.
    pub chain_id: Hash,
    /// The record's id, its leaf hash.
    pub record_id: Hash,
    /// The block that has the record.
    pub block: BlockId,
    /// When that block was mined, by its miner's clock.
    pub time: Timestamp,
    /// The tip whose history the block is in.
    pub tip: BlockId,
    /// Whether the tip, or a later one that its history leads to, is the trusted one.
    pub is_anchored: bool,
}

impl Receipt {
    /// Checks everything: the record and the block by their paths, the chain by that of genesis,
    /// both proofs of work by each header's own `bits` (genesis has none), and that the tip is
    /// the `trusted` one. Without a trusted tip a sound receipt is not anchored: anyone could have
    /// mined it.
    ///
    /// # Errors
    /// The first check that fails.
    pub fn verify(&self, trusted: Option<Hash>) -> Result<Verified, ReceiptError> {
        let verified = self.check()?;
        match trusted {
            Some(expected) if expected != verified.tip.hash => {
                Err(ReceiptError::Tip { expected, found: verified.tip })
            }
            _ => Ok(Verified { is_anchored: trusted.is_some(), ..verified }),
        }
    }

    /// As [`Receipt::verify`], of a receipt whose tip is older than the trusted one: the proof
    /// shows that the trusted tip's history begins with that of the receipt's tip.
    ///
    /// # Errors
    /// The first check that fails; also when the block is the receipt's tip, which its own
    /// history does not have yet.
    pub fn verify_later(
        &self,
        proof: &Consistency,
        trusted: Option<Hash>,
    ) -> Result<Verified, ReceiptError> {
        let verified = self.check()?;
        if self.header.height == self.tip.height {
            return Err(ReceiptError::BlockIsTip { tip: verified.tip });
        }
        let later = proof.check(&self.tip)?;
        match trusted {
            Some(expected) if expected != later.hash => {
                Err(ReceiptError::Tip { expected, found: later })
            }
            _ => Ok(Verified { is_anchored: trusted.is_some(), ..verified }),
        }
    }

    /// Checks that `newer` proves the same record in the same block, against a tip whose history
    /// begins with that of this receipt's tip, as `proof` shows. Neither tip is trusted by that.
    ///
    /// # Errors
    /// The first check that fails.
    pub fn verify_renewed(
        &self,
        newer: &Self,
        proof: &Consistency,
    ) -> Result<Verified, ReceiptError> {
        self.check()?;
        let verified = newer.check()?;
        let claim = |receipt: &Self| (receipt.chain_id, receipt.record_index, receipt.header);
        if claim(self) != claim(newer) || self.record != newer.record {
            let (expected, found) = (self.header.id(), newer.header.id());
            return Err(ReceiptError::OtherRecord { expected, found });
        }
        let later = proof.check(&self.tip)?;
        if later == verified.tip {
            return Ok(verified);
        }
        Err(ReceiptError::Tip { expected: verified.tip.hash, found: later })
    }

    fn check(&self) -> Result<Verified, ReceiptError> {
        let (header, tip) = (&self.header, &self.tip);
        let (block_hash, tip_hash) = (header.hash(), tip.hash());
        check_header(HeaderName::Header, header)?;
        check_header(HeaderName::Tip, tip)?;

        let record_id = leaf_hash(self.record.as_bytes());
        let (index, count) = (self.record_index, u64::from(header.record_count));
        if index >= count {
            return Err(ReceiptError::RecordIndex { index, count });
        }
        verify_inclusion(&record_id, index, count, &self.record_path, &header.merkle_root)
            .map_err(ReceiptError::RecordPath)?;

        if header.height > tip.height {
            let (header, tip) = (header.height, tip.height);
            return Err(ReceiptError::AboveTip { header, tip });
        }
        let is_in_history = |hash: &Hash, height: Height, path: &[Hash]| {
            let leaf = leaf_hash(hash.as_bytes());
            verify_inclusion(&leaf, height.get(), tip.height.get(), path, &tip.history_root)
        };
        if header.height == tip.height {
            if block_hash != tip_hash {
                return Err(ReceiptError::OtherTip { height: tip.height });
            }
            check_empty(&self.block_path).map_err(ReceiptError::BlockPath)?;
        } else {
            is_in_history(&block_hash, header.height, &self.block_path)
                .map_err(ReceiptError::BlockPath)?;
        }
        if tip.height == Height::GENESIS {
            if self.chain_id != tip_hash {
                return Err(ReceiptError::ChainId { expected: tip_hash, found: self.chain_id });
            }
            check_empty(&self.genesis_path).map_err(ReceiptError::GenesisPath)?;
        } else {
            is_in_history(&self.chain_id, Height::GENESIS, &self.genesis_path)
                .map_err(ReceiptError::GenesisPath)?;
        }
        Ok(Verified {
            chain_id: self.chain_id,
            record_id,
            block: BlockId { height: header.height, hash: block_hash },
            time: header.timestamp,
            tip: BlockId { height: tip.height, hash: tip_hash },
            is_anchored: false,
        })
    }
}

/// The version and, above genesis, the proof of work by the header's own target.
fn check_header(name: HeaderName, header: &Header) -> Result<(), ReceiptError> {
    if header.version != VERSION {
        return Err(ReceiptError::Version { name, found: header.version });
    }
    let bits = header.bits;
    let target = bits.target().map_err(|reason| ReceiptError::Bits { name, bits, reason })?;
    let hash = header.hash();
    if header.height > Height::GENESIS && !target.is_met_by(&hash) {
        return Err(ReceiptError::ProofOfWork { name, bits, hash });
    }
    Ok(())
}

fn check_empty(path: &[Hash]) -> Result<(), ProofError> {
    if path.is_empty() { Ok(()) } else { Err(ProofError::Length) }
}

#[cfg(test)]
mod tests;
