//! Slow, cheap and withheld branches: what they may cost a node that has one honest link.

use super::*;

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

#[test]
fn a_source_that_gives_one_header_at_a_time_loses_its_place_at_once() {
    let chain = Chain::genesis().grow("a", 5_000);
    let mut bench = Bench::new(&Chain::genesis());
    bench.handshake(A, &chain);
    bench.handshake(B, &chain);
    bench.says(A, Message::Announce(chain.header(5_000)));
    let out = bench.says(A, Message::Headers(chain.headers_from(1)[..1].to_vec()));
    assert_eq!(asked_headers(&out), [] as [LinkId; 0], "B was asked before");
    let out = bench.says(B, Message::Headers(chain.headers_from(1)));
    assert_eq!(asked_headers(&out), [B]);
    bench.serve(&[(B, &chain)], out);
    assert_eq!(bench.tip(), chain.tip().hash());
}

#[test]
fn a_source_that_takes_its_time_is_not_the_only_one_that_is_asked() {
    let chain = Chain::genesis().grow("a", 5_000);
    let mut bench = Bench::new(&Chain::genesis());
    bench.handshake(A, &chain);
    let out = bench.says(A, Message::Headers(chain.headers_from(1)));
    assert_eq!(asked_headers(&out), [A]);
    for link in [B, C, LinkId(4)] {
        bench.handshake(link, &chain);
    }
    assert_eq!(asked_headers(&bench.wait(Duration::from_millis(500))), [B]);
    let out = bench.wait(Duration::from_millis(500));
    assert!(asked_headers(&out).contains(&LinkId(4)), "more each time: {:?}", asked_headers(&out));
    // The first link to respond goes on, and a later response is no fault.
    bench.says(LinkId(4), Message::Headers(chain.headers_from(2_001)));
    assert_eq!(bench.machine.progress().headers, 4_000);
    let out = bench.says(A, Message::Headers(chain.headers_from(2_001)));
    assert_eq!((banned(&out).len(), bench.machine.progress().headers), (0, 4_000));
}

#[test]
fn one_place_of_those_asked_for_headers_is_kept_for_links_that_we_dialled() {
    let chain = Chain::genesis().grow("a", 10);
    let mut bench = Bench::new(&Chain::genesis());
    let mut asked = Vec::new();
    for name in 10..40 {
        let link = LinkId(name);
        bench.open_as(link, false, Origin(u128::from(name)));
        asked.extend(asked_headers(&bench.says(link, Message::Hello(hello(link, &chain)))));
    }
    assert_eq!(asked, [LinkId(10), LinkId(11)]);
    assert_eq!(asked_headers(&bench.handshake(A, &chain)), [A]);
}

#[test]
fn links_that_do_not_answer_hold_their_places_for_a_moment_only() {
    let chain = Chain::genesis().grow("a", 10);
    let mut bench = Bench::new(&Chain::genesis());
    for name in 10..40 {
        let link = LinkId(name);
        bench.open_as(link, false, Origin(u128::from(name)));
        // They claim more than the last one, which is honest.
        let work = Work::from_bytes([0x7f; 32]);
        bench.says(link, Message::Hello(Hello { work, ..hello(link, &chain) }));
    }
    bench.open_as(A, false, Origin(1));
    bench.says(A, Message::Hello(hello(A, &chain)));
    let out = bench.wait(seconds(4));
    assert!(asked_headers(&out).contains(&A), "{:?}", asked_headers(&out));
}

#[test]
fn a_worthless_branch_is_followed_in_turn_with_the_others() {
    let ours = Chain::genesis().grow("o", 4_500);
    let worthless = Chain::genesis().grow("w", 4_400);
    let honest = ours.grow("h", 10);
    let mut bench = Bench::new(&ours);
    let claim = Hello { work: Work::from_bytes([0x7f; 32]), ..hello(A, &worthless) };
    bench.open_as(A, false, Origin(1));
    let out = bench.says(A, Message::Hello(claim.clone()));
    bench.open_as(B, false, Origin(2));
    let out = [out, bench.says(B, Message::Hello(Hello { nonce: 2, ..claim }))].concat();
    assert_eq!(asked_headers(&out), [A, B]);
    bench.open_as(C, false, Origin(3));
    assert_eq!(asked_headers(&bench.says(C, Message::Hello(hello(C, &honest)))), [] as [LinkId; 0]);
    let out = bench.says(A, Message::Headers(worthless.headers_from(1)));
    assert_eq!(asked_headers(&out), [C], "who was never asked goes first");
    let mut out = bench.serve(&[(C, &honest)], out);
    for _ in 0..5 {
        out.extend(bench.wait(Duration::from_millis(300)));
        let asked = std::mem::take(&mut out);
        out = bench.serve(&[(A, &worthless), (C, &honest)], asked);
    }
    assert_eq!(bench.tip(), honest.tip().hash());
}

#[test]
fn a_branch_whose_blocks_drip_gives_way_to_a_heavier_one() {
    let slow = Chain::genesis().grow("s", 300);
    let honest = Chain::genesis().grow("h", 400);
    let mut bench = Bench::new(&Chain::genesis());
    bench.handshake(A, &slow);
    let out = bench.says(A, Message::Headers(slow.headers_from(1)));
    let (_, request, ..) = ranges(&out)[0];
    let mut out = bench.handshake(B, &honest);
    for height in 1..=4 {
        out.extend(bench.wait(Duration::from_millis(1_500)));
        let bodies = slow.bodies(Height::new(height), 1);
        out.extend(bench.says(A, Message::Blocks { request, bodies }));
        let asked = std::mem::take(&mut out);
        out = bench.serve(&[(B, &honest)], asked);
    }
    assert_eq!(bench.tip(), honest.tip().hash());
    let blamed = |it: &Output| matches!(it, Output::Close { .. } | Output::Ban { .. });
    assert!(!out.iter().any(blamed), "to be slow is no fault: {out:?}");
}

#[test]
fn a_withheld_block_costs_its_announcer_and_not_the_next_block() {
    let ours = Chain::genesis().grow("a", 20);
    let (withheld, honest) = (ours.grow("w", 1), ours.grow("h", 1));
    let mut bench = Bench::new(&ours);
    bench.handshake(A, &ours);
    bench.handshake(B, &ours);
    let out = bench.says(A, Message::Announce(withheld.header(21)));
    assert_eq!(ranges(&out).len(), 1);
    bench.wait(seconds(2));
    let out = bench.says(B, Message::Announce(honest.header(21)));
    assert!(ranges(&out).iter().all(|range| range.0 == B), "{:?}", ranges(&out));
    bench.serve(&[(B, &honest)], out);
    assert_eq!(bench.tip(), honest.tip().hash());
    let again = bench.says(A, Message::Announce(honest.grow("w", 1).header(22)));
    assert_eq!((ranges(&again).len(), asked_headers(&again).len()), (0, 0));
}

#[test]
fn a_range_of_which_little_comes_all_the_time_is_given_to_another() {
    let chain = Chain::genesis().grow("a", 128);
    let mut bench = Bench::new(&Chain::genesis());
    bench.handshake(A, &chain);
    let out = bench.says(A, Message::Headers(chain.headers_from(1)));
    let (_, request, ..) = ranges(&out)[0];
    bench.handshake(B, &chain);
    let mut out = Vec::new();
    for height in 1..=6 {
        let bodies = chain.bodies(Height::new(height), 1);
        out.extend(bench.says(A, Message::Blocks { request, bodies }));
        out.extend(bench.wait(Duration::from_millis(90)));
    }
    assert_eq!(ranges(&out).iter().map(|range| range.0).collect::<Vec<_>>(), [B]);
    // What A is asked for from now on B may be asked for as well.
    bench.serve(&[(B, &chain)], out);
    assert_eq!(bench.tip(), chain.tip().hash());
}

#[test]
fn heights_that_were_not_shown_are_no_progress_to_come() {
    let ours = Chain::genesis().grow("a", 10);
    let mut bench = Bench::new(&ours);
    bench.open(A);
    let claim = Hello { height: Height::new(u64::MAX), ..hello(A, &ours) };
    bench.says(A, Message::Hello(claim));
    assert_eq!(bench.machine.progress().target, Height::new(10));
    let theirs = ours.grow("b", 5);
    bench.handshake(B, &theirs);
    bench.says(B, Message::Headers(theirs.headers_from(11)));
    assert_eq!(bench.machine.progress().target, Height::new(15));
}

#[test]
fn a_claimed_height_is_bounded_by_the_clock() {
    let chain = Chain::genesis().grow("a", 10);
    let claims = |claims: &[(LinkId, u64)], clock| {
        let mut bench = Bench::new(&Chain::genesis());
        bench.clock = clock;
        let mut out = Vec::new();
        for &(link, height) in claims {
            bench.open(link);
            let claim = Hello { height: Height::new(height), ..hello(link, &chain) };
            out.extend(bench.says(link, Message::Hello(claim)));
        }
        for link in asked_headers(&out) {
            bench.says(link, Message::Headers(chain.headers_from(1)));
        }
        bench.machine.progress().claimed
    };
    let last = chain.tip().header().timestamp;
    let block_time = chain.spec.target_block_time_ms();
    let later = last.plus_millis(1_000 * block_time);
    assert_eq!(claims(&[(A, 10)], later), None, "its headers were checked");
    assert_eq!(claims(&[(A, 500)], later), Some(Height::new(500)));
    assert_eq!(claims(&[(A, u64::MAX)], later), Some(Height::new(2_010)));
    assert_eq!(claims(&[(A, u64::MAX)], last), None, "it can have no more blocks by now");
}
