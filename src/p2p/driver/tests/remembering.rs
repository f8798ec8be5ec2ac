//! What is written into the address book, and as what.

use super::*;
use crate::p2p::allow_list::AllowList;
use crate::tls::test_util::TestAuthority;

/// As another peer spoke of it.
fn heard_of(address: &str, failures: u32) -> KnownPeer {
    KnownPeer { address: address.to_owned(), last_success: 0, failures, learned: true }
}

#[tokio::test]
async fn where_a_peer_says_that_it_listens_is_only_heard_of() {
    let mut bench = Bench::new().await;
    let ticket = bench.accept("192.0.2.1:40000").unwrap();
    bench.says_hello(ticket.link, 1, Some("0.0.0.0:7000"));
    assert_eq!(bench.book().await, [heard_of("ws://192.0.2.1:7000", 0)]);
}

#[tokio::test]
async fn what_a_peer_says_is_not_written_when_no_place_is_left_for_it() {
    let mut bench = Bench::new().await;
    for number in 0..1_024 {
        bench.driver.dials.want(url(&format!("ws://named-{number}:7545")), Instant::now());
    }
    let ticket = bench.accept("192.0.2.1:40000").unwrap();
    bench.says_hello(ticket.link, 1, Some("0.0.0.0:7000"));
    assert_eq!(bench.book().await, []);
}

#[tokio::test]
async fn an_address_that_is_not_reached_is_the_operators_only_if_it_was_named() {
    let mut bench = Bench::new().await;
    let (told, named) = (url("ws://192.0.2.1:7000"), url("ws://192.0.2.2:7000"));
    bench.driver.dials.learn(told.clone(), None, Instant::now());
    bench.driver.dials.want(named.clone(), Instant::now());
    for peer in [told, named.clone()] {
        let error = DialError::unreached("refused");
        bench.happens(Event::Unreached { peer, error });
    }
    let named = KnownPeer { learned: false, ..heard_of(named.as_str(), 1) };
    assert_eq!(bench.book().await, [named, heard_of("ws://192.0.2.1:7000", 1)]);
}

#[tokio::test]
async fn what_was_heard_of_is_the_operators_once_it_is_added() {
    let mut bench = Bench::new().await;
    let peer = url("ws://192.0.2.1:7000");
    bench.driver.dials.learn(peer.clone(), None, Instant::now());
    let reply = oneshot::channel().0;
    bench.driver.command(LinkCommand::Dial { peer: peer.clone(), from_file: false, reply });
    let known = KnownPeer { learned: false, ..heard_of(peer.as_str(), 0) };
    assert_eq!(bench.book().await, [known]);
}

#[tokio::test]
async fn a_local_address_is_kept_only_if_the_operator_named_it() {
    let mut bench = Bench::new().await;
    let (told, named) = (url("ws://192.168.0.7:7000"), url("ws://127.0.0.1:7000"));
    let hello = bench.accept("192.168.0.7:40000").unwrap();
    bench.says_hello(hello.link, 1, Some("0.0.0.0:7000"));
    assert!(!bench.driver.dials.learn(told.clone(), None, Instant::now()), "it is known");
    bench.driver.dials.want(named.clone(), Instant::now());
    for (peer, address) in [(&told, "192.168.0.7:7000"), (&named, "127.0.0.1:7000")] {
        let (arrival, _ticket) = arrival(address);
        bench.happens(Event::Dialled { peer: peer.clone(), arrival });
        let error = DialError::unreached("refused");
        bench.happens(Event::Unreached { peer: peer.clone(), error });
    }
    let book = bench.book().await;
    let addresses: Vec<_> = book.iter().map(|peer| peer.address.as_str()).collect();
    assert_eq!(addresses, [named.as_str()]);
}

#[tokio::test]
async fn what_the_operator_removed_stays_away_whoever_speaks_of_it() {
    let mut bench = Bench::new().await;
    let peer = url("ws://192.0.2.1:7000");
    let (reply, mut asked) = oneshot::channel();
    bench.driver.command(LinkCommand::Dial { peer: peer.clone(), from_file: true, reply });
    bench.driver.dials.due(Instant::now(), 8);
    let (reply, mut removed) = oneshot::channel();
    let address = peer.as_str().to_owned();
    bench.node.handle.forget_peer(&address).await.unwrap();
    bench.driver.command(LinkCommand::Forget { address, reply });
    assert_eq!(removed.try_recv(), Ok(true));
    assert_eq!(asked.try_recv().unwrap(), Err(DialError::Removed));

    // The dial that was under way comes to an end either way.
    let error = DialError::unreached("refused");
    bench.happens(Event::Unreached { peer: peer.clone(), error });
    let (arrival, mut ticket) = arrival("192.0.2.1:7000");
    bench.happens(Event::Dialled { peer: peer.clone(), arrival });
    assert!(ticket.try_recv().is_err(), "no link is made of it");
    // A peer tells of it, and the file names it.
    let ticket = bench.accept("192.0.2.1:40000").unwrap();
    bench.says_hello(ticket.link, 1, Some("0.0.0.0:7000"));
    let (reply, mut asked) = oneshot::channel();
    bench.driver.command(LinkCommand::Dial { peer: peer.clone(), from_file: true, reply });
    assert_eq!(asked.try_recv().unwrap(), Err(DialError::Removed));
    assert_eq!(bench.book().await, []);
    assert!(!bench.driver.dials.knows(&peer));

    let reply = oneshot::channel().0;
    bench.driver.command(LinkCommand::Dial { peer: peer.clone(), from_file: false, reply });
    assert!(bench.driver.dials.knows(&peer));
    assert_eq!(bench.book().await.len(), 1);
}

#[tokio::test]
async fn a_local_address_that_an_earlier_version_learned_is_not_taken_up_again() {
    let mut bench = Bench::new().await;
    let (local, global) = (heard_of("ws://10.0.0.7:7000", 0), heard_of("ws://192.0.2.1:7000", 0));
    for peer in [&local, &global] {
        bench.node.handle.remember_peer(peer.clone()).await.unwrap();
    }
    bench.driver.take_up_known().await;
    let is_new = |bench: &mut Bench, peer: &KnownPeer| {
        bench.driver.dials.learn(url(&peer.address), None, Instant::now())
    };
    assert_eq!((is_new(&mut bench, &local), is_new(&mut bench, &global)), (true, false));
}

#[tokio::test]
async fn a_removed_peers_link_is_closed() {
    let mut bench = Bench::new().await;
    let peer = url("ws://192.0.2.1:7000");
    bench.driver.dials.want(peer.clone(), Instant::now());
    let (arrival, mut ticket) = arrival("192.0.2.1:7000");
    bench.happens(Event::Dialled { peer: peer.clone(), arrival });
    let mut ticket = ticket.try_recv().unwrap();
    let (reply, mut removed) = oneshot::channel();
    let address = peer.as_str().to_owned();
    bench.driver.command(LinkCommand::Forget { address: address.clone(), reply });
    assert_eq!((removed.try_recv(), closed(&mut ticket)), (Ok(true), Some(1000)));
    let (reply, mut removed) = oneshot::channel();
    bench.driver.command(LinkCommand::Forget { address, reply });
    assert_eq!(removed.try_recv(), Ok(false));
}

#[tokio::test]
async fn a_peer_of_another_chain_is_told_to_whoever_asked_for_it() {
    let mut bench = Bench::new().await;
    let peer = url("ws://192.0.2.1:7000");
    let (reply, mut asked) = oneshot::channel();
    bench.driver.command(LinkCommand::Dial { peer: peer.clone(), from_file: false, reply });
    bench.driver.dials.due(Instant::now(), 8);
    let (arrival, mut ticket) = arrival("192.0.2.1:7000");
    bench.happens(Event::Dialled { peer, arrival });
    let mut ticket = ticket.try_recv().unwrap();
    assert!(asked.try_recv().is_err(), "it has not said who it is");
    bench.says_hello_of(ticket.link, Hash::ZERO);
    assert_eq!(closed(&mut ticket), Some(1008));
    bench.happens(Event::Ended { link: ticket.link, reason: "closed".to_owned() });
    assert_eq!(asked.try_recv().unwrap(), Err(DialError::OtherChain));
}

#[tokio::test]
async fn a_node_with_tls_takes_up_only_addresses_with_tls_and_within_the_allowed_networks() {
    let directory = tempfile::tempdir().unwrap();
    let mut bench = Bench::new().await;
    let config = &mut Arc::get_mut(&mut bench.driver.context).unwrap().config;
    config.tls = Some(TestAuthority::new(directory.path()).node("here"));
    config.allow = AllowList::parse(&["192.0.2.0/24"]).unwrap();
    let addresses = [
        ("ws://192.0.2.1:7000", false),
        ("wss://192.0.2.2:7000", true),
        ("wss://198.51.100.1:7000", false),
        ("wss://node.example:7000", true),
    ];
    for learned in [true, false] {
        for (address, _) in addresses {
            let peer = KnownPeer { learned, last_success: 1, ..heard_of(address, 0) };
            bench.node.handle.remember_peer(peer).await.unwrap();
        }
        bench.driver.take_up_known().await;
        for (address, is_taken_up) in addresses {
            assert_eq!(bench.driver.dials.knows(&url(address)), is_taken_up, "{address}");
        }
    }
    let from = "192.0.2.9".parse().unwrap();
    bench.driver.take_up(addresses.map(|(address, _)| url(address)), from);
    assert!(!bench.driver.dials.knows(&url("ws://192.0.2.1:7000")));
}
