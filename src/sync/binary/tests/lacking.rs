//! Peers that do not hold what they are asked for: they are on another branch by now.

use super::*;

/// Common blocks, the branch that peers show, and one of more work.
fn branches() -> (Chain, Chain, Chain) {
    let common = Chain::genesis().grow("a", 5);
    let (shown, next) = (common.grow("b", 300), common.grow("c", 310));
    (common, shown, next)
}

/// Says of each range that this link was asked for that it is not held. What came of it.
fn lacks(bench: &mut Bench, link: LinkId, asked: &[Range]) -> Vec<Output> {
    let mut out = Vec::new();
    for (_, request, ..) in asked.iter().filter(|range| range.0 == link) {
        out.extend(bench.says(link, Message::NotFound { request: *request }));
    }
    out
}

fn of(link: LinkId, ranges: &[Range]) -> Vec<(u64, u32)> {
    let own = ranges.iter().filter(|range| range.0 == link);
    own.map(|(_, _, first, count)| (*first, *count)).collect()
}

fn closed(outputs: &[Output]) -> usize {
    outputs
        .iter()
        .filter(|output| matches!(output, Output::Close { .. } | Output::Ban { .. }))
        .count()
}

#[test]
fn what_one_peer_does_not_hold_is_asked_of_the_others_at_once_and_of_it_no_more() {
    let (common, shown, _) = branches();
    let mut bench = Bench::new(&common);
    bench.handshake(A, &shown);
    bench.handshake(B, &shown);
    let out = bench.says(A, Message::Headers(shown.headers_from(6)));
    let asked = ranges(&out);
    let lost = of(A, &asked);
    assert!(!lost.is_empty() && !of(B, &asked).is_empty(), "{asked:?}");
    let out = lacks(&mut bench, A, &asked);
    let again = ranges(&out);
    assert_eq!((of(A, &again), of(B, &again)), (vec![], lost));
    assert_eq!(closed(&out), 0);
    let own: Vec<_> = asked.iter().chain(&again).filter(|range| range.0 == B).collect();
    let mut rest = Vec::new();
    for &&(_, request, first, count) in &own {
        let bodies = shown.bodies(Height::new(first), count);
        rest.extend(bench.says(B, Message::Blocks { request, bodies }));
    }
    assert_eq!((of(A, &ranges(&rest)), closed(&rest)), (vec![], 0));
    assert_eq!(bench.tip(), shown.tip().hash());
}

#[test]
fn a_reorg_between_a_header_and_the_request_for_its_block_is_no_fault() {
    let common = Chain::genesis().grow("a", 5);
    let (shown, next) = (common.grow("b", 1), common.grow("c", 2));
    let mut bench = Bench::new(&common);
    bench.handshake(A, &common);
    let out = bench.says(A, Message::Announce(shown.header(6)));
    let asked = ranges(&out);
    assert_eq!(of(A, &asked), [(6, 1)]);
    let mut out = lacks(&mut bench, A, &asked);
    out.extend(bench.says(A, Message::Announce(next.header(7))));
    assert_eq!((closed(&out), of(A, &ranges(&out))), (0, vec![]));
    // A peer that shows what it does not hold is paused for a moment.
    let rested = bench.wait(Duration::from_secs(10));
    let out = bench.serve(&[(A, &next)], out.into_iter().chain(rested).collect());
    assert_eq!((bench.tip(), closed(&out)), (next.tip().hash(), 0));
}

#[test]
fn blocks_of_a_branch_that_is_not_on_our_chain_any_more_are_no_fault_to_ask_for() {
    let (common, shown, next) = branches();
    let mut bench = Bench::new(&shown);
    bench.handshake(A, &common);
    bench.adopt(&next);
    let last = shown.id_of(10);
    let (request, first, count) = (3, Height::new(6), 5);
    let out = bench.says(A, Message::GetBlocks { request, first, count, last: last.hash });
    assert!(out.contains(&send(A, BinaryOutgoing::Blocks { request, first, last })), "{out:?}");
    assert_eq!(closed(&out), 0);
}
