//! The 132 bytes that are hashed.

use sha2::{Digest, Sha256};

use super::{Bits, BlockId, Hash, Height, Timestamp};

/// Length of an encoded header.
pub const HEADER_BYTES: usize = 132;

/// The only header version.
pub const VERSION: u32 = 1;

/// What a block commits to. Any values are possible here; whether they follow the
/// rules is for [`super::TipState::check_header`] to say.
/// # Examples
///
/// A header names its parent by hash, so an auditor who holds the headers can check that they
/// are linked:
///
/// ```
/// use jenny_chain::chain::{Header, Spec, Timestamp, TipState};
///
/// let spec = Spec::dev();
/// let genesis = TipState::genesis(&spec);
/// let child = genesis.template(&spec, &["a record".to_owned()], Timestamp::from_millis(0));
///
/// // The hash covers the 132 bytes of the header and nothing else.
/// let parent = Header::decode(&genesis.header().encode());
/// assert_eq!(child.previous_hash, parent.hash());
/// assert_ne!(child.hash(), Header { nonce: 1, ..child }.hash());
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Header {
    /// Layout version, [`VERSION`].
    pub version: u32,
    /// Distance from genesis.
    pub height: Height,
    /// When the miner says it was mined.
    pub timestamp: Timestamp,
    /// Hash of the parent's header; zeros for genesis.
    pub previous_hash: Hash,
    /// Root over this block's records.
    pub merkle_root: Hash,
    /// Root over the hashes of all earlier blocks, the parent last.
    pub history_root: Hash,
    /// Number of records.
    pub record_count: u32,
    /// Compact target that the hash meets.
    pub bits: Bits,
    /// The free variable of the proof of work.
    pub nonce: u64,
}

impl Header {
    /// The canonical bytes, big-endian and fixed width.
    ///
    /// The layout is written out rather than left to a serializer, so that no
    /// library upgrade can change a block's identity.
    pub fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        let rest = put(&mut bytes, &self.version.to_be_bytes());
        let rest = put(rest, &self.height.get().to_be_bytes());
        let rest = put(rest, &self.timestamp.as_millis().to_be_bytes());
        let rest = put(rest, self.previous_hash.as_bytes());
        let rest = put(rest, self.merkle_root.as_bytes());
        let rest = put(rest, self.history_root.as_bytes());
        let rest = put(rest, &self.record_count.to_be_bytes());
        let rest = put(rest, &self.bits.get().to_be_bytes());
        let rest = put(rest, &self.nonce.to_be_bytes());
        debug_assert!(rest.is_empty(), "the fields fill the header");
        bytes
    }

    /// Reads what [`Header::encode`] wrote. Every 132 bytes are some header.
    pub fn decode(bytes: &[u8; HEADER_BYTES]) -> Self {
        let mut rest = bytes.as_slice();
        Self {
            version: u32::from_be_bytes(take(&mut rest)),
            height: Height::new(u64::from_be_bytes(take(&mut rest))),
            timestamp: Timestamp::from_millis(u64::from_be_bytes(take(&mut rest))),
            previous_hash: Hash::new(take(&mut rest)),
            merkle_root: Hash::new(take(&mut rest)),
            history_root: Hash::new(take(&mut rest)),
            record_count: u32::from_be_bytes(take(&mut rest)),
            bits: Bits::new(u32::from_be_bytes(take(&mut rest))),
            nonce: u64::from_be_bytes(take(&mut rest)),
        }
    }

    /// What names the block. Computes its hash.
    pub fn id(&self) -> BlockId {
        BlockId { height: self.height, hash: self.hash() }
    }

    /// The block's hash: SHA-256 of the encoded header.
    pub fn hash(&self) -> Hash {
        #[cfg(test)]
        super::test_util::count_header();
        Hash::new(Sha256::digest(self.encode()).into())
    }
}

/// Writes a field and returns the room behind it. The buffer is exactly as long
/// as its fields.
fn put<'a>(rest: &'a mut [u8], field: &[u8]) -> &'a mut [u8] {
    let (head, tail) = rest.split_at_mut(field.len());
    head.copy_from_slice(field);
    tail
}

/// The next `N` bytes.
#[expect(clippy::expect_used, reason = "the buffer is an array exactly as long as its fields")]
fn take<const N: usize>(rest: &mut &[u8]) -> [u8; N] {
    let (head, tail) = rest.split_first_chunk().expect("the fields fill the header");
    *rest = tail;
    *head
}

#[cfg(test)]
mod tests;
