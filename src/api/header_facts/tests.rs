//! Tests.

use super::*;

fn chunk(byte: u8) -> Arc<Chunk> {
    Arc::new(Chunk { last: Hash::new([byte; 32]), facts: Vec::new() })
}

#[test]
fn the_chunk_that_was_used_least_recently_makes_room() {
    let mut chunks = Chunks::default();
    let max = MAX_FACT_CHUNKS as u64;
    for number in 0..max {
        chunks.put(number, chunk(1));
    }
    assert!(chunks.get(0).is_some());
    chunks.put(max, chunk(2));
    assert_eq!(chunks.by_number.len(), MAX_FACT_CHUNKS);
    assert_eq!(chunks.get(0), Some(chunk(1)));
    assert_eq!((chunks.get(1), chunks.get(max)), (None, Some(chunk(2))));
}

#[test]
fn a_chunk_of_another_chain_is_replaced() {
    let mut chunks = Chunks::default();
    chunks.put(3, chunk(1));
    chunks.put(3, chunk(2));
    assert_eq!(chunks.get(3), Some(chunk(2)));
    assert_eq!(chunks.by_number.len(), 1);
}
