//! New tips.

use super::*;

fn announced(outputs: &[Output]) -> Vec<(LinkId, BlockId)> {
    let announce = |output: &Output| match output {
        Output::Send { link, what: Outgoing::Binary(BinaryOutgoing::Announce(id)) } => {
            Some((*link, *id))
        }
        _ => None,
    };
    outputs.iter().filter_map(announce).collect()
}

#[test]
fn a_new_tip_is_told_to_every_link_but_those_that_know_it() {
    let chain = Chain::genesis().grow("a", 3);
    let old = chain.until(2);
    let mut bench = Bench::new(&old);
    for link in [A, B, C] {
        bench.handshake(link, &old);
    }
    let mut out = bench.says(A, Message::Announce(chain.header(3)));
    let asked = ranges(&out);
    assert_eq!(asked.iter().map(|range| range.0).collect::<Vec<_>>(), [A], "who has it");
    // Another one tells of it too, before it is there.
    out.extend(bench.says(C, Message::Announce(chain.header(3))));
    let out = bench.serve(&[(A, &chain)], out);
    assert_eq!(announced(&out), [(B, chain.last())]);
    assert_eq!(announced(&bench.says(B, Message::Announce(chain.header(3)))), []);
}

#[test]
fn our_own_block_is_told_to_all() {
    let chain = Chain::genesis().grow("a", 3);
    let mut bench = Bench::new(&chain.until(2));
    bench.handshake(A, &chain.until(2));
    bench.handshake(B, &chain.until(2));
    let out = bench.adopt(&chain);
    assert_eq!(announced(&out), [(A, chain.last()), (B, chain.last())]);
    assert_eq!(announced(&bench.adopt(&chain)), []);
}

#[test]
fn a_tip_that_changes_before_the_handshake_of_a_link_is_told_after() {
    let chain = Chain::genesis().grow("a", 3);
    let mut bench = Bench::new(&chain.until(2));
    bench.open(A);
    assert_eq!(announced(&bench.adopt(&chain)), []);
    let out = bench.says(A, Message::Hello(hello(A, &chain.until(2))));
    assert_eq!(announced(&out), [(A, chain.last())]);
}

#[test]
fn while_much_is_to_come_nobody_is_told_and_all_are_at_the_end() {
    let chain = Chain::genesis().grow("a", 3_000);
    let mut bench = Bench::new(&Chain::genesis());
    bench.handshake(B, &Chain::genesis());
    let out = bench.handshake(A, &chain);
    let out = bench.serve(&[(A, &chain)], out);
    let told = announced(&out);
    assert!((1..=20).contains(&told.len()), "{} announcements", told.len());
    assert_eq!(told.last(), Some(&(B, chain.last())));
}

#[test]
fn a_tip_that_leaves_a_gap_is_followed_by_its_headers() {
    let chain = Chain::genesis().grow("a", 9);
    let mut bench = Bench::new(&chain.until(2));
    bench.handshake(A, &chain.until(2));
    let out = bench.says(A, Message::Announce(chain.header(9)));
    assert_eq!(asked_headers(&out), [A]);
    bench.serve(&[(A, &chain)], out);
    assert_eq!(bench.tip(), chain.tip().hash());
}

#[test]
fn a_miner_that_is_faster_than_fetching_is_followed() {
    let chain = Chain::genesis().grow("a", 400);
    let mut bench = Bench::new(&chain.until(1));
    bench.handshake(A, &chain.until(1));
    let mut out = Vec::new();
    for height in 2..=400 {
        out.extend(bench.says(A, Message::Announce(chain.header(height))));
        if height % 50 == 0 {
            let known = chain.until(height);
            let waiting = std::mem::take(&mut out);
            bench.serve(&[(A, &known)], waiting);
        }
    }
    bench.serve(&[(A, &chain)], out);
    assert_eq!(bench.tip(), chain.tip().hash());
}
