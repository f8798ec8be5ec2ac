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
    let book =
        vec![known("ws://9.0.0.1:1", 5), known("ws://9.0.0.2:1", 0), known("ws://9.0.0.3:1", 9)];
    assert_eq!(told(book, THERE), ["ws://9.0.0.3:1", "ws://9.0.0.1:1"]);
    let many = (1..=100).map(|number| known(&format!("ws://9.0.0.{number}:1"), number)).collect();
    let told = told(many, THERE);
    assert_eq!((told.len(), told[0].as_str()), (64, "ws://9.0.0.100:1"));
    let long = format!("ws://{}:1", "a".repeat(300));
    assert!(to_tell(vec![known(&long, 1)], ip(THERE)).is_empty());
}

#[test]
fn an_address_is_told_to_and_taken_from_nodes_that_can_be_in_its_network_alone() {
    let (here, inside, outside) = ("127.0.0.1", "192.168.0.1", THERE);
    for (address, from) in [
        ("ws://127.0.0.1:1", &[here][..]),
        ("ws://[::1]:1", &[here]),
        ("ws://[::ffff:127.0.0.1]:2", &[here]),
        ("ws://192.168.7.7:1", &[here, inside]),
        ("ws://10.0.0.1:1", &[here, inside]),
        ("ws://[fd00::1]:1", &[here, inside]),
        ("ws://9.9.9.9:1", &[here, inside, outside]),
        ("ws://169.254.169.254:80", &[]),
        ("ws://[fe80::1]:1", &[]),
        ("ws://0.0.0.0:1", &[]),
        ("ws://[::]:1", &[]),
        ("ws://224.0.0.1:1", &[]),
    ] {
        for other in [here, inside, outside] {
            let may = from.contains(&other);
            assert_eq!(taken(&[address], other).len(), usize::from(may), "{address} from {other}");
            assert_eq!(told(vec![known(address, 1)], other).len(), usize::from(may), "{address}");
        }
    }
    assert_eq!(taken(&["ws://127.0.0.1:1"], "::ffff:127.0.0.1").len(), 1);
}

#[test]
fn a_name_is_neither_told_nor_taken_for_it_may_lead_anywhere() {
    for name in
        ["ws://localhost:1", "ws://localhost.:1", "ws://peer.example:1", "ws://x.localhost:1"]
    {
        for other in ["127.0.0.1", "10.0.0.1", THERE] {
            assert!(taken(&[name], other).is_empty(), "{name}");
            assert!(told(vec![known(name, 1)], other).is_empty(), "{name}");
        }
    }
    // Written in other ways, an address is still an address.
    assert!(taken(&["ws://0x7f.1:1", "ws://2130706433:1", "ws://0177.0.0.1:1"], THERE).is_empty());
}

#[test]
fn addresses_are_taken_once_and_without_what_follows_the_port() {
    let addresses = [
        "ws://203.0.113.1:7545/some/path",
        "ws://203.0.113.1:7545",
        "ws://[2001:db8::1]:7545",
        "http://203.0.113.2:7545",
        "ws://203.0.113.2:0",
        "nonsense",
        "",
    ];
    assert_eq!(taken(&addresses, THERE), ["ws://203.0.113.1:7545", "ws://[2001:db8::1]:7545"]);
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

#[test]
fn an_address_with_tls_is_told_and_taken_as_such() {
    let listen = |text: &str| listening(text, ip(THERE)).map(|url| url.as_str().to_owned());
    let address = SocketAddr::from(([0, 0, 0, 0], 7_545));
    assert_eq!(told_address(address, false), "0.0.0.0:7545");
    assert_eq!(told_address(address, true), "wss://0.0.0.0:7545");
    assert_eq!(listen("wss://0.0.0.0:7545").unwrap(), format!("wss://{THERE}:7545"));
    assert_eq!(listen("0.0.0.0:7545").unwrap(), format!("ws://{THERE}:7545"));
    assert_eq!(listen("wss://192.0.2.99:7545"), None);
    assert_eq!(taken(&["wss://9.9.9.9:1/path"], THERE), ["wss://9.9.9.9:1"]);
    assert_eq!(told(vec![known("wss://9.9.9.9:1", 1)], THERE), ["wss://9.9.9.9:1"]);
}
