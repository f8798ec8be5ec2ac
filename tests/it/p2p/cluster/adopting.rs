//! kill -9 while a node adopts a chain: afterwards it has the old one or the new one.
//!
//! A few rounds by default; `JENNY_TEST_CRASH_ROUNDS` asks for more.

use std::time::{Duration, Instant};

use jenny_chain::chain::Spec;

use crate::crash::rounds;
use crate::p2p::json::{Link, Message};
use crate::process::Jenny;
use crate::process::{Branch, PeerNode};

/// Heights of a chain that is disconnected, of the fork, and of the chain that comes.
struct Shape {
    old: usize,
    fork: usize,
    new: usize,
}

#[test]
fn a_node_killed_while_it_adopts_a_chain_has_the_old_one_or_the_new_one_whole() {
    adopt(&Shape { old: 300, fork: 100, new: 900 });
}

/// One that comes in several batches.
#[test]
fn a_node_killed_while_it_adopts_a_long_chain_has_the_old_one_or_the_new_one_whole() {
    adopt(&Shape { old: 600, fork: 100, new: 4_000 });
}

/// Kills the node again and again; it must have the old chain or the new one.
fn adopt(shape: &Shape) {
    let old = Branch::new(Spec::dev()).grow("old", shape.old, 1_000);
    let new = old.until(shape.fork).grow("new", shape.new - shape.fork, 1_000);
    let message = format!("{{\"type\":2,\"payload\":{}}}", new.chain_text());
    let longest = adopting_takes(&old, &new, &message);
    let mut heights = Vec::new();
    rounds(|round, random| {
        let mut node = PeerNode::with(&old);
        let mut link = Link::dial(&node.url);
        assert_eq!(link.next(), Message::Ask);
        link.send_text(&message);
        std::thread::sleep(random.delay(longest * 2));
        node.kill();

        let dump = Jenny::new("dump").words("--format jsonl").arg("--data-dir", node.data());
        let dump = dump.done().ok();
        let height = dump.lines().count() - 1;
        let is_old =
            height == old.height() && dump.lines().last() == Some(old.text(height).as_str());
        let chain = if is_old { &old } else { &new };
        assert!(is_old || height == shape.new, "round {round}: height {height}");
        let expected = (0..=height).map(|height| chain.text(height));
        assert!(
            dump.lines().map(str::to_owned).eq(expected),
            "round {round}: a mixture of height {height}"
        );
        heights.push(height);
        node.restart();
        node.until_tip(&chain.hash(height));
        node.stop_and_verify();
    });
    println!("left at heights {heights:?}");
}

/// How long the node takes when nobody kills it.
fn adopting_takes(old: &Branch, new: &Branch, message: &str) -> Duration {
    let node = PeerNode::with(old);
    let mut link = Link::dial(&node.url);
    assert_eq!(link.next(), Message::Ask);
    let started = Instant::now();
    link.send_text(message);
    node.until_tip(&new.hash(new.height()));
    let took = started.elapsed();
    assert_eq!(node.reorgs(), 1);
    node.stop_and_verify();
    took
}
