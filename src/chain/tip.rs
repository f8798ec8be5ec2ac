//! The end of a chain: all that is needed to judge or to make the next block.

use super::block::byte_len;
use super::number::MAX_SAFE_INTEGER;
use super::{
    Bits, Block, BlockId, ChainHeader, Frontier, Hash, HashedBlock, Header, Height, RuleError,
    Spec, Target, Timestamp, VERSION, ValidBlock, ValidHeader, Work, leaf_hash, merkle_root,
    required_bits,
};

/// The last block of some chain with what its ancestors amount to. A value:
/// extending it makes the state of the longer chain, and a fork is a clone.
/// # Examples
///
/// Mines a block, checks it, and moves on to it. An auditor does the last two with every block
/// that a node serves:
///
/// ```
/// use jenny_chain::chain::{Block, RuleError, Spec, Timestamp, TipState};
///
/// let (spec, now) = (Spec::dev(), Timestamp::from_millis(1_700_000_000_000));
/// let mut tip = TipState::genesis(&spec);
///
/// let records = vec!["a record".to_owned()];
/// let mut header = tip.template(&spec, &records, now);
/// while header.check_alone(&spec).is_err() {
///     header.nonce += 1;
/// }
///
/// let forged = Block { header, records: vec!["another record".to_owned()] };
/// assert!(matches!(tip.check_block(&spec, forged, now), Err(RuleError::MerkleRoot { .. })));
///
/// let block = tip.check_block(&spec, Block { header, records }, now)?;
/// tip.extend(&block);
/// assert_eq!((tip.height().get(), tip.hash()), (1, header.hash()));
/// # Ok::<(), RuleError>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TipState {
    last: ChainHeader,
    parent_time: Timestamp,
    history: Frontier,
}

impl TipState {
    /// The chain of one block.
    pub fn genesis(spec: &Spec) -> Self {
        let genesis = spec.genesis();
        let mut history = Frontier::default();
        history.append(leaf_hash(genesis.hash().as_bytes()));
        // Genesis is its own parent in time.
        Self { last: genesis.chain_header(), parent_time: genesis.header().timestamp, history }
    }

    /// Puts together the state after a stored block, from its parent's timestamp
    /// (its own for genesis) and the frontier over the hashes of its ancestors.
    /// `None` if the frontier is not the one that the header commits to, or if no valid
    /// block has the header's height or bits.
    pub fn restore(last: ChainHeader, parent_time: Timestamp, ancestors: Frontier) -> Option<Self> {
        debug_assert_eq!(last.hash, last.header.hash(), "the stored hash was checked");
        let is_state = last.height().get() <= MAX_SAFE_INTEGER
            && last.header.bits.target().is_ok()
            && ancestors.leaves() == last.height().get()
            && ancestors.root() == last.header.history_root;
        if !is_state {
            return None;
        }
        let mut history = ancestors;
        history.append(leaf_hash(last.hash.as_bytes()));
        Some(Self { last, parent_time, history })
    }

    /// The last header, its hash and the work of the chain up to it.
    pub const fn last(&self) -> &ChainHeader {
        &self.last
    }

    /// The last header.
    pub const fn header(&self) -> &Header {
        &self.last.header
    }

    /// The last block's hash.
    pub const fn hash(&self) -> Hash {
        self.last.hash
    }

    /// What names the last block.
    pub const fn id(&self) -> BlockId {
        self.last.id()
    }

    /// The last block's height.
    pub const fn height(&self) -> Height {
        self.last.header.height
    }

    /// Work from genesis up to and with the last block.
    pub const fn total_work(&self) -> Work {
        self.last.total_work
    }

    /// Frontier over the hashes of all blocks, the last one with them.
    pub const fn history(&self) -> &Frontier {
        &self.history
    }

    /// The target that the next block must carry.
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "a state is made of genesis, of checked headers, or by `restore`, which reads the bits"
    )]
    pub fn next_bits(&self, spec: &Spec) -> Bits {
        let height = self.height().next();
        let parent = &self.last.header;
        required_bits(spec, height, parent.bits, parent.timestamp, self.parent_time)
            .expect("the bits of a state's last block are a target")
    }

    /// The header of the next block with these records, to be mined: its nonce is
    /// zero, its time `now`, or the parent's when the clock is behind it.
    ///
    /// # Panics
    /// If there are 2^32 records or more: [`Spec::check_records`] allows fewer.
    #[expect(
        clippy::expect_used,
        reason = "records to be mined are checked before they are queued"
    )]
    pub fn template(&self, spec: &Spec, records: &[String], now: Timestamp) -> Header {
        Header {
            version: VERSION,
            height: self.height().next(),
            timestamp: now.max(self.last.header.timestamp),
            previous_hash: self.last.hash,
            merkle_root: merkle_root(records),
            history_root: self.history.root(),
            record_count: u32::try_from(records.len()).expect("records that fit a block"),
            bits: self.next_bits(spec),
            nonce: 0,
        }
    }

    /// Checks a whole block against this tip, cheapest rule first. One whose hash is known is not
    /// hashed again.
    ///
    /// # Errors
    /// The first rule that the block breaks; [`RuleError::NotYet`] when it only
    /// comes too early for the clock `now`.
    pub fn check_block(
        &self,
        spec: &Spec,
        block: impl Into<HashedBlock>,
        now: Timestamp,
    ) -> Result<ValidBlock, RuleError> {
        let block = block.into();
        let (_, work) = self.check_hashed(spec, block.header(), || block.hash(), now)?;
        check_body(spec, &block)?;
        Ok(ValidBlock::new(block, self.last.total_work.plus(work)))
    }

    /// Checks a header against this tip by all rules that need no records.
    ///
    /// # Errors
    /// As [`TipState::check_block`].
    pub fn check_next(
        &self,
        spec: &Spec,
        header: &Header,
        now: Timestamp,
    ) -> Result<ValidHeader, RuleError> {
        let (hash, work) = self.check_header(spec, header, now)?;
        let total_work = self.last.total_work.plus(work);
        Ok(ValidHeader::new(ChainHeader { header: *header, hash, total_work }))
    }

    /// Checks a header against this tip: all rules that need no records. Returns
    /// its hash and its own work.
    ///
    /// # Errors
    /// As [`TipState::check_block`].
    pub fn check_header(
        &self,
        spec: &Spec,
        header: &Header,
        now: Timestamp,
    ) -> Result<(Hash, Work), RuleError> {
        self.check_hashed(spec, header, || header.hash(), now)
    }

    fn check_hashed(
        &self,
        spec: &Spec,
        header: &Header,
        hash: impl FnOnce() -> Hash,
        now: Timestamp,
    ) -> Result<(Hash, Work), RuleError> {
        let (hash, target) = check_alone(spec, header, hash)?;
        if header.previous_hash != self.last.hash {
            let (expected, found) = (self.last.hash, header.previous_hash);
            return Err(RuleError::PreviousHash { expected, found });
        }
        let expected = self.height().next();
        if header.height != expected {
            return Err(RuleError::Height { expected, found: header.height });
        }
        let expected = self.next_bits(spec);
        if header.bits != expected {
            return Err(RuleError::Bits { expected, found: header.bits });
        }
        let (parent, found) = (self.last.header.timestamp, header.timestamp);
        if found < parent {
            return Err(RuleError::TimestampBeforeParent { parent, found });
        }
        let latest = now.plus_millis(spec.max_future_ms());
        if found > latest {
            return Err(RuleError::NotYet { latest, found });
        }
        let expected = self.history.root();
        if header.history_root != expected {
            return Err(RuleError::HistoryRoot { expected, found: header.history_root });
        }
        Ok((hash, Work::of(target)))
    }

    /// Moves on to `block`, which was checked against this state.
    pub fn extend(&mut self, block: &ValidBlock) {
        self.advance(block.chain_header());
    }

    /// Moves on to the block of `header`, which was checked against this state.
    pub fn extend_header(&mut self, header: &ValidHeader) {
        self.advance(*header.get());
    }

    fn advance(&mut self, last: ChainHeader) {
        self.parent_time = self.last.header.timestamp;
        self.last = last;
        self.history.append(leaf_hash(last.hash.as_bytes()));
    }
}

impl Header {
    /// Checks the rules that need neither parent nor records: field ranges, a meaningful
    /// target and the proof of work. Returns the hash.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn check_alone(&self, spec: &Spec) -> Result<Hash, RuleError> {
        check_alone(spec, self, || self.hash()).map(|(hash, _)| hash)
    }
}

impl HashedBlock {
    /// Checks the rules that need neither parent nor records, as [`Header::check_alone`] does,
    /// without hashing the header again.
    ///
    /// # Errors
    /// The first rule that the header breaks.
    pub fn check_header_alone(&self, spec: &Spec) -> Result<(), RuleError> {
        check_alone(spec, self.header(), || self.hash()).map(drop)
    }
}

/// The rules that need neither parent nor records: field ranges, a meaningful
/// target and the proof of work, for which the header is hashed by `hash`. Returns the header's
/// hash and target.
fn check_alone(
    spec: &Spec,
    header: &Header,
    hash: impl FnOnce() -> Hash,
) -> Result<(Hash, Target), RuleError> {
    if header.version != VERSION {
        return Err(RuleError::Version { found: header.version });
    }
    for (field, found) in [
        ("height", header.height.get()),
        ("timestamp", header.timestamp.as_millis()),
        ("nonce", header.nonce),
    ] {
        if found > MAX_SAFE_INTEGER {
            return Err(RuleError::Unsafe { field, found });
        }
    }
    let max = spec.max_block_records();
    if header.record_count > max {
        return Err(RuleError::RecordCount { max, found: header.record_count });
    }
    let found = header.bits;
    let target = found.target().map_err(|reason| RuleError::BitsMeaningless { found, reason })?;
    if target > spec.pow_limit() {
        return Err(RuleError::BitsTooEasy { limit: spec.pow_limit().to_bits(), found });
    }
    let hash = hash();
    if !target.is_met_by(&hash) {
        return Err(RuleError::ProofOfWork { bits: header.bits, found: hash });
    }
    Ok((hash, target))
}

impl ValidHeader {
    /// Puts the records to it, when they are those that the header commits to.
    ///
    /// # Errors
    /// The first rule of a body that they break.
    pub fn with_records(&self, spec: &Spec, records: Vec<String>) -> Result<ValidBlock, RuleError> {
        let ChainHeader { header, hash, total_work } = *self.get();
        let block = HashedBlock::of_known(Block { header, records }, hash);
        check_body(spec, &block)?;
        Ok(ValidBlock::new(block, total_work))
    }
}

fn check_body(spec: &Spec, block: &HashedBlock) -> Result<(), RuleError> {
    let Block { header, records } = block.block();
    if u32::try_from(records.len()) != Ok(header.record_count) {
        let (expected, found) = (header.record_count, records.len());
        return Err(RuleError::DataCount { expected, found });
    }
    check_sizes(spec, records)?;
    block.check_merkle_root()
}

fn check_sizes(spec: &Spec, records: &[String]) -> Result<(), RuleError> {
    let max = spec.max_record_bytes();
    for (index, record) in records.iter().enumerate() {
        let found = record.len();
        if found as u64 > max {
            return Err(RuleError::RecordBytes { index, max, found });
        }
    }
    let (max, found) = (spec.max_block_bytes(), byte_len(records));
    if found > max {
        return Err(RuleError::BlockBytes { max, found });
    }
    Ok(())
}

impl Spec {
    /// Whether these records fit a block of this chain.
    ///
    /// # Errors
    /// The limit that they exceed.
    pub fn check_records(&self, records: &[String]) -> Result<(), RuleError> {
        let max = self.max_block_records();
        let found = u32::try_from(records.len()).unwrap_or(u32::MAX);
        if found > max {
            return Err(RuleError::RecordCount { max, found });
        }
        check_sizes(self, records)
    }
}

#[cfg(test)]
mod tests;
