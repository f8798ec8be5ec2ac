//! Peers that stay on another tip of the same work.

use super::*;

/// Two block times of `dev`.
const AFTER: Duration = Duration::from_secs(20);

fn split(bench: &Bench) -> Option<(LinkId, BlockId, BlockId)> {
    bench.machine.split(bench.now).map(|split| (split.link, split.ours, split.theirs))
}

#[test]
fn a_peer_that_stays_on_another_tip_of_the_same_work_is_a_split_after_two_block_times() {
    let trunk = Chain::genesis().grow("a", 5);
    let (ours, theirs) = (trunk.grow("b", 1), trunk.grow("c", 1));
    let mut bench = Bench::new(&ours);
    let out = bench.handshake(A, &theirs);
    let told = send(A, BinaryOutgoing::Announce(ours.last()));
    assert!(out.contains(&told), "a peer of the same work is told of our tip");
    let out = bench.says(A, Message::Announce(theirs.header(6)));
    let out = bench.serve(&[(A, &theirs)], out);
    assert_eq!(ranges(&out), [], "it is not fetched");
    assert_eq!(split(&bench), None);
    bench.wait(Duration::from_millis(19_999));
    assert_eq!(split(&bench), None);
    bench.wait(Duration::from_millis(1));
    assert_eq!(split(&bench), Some((A, ours.last(), theirs.last())));
    // A third block decides.
    bench.adopt(&ours.grow("b", 1));
    assert_eq!(split(&bench), None);
}

#[test]
fn a_claim_alone_is_no_split() {
    let trunk = Chain::genesis().grow("a", 5);
    let (ours, theirs) = (trunk.grow("b", 1), trunk.grow("c", 1));
    let mut bench = Bench::new(&ours);
    bench.handshake(A, &theirs);
    // It names its tip, and gives no headers that lead there.
    bench.says(A, Message::Announce(theirs.header(6)));
    bench.wait(AFTER * 3);
    assert_eq!(split(&bench), None);
}

#[test]
fn a_peer_that_takes_our_chain_over_or_goes_is_no_split_any_more() {
    let trunk = Chain::genesis().grow("a", 5);
    let (ours, theirs) = (trunk.grow("b", 1), trunk.grow("c", 1));
    let split_off = || {
        let mut bench = Bench::new(&ours);
        bench.handshake(A, &theirs);
        let out = bench.says(A, Message::Announce(theirs.header(6)));
        bench.serve(&[(A, &theirs)], out);
        bench.wait(AFTER);
        assert!(split(&bench).is_some());
        bench
    };
    let mut bench = split_off();
    bench.says(A, Message::Announce(ours.header(6)));
    assert_eq!(split(&bench), None);
    let mut bench = split_off();
    let (first, last) = (Height::new(6), ours.last().hash);
    bench.says(A, Message::GetBlocks { request: 1, first, count: 1, last });
    assert_eq!(split(&bench), None);
    let mut bench = split_off();
    bench.tell(Input::Closed { link: A });
    assert_eq!(split(&bench), None);
}

#[test]
fn nodes_that_agree_or_follow_are_no_split() {
    let ours = Chain::genesis().grow("a", 5);
    let mut bench = Bench::new(&ours);
    bench.handshake(A, &ours);
    bench.says(A, Message::Announce(ours.header(5)));
    let lower = ours.until(3);
    let out = bench.handshake(B, &lower);
    bench.serve(&[(B, &lower)], out);
    bench.wait(AFTER * 3);
    assert_eq!(split(&bench), None);
}
