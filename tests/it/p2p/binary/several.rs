//! Catching up from several peers of which some mean ill.

use std::sync::Arc;

use jenny_chain::chain::Spec;

use super::scripted::{Manner, Scripted};
use crate::process::{Branch, PeerNode, Settings};
use crate::process::{PATIENCE, until};

/// Blocks to catch up with: several windows of them.
const BLOCKS: usize = 6_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_honest_peers_suffice_beside_one_that_stalls_and_one_whose_bodies_are_wrong() {
    let chain = Arc::new(Branch::new(Spec::dev()).grow("B", BLOCKS, 1_000));
    let honest = [PeerNode::with(&chain), PeerNode::with(&chain)];
    let stalls = Scripted::start(&chain, Manner::Stalls).await;
    let mut lies = Scripted::start(&chain, Manner::Lies).await;
    let flags = [&lies.url, &stalls.url].map(|url| format!("--peer {url}")).join(" ");
    let settings = Settings { flags, ..Settings::default() };
    let fresh = PeerNode::set_up(&Branch::new(Spec::dev()), settings);
    // Honest peers alone could be faster than the first lie.
    until("the liar is asked for bodies", || lies.asked() > 0);
    for node in &honest {
        fresh.try_dial(&node.url).unwrap();
    }
    fresh.until_tip(&chain.hash(BLOCKS));
    let code = tokio::time::timeout(PATIENCE, lies.closed.recv()).await;
    assert_eq!(code, Ok(Some(1002)), "asked {}: {}", lies.asked(), fresh.process().log());
    fresh.process().logs("broke the protocol");
    let log = fresh.process().log();
    let broke: Vec<_> = log.lines().filter(|line| line.contains("broke the protocol")).collect();
    let [line] = broke.as_slice() else { panic!("{broke:?}") };
    assert!(line.contains(lies.url.trim_start_matches("ws://")), "{line}");
    assert!(line.contains("a body that is not the one of its header"), "{line}");
    // Slowness is no fault.
    until("the others stay linked", || fresh.status()["links"] == 3);
    assert_eq!(fresh.process().get("/v1/bans"), (200, "[]".to_owned()));
    println!("asked for bodies: {} of who stalls, {} of who lies", stalls.asked(), lies.asked());
    fresh.stop_and_verify();
    for node in honest {
        assert!(!node.process().log().contains("broke the protocol"));
        node.stop_and_verify();
    }
}
