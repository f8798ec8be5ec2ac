//! Peers that move to another branch while the one that they showed is fetched.

use super::*;

/// Common blocks, the branch that a peer shows, and the one that it moves to.
fn branches() -> (Chain, Chain, Chain) {
    let common = Chain::genesis().grow("a", 5);
    let (shown, next) = (common.grow("b", 5), common.grow("c", 8));
    (common, shown, next)
}

/// A showed a branch, was asked for its blocks, and then names one of another branch.
fn moved(bench: &mut Bench, shown: &Chain, next: &Chain) -> (Vec<Range>, Vec<Output>) {
    bench.handshake(A, shown);
    let out = bench.says(A, Message::Headers(shown.headers_from(6)));
    let asked = ranges(&out);
    assert_eq!(asked.len(), 1);
    (asked, bench.says(A, Message::Announce(next.header(13))))
}

#[test]
fn who_left_a_branch_is_not_asked_for_more_of_it_over_and_over() {
    let (common, shown, next) = branches();
    let mut bench = Bench::new(&common);
    let (_, out) = moved(&mut bench, &shown, &next);
    assert_eq!(asked_headers(&out), [A]);
    let out = bench.says(A, Message::Headers(next.headers_from(6)));
    assert_eq!(asked_headers(&out), []);
}

#[test]
fn a_branch_that_its_only_holder_left_is_dropped_for_what_that_has_now() {
    let (common, shown, next) = branches();
    let mut bench = Bench::new(&common);
    let (asked, out) = moved(&mut bench, &shown, &next);
    let mut out = bench.serve(&[(A, &next)], out);
    for (_, request, ..) in asked {
        out.extend(bench.says(A, Message::NotFound { request }));
    }
    bench.serve(&[(A, &next)], out);
    assert_eq!(bench.tip(), next.tip().hash());
    assert_eq!(bench.imported, 8);
}

#[test]
fn a_branch_that_nobody_holds_any_more_is_dropped_at_once_when_another_peer_has_a_heavier_one() {
    let (common, shown, next) = branches();
    let mut bench = Bench::new(&common);
    bench.handshake(A, &shown);
    let out = bench.says(A, Message::Headers(shown.headers_from(6)));
    let asked = ranges(&out);
    let mut out = bench.handshake(B, &next);
    for (_, request, ..) in asked {
        out.extend(bench.says(A, Message::NotFound { request }));
    }
    let out = bench.serve(&[(B, &next)], out);
    assert_eq!(bench.tip(), next.tip().hash());
    // A peer that shows what it does not hold cannot do so again at once.
    assert!(!asked_headers(&out).contains(&A));
}

#[test]
fn a_branch_of_which_one_peer_may_still_have_the_blocks_is_not_dropped() {
    let (common, shown, next) = branches();
    let mut bench = Bench::new(&common);
    bench.handshake(A, &shown);
    bench.handshake(B, &next);
    let out = bench.says(A, Message::Headers(shown.headers_from(6)));
    let (_, request, ..) = ranges(&out)[0];
    assert_eq!(ranges(&out)[0].0, A);
    bench.says(B, Message::NotFound { request: 0 });
    let bodies = shown.bodies(Height::new(6), 5);
    bench.says(A, Message::Blocks { request, bodies });
    assert_eq!(bench.tip(), shown.tip().hash());
}
