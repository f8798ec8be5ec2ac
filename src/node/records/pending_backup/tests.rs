//! What a backup puts beside the pending records of a database.

use std::time::Duration;

use super::*;
use crate::chain::Spec;
use crate::node::records::pool::Pool;
use crate::node::records::record_pool::load;
use crate::node::test_util::options;
use crate::store::{Opened, PendingRecord, open};

fn opened(dir: &std::path::Path) -> Opened {
    let options = crate::store::Options { min_free_bytes: 0, ..options(&Spec::dev()) };
    open(dir, &options, &mut |_| ()).unwrap()
}

fn backup(opened: &Opened) -> PendingBackup {
    PendingBackup::new(&opened.pending, &mut |id| opened.reader.is_own(id)).unwrap()
}

fn texts(opened: &Opened) -> Vec<String> {
    let records = opened.pending.iter().flat_map(|batch| &batch.records);
    records.map(|record| record.text.to_string()).collect()
}

#[test]
fn records_are_own_ones_behind_those_that_are_there_and_each_is_there_once() {
    let dir = tempfile::tempdir().unwrap();
    let mut first = opened(dir.path());
    let record = |text: &str, is_own| PendingRecord { is_own, text: text.into() };
    let records = vec![record("own", true), record("cancelled", true), record("relayed", false)];
    first.writer.append_pending(&PendingBatch { sequence: 1 << 63, records }).unwrap();
    first.writer.mark_own(&[leaf_hash(b"own")], 1 << 63).unwrap();
    first.writer.commit().unwrap();
    drop(first);
    for round in ["first", "again"] {
        let mut opened = opened(dir.path());
        let mut backup = backup(&opened);
        for text in ["own", "cancelled", "relayed", "new", "new"] {
            backup.add(text.to_owned()).unwrap();
        }
        let count = backup.store(&mut opened.writer).unwrap();
        assert_eq!(count, if round == "first" { 3 } else { 0 }, "{round}");
        opened.writer.commit().unwrap();
    }
    let opened = opened(dir.path());
    let expected = ["own", "cancelled", "relayed", "cancelled", "relayed", "new"];
    assert_eq!(texts(&opened), expected, "a node drops the repetitions");
    for text in expected {
        assert!(opened.reader.is_own(&leaf_hash(text.as_bytes())).unwrap(), "{text}");
    }
}

#[test]
fn no_more_are_taken_than_four_pools_take() {
    let dir = tempfile::tempdir().unwrap();
    let opened = opened(dir.path());
    let mut many = backup(&opened);
    for number in 0..4 * MAX_POOL_RECORDS {
        many.add(number.to_string()).unwrap();
    }
    many.add("7".to_owned()).unwrap();
    assert_eq!(many.add("x".to_owned()), Err(TooManyWaiting(WaitingBounds::OF_A_DATABASE)));
    let mut large = backup(&opened);
    for number in 0..255 {
        large.add(format!("{number} {}", "x".repeat(1 << 20))).unwrap();
    }
    assert_eq!(large.add("x".repeat(1 << 20)), Err(TooManyWaiting(WaitingBounds::OF_A_DATABASE)));
}

#[test]
fn a_pool_above_its_bounds_is_copied_whole() {
    let (from, into) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut source = opened(from.path());
    // As a reorg may leave it.
    let many = (0..=MAX_POOL_RECORDS).map(|number| number.to_string());
    let records = many.map(|text| PendingRecord { is_own: true, text: text.into() }).collect();
    source.writer.append_pending(&PendingBatch { sequence: 1, records }).unwrap();
    source.writer.commit().unwrap();
    drop(source);
    let mut target = opened(into.path());
    let mut copy = backup(&target);
    for text in texts(&opened(from.path())) {
        copy.add(text).unwrap();
    }
    assert_eq!(copy.store(&mut target.writer).unwrap(), MAX_POOL_RECORDS + 1);
    target.writer.commit().unwrap();
    drop(target);
    let mut target = opened(into.path());
    let mut pool = Pool::default();
    let batches = std::mem::take(&mut target.pending);
    load(&mut pool, batches, &mut |id| target.reader.is_own(id), Duration::ZERO).unwrap();
    assert_eq!(pool.usage(Duration::ZERO).records, MAX_POOL_RECORDS + 1);
}
