//! The pool of what the disk holds.

use super::*;

fn batch(sequence: u64, texts: &[(&str, bool)]) -> PendingBatch {
    let records =
        texts.iter().map(|&(text, is_own)| PendingRecord { is_own, text: text.into() }).collect();
    PendingBatch { sequence, records }
}

#[test]
fn a_loaded_pool_has_each_record_once_and_none_that_was_cancelled() {
    let batches = vec![
        batch(3, &[("a", true), ("cancelled", true)]),
        batch(5, &[("a", true), ("cancelled", true)]),
        batch(7, &[("b", true), ("a", true), ("relayed", false)]),
    ];
    let cancelled = leaf_hash(b"cancelled");
    let relayed = leaf_hash(b"relayed");
    let mut is_own = |id: &Hash| Ok::<_, ()>(*id != cancelled && *id != relayed);
    let mut pool = Pool::default();
    let finished = load(&mut pool, batches, &mut is_own, Duration::ZERO).unwrap();
    let listed: Vec<_> = pool
        .after(None)
        .map(|(place, entry)| (place.batch, entry.record.text.to_string(), entry.record.is_own))
        .collect();
    let text = |text: &str| text.to_owned();
    assert_eq!(listed, [(3, text("a"), true), (7, text("b"), true), (7, text("relayed"), false)]);
    assert_eq!(finished, [5]);
    assert_eq!(pool.unchecked(9).len(), 3);
}
