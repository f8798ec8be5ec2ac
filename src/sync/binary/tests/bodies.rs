//! Headers first, then bodies.

use super::*;

#[test]
fn a_node_that_is_behind_fetches_headers_and_then_bodies() {
    let chain = Chain::genesis().grow("a", 300);
    let mut bench = Bench::new(&chain.until(10));
    let out = bench.handshake(A, &chain);
    assert_eq!(asked_headers(&out), [A]);
    bench.serve(&[(A, &chain)], out);
    assert_eq!(bench.tip(), chain.tip().hash());
    assert_eq!(bench.imported, 290, "what is held is not fetched again");
    assert_eq!(bench.machine.progress().state, SyncState::Idle);
}

#[test]
fn a_chain_longer_than_what_is_held_ahead_is_fetched() {
    let chain = Chain::genesis().grow("a", 5_000);
    let mut bench = Bench::new(&Chain::genesis());
    let out = bench.handshake(A, &chain);
    bench.serve(&[(A, &chain)], out);
    assert_eq!(bench.tip(), chain.tip().hash());
    let progress = bench.machine.progress();
    assert_eq!((progress.blocks, progress.held_bytes, progress.reserved_bytes), (5_000, 0, 0));
}

#[test]
fn nothing_is_asked_of_a_peer_that_claims_no_more_work_than_ours() {
    let chain = Chain::genesis().grow("a", 5);
    let mut bench = Bench::new(&chain);
    assert_eq!(asked_headers(&bench.handshake(A, &chain)), []);
    assert_eq!(asked_headers(&bench.handshake(B, &chain.until(3))), []);
}

#[test]
fn bodies_are_asked_of_every_peer_at_most_four_ranges_of_128_each() {
    let chain = Chain::genesis().grow("a", 2_500);
    let mut bench = Bench::new(&Chain::genesis());
    bench.handshake(A, &chain);
    bench.handshake(B, &chain);
    let asked = ranges(&bench.says(A, Message::Headers(chain.headers_from(1))));
    let expected: Vec<_> = (0..8).map(|place| (1 + 128 * place, 128)).collect();
    let found: Vec<_> = asked.iter().map(|(.., first, count)| (*first, *count)).collect();
    assert_eq!(found, expected, "lowest first, and nothing twice");
    for link in [A, B] {
        assert_eq!(asked.iter().filter(|range| range.0 == link).count(), 4, "{asked:?}");
    }
}

#[test]
fn of_blocks_that_may_be_large_few_are_asked_for_until_their_size_is_known() {
    let chain = Chain::of(Spec::dev()).grow("a", 2_500);
    let mut bench = Bench::new(&chain.until(0));
    bench.handshake(A, &chain);
    let out = bench.says(A, Message::Headers(chain.headers_from(1)));
    assert!(ranges(&out).iter().all(|(.., count)| *count == 3), "{:?}", ranges(&out));
    bench.serve(&[(A, &chain)], out);
    assert_eq!(bench.tip(), chain.tip().hash());
}

#[test]
fn not_found_is_no_offence_and_another_peer_is_asked() {
    let chain = Chain::genesis().grow("a", 20);
    let mut bench = Bench::new(&Chain::genesis());
    bench.handshake(A, &chain);
    bench.handshake(B, &chain);
    let out = bench.says(A, Message::Headers(chain.headers_from(1)));
    let (link, request, ..) = ranges(&out)[0];
    let out = bench.says(link, Message::NotFound { request });
    assert_eq!(banned(&out), []);
    let again = ranges(&out);
    assert!(again.iter().all(|(of, ..)| *of != link), "{again:?}");
    let all = [(A, &chain), (B, &chain)];
    bench.serve(&all, out);
    assert_eq!(bench.tip(), chain.tip().hash());
}

#[test]
fn a_range_may_come_in_parts() {
    let chain = Chain::genesis().grow("a", 10);
    let mut bench = Bench::new(&Chain::genesis());
    let out = bench.handshake(A, &chain);
    assert_eq!(asked_headers(&out), [A]);
    let out = bench.says(A, Message::Headers(chain.headers_from(1)));
    let (_, request, first, count) = ranges(&out)[0];
    assert_eq!((first, count), (1, 10));
    for height in 1..=10 {
        let bodies = chain.bodies(Height::new(height), 1);
        bench.says(A, Message::Blocks { request, bodies });
    }
    assert_eq!(bench.tip(), chain.tip().hash());
}

#[test]
fn what_the_writer_cannot_take_is_fetched_again_after_a_pause() {
    let chain = Chain::genesis().grow("a", 10);
    let mut bench = Bench::new(&Chain::genesis());
    bench.imports = false;
    let out = bench.handshake(A, &chain);
    bench.serve(&[(A, &chain)], out);
    let (download, _) = bench.pending.remove(0);
    let outcome = ImportOutcome::Unavailable;
    let out = bench.tell(BinaryInput::Imported { download, last: chain.last(), outcome });
    assert_eq!(asked_headers(&out), []);
    assert_eq!(bench.machine.progress().held_bytes, 0);
    bench.imports = true;
    assert_eq!(asked_headers(&bench.wait(Duration::from_millis(9_999))), []);
    // It claims what it claimed.
    let out = bench.wait(Duration::from_millis(1));
    let next = bench.says(A, Message::Announce(chain.header(10)));
    let out = out.into_iter().chain(next).collect();
    bench.serve(&[(A, &chain)], out);
    assert_eq!(bench.tip(), chain.tip().hash());
}
