//! What links cost: how many there are, how large their frames, and who may open one.

use std::time::Duration;

use jenny_chain::chain::Spec;

use super::{Link, Message};
use crate::p2p::abuse::raw::Raw;
use crate::process::{Branch, PeerNode};
use crate::process::{PATIENCE, until};

/// Largest fragment of an answer, in bytes.
const FRAGMENT: usize = 64 << 10;

#[test]
fn a_whole_chain_is_sent_as_one_message_in_fragments_of_at_most_64_kib() {
    let branch = Branch::new(Spec::dev()).grow("B", 600, 1_000);
    let fork = branch.until(10).grow("C", 3, 1_000);
    let node = PeerNode::with(&branch);
    let mut link = Raw::link(node.address());
    let text = format!("{{\"type\":2,\"payload\":{}}}", fork.chain_text());
    link.text(&text);
    let mut payload = Vec::new();
    let mut fragments = 0;
    loop {
        let frame = link.frame(PATIENCE).unwrap().unwrap();
        assert!(frame.payload.len() <= FRAGMENT, "{}", frame.payload.len());
        if frame.opcode == 0 || !frame.is_last {
            fragments += 1;
            payload.extend_from_slice(&frame.payload);
            if frame.is_last {
                break;
            }
        }
    }
    assert!(fragments > 1);
    let came = Message::parse(std::str::from_utf8(&payload).unwrap());
    let Message::Chain(blocks) = came else { panic!("{came:?}") };
    assert_eq!(blocks.len(), 601);
    assert_eq!(blocks[600]["hash"], branch.hash(600));
    node.stop_and_verify();
}

#[test]
fn an_upgrade_with_an_origin_is_refused() {
    let node = PeerNode::with(&Branch::new(Spec::dev()));
    let mut raw = Raw::connect(node.address());
    assert_eq!(raw.upgrade("Origin: http://example.org\r\n"), Some(403));
    node.stop_and_verify();
}

#[test]
fn no_extension_is_accepted() {
    let node = PeerNode::with(&Branch::new(Spec::dev()));
    let mut raw = Raw::connect(node.address());
    let offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
    assert_eq!(raw.upgrade(offer), Some(101));
    assert!(!raw.head().to_ascii_lowercase().contains("extensions"), "{}", raw.head());
    node.stop_and_verify();
}

#[test]
fn above_32_links_the_youngest_of_no_merit_makes_room_and_the_others_stay() {
    let branch = Branch::new(Spec::dev()).grow("B", 1, 1_000);
    let node = PeerNode::with(&branch.until(0));
    let mut links: Vec<_> = (0..32).map(|_| Link::dial(&node.url)).collect();
    until("all are linked", || node.status()["links"] == 32);
    links.push(Link::dial(&node.url));
    assert_eq!(links.remove(31).closing(PATIENCE).0, Some(1013));
    // The others and the new one hear of a block.
    links[0].send_text(&format!("{{\"type\":1,\"payload\":[{}]}}", branch.text(1)));
    for link in &mut links[1..] {
        while !matches!(link.next(), Message::Block(block) if block["height"] == 1) {}
    }
    drop(links);
    until("the links are gone", || node.status()["links"] == 0);
    node.stop_and_verify();
}

#[test]
fn a_seed_that_is_behind_a_chain_too_big_for_it_is_still_served_by_a_stream() {
    // Chains above the limit that a peer takes are never needed for it: it is fed block by block.
    let branch = Branch::new(Spec::dev()).grow("B", 2_000, 1_000);
    let node = PeerNode::with(&branch);
    let mut link = Link::dial(&node.url);
    link.send(&Message::Ask);
    link.send_text(&format!("{{\"type\":1,\"payload\":[{}]}}", branch.text(0)));
    let (mut height, mut questions) = (0, 0);
    while height < 2_000 || questions < 17 {
        match link.next_within(Duration::from_secs(60)).unwrap() {
            Message::Ask => {
                questions += 1;
                link.send_text(&format!("{{\"type\":1,\"payload\":[{}]}}", branch.text(height)));
            }
            Message::Block(block) => {
                height += 1;
                assert_eq!(block["hash"], branch.hash(height));
            }
            chain @ Message::Chain(_) => panic!("{chain:?}"),
        }
    }
    node.stop_and_verify();
}
