//! Two nodes on different tips of the same work, to which nobody writes.

use std::time::Instant;

use jenny_chain::chain::Spec;
use serde_json::Value;

use crate::process::{Branch, PeerNode, Settings, until};

fn state(node: &PeerNode) -> (Value, Value, Value) {
    let mut status = node.status();
    (status["tip"].take(), status["sync"]["state"].take(), status["pool"]["records"].take())
}

#[test]
fn idle_nodes_end_a_tie_and_both_chains_records_are_on_the_one_that_is_left() {
    let start = || {
        let settings = Settings { mines_pool: true, ..Settings::default() };
        PeerNode::set_up(&Branch::new(Spec::dev()), settings)
    };
    let (one, other) = (start(), start());
    one.mine("of one");
    other.mine("of the other");
    let started = Instant::now();
    assert!(one.dial(&other.url));
    until("both have one tip, say so, and have mined what was pending", || {
        let (one, other) = (state(&one), state(&other));
        one == other && one.1 == "current" && one.2 == 0
    });
    println!("the tie ended after {:?}", started.elapsed());
    let (code, chain) = one.process().get("/chains");
    assert_eq!(code, 200);
    for text in ["of one", "of the other"] {
        assert_eq!(chain.matches(&format!("{text:?}")).count(), 1, "{text} in {chain}");
    }
    one.stop_and_verify();
    other.stop_and_verify();
}
