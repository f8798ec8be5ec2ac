//! Which addresses are told, and which are taken.

use super::*;

const THERE: &str = "198.51.100.7";

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn known(address: &str, last_success: u64) -> KnownPeer {
    KnownPeer { address: address.to_owned(), last_success, failures: 0, learned: false }
}

fn told(book: Vec<KnownPeer>, to: &str) -> Vec<String> {
    to_tell(book, ip(to)).into_iter().map(|peer| peer.address).collect()
}

fn taken(addresses: &[&str], from: &str) -> Vec<String> {
    let address = |address: &&str| PeerAddress {
        address: (*address).to_owned(),
        last_seen: Timestamp::from_millis(1),
    };
    let addresses: Vec<_> = addresses.iter().map(address).collect();
    learned(&addresses, ip(from)).iter().map(|peer| peer.as_str().to_owned()).collect()
}

#[test]
fn peers_that_were_reached_are_told_the_latest_first_and_at_most_64() {
    let book = vec![known("ws://one:1", 5), known("ws://never:1", 0), known("ws://two:1", 9)];
    assert_eq!(told(book, THERE), ["ws://two:1", "ws://one:1"]);
    let many = (1..=100).map(|number| known(&format!("ws://peer-{number}:1"), number)).collect();
    let told = told(many, THERE);
    assert_eq!((told.len(), told[0].as_str()), (64, "ws://peer-100:1"));
    let long = format!("ws://{}:1", "a".repeat(300));
    assert!(to_tell(vec![known(&long, 1)], ip(THERE)).is_empty());
}

#[test]
fn what_means_another_machine_there_is_told_to_and_taken_from_this_machine_alone() {
    let local = ["ws://127.0.0.1:1", "ws://127.9.9.9:1", "ws://[::1]:1", "ws://localhost:1"];
    let mapped = "ws://[::ffff:127.0.0.1]:2";
    for address in local.into_iter().chain([mapped, "ws://x.localhost:1"]) {
        assert!(told(vec![known(address, 1)], THERE).is_empty(), "{address}");
        assert!(taken(&[address], THERE).is_empty(), "{address}");
        assert_eq!(told(vec![known(address, 1)], "127.0.0.1"), [address]);
        assert_eq!(taken(&[address], "::ffff:127.0.0.1").len(), 1, "{address}");
    }
    for address in ["ws://0.0.0.0:1", "ws://[::]:1", "ws://224.0.0.1:1"] {
        assert!(told(vec![known(address, 1)], "127.0.0.1").is_empty(), "{address}");
        assert!(taken(&[address], "127.0.0.1").is_empty(), "{address}");
    }
}

#[test]
fn addresses_are_taken_once_and_without_what_follows_the_port() {
    let addresses = [
        "ws://203.0.113.1:7545/some/path",
        "ws://203.0.113.1:7545",
        "ws://[2001:db8::1]:7545",
        "ws://peer.example:80",
        "http://203.0.113.2:7545",
        "ws://203.0.113.2:0",
        "nonsense",
        "",
    ];
    assert_eq!(
        taken(&addresses, THERE),
        ["ws://203.0.113.1:7545", "ws://[2001:db8::1]:7545", "ws://peer.example:80"]
    );
}

#[test]
fn a_peer_listens_where_it_is_seen_or_nowhere() {
    let at = |listen, seen| listening(listen, ip(seen)).map(|peer| peer.as_str().to_owned());
    assert_eq!(at("0.0.0.0:7545", THERE).as_deref(), Some("ws://198.51.100.7:7545"));
    assert_eq!(at("[::]:7545", THERE).as_deref(), Some("ws://198.51.100.7:7545"));
    assert_eq!(at("198.51.100.7:80", THERE).as_deref(), Some("ws://198.51.100.7:80"));
    assert_eq!(at("[::]:1", "2001:db8::1").as_deref(), Some("ws://[2001:db8::1]:1"));
    assert_eq!(at("0.0.0.0:1", "::ffff:198.51.100.7").as_deref(), Some("ws://198.51.100.7:1"));
    for listen in ["203.0.113.9:7545", "127.0.0.1:7545", "0.0.0.0:0", "peer:7545", ""] {
        assert_eq!(at(listen, THERE), None, "{listen}");
    }
}

#[test]
fn addresses_of_this_machine_and_of_private_networks_are_local() {
    for local in [
        "ws://127.3.2.1:7545",
        "ws://[::1]:7545",
        "ws://localhost:7545",
        "ws://a.localhost:7545",
        "ws://10.0.0.1:7545",
        "ws://172.31.255.255:7545",
        "ws://192.168.0.1:7545",
        "ws://[::ffff:192.168.0.1]:7545",
        "ws://169.254.1.1:7545",
        "ws://100.64.0.1:7545",
        "ws://100.127.255.255:7545",
        "ws://[fd00::1]:7545",
        "ws://[fe80::1]:7545",
    ] {
        assert!(is_local(&local.parse().unwrap()), "{local}");
    }
    for global in [
        "ws://203.0.113.1:7545",
        "ws://172.32.0.1:7545",
        "ws://100.63.255.255:7545",
        "ws://100.128.0.0:7545",
        "ws://[2001:db8::1]:7545",
        "ws://node.example:7545",
        "ws://localhost.example:7545",
    ] {
        assert!(!is_local(&global.parse().unwrap()), "{global}");
    }
}
