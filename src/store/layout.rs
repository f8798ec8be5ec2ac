//! The bytes of keys and values, as `docs/storage.md` draws them.

use serde::Deserialize;

use super::StoreError;
use crate::chain::{BlockId, ChainHeader, HEADER_BYTES, Hash, Header, Height, Work};

/// Everything that must change together: the main chain, its history tiles, the
/// schema number, the spec's text and the intent of a large reorg.
pub(super) const CHAIN: &str = "chain";
/// Blocks of other branches.
pub(super) const BRANCHES: &str = "side";
/// Bodies above [`INLINE_MAX`], in chunks.
pub(super) const BODIES: &str = "bodies";
/// Batches of records that wait for a block, in chunks.
pub(super) const PENDING: &str = "pending";
/// Marks of the records that this node acknowledged to its own clients.
pub(super) const OWN: &str = "own";
/// Places of blocks and records by their hashes, and the cursor of the index.
pub(super) const INDEX: &str = "index";
/// The last reorgs.
pub(super) const REORGS: &str = "reorgs";
/// The address book and the bans.
pub(super) const PEERS: &str = "peers";

/// The spec's canonical text, in `chain`.
pub(super) const SPEC: &[u8] = b"spec";
/// The intent of a reorg under way, in `chain`.
pub(super) const REORG: &[u8] = b"swap";
/// Before the first block's hash of a deep fork that the operator accepted, in `chain`.
pub(super) const ACCEPTED_FORK: &[u8] = b"fork";
/// Above every block key and below every other key of `chain`.
pub(super) const AFTER_BLOCKS: &[u8] = b"c";

/// Before a record's id in `own`: it came by the pool, or a reorg disconnected it.
pub(super) const OWN_RECORD: &[u8] = b"r";
/// Before a block's height and hash in `own`: it was mined here for a client.
pub(super) const OWN_BLOCK: &[u8] = b"b";
/// The height up to which the main chain's blocks are older than `own`, in `own`.
pub(super) const BEFORE_OWN: &[u8] = b"m";

/// Longest encoded body that is stored inside its block's value, in bytes.
pub(super) const INLINE_MAX: usize = 4 << 10;
/// Length of a chunk of a larger body, in bytes. No value is longer than this
/// and a little: sled turns large pages into files that it never syncs.
pub(super) const CHUNK_BYTES: usize = 16 << 10;
/// Hashes in a history tile.
pub(super) const TILE: usize = 256;

/// Length of a block's value before its body; the tag is the last byte of it.
pub(super) const FIXED: usize = Hash::BYTES + HEADER_BYTES + 32 + 1;
const TAG_INLINE: u8 = 0;
/// Stands before the length of a body in `bodies`.
pub(super) const TAG_CHUNKED: u8 = 1;

/// `b` and the height: a block of the main chain.
pub(super) fn block_key(height: Height) -> [u8; 9] {
    let mut key = [b'b'; 9];
    if let Some(end) = key.last_chunk_mut() {
        *end = height.get().to_be_bytes();
    }
    key
}

/// The height in a block key.
pub(super) fn height_of_block_key(key: &[u8]) -> Option<Height> {
    match key {
        [b'b', height @ ..] => Some(Height::new(u64::from_be_bytes(height.try_into().ok()?))),
        _ => None,
    }
}

/// `t`, the level and the index: a history tile.
pub(super) fn tile_key(level: u8, index: u64) -> [u8; 10] {
    let mut key = [b't'; 10];
    let [_, level_byte, index_bytes @ ..] = &mut key;
    *level_byte = level;
    *index_bytes = index.to_be_bytes();
    key
}

/// The height and the hash: a block of another branch.
pub(super) fn branch_key(id: BlockId) -> [u8; 40] {
    let mut key = [0; 40];
    let (start, end) = key.split_at_mut(8);
    start.copy_from_slice(&id.height.get().to_be_bytes());
    end.copy_from_slice(id.hash.as_bytes());
    key
}

/// The contents of a key of `side`.
pub(super) fn parse_branch_key(key: &[u8]) -> Option<BlockId> {
    let (height, hash) = key.split_first_chunk()?;
    let height = Height::new(u64::from_be_bytes(*height));
    Some(BlockId { height, hash: Hash::new(hash.try_into().ok()?) })
}

/// The height, the hash and a number: one chunk of a body.
pub(super) fn chunk_key(id: BlockId, chunk: u16) -> Vec<u8> {
    [&branch_key(id)[..], &chunk.to_be_bytes()].concat()
}

/// Where a block's records are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum BodyPlace<'a> {
    /// In the value itself: the encoded body.
    Inline(&'a [u8]),
    /// In `bodies`, of this length in all.
    Chunked(usize),
}

/// The value of a block, in `chain` and in `side`.
pub(super) fn encode_block(block: &ChainHeader, body: &[u8]) -> Vec<u8> {
    let mut value = Vec::with_capacity(FIXED + body.len().min(INLINE_MAX));
    value.extend_from_slice(block.hash.as_bytes());
    value.extend_from_slice(&block.header.encode());
    value.extend_from_slice(&block.total_work.to_bytes());
    if body.len() <= INLINE_MAX {
        value.push(TAG_INLINE);
        value.extend_from_slice(body);
    } else {
        value.push(TAG_CHUNKED);
        value.extend_from_slice(&u32::try_from(body.len()).unwrap_or(u32::MAX).to_be_bytes());
    }
    value
}

/// Reads a block's value, and finds that it is the block at `height` and hashes to
/// what it is stored as.
pub(super) fn decode_block(
    height: Height,
    value: &[u8],
) -> Result<(ChainHeader, BodyPlace<'_>), StoreError> {
    let damaged = |what: &str| StoreError::Damaged { what: format!("block {height}: {what}") };
    let parts = value.split_first_chunk::<{ Hash::BYTES }>().and_then(|(hash, rest)| {
        let (header, rest) = rest.split_first_chunk::<HEADER_BYTES>()?;
        let (work, rest) = rest.split_first_chunk::<32>()?;
        Some((hash, header, work, rest.split_first()?))
    });
    let Some((hash, header, work, (&tag, body))) = parts else {
        return Err(damaged("its value is too short"));
    };
    let (hash, header) = (Hash::new(*hash), Header::decode(header));
    if header.hash() != hash {
        return Err(damaged("its header does not hash to its hash"));
    }
    if header.height != height {
        return Err(damaged("its header names another height"));
    }
    let place = match tag {
        TAG_INLINE => BodyPlace::Inline(body),
        TAG_CHUNKED => {
            let length = body.try_into().map(u32::from_be_bytes).ok();
            let length = length.and_then(|length| usize::try_from(length).ok());
            // A spec allows 1 MiB of records and three bytes of framing for each.
            BodyPlace::Chunked(
                length
                    .filter(|length| (INLINE_MAX + 1..=2 << 20).contains(length))
                    .ok_or_else(|| damaged("the length of its body is wrong"))?,
            )
        }
        _ => return Err(damaged("its body has an unknown form")),
    };
    Ok((ChainHeader { header, hash, total_work: Work::from_bytes(*work) }, place))
}

/// Encodes records: a postcard sequence of strings.
pub(super) fn encode_body(records: &[String]) -> Result<Vec<u8>, StoreError> {
    postcard::to_stdvec(records).map_err(|error| StoreError::WriteFailed(error.to_string()))
}

/// Reads what [`encode_body`] wrote, all of it; the records may be borrowed of it.
pub(super) fn decode_body<'a, T>(height: Height, body: &'a [u8]) -> Result<Vec<T>, StoreError>
where
    T: Deserialize<'a>,
{
    match postcard::take_from_bytes(body) {
        Ok((records, [])) => Ok(records),
        _ => Err(StoreError::Damaged { what: format!("block {height}: its body does not decode") }),
    }
}

/// The intent of a reorg.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Intent {
    /// The last block that both branches share.
    pub(super) fork: Height,
    /// The new tip.
    pub(super) tip: BlockId,
}

impl Intent {
    /// 48 bytes: two heights, big-endian, and the hash.
    pub(super) fn encode(&self) -> Vec<u8> {
        [&self.fork.get().to_be_bytes()[..], &branch_key(self.tip)].concat()
    }

    /// Reads what [`Intent::encode`] wrote.
    pub(super) fn decode(value: &[u8]) -> Result<Self, StoreError> {
        let damaged =
            || StoreError::Damaged { what: "the reorg intent does not decode".to_owned() };
        let (fork, tip) = value.split_first_chunk().ok_or_else(damaged)?;
        let tip = parse_branch_key(tip).ok_or_else(damaged)?;
        Ok(Self { fork: Height::new(u64::from_be_bytes(*fork)), tip })
    }
}

/// `fork` and the hash of the branch's first block: the operator accepted it.
pub(super) fn accepted_fork_key(first: &Hash) -> Vec<u8> {
    [ACCEPTED_FORK, first.as_bytes()].concat()
}

/// When a fork was accepted, in milliseconds since the epoch, and its first block.
pub(super) fn decode_accepted_fork(key: &[u8], value: &[u8]) -> Result<(u64, Hash), StoreError> {
    let hash = key.strip_prefix(ACCEPTED_FORK).and_then(|hash| hash.try_into().ok());
    let time = value.try_into().ok().map(u64::from_be_bytes);
    let what = "an accepted fork does not decode";
    time.zip(hash.map(Hash::new)).ok_or_else(|| StoreError::Damaged { what: what.to_owned() })
}

/// The number of a batch and of a chunk of it: a key of `pending`.
pub(super) fn pending_key(sequence: u64, chunk: u16) -> Vec<u8> {
    [&sequence.to_be_bytes()[..], &chunk.to_be_bytes()].concat()
}

/// Reads what [`pending_key`] wrote.
pub(super) fn parse_pending_key(key: &[u8]) -> Result<(u64, u16), StoreError> {
    let parts = key.split_first_chunk().and_then(|(sequence, chunk)| {
        Some((u64::from_be_bytes(*sequence), u16::from_be_bytes(chunk.try_into().ok()?)))
    });
    let what = "the key of a batch of pending records is torn";
    parts.ok_or_else(|| StoreError::Damaged { what: what.to_owned() })
}

/// Encodes a batch: a postcard sequence of pairs of a record's origin and its text.
pub(super) fn encode_pending(records: &[(u8, &str)]) -> Result<Vec<u8>, StoreError> {
    postcard::to_stdvec(records).map_err(|error| StoreError::WriteFailed(error.to_string()))
}

/// Reads what [`encode_pending`] wrote, all of it.
pub(super) fn decode_pending(sequence: u64, value: &[u8]) -> Result<Vec<(u8, String)>, StoreError> {
    match postcard::take_from_bytes(value) {
        Ok((records, [])) => Ok(records),
        _ => Err(damaged_pending(sequence, "it does not decode")),
    }
}

/// A batch of pending records is not as it was written.
pub(super) fn damaged_pending(sequence: u64, what: &str) -> StoreError {
    StoreError::Damaged { what: format!("batch {sequence} of pending records: {what}") }
}

/// `r` and the id: a record is an own one.
pub(super) fn own_record_key(id: &Hash) -> Vec<u8> {
    [OWN_RECORD, id.as_bytes()].concat()
}

/// `b`, the height and the hash: all records of a block are own ones.
pub(super) fn own_block_key(id: BlockId) -> Vec<u8> {
    [OWN_BLOCK, &branch_key(id)].concat()
}

#[cfg(test)]
mod tests;
