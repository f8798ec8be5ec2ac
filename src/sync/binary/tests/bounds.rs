//! What is held, whatever peers send. The bench looks after every input.

use super::*;

/// A MiB of records in each block.
fn heavy(count: usize) -> Chain {
    let records: Vec<_> = (0..16).map(|_| "x".repeat(65_536)).collect();
    Chain::of(Spec::dev()).grow_with(count, |_| records.clone())
}

#[test]
fn blocks_of_a_mebibyte_stay_within_the_budget_and_arrive() {
    let chain = heavy(90);
    let mut bench = Bench::new(&chain.until(0));
    bench.handshake(A, &chain);
    let out = bench.handshake(B, &chain);
    let out = [out, bench.says(A, Message::Headers(chain.headers_from(1)))].concat();
    let both = [(A, &chain), (B, &chain)];
    bench.serve(&both, out);
    bench.wait(Duration::from_secs(1));
    assert_eq!(bench.tip(), chain.tip().hash());
}

#[test]
fn while_the_writer_is_busy_no_more_than_the_budget_is_asked_for() {
    let chain = heavy(120);
    let mut bench = Bench::new(&chain.until(0));
    bench.imports = false;
    bench.handshake(A, &chain);
    let out = bench.says(A, Message::Headers(chain.headers_from(1)));
    bench.serve(&[(A, &chain)], out);
    let progress = bench.machine.progress();
    assert!(progress.blocks < 70, "{progress:?}");
    bench.imports = true;
    let mut out = Vec::new();
    for (download, blocks) in std::mem::take(&mut bench.pending) {
        let (tip, imported) = bench.import(download, &blocks);
        for input in tip.into_iter().chain([imported]) {
            out.extend(bench.tell(input));
        }
    }
    bench.serve(&[(A, &chain)], out);
    assert_eq!(bench.tip(), chain.tip().hash());
}

#[test]
fn a_peer_that_asks_without_end_is_closed() {
    let chain = Chain::genesis();
    let mut bench = Bench::new(&chain);
    bench.handshake(A, &chain);
    let ask = || Message::GetHeaders { locator: Vec::new(), stop: None };
    for _ in 0..32 {
        let out = bench.says(A, ask());
        let headers = BinaryOutgoing::Headers { locator: Vec::new(), stop: None };
        assert_eq!(out, [send(A, headers)]);
    }
    bench.tell(BinaryInput::Served { link: A });
    bench.says(A, ask());
    let out = bench.says(A, ask());
    assert!(matches!(out.as_slice(), [Output::Close { code: 1008, .. }]), "{out:?}");
}

#[test]
fn addresses_are_told_once_a_minute() {
    let chain = Chain::genesis();
    let mut bench = Bench::new(&chain);
    bench.handshake(A, &chain);
    assert_eq!(bench.says(A, Message::GetPeers), [send(A, BinaryOutgoing::Peers)]);
    assert_eq!(bench.says(A, Message::GetPeers), []);
    bench.wait(Duration::from_secs(60));
    assert_eq!(bench.says(A, Message::GetPeers), [send(A, BinaryOutgoing::Peers)]);
}

#[test]
fn a_flood_of_headers_with_little_work_leaves_nothing_but_a_hash_for_each_2000() {
    // Ours has more work than all that comes.
    let chain = Chain::genesis();
    let mut bench = Bench::new(&chain);
    let ours = Work::from_bytes([0x10; 32]);
    let change = TipChange::Reorged { source: None };
    let tip = BlockId { height: Height::new(9), hash: Hash::new([9; 32]) };
    bench.tell(Input::Tip { tip, chain_json_bytes: 1, work: ours, change });
    bench.open(A);
    let claim = Hello { work: Work::from_bytes([0x11; 32]), ..hello(A, &chain) };
    let mut out = bench.says(A, Message::Hello(claim));
    let mut state = TipState::genesis(&chain.spec);
    for _ in 0..5 {
        assert_eq!(asked_headers(&out), [A]);
        let mut headers = Vec::new();
        for _ in 0..2_000 {
            let block = mine(&chain.spec, &state, Vec::new(), Timestamp::from_millis(NOW));
            state.extend(&block);
            headers.push(*block.header());
        }
        out = bench.says(A, Message::Headers(headers));
        assert_eq!((ranges(&out).len(), bench.machine.progress().headers), (0, 0));
    }
    assert_eq!(bench.imported, 0);
}

#[test]
fn nothing_is_said_on_a_link_that_is_gone() {
    let chain = Chain::genesis().grow("a", 10);
    let mut bench = Bench::new(&Chain::genesis());
    bench.handshake(A, &chain);
    bench.tell(Input::Closed { link: A });
    let mut gone = BTreeSet::from([A]);
    for out in [
        bench.says(A, Message::Headers(chain.headers_from(1))),
        bench.tell(BinaryInput::Served { link: A }),
        bench.adopt(&chain),
        bench.wait(Duration::from_secs(100)),
    ] {
        assert_eq!(out, []);
        gone.insert(A);
    }
}
