//! Hello.

use super::*;

fn closes(outputs: &[Output]) -> Option<(u16, Redial)> {
    outputs.iter().find_map(|output| match output {
        Output::Close { code, redial, .. } => Some((*code, *redial)),
        _ => None,
    })
}

#[test]
fn hello_is_the_first_thing_said_and_tells_where_our_chain_stands() {
    let chain = Chain::genesis().grow("a", 3);
    let out = Bench::new(&chain).open(A);
    let [Output::Send { link: A, what: Outgoing::Binary(BinaryOutgoing::Message(message)) }] =
        out.as_slice()
    else {
        panic!("{out:?}")
    };
    let Message::Hello(hello) = &**message else { panic!("{out:?}") };
    assert_eq!((hello.height, hello.work), (Height::new(3), chain.tip().total_work()));
    assert_eq!((hello.nonce, hello.time), (OUR_NONCE, Timestamp::from_millis(NOW)));
}

#[test]
fn another_genesis_is_closed_with_1008_and_not_dialled_soon() {
    let chain = Chain::genesis();
    let mut bench = Bench::new(&chain);
    bench.open(A);
    let other = Hello { genesis: Hash::new([1; 32]), ..hello(A, &chain) };
    let out = bench.says(A, Message::Hello(other));
    assert_eq!(closes(&out), Some((1008, Redial::OtherChain)));
}

#[test]
fn a_peer_without_a_common_version_is_closed() {
    let chain = Chain::genesis();
    let mut bench = Bench::new(&chain);
    bench.open(A);
    let newer = Hello { lowest: 2, highest: 3, ..hello(A, &chain) };
    assert_eq!(closes(&bench.says(A, Message::Hello(newer))), Some((1002, Redial::Longest)));
    bench.open(B);
    let both = Hello { lowest: 1, highest: 9, ..hello(B, &chain) };
    assert_eq!(closes(&bench.says(B, Message::Hello(both))), None);
}

#[test]
fn our_own_nonce_is_a_link_to_ourselves() {
    let chain = Chain::genesis();
    let mut bench = Bench::new(&chain);
    bench.open(A);
    let out = bench.says(A, Message::Hello(Hello { nonce: OUR_NONCE, ..hello(A, &chain) }));
    assert_eq!(out, [Output::Duplicate { link: A, of: None }]);
}

#[test]
fn a_nonce_said_from_another_address_makes_no_second_link() {
    let chain = Chain::genesis();
    for pause in [0, 11] {
        let mut bench = Bench::new(&chain);
        bench.handshake(A, &chain);
        bench.wait(Duration::from_secs(pause));
        bench.open_as(B, false, Origin(2));
        let stolen = |link| Hello { nonce: A.0, ..hello(link, &chain) };
        let out = bench.says(B, Message::Hello(stolen(B)));
        let is_about = |output: &Output| matches!(output, Output::Duplicate { .. });
        assert!(!out.iter().any(is_about), "{out:?}");
        assert!(out.iter().any(|output| matches!(output, Output::HandshakeDone { link: B, .. })));
        bench.open_as(C, false, Origin(2));
        let out = bench.says(C, Message::Hello(stolen(C)));
        assert_eq!(out, [Output::Duplicate { link: C, of: Some(B) }]);
    }
}

#[test]
fn whoever_speaks_before_hello_or_says_it_twice_is_banned() {
    let chain = Chain::genesis();
    let mut bench = Bench::new(&chain);
    bench.open(A);
    assert_eq!(banned(&bench.says(A, Message::GetPeers)), [A]);
    bench.handshake(B, &chain);
    assert_eq!(banned(&bench.says(B, Message::Hello(hello(B, &chain)))), [B]);
}

#[test]
fn without_hello_a_link_is_closed_after_5_s() {
    let mut bench = Bench::new(&Chain::genesis());
    bench.open(A);
    assert_eq!(bench.wait(Duration::from_millis(4_999)), []);
    assert_eq!(closes(&bench.wait(Duration::from_millis(1))), Some((1002, Redial::Normal)));
}

#[test]
fn a_clock_that_is_far_off_is_told_to_the_operator() {
    let chain = Chain::genesis();
    let mut bench = Bench::new(&chain);
    bench.open(A);
    let slow = Hello { time: Timestamp::from_millis(NOW - 61_000), ..hello(A, &chain) };
    let out = bench.says(A, Message::Hello(slow));
    assert!(out.contains(&Output::Log { link: A, note: Note::Clock { millis: 61_000 } }));
}

#[test]
fn who_was_dialled_is_asked_for_addresses_and_nobody_else() {
    let chain = Chain::genesis();
    let mut bench = Bench::new(&chain);
    bench.handshake(A, &chain);
    bench.open_as(B, false, THERE);
    bench.says(B, Message::Hello(hello(B, &chain)));
    let out = bench.wait(Duration::from_secs(1));
    assert_eq!(out, [send(A, Message::GetPeers)]);
    let addresses =
        vec![PeerAddress { address: "ws://a:1".to_owned(), last_seen: Timestamp::default() }];
    let out = bench.says(A, Message::Peers(addresses.clone()));
    assert_eq!(out, [Output::Learn { link: A, addresses: addresses.clone() }]);
    assert_eq!(banned(&bench.says(B, Message::Peers(addresses))), [B]);
}
