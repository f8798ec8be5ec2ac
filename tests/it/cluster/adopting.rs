//! kill -9 while a node adopts a chain: afterwards it has the old one or the new one, whole.
//!
//! A few rounds by default; `JENNY_TEST_CRASH_ROUNDS` asks for more.

use std::time::Duration;

use jenny_chain::chain::Spec;

use crate::crash::rounds;
use crate::process::Jenny;
use crate::seed::{Branch, Link, Message, PeerNode};

/// Height of the chain that is displaced, of the fork, and of the chain that comes.
const OLD: usize = 600;
const FORK: usize = 100;
const NEW: usize = 1_500;

#[test]
fn a_node_killed_while_it_adopts_a_chain_has_the_old_one_or_the_new_one() {
    let old = Branch::new(Spec::dev()).grow("old", OLD, 1_000);
    let new = old.until(FORK).grow("new", NEW - FORK, 1_000);
    let message = format!("{{\"type\":2,\"payload\":{}}}", new.chain_text());
    let longest = adopting_takes(&old, &new, &message);
    let (mut olds, mut news) = (0, 0);
    rounds(|round, random| {
        let mut node = PeerNode::with(&old);
        let mut link = Link::dial(&node.url);
        assert_eq!(link.next(), Message::Ask);
        link.send_text(&message);
        std::thread::sleep(random.delay(longest * 2));
        node.kill();

        let dump = Jenny::new("dump").words("--format jsonl").arg("--data-dir", node.data());
        let dump = dump.done().ok();
        let whole = if dump.lines().count() == NEW + 1 { &new } else { &old };
        let expected: Vec<_> = (0..=whole.height()).map(|height| whole.text(height)).collect();
        assert!(dump.lines().eq(expected), "round {round}: neither the old chain nor the new one");
        *if whole.height() == NEW { &mut news } else { &mut olds } += 1;
        node.restart();
        node.until_tip(&whole.hash(whole.height()));
        node.stop_and_verify();
    });
    println!("{olds} times the old chain, {news} times the new one");
}

/// How long the node takes when nobody kills it.
fn adopting_takes(old: &Branch, new: &Branch, message: &str) -> Duration {
    let node = PeerNode::with(old);
    let mut link = Link::dial(&node.url);
    assert_eq!(link.next(), Message::Ask);
    let started = std::time::Instant::now();
    link.send_text(message);
    node.until_tip(&new.hash(NEW));
    let took = started.elapsed();
    node.stop_and_verify();
    took
}
