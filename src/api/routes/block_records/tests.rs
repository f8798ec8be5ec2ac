//! Tests.

use super::*;
use crate::chain::Height;

fn block(records: Vec<String>) -> StoredBlock {
    let genesis = Spec::dev().genesis();
    let (header, hash) = (genesis.block().header, genesis.hash());
    StoredBlock { header, hash, total_work: crate::chain::Work::default(), records }
}

/// The indexes of a page, and whether a next one is linked.
fn page(from: u64, limit: u64, records: Vec<String>) -> (Vec<u64>, Option<String>) {
    let selector = BlockSelector::Height(Height::new(7));
    let written = RecordPage { from, limit }.write(selector, &block(records));
    let list: Vec<serde_json::Value> = serde_json::from_slice(&written.text).unwrap();
    (list.iter().map(|record| record["index"].as_u64().unwrap()).collect(), written.link)
}

#[test]
fn the_last_page_links_no_next_one() {
    let records = || vec!["a".to_owned(); 5];
    let next = "</v1/blocks/7/records?from=2&limit=2>; rel=\"next\"".to_owned();
    assert_eq!(page(0, 2, records()), (vec![0, 1], Some(next)));
    assert_eq!(page(4, 2, records()), (vec![4], None));
    assert_eq!(page(3, 2, records()), (vec![3, 4], None));
    assert_eq!(page(5, 2, records()), (vec![], None));
    assert_eq!(page(0, 9, Vec::new()), (vec![], None));
    assert_eq!(page(MAX_SAFE_INTEGER, 9, records()), (vec![], None));
}

#[test]
fn a_page_ends_before_4_mib_of_json() {
    let (indexes, next) = page(0, 1_000, vec!["\u{1}".repeat(65_536); 16]);
    assert_eq!(indexes, (0..10).collect::<Vec<_>>());
    assert!(next.unwrap().contains("from=10&"));
}
