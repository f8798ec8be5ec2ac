//! What is shown, and when. Where tests run, standard error may be a terminal: the lines are
//! asked of a state without a bar.

use super::*;

fn blocks(at: u64, target: u64) -> SyncProgress {
    SyncProgress {
        state: SyncState::Blocks,
        at: Height::new(at),
        target: Height::new(target),
        claimed: None,
        remaining: target - at,
        blocks_per_second: 54_000.0,
        bytes_per_second: 16_200_000.0,
        eta: Some(Duration::from_millis(2_900)),
        links: vec!["192.0.2.1:7545".parse().unwrap(); 3],
        awaited: None,
        split: None,
    }
}

fn without_bar(now: Instant) -> Syncing {
    let target = Height::new(100_000);
    Syncing(Some(Shown { since: now, last_line: now, target, bar: None }))
}

#[test]
fn a_line_comes_every_ten_seconds_and_names_everything() {
    let start = Instant::now();
    let mut syncing = without_bar(start);
    let mut look = |seconds| {
        let now = start + Duration::from_secs(seconds);
        syncing.look(&blocks(12_345, 100_000), Height::new(12_000), now)
    };
    let line =
        "syncing: height 12,345 of 100,000 (12 %), 54,000 blocks/s, 16.2 MB/s, ETA 2 s, 3 peers";
    assert_eq!(look(9), None);
    assert_eq!(look(10).as_deref(), Some(line));
    assert_eq!(look(19), None);
    assert_eq!(look(20).as_deref(), Some(line));
}

#[test]
fn a_higher_claim_is_what_the_percentage_is_of() {
    let progress = SyncProgress { claimed: Some(Height::new(50_000)), ..blocks(10_000, 14_096) };
    assert!(text(&progress).starts_with("height 10,000 of 50,000 (20 %), "));
}

#[test]
fn the_end_is_told_once_with_the_time_it_took() {
    let start = Instant::now();
    let later = start + Duration::from_secs(12);
    let mut syncing = without_bar(start);
    let mut end = |tip| syncing.look(&SyncProgress::default(), Height::new(tip), later);
    assert_eq!(end(100_000).as_deref(), Some("synced to height 100,000 in 12 s"));
    assert_eq!(end(100_000), None);
    let cut = without_bar(start).look(&SyncProgress::default(), Height::new(500), later);
    let text = "syncing stopped at height 500 of 100,000 after 12 s";
    assert_eq!(cut.as_deref(), Some(text));
}

#[test]
fn walking_headers_in_between_ends_nothing() {
    let start = Instant::now();
    let mut syncing = without_bar(start);
    let headers = SyncProgress { state: SyncState::Headers, ..SyncProgress::default() };
    let later = start + Duration::from_secs(60);
    assert_eq!(syncing.look(&headers, Height::GENESIS, later), None);
    assert!(syncing.0.is_some());
}

#[test]
fn a_few_blocks_are_not_worth_showing() {
    let mut syncing = Syncing::default();
    let now = Instant::now();
    let headers = SyncProgress { state: SyncState::Headers, ..blocks(0, 1_000) };
    for progress in [blocks(0, 99), headers, SyncProgress::default()] {
        assert_eq!(syncing.look(&progress, Height::GENESIS, now), None);
        assert!(syncing.0.is_none());
    }
    syncing.look(&blocks(0, 100), Height::GENESIS, now);
    assert!(syncing.0.is_some());
}
