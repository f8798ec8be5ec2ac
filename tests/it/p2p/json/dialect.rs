//! Choosing the dialect: which subprotocols are offered and named, and that links come back.

use std::time::Duration;

use jenny_chain::chain::Spec;
use tokio_tungstenite::tungstenite::Error;

use super::{Link, Message, Port};
use crate::process::{Branch, PeerNode, quiet_address};

fn genesis() -> Branch {
    Branch::new(Spec::dev())
}

fn protocol_for(node: &PeerNode, offered: &[&str]) -> Option<String> {
    Link::dial_offering(&node.url, offered).unwrap().protocol
}

/// The link that a node opens to a port that it is told of.
fn dialled(node: &PeerNode, port: &Port) -> Link {
    std::thread::scope(|scope| {
        let link = scope.spawn(|| port.accept());
        assert!(node.dial(&port.url()));
        link.join().unwrap()
    })
}

#[test]
fn a_token_is_named_only_when_it_was_offered_and_is_known() {
    let node = PeerNode::with(&genesis());
    let json = Some("jenny.json.1".to_owned());
    assert_eq!(Link::dial(&node.url).protocol, None);
    assert_eq!(protocol_for(&node, &["jenny.json.1"]), json);
    let both = ["jenny.json.1", "jenny.postcard.1"];
    assert_eq!(protocol_for(&node, &both), Some("jenny.postcard.1".to_owned()));
    assert_eq!(protocol_for(&node, &["else", "jenny.json.1"]), json);
    // A client that asked for others only: tungstenite calls an answer without one an error.
    let refused = Link::dial_offering(&node.url, &["else"]).err().unwrap();
    assert!(matches!(refused, Error::Protocol(_)), "{refused}");
    node.stop_and_verify();
}

#[test]
fn a_seed_that_echoes_the_first_token_is_spoken_to_in_json() {
    let node = PeerNode::with(&genesis());
    let port = Port::open();
    let mut link = dialled(&node, &port);
    assert_eq!(link.offered.first().map(String::as_str), Some("jenny.json.1"));
    assert_eq!(link.next(), Message::Ask);
    node.stop_and_verify();
}

#[test]
fn a_server_that_names_no_token_is_dialled_again_without_any() {
    let node = PeerNode::with(&genesis());
    let port = Port::open();
    let (first, second) = std::thread::scope(|scope| {
        let links = scope.spawn(|| {
            let first = port.accept_with(|_| None);
            (first, port.accept_with(|_| None))
        });
        assert!(node.dial(&port.url()), "{}", node.process().log());
        links.join().unwrap()
    });
    let (first, mut second) = (first.unwrap(), second.unwrap());
    assert_eq!(first.offered.first().map(String::as_str), Some("jenny.json.1"));
    assert!(second.offered.is_empty(), "{:?}", second.offered);
    assert_eq!(second.next(), Message::Ask);
    node.stop_and_verify();
}

#[test]
fn a_link_that_ended_is_dialled_again() {
    let node = PeerNode::with(&genesis());
    let port = Port::open();
    let mut link = dialled(&node, &port);
    link.close();
    // It is the server that ends the connection.
    drop(link);
    let mut again = port.accept();
    assert_eq!(again.next(), Message::Ask);
    node.stop_and_verify();
}

#[test]
fn a_peer_of_the_peers_file_is_dialled_at_start() {
    let port = Port::open();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), serde_json::json!([port.url()]).to_string()).unwrap();
    let flags = format!("--peers {}", file.path().display());
    let node = PeerNode::with_flags(&genesis(), &flags);
    let mut link = port.accept();
    assert_eq!(link.next(), Message::Ask);
    node.stop_and_verify();
}

#[test]
fn a_peer_is_dialled_once_however_often_it_is_added() {
    let node = PeerNode::with(&genesis());
    let port = Port::open();
    let _link = dialled(&node, &port);
    assert!(node.dial(&port.url()));
    assert!(!port.is_dialled(Duration::from_millis(300)));
    let (code, peers) = node.process().get("/peers");
    assert_eq!(code, 200);
    assert_eq!(peers, serde_json::json!([port.url().trim_start_matches("ws://")]).to_string());
    node.stop_and_verify();
}

#[test]
fn an_address_where_nobody_listens_is_answered_502() {
    let node = PeerNode::with(&genesis());
    let url = format!("ws://{}", quiet_address());
    let body = serde_json::json!({ "peer": url }).to_string();
    let (code, text) = node.process().post("/addToPeer", &body).unwrap();
    assert_eq!(code, 502, "{text}");
    node.stop_and_verify();
}
