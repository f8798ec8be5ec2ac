//! Late answers, stalls and withheld blocks.

use super::*;

#[test]
fn headers_that_do_not_come_are_asked_of_another() {
    let chain = Chain::genesis().grow("a", 10);
    let mut bench = Bench::new(&Chain::genesis());
    for link in [A, B, C, LinkId(4)] {
        bench.handshake(link, &chain);
    }
    let out = bench.wait(Duration::from_secs(2));
    assert_eq!(asked_headers(&out), [LinkId(4)], "three are asked at a time");
    bench.serve(&[(LinkId(4), &chain)], out);
    assert_eq!(bench.tip(), chain.tip().hash());
}

#[test]
fn a_late_range_is_given_to_another_and_the_late_one_rests() {
    let chain = Chain::genesis().grow("a", 10);
    let mut bench = Bench::new(&Chain::genesis());
    bench.handshake(A, &chain);
    let out = bench.says(A, Message::Headers(chain.headers_from(1)));
    assert_eq!(ranges(&out)[0].0, A);
    bench.handshake(B, &chain.until(10));
    let out = bench.wait(Duration::from_millis(499));
    assert_eq!(ranges(&out), []);
    let out = bench.wait(Duration::from_millis(1));
    assert_eq!(ranges(&out).iter().map(|range| range.0).collect::<Vec<_>>(), [B]);
    bench.serve(&[(B, &chain)], out);
    assert_eq!(bench.tip(), chain.tip().hash());
}

#[test]
fn the_time_for_an_answer_doubles_and_comes_back() {
    let chain = Chain::genesis().grow("a", 10);
    let mut bench = Bench::new(&Chain::genesis());
    bench.handshake(A, &chain);
    let mut asked = Vec::new();
    let start = bench.now;
    for _ in 0..400 {
        let out = bench.wait(Duration::from_secs(1));
        if !asked_headers(&out).is_empty() {
            asked.push(bench.now.0.saturating_sub(start.0).as_secs());
        }
    }
    // 2 s for the answer and 2 s of pause, then 4 and 4, up to 64 and 64.
    assert_eq!(asked, [4, 12, 28, 60, 124, 252, 380]);
    bench.says(A, Message::Headers(chain.headers_from(1)));
    assert!(bench.machine.progress().state == SyncState::Blocks);
}

#[test]
fn a_request_that_is_passed_over_is_given_to_another() {
    let chain = Chain::genesis().grow("a", 200);
    let mut bench = Bench::new(&Chain::genesis());
    bench.handshake(A, &chain);
    let out = bench.says(A, Message::Headers(chain.headers_from(1)));
    let asked = ranges(&out);
    bench.handshake(B, &chain);
    // The second is answered, the first is not.
    let (_, request, first, count) = asked[1];
    let bodies = chain.bodies(Height::new(first), count);
    let out = bench.says(A, Message::Blocks { request, bodies });
    assert!(ranges(&out).iter().any(|range| range.2 == asked[0].2), "{out:?}");
}

#[test]
fn a_branch_that_is_withheld_is_given_up_for_another() {
    let withheld = Chain::genesis().grow("w", 30);
    let honest = Chain::genesis().grow("h", 20);
    let mut bench = Bench::new(&Chain::genesis());
    bench.handshake(A, &withheld);
    bench.says(A, Message::Headers(withheld.headers_from(1)));
    let mut out = bench.handshake(B, &honest);
    assert_eq!(asked_headers(&out), []);
    for _ in 0..10 {
        let waiting = std::mem::take(&mut out);
        bench.serve(&[(B, &honest)], waiting);
        out = bench.wait(Duration::from_secs(1));
    }
    assert_eq!(bench.tip(), honest.tip().hash());
    // A peer that withheld it begins no other one by naming a block on top of our tip.
    let out = bench.says(A, Message::Announce(honest.grow("x", 1).header(21)));
    assert_eq!((ranges(&out), asked_headers(&out)), (vec![], vec![]));
    let out = bench.says(B, Message::Announce(honest.grow("y", 1).header(21)));
    assert_eq!(ranges(&out).len(), 1);
}

#[test]
fn who_says_late_that_it_lacks_a_withheld_branch_is_not_penalized_for_it() {
    let withheld = Chain::genesis().grow("w", 30);
    let honest = Chain::genesis().grow("h", 20);
    let mut bench = Bench::new(&Chain::genesis());
    bench.handshake(A, &withheld);
    bench.says(A, Message::Headers(withheld.headers_from(1)));
    bench.handshake(B, &honest);
    bench.handshake(C, &honest);
    let mut asked: Vec<(LinkId, u64, Time)> = Vec::new();
    let mut penalized_until = Vec::new();
    // B and C say that they lack it 600 ms after they were asked: too late.
    for _ in 0..100 {
        let now = bench.now;
        let (due, later) = asked.into_iter().partition(|(_, _, due)| *due <= now);
        asked = later;
        let mut out = Vec::new();
        for (link, request, _) in due {
            out.extend(bench.says(link, Message::NotFound { request }));
        }
        out.extend(bench.wait(Duration::from_millis(100)));
        let is_ask = |output: &Output| asks_headers(output).is_some();
        let (asks, mut out): (Vec<_>, Vec<_>) = out.into_iter().partition(is_ask);
        out.extend(bench.serve_once(&[(B, &honest), (C, &honest)], asks));
        let due = bench.now.plus(Duration::from_millis(600));
        let of_honest = ranges(&out).into_iter().filter(|range| range.0 != A);
        asked.extend(of_honest.map(|(link, request, ..)| (link, request, due)));
        penalized_until.extend(out.into_iter().filter_map(|output| match output {
            Output::Log { link, note: Note::Withheld { .. } } => Some(link),
            _ => None,
        }));
    }
    assert_eq!(penalized_until, [A]);
}

#[test]
fn a_single_slow_peer_is_waited_for() {
    let chain = Chain::genesis().grow("a", 3);
    let mut bench = Bench::new(&Chain::genesis());
    bench.handshake(A, &chain);
    let out = bench.says(A, Message::Headers(chain.headers_from(1)));
    let (_, request, ..) = ranges(&out)[0];
    let out = bench.wait(Duration::from_secs(100));
    let stalls = out
        .iter()
        .filter(|output| matches!(output, Output::Log { note: Note::Stalled { .. }, .. }));
    assert_eq!(stalls.count(), 3, "told every 30 s");
    let bodies = chain.bodies(Height::new(1), 3);
    bench.says(A, Message::Blocks { request, bodies });
    assert_eq!(bench.tip(), chain.tip().hash());
}

#[test]
fn a_link_that_ends_leaves_its_blocks_to_others() {
    let chain = Chain::genesis().grow("a", 30);
    let mut bench = Bench::new(&Chain::genesis());
    bench.handshake(A, &chain);
    bench.handshake(B, &chain);
    bench.says(A, Message::Headers(chain.headers_from(1)));
    let out = bench.tell(Input::Closed { link: A });
    assert!(!ranges(&out).is_empty());
    bench.serve(&[(B, &chain)], out);
    assert_eq!(bench.tip(), chain.tip().hash());
    assert_eq!(bench.machine.progress().reserved_bytes, 0);
}
