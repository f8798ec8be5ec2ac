//! What is a provable fault, and what is none.

use super::*;

/// A peer that was asked for headers.
fn asked(chain: &Chain) -> Bench {
    let mut bench = Bench::new(&Chain::genesis());
    assert_eq!(asked_headers(&bench.handshake(A, chain)), [A]);
    bench
}

/// A peer that was asked for the blocks 1 to 10, and its request.
fn fetching(chain: &Chain) -> (Bench, u64) {
    let mut bench = asked(chain);
    let out = bench.says(A, Message::Headers(chain.headers_from(1)));
    let (_, request, ..) = ranges(&out)[0];
    (bench, request)
}

#[test]
fn a_header_without_proof_of_work_is_banned() {
    let chain = Chain::genesis().grow("a", 10);
    let mut headers = chain.headers_from(1);
    seal(&mut headers[4], false);
    assert_eq!(banned(&asked(&chain).says(A, Message::Headers(headers.clone()))), [A]);
    let mut bench = Bench::new(&chain);
    bench.handshake(A, &chain);
    assert_eq!(banned(&bench.says(A, Message::Announce(headers[4]))), [A]);
}

#[test]
fn headers_that_break_a_rule_or_do_not_follow_are_banned() {
    let chain = Chain::genesis().grow("a", 10);
    let mut gap = chain.headers_from(1);
    gap.remove(3);
    assert_eq!(banned(&asked(&chain).says(A, Message::Headers(gap))), [A]);
    let mut easy = chain.headers_from(1);
    easy[2].bits = Bits::new(0x2000_ffff);
    assert_eq!(banned(&asked(&chain).says(A, Message::Headers(easy))), [A]);
    assert_eq!(banned(&asked(&chain).says(A, Message::Headers(chain.headers_from(0)))), [A]);
}

#[test]
fn what_nobody_asked_for_is_banned() {
    let chain = Chain::genesis().grow("a", 10);
    let bodies = || chain.bodies(Height::new(1), 1);
    for message in [
        Message::Headers(chain.headers_from(1)),
        Message::Headers(Vec::new()),
        Message::Blocks { request: 0, bodies: bodies() },
        Message::NotFound { request: 0 },
        Message::Peers(Vec::new()),
    ] {
        let mut bench = Bench::new(&chain);
        bench.handshake(A, &chain);
        assert_eq!(banned(&bench.says(A, message.clone())), [A], "{message:?}");
    }
}

#[test]
fn a_wrong_body_is_banned_and_fetched_from_another() {
    let chain = Chain::genesis().grow("a", 10);
    let other = Chain::genesis().grow("b", 10);
    let (mut bench, request) = fetching(&chain);
    bench.handshake(B, &chain);
    let mut bodies = chain.bodies(Height::new(1), 10);
    bodies[4] = other.bodies(Height::new(5), 1).remove(0);
    let out = bench.says(A, Message::Blocks { request, bodies });
    assert_eq!(banned(&out), [A]);
    // Those before it were right and are not asked for again.
    let (link, _, first, count) = ranges(&out)[0];
    assert_eq!((link, first, count), (B, 5, 6));
    bench.serve(&[(B, &chain)], out);
    assert_eq!(bench.tip(), chain.tip().hash());
}

#[test]
fn a_check_that_panics_bans_nobody_and_its_branch_rests() {
    let chain = Chain::genesis().grow("a", 10);
    let (mut bench, request) = fetching(&chain);
    bench.panics_at = Some(chain.states[5].hash());
    let all = || chain.bodies(Height::new(1), 10);
    let mut out = bench.says(A, Message::Blocks { request, bodies: all() });
    assert_eq!((banned(&out), ranges(&out)), (vec![], vec![]));
    // What is asked of it later: the same again, but rarely.
    let mut fetched = 0;
    for _ in 0..600 {
        out = bench.wait(Duration::from_secs(1));
        for _ in 0..asked_headers(&out).len() {
            out.extend(bench.says(A, Message::Headers(chain.headers_from(1))));
        }
        for (_, request, ..) in ranges(&out) {
            fetched += 1;
            let out = bench.says(A, Message::Blocks { request, bodies: all() });
            assert_eq!((banned(&out), ranges(&out)), (vec![], vec![]));
        }
    }
    assert!((1..=30).contains(&fetched), "fetched {fetched} times in 600 s");
    // Others are fetched from all the same.
    let other = Chain::genesis().grow("b", 12);
    let out = bench.handshake(B, &other);
    bench.serve(&[(A, &chain), (B, &other)], out);
    assert_eq!(bench.tip(), other.tip().hash());
}

#[test]
fn a_body_of_another_count_of_records_is_banned_before_it_is_looked_at() {
    let chain = Chain::genesis().grow("a", 10);
    // Its count alone would take more memory than all bodies may: nothing is set aside for it.
    let lie = || Body::encoded([vec![0xff, 0xff, 0x7f], vec![0; 2 << 20]].concat());
    let longer = || Body::encoded([vec![1, 0x80, 0x80, 1], vec![0x61; 16_384]].concat());
    for wrong in [lie(), longer(), Body::encoded(Vec::new())] {
        let (mut bench, request) = fetching(&chain);
        bench.handshake(B, &chain);
        let mut bodies = chain.bodies(Height::new(1), 10);
        bodies[4] = wrong;
        let mut out = Vec::new();
        let message = Message::Blocks { request, bodies };
        let input = BinaryInput::Message { link: A, message }.into();
        bench.machine.handle(bench.now, bench.clock, input, &mut out);
        assert_eq!(banned(&out), [A]);
        // Those before it are checked, and the others asked of B at once.
        let checks = |output: &Output| match output {
            Output::Check { bodies, .. } => Some(bodies.len()),
            _ => None,
        };
        assert_eq!(out.iter().filter_map(checks).collect::<Vec<_>>(), [4]);
        assert_eq!(
            ranges(&out).iter().map(|it| (it.0, it.2, it.3)).collect::<Vec<_>>(),
            [(B, 5, 6)]
        );
    }
}

#[test]
fn too_many_bodies_and_none_are_banned() {
    let chain = Chain::genesis().grow("a", 11);
    let (mut bench, request) = fetching(&chain.until(10));
    let bodies = chain.bodies(Height::new(1), 11);
    assert_eq!(banned(&bench.says(A, Message::Blocks { request, bodies })), [A]);
    let (mut bench, request) = fetching(&chain);
    assert_eq!(banned(&bench.says(A, Message::Blocks { request, bodies: Vec::new() })), [A]);
}

#[test]
fn an_answer_however_late_is_no_fault() {
    let chain = Chain::genesis().grow("a", 10);
    let (mut bench, request) = fetching(&chain);
    let out = bench.wait(Duration::from_secs(300));
    assert_eq!(banned(&out), []);
    let bodies = chain.bodies(Height::new(1), 10);
    let out = bench.says(A, Message::Blocks { request, bodies: bodies.clone() });
    assert_eq!(banned(&out), []);
    assert_eq!(bench.tip(), chain.tip().hash(), "and it is taken");
    let mut bench = asked(&chain);
    let out = bench.wait(Duration::from_secs(3_000));
    let owed = 1 + asked_headers(&out).len();
    for _ in 0..owed {
        assert_eq!(banned(&bench.says(A, Message::Headers(Vec::new()))), []);
    }
    assert_eq!(banned(&bench.says(A, Message::Headers(Vec::new()))), [A]);
}

#[test]
fn headers_above_what_we_hold_ban_nobody() {
    let chain = Chain::genesis().grow("a", 10);
    let mut bench = asked(&chain);
    let out = bench.says(A, Message::Headers(chain.headers_from(5)));
    assert_eq!(banned(&out), []);
    let out = bench.wait(Duration::from_secs(2));
    assert_eq!(asked_headers(&out), [A], "asked again after a pause");
}

#[test]
fn ranges_of_none_and_of_too_many_are_banned() {
    for count in [0, 129, u32::MAX] {
        let chain = Chain::genesis();
        let mut bench = Bench::new(&chain);
        bench.handshake(A, &chain);
        let message = Message::GetBlocks {
            request: 0,
            first: Height::new(1),
            count,
            last: Hash::new([0; 32]),
        };
        assert_eq!(banned(&bench.says(A, message)), [A], "{count}");
    }
}

#[test]
fn a_chain_that_contradicts_a_checkpoint_is_closed_and_not_banned() {
    let chain = Chain::genesis().grow("a", 10);
    let pins = [(Height::new(5), Hash::new([1; 32]))].into_iter().collect();
    let mut bench = Bench::with(&Chain::genesis(), pins);
    bench.handshake(A, &chain);
    let out = bench.says(A, Message::Headers(chain.headers_from(1)));
    assert_eq!(banned(&out), []);
    let is_closed = |output: &Output| {
        matches!(output, Output::Close { code: 1008, redial: Redial::Longest, .. })
    };
    assert!(out.iter().any(is_closed), "{out:?}");
}

#[test]
fn what_a_frame_cannot_be_is_banned() {
    let chain = Chain::genesis();
    let mut bench = Bench::new(&chain);
    bench.handshake(A, &chain);
    let out = bench.tell(BinaryInput::Undecodable { link: A, reason: "text" });
    assert_eq!(out, [Output::Ban { link: A, reason: "text" }]);
}
