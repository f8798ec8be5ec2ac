//! The JSON text of a block, and how long it gets.

use crate::chain::{Spec, write_block_json};
use crate::node::StoredBlock;

/// Bytes of a block's JSON beside its records, about.
pub(super) const BLOCK_JSON_BYTES: usize = 560;

/// Returns the most bytes that a block of these records has as JSON.
pub(super) fn longest_json(records: &[String]) -> usize {
    let bytes = records.iter().flat_map(|record| record.bytes());
    let escaped = bytes.map(|byte| match byte {
        b'"' | b'\\' => 2,
        0..0x20 => 6,
        _ => 1,
    });
    let quotes = records.len().saturating_mul(3);
    escaped.fold(BLOCK_JSON_BYTES.saturating_add(quotes), usize::saturating_add)
}

/// Returns a stored block's JSON text.
pub(super) fn block_text(spec: &Spec, block: &StoredBlock) -> Vec<u8> {
    let bytes = block.records.iter().map(String::len).fold(BLOCK_JSON_BYTES, usize::saturating_add);
    let mut text = Vec::with_capacity(bytes);
    write_block_json(&mut text, spec, &block.header, &block.hash, &block.records);
    text
}
