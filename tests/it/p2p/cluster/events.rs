//! A client of `/v1/events` that is cut off again and again, through reorgs and restarts.
//!
//! A few reorgs by default; `JENNY_TEST_EVENT_REORGS=50` runs the long form.

use std::time::Duration;

use jenny_chain::chain::Spec;

use crate::p2p::json::{Link, Message};
use crate::process::{Branch, PeerNode, Replay, until};
use crate::support::random::Random;

/// Reorgs without the variable.
const SOME: usize = 6;

#[test]
fn a_client_that_reads_on_through_reorgs_and_restarts_has_the_main_chain() {
    let reorgs = std::env::var("JENNY_TEST_EVENT_REORGS");
    let reorgs = reorgs.map_or(SOME, |text| text.parse().unwrap());
    let mut random = Random::new(7);
    let mut chain = Branch::new(Spec::dev()).grow("first", 20, 1_000);
    let mut node = PeerNode::with(&chain);
    let mut client = Replay::new(&chain.hash(0));
    for round in 0..reorgs {
        let depth = 1 + random.below(9);
        let fork = chain.height() - depth;
        chain = chain.until(fork).grow(&format!("branch {round}"), depth + 1, 1_000);
        let mut link = Link::dial(&node.url);
        assert_eq!(link.next(), Message::Ask);
        link.send_text(&format!("{{\"type\":2,\"payload\":{}}}", chain.chain_text()));
        // Before, while and after the branch takes over.
        std::thread::sleep(random.delay(Duration::from_millis(20)));
        assert!(client.read(node.process(), random.below(30)));
        node.until_tip(&chain.hash(chain.height()));
        assert!(client.read(node.process(), random.below(30)));
        if round % 3 == 2 {
            node.kill_and_restart();
        }
    }
    until("the client is at the tip", || {
        assert!(client.read(node.process(), 1 + random.below(30)));
        client.hashes.last() == Some(&chain.hash(chain.height()))
    });
    let expected: Vec<_> = (0..=chain.height()).map(|height| chain.hash(height)).collect();
    assert_eq!(client.hashes, expected);
    node.stop_and_verify();
}
