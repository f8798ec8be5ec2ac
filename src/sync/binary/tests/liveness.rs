//! What must not keep a node from the chain with the most work.

use super::*;

/// Enough blocks that their headers take several messages.
fn long() -> Chain {
    Chain::genesis().grow("a", 5_000)
}

/// A showed the headers of 50 blocks on top of our tip, and sent none of them; B has what we have.
fn headers_of_fifty() -> (Chain, Bench) {
    let ours = Chain::genesis().grow("a", 100);
    let theirs = ours.grow("t", 50);
    let mut bench = Bench::new(&ours);
    bench.handshake(B, &ours);
    let out = bench.handshake(A, &theirs);
    bench.serve_once(&[(A, &theirs)], out);
    (ours, bench)
}

fn announced(outputs: &[Output]) -> Vec<LinkId> {
    let announce = |output: &Output| match output {
        Output::Send { link, what: Outgoing::Binary(BinaryOutgoing::Announce(_)) } => Some(*link),
        _ => None,
    };
    outputs.iter().filter_map(announce).collect()
}

#[test]
fn who_has_more_is_asked_again_when_a_shorter_chain_was_fetched_first() {
    let long = long();
    let short = long.until(3_000);
    let mut bench = Bench::new(&Chain::genesis());
    let mut out = bench.handshake(B, &short);
    out.extend(bench.handshake(A, &long));
    bench.serve(&[(A, &long), (B, &short)], out);
    assert_eq!(bench.ours.height(), Height::new(5_000));
}

#[test]
fn a_source_that_is_late_once_is_asked_again_when_another_one_ended_lower() {
    let long = long();
    let short = long.until(4_500);
    let mut bench = Bench::new(&Chain::genesis());
    let out = bench.handshake(A, &long);
    let out = bench.serve_once(&[(A, &long)], out);
    // It answers no question for headers for two seconds; who has less helps out.
    let (asked, rest): (Vec<_>, Vec<_>) =
        out.into_iter().partition(|output| asks_headers(output).is_some());
    assert_eq!(asked_headers(&asked), [A]);
    bench.handshake(B, &short);
    bench.serve(&[(A, &long)], rest);
    let out = bench.wait(Duration::from_secs(2));
    let out = bench.serve(&[(A, &long), (B, &short)], out);
    assert_eq!(asked_headers(&out), []);
    let out = bench.wait(Duration::from_secs(5));
    bench.serve(&[(A, &long), (B, &short)], out);
    assert_eq!(bench.ours.height(), Height::new(5_000));
}

#[test]
fn a_branch_that_nobody_can_serve_is_given_up_and_silences_nobody() {
    let (ours, mut bench) = headers_of_fifty();
    bench.tell(Input::Closed { link: A });
    assert_eq!(bench.machine.progress().state, SyncState::Blocks);
    let mined = ours.grow("o", 1);
    let mut out = bench.adopt(&mined);
    out.extend(bench.wait(Duration::from_secs(6)));
    assert_eq!(announced(&out), [B]);
    assert_eq!(bench.machine.progress().state, SyncState::Idle);
}

#[test]
fn a_branch_that_is_withheld_with_no_other_in_sight_silences_nobody() {
    let (ours, mut bench) = headers_of_fifty();
    let mut out = bench.adopt(&ours.grow("o", 1));
    out.extend(bench.wait(Duration::from_secs(6)));
    assert!(announced(&out).contains(&B));
    // And is not waited for once ours has more work.
    bench.adopt(&ours.grow("o", 50));
    bench.wait(Duration::from_secs(6));
    assert_ne!(bench.machine.progress().state, SyncState::Blocks);
}

#[test]
fn links_that_claim_most_and_never_answer_do_not_keep_an_honest_one_from_being_asked() {
    let honest = Chain::genesis().grow("a", 10);
    let mut bench = Bench::new(&Chain::genesis());
    for name in 10..18 {
        bench.open(LinkId(name));
        let mut hello = hello(LinkId(name), &honest);
        hello.work = Work::from_bytes([0x7f; 32]);
        bench.says(LinkId(name), Message::Hello(hello));
    }
    bench.handshake(A, &honest);
    for _ in 0..30 {
        let out = bench.wait(Duration::from_secs(1));
        bench.serve(&[(A, &honest)], out);
    }
    assert_eq!(bench.tip(), honest.tip().hash());
}

#[test]
fn a_link_that_answers_with_our_own_blocks_again_and_again_rests() {
    let ours = Chain::genesis().grow("a", 3_000);
    let mut bench = Bench::new(&ours);
    bench.open(B);
    let mut hello = hello(B, &ours);
    hello.work = Work::from_bytes([0x7f; 32]);
    let mut out = bench.says(B, Message::Hello(hello));
    let mut asked = 0;
    while asked < 10 && asked_headers(&out) == [B] {
        asked += 1;
        out = bench.says(B, Message::Headers(ours.headers_from(1)));
    }
    assert_eq!(asked, 2, "once on from there, and then not at once");
}

#[test]
fn a_header_from_the_future_is_asked_for_again_though_others_came_below_it() {
    let chain = Chain::genesis().grow("a", 4);
    let mut early = chain.header(4);
    early.timestamp = Timestamp::from_millis(NOW + 3_600_000);
    seal(&mut early, true);
    let mut bench = Bench::new(&Chain::genesis());
    bench.handshake(A, &chain);
    let mut headers = chain.headers_from(1);
    headers[3] = early;
    let out = bench.says(A, Message::Headers(headers));
    bench.serve(&[(A, &chain)], out);
    assert_eq!(bench.ours.height(), Height::new(3));
    let out = bench.wait(Duration::from_secs(30));
    assert_eq!(asked_headers(&out), [A]);
}

#[test]
fn a_clock_that_was_put_right_is_noticed_within_half_a_minute() {
    let chain = Chain::genesis().grow("a", 4);
    let mut bench = Bench::new(&Chain::genesis());
    // A day slow.
    bench.clock = Timestamp::from_millis(chain.header(1).timestamp.as_millis() - 86_400_000);
    let out = bench.handshake(A, &chain);
    bench.serve(&[(A, &chain)], out);
    assert_eq!(bench.ours.height(), Height::GENESIS);
    bench.clock = Timestamp::from_millis(NOW);
    let out = bench.wait(Duration::from_secs(30));
    bench.serve(&[(A, &chain)], out);
    assert_eq!(bench.ours.height(), Height::new(4));
}

#[test]
fn a_peer_whose_headers_are_early_is_asked_every_half_minute_and_not_more_often() {
    let chain = Chain::genesis().grow("a", 4);
    let mut bench = Bench::new(&Chain::genesis());
    bench.clock = Timestamp::from_millis(0);
    let out = bench.handshake(A, &chain);
    bench.serve(&[(A, &chain)], out);
    let mut asked = 0;
    for _ in 0..300 {
        let out = bench.wait(Duration::from_secs(1));
        asked += asked_headers(&out).len();
        bench.serve(&[(A, &chain)], out);
    }
    assert_eq!(asked, 10);
}

#[test]
fn a_block_that_is_announced_while_headers_are_looked_up_is_fetched() {
    let chain = Chain::genesis().grow("a", 5);
    let known = chain.until(4);
    let mut bench = Bench::new(&Chain::genesis());
    bench.handshake(A, &known);
    // The lookup takes its time: the announcement comes before its answer.
    let out = bench.holding_queries(|bench| {
        let mut out = bench.says(A, Message::Headers(known.headers_from(1)));
        out.extend(bench.says(A, Message::Announce(chain.header(5))));
        out
    });
    bench.serve(&[(A, &chain)], out);
    assert_eq!(bench.tip(), chain.tip().hash());
}

#[test]
fn who_sent_its_blocks_is_not_blamed_for_our_slow_writer() {
    let chain = long();
    let other = Chain::genesis().grow("b", 10);
    let mut bench = Bench::new(&Chain::genesis());
    bench.imports = false;
    let out = bench.handshake(A, &chain);
    bench.serve(&[(A, &chain)], out);
    bench.handshake(B, &other);
    let out = bench.wait(Duration::from_secs(25));
    let blamed =
        out.iter().any(|output| matches!(output, Output::Log { note: Note::Withheld { .. }, .. }));
    assert!(!blamed, "{out:?}");
    // Nor is anything said to be awaited of it.
    let out = bench.wait(Duration::from_secs(100));
    let is_stall =
        |output: &Output| matches!(output, Output::Log { note: Note::Stalled { .. }, .. });
    assert!(!out.iter().any(is_stall), "{out:?}");
}

#[test]
fn a_link_that_drips_what_is_late_does_not_hold_up_the_block_that_all_waits_for() {
    let chain = Chain::genesis().grow("a", 400);
    let mut bench = Bench::new(&Chain::genesis());
    bench.handshake(A, &chain);
    let out = bench.says(A, Message::Headers(chain.headers_from(1)));
    let first = ranges(&out);
    // Its first answers are late.
    bench.wait(Duration::from_secs(2));
    let mut at = Height::new(first[0].2);
    let request = first[0].1;
    let mut drip = |bench: &mut Bench| {
        let bodies = chain.bodies(at, 1);
        at = at.next();
        bench.says(A, Message::Blocks { request, bodies })
    };
    assert_eq!(ranges(&drip(&mut bench)), [], "it is not asked again for what it owes");
    let mut helped = !ranges(&bench.handshake(B, &chain)).is_empty();
    for _ in 0..30 {
        helped |= ranges(&bench.wait(Duration::from_millis(100))).iter().any(|it| it.0 == B);
        helped |= ranges(&drip(&mut bench)).iter().any(|it| it.0 == B);
    }
    assert!(helped, "nobody else was asked");
}

#[test]
fn a_slow_link_is_not_asked_for_more_than_it_can_send() {
    let chain = long();
    let mut bench = Bench::new(&Chain::genesis());
    let out = bench.handshake(A, &chain);
    let out = bench.serve_once(&[(A, &chain)], out);
    let mut waiting: std::collections::VecDeque<_> = ranges(&out).into();
    let mut max = 0;
    // Every answer takes three seconds, one after the other.
    for _ in 0..200 {
        let Some((_, request, first, count)) = waiting.pop_front() else { break };
        max = max.max(waiting.len());
        let mut out = bench.wait(Duration::from_secs(3));
        let bodies = chain.bodies(Height::new(first), count);
        out.extend(bench.says(A, Message::Blocks { request, bodies }));
        let headers = asked_headers(&out);
        for _ in headers {
            let head = bench.machine.progress().headers;
            let from = usize::try_from(bench.ours.height().get()).unwrap() + head + 1;
            out.extend(bench.says(A, Message::Headers(chain.headers_from(from))));
        }
        waiting.extend(ranges(&out));
    }
    assert!(max <= 8, "{max} requests under way");
    assert!(bench.ours.height() > Height::new(2_000), "at {}", bench.ours.height());
}

#[test]
fn many_small_records_count_with_the_memory_that_they_take() {
    let one = Body::of(&["x".repeat(300)]).unwrap();
    assert_eq!(one.memory_bytes(), one.len() as u64 + 32);
    let many = Body::of(&vec![String::new(); 4_096]).unwrap();
    assert!(many.memory_bytes() > 128 << 10);
    // A count that the bytes cannot hold is not believed.
    assert_eq!(Body::encoded(vec![0xff, 0xff, 0xff, 0x7f, 0]).memory_bytes(), 5 + 32 * 5);
}

#[test]
fn a_long_branch_whose_blocks_are_slow_to_come_is_not_dropped() {
    let ours = Chain::genesis().grow("o", 2_500);
    let theirs = Chain::genesis().grow("t", 5_000);
    let mut bench = Bench::new(&ours);
    let mut out = bench.handshake(A, &theirs);
    let mut asked = Vec::new();
    for _ in 0..15 {
        // Its headers come at once.
        while !asked_headers(&out).is_empty() {
            asked.extend(ranges(&out));
            out = bench.serve_once(&[(A, &theirs)], headers_only(out));
        }
        asked.extend(ranges(&out));
        out = bench.wait(Duration::from_secs(1));
    }
    asked.extend(ranges(&out));
    assert_eq!(bench.machine.progress().state, SyncState::Blocks);
    let begun = asked.iter().filter(|range| range.2 == 1).count();
    assert!(begun <= 3, "the first block was asked for {begun} times");
    for (_, request, first, count) in asked {
        let bodies = theirs.bodies(Height::new(first), count);
        out.extend(bench.says(A, Message::Blocks { request, bodies }));
    }
    bench.serve(&[(A, &theirs)], out);
    assert_eq!(bench.tip(), theirs.tip().hash());
}

fn headers_only(outputs: Vec<Output>) -> Vec<Output> {
    outputs.into_iter().filter(|output| asks_headers(output).is_some()).collect()
}
