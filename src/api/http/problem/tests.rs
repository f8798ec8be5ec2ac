//! Tests.

use std::collections::BTreeSet;

use super::*;

#[test]
fn every_kind_is_documented_with_its_status_and_none_else() {
    let text = include_str!("../../../../docs/api.md");
    let documented: BTreeSet<_> = text
        .lines()
        .filter_map(|line| line.strip_prefix("| `urn:jenny:problem:"))
        .map(|rest| {
            let mut cells = rest.split('|').map(|cell| cell.trim().trim_end_matches('`'));
            (cells.next().unwrap(), cells.next().unwrap().parse::<u16>().unwrap())
        })
        .collect();
    let known =
        Kind::ALL.iter().map(|kind| kind.parts()).map(|(status, slug, _)| (slug, status.as_u16()));
    let known: BTreeSet<_> = known.collect();
    assert_eq!(documented, known);
    assert_eq!(known.len(), Kind::ALL.len(), "two kinds share a name");
}

#[test]
fn a_wait_is_told_in_whole_seconds_and_never_as_nothing() {
    for (wait, seconds) in [(0, "1"), (1, "1"), (1_000, "1"), (1_001, "2"), (60_000, "60")] {
        let mut headers = HeaderMap::new();
        Problem::new(Kind::Busy, "")
            .retry_after(Duration::from_millis(wait))
            .put_headers(&mut headers);
        assert_eq!(headers[header::RETRY_AFTER], seconds);
    }
}

#[test]
fn a_failed_store_is_told_apart_from_a_stop() {
    let failed = |error: StoreError| Problem::from(NodeFailure::from(error)).kind;
    assert_eq!(failed(StoreError::WriteFailed("x".to_owned())), Kind::Storage);
    assert_eq!(failed(StoreError::DiskLow { free: 0, needed: 1 }), Kind::DiskLow);
    assert_eq!(failed(StoreError::ViewExpired), Kind::Busy);
    assert_eq!(Problem::from(NodeFailure::Stopping).kind, Kind::Stopping);
}
