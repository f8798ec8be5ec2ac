//! The throughput over the last five seconds, and the time that is left.

use super::*;
use crate::chain::Height;

fn progress(state: sync::SyncState, at: u64, blocks: u64) -> sync::Progress {
    sync::Progress {
        state,
        at: Height::new(at),
        target: Height::new(10_000),
        blocks,
        bytes: blocks * 300,
        links: vec![LinkId(1), LinkId(2)],
        awaited: Some((Height::new(at + 1), Some(LinkId(1)))),
        ..sync::Progress::default()
    }
}

fn address(link: LinkId) -> Option<SocketAddr> {
    (link == LinkId(1)).then(|| "192.0.2.1:7545".parse().unwrap())
}

#[test]
fn the_throughput_is_that_of_the_last_five_seconds() {
    let start = Instant::now();
    let mut throughput = Throughput::default();
    let mut shown = |second: u64, blocks| {
        let progress = progress(sync::SyncState::Blocks, blocks, blocks);
        throughput.show(start + Duration::from_secs(second), &progress, address)
    };
    let first = shown(0, 0);
    assert_eq!((first.blocks_per_second, first.eta), (0.0, None), "nothing came yet");
    let quick = shown(1, 1_000);
    assert_eq!((quick.blocks_per_second, quick.bytes_per_second), (1_000.0, 300_000.0));
    assert_eq!((quick.remaining, quick.eta), (9_000, Some(Duration::from_secs(9))));
    for second in 2..=6 {
        shown(second, 1_000);
    }
    let stalled = shown(7, 1_000);
    assert_eq!((stalled.blocks_per_second, stalled.eta), (0.0, None), "{stalled:?}");
    assert_eq!(stalled.links, [address(LinkId(1)).unwrap()]);
    assert_eq!(stalled.awaited, Some((Height::new(1_001), address(LinkId(1)))));
}

#[test]
fn the_time_left_is_up_to_the_height_that_peers_claim() {
    let start = Instant::now();
    let mut throughput = Throughput::default();
    let claimed = Some(Height::new(100_000));
    for (second, left) in [(0, None), (1, Some(99))] {
        let at = second * 1_000;
        let progress = progress(sync::SyncState::Blocks, at, at);
        let progress = sync::Progress { claimed, ..progress };
        let shown = throughput.show(start + Duration::from_secs(second), &progress, address);
        assert_eq!((shown.remaining, shown.claimed), (10_000 - at, claimed));
        assert_eq!(shown.eta, left.map(Duration::from_secs));
    }
}

#[test]
fn counts_that_come_thick_and_fast_are_not_all_kept() {
    let start = Instant::now();
    let mut throughput = Throughput::default();
    for millis in 0..20_000 {
        let progress = progress(sync::SyncState::Blocks, millis, millis);
        let shown = throughput.show(start + Duration::from_millis(millis), &progress, address);
        assert!(millis == 0 || (shown.blocks_per_second - 1_000.0).abs() < 0.1, "{shown:?}");
    }
    assert!(throughput.counted.len() <= 11, "{}", throughput.counted.len());
}

#[test]
fn idle_shows_no_throughput_and_nothing_left() {
    let start = Instant::now();
    let mut throughput = Throughput::default();
    throughput.show(start, &progress(sync::SyncState::Blocks, 0, 0), address);
    let later = start + Duration::from_secs(1);
    let shown = throughput.show(later, &progress(sync::SyncState::Idle, 10, 900), address);
    assert_eq!((shown.state, shown.remaining, shown.eta), (SyncState::Idle, 0, None));
    assert!(shown.blocks_per_second == 0.0);
}
