//! Nodes that are linked come to the same chain.

use jenny_chain::p2p::P2pConfig;

use crate::process::quiet_address;
use crate::support::{PATIENCE, PeerNode, mined, until};

/// A node that speaks the binary dialect, or JSON alone.
async fn node(binary: bool) -> PeerNode {
    PeerNode::with(|config| config.binary = binary).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mined_block_reaches_the_peer_whoever_dialled() {
    for binary in [true, false] {
        let (a, b) = (node(binary).await, node(binary).await);
        a.dial(&b.url()).await;
        b.has_links(1).await;
        for number in 0..5 {
            a.mine(&format!("a {number}")).await;
            b.agrees_with(&a).await;
            b.mine(&format!("b {number}")).await;
            a.agrees_with(&b).await;
        }
        assert_eq!(a.height(), 10);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_passes_through_the_node_between() {
    // The last one's ends speak different dialects with the node between.
    for binary_links in [[true, true, true], [false, false, false], [true, true, false]] {
        // Otherwise the ends hear of each other and link.
        let start = async |binary| {
            let change = |config: &mut P2pConfig| {
                (config.binary, config.max_dialled) = (binary, 1);
            };
            PeerNode::with(change).await
        };
        let [a, b, c] = [
            start(binary_links[0]).await,
            start(binary_links[1]).await,
            start(binary_links[2]).await,
        ];
        a.dial(&b.url()).await;
        c.dial(&b.url()).await;
        b.has_links(2).await;
        a.mine("from one end").await;
        c.agrees_with(&a).await;
        c.mine("from the other").await;
        a.agrees_with(&c).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_node_catches_up_ten_thousand_blocks() {
    let blocks = mined(10_000, "long", 50);
    for binary in [true, false] {
        let (ahead, fresh) = (node(binary).await, node(binary).await);
        ahead.import(&blocks).await;
        fresh.dial(&ahead.url()).await;
        fresh.agrees_with(&ahead).await;
        assert_eq!(fresh.height(), 10_000);
        assert_eq!(fresh.handle.status().reorgs, 0, "it only ever appended");
        // In JSON by blocks and questions: nobody sent a whole chain.
        until("the table knows the peer's tip", || {
            let links = fresh.handle.links().table();
            let tip = links.first().and_then(|link| link.tip);
            tip.is_some_and(|(height, _)| height.get() == 10_000)
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_ahead_that_dials_catches_the_other_up() {
    let blocks = mined(1_000, "long", 50);
    for binary in [true, false] {
        let (ahead, fresh) = (node(binary).await, node(binary).await);
        ahead.import(&blocks).await;
        ahead.dial(&fresh.url()).await;
        fresh.agrees_with(&ahead).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fork_settles_on_most_work() {
    for binary in [true, false] {
        let (a, b) = (node(binary).await, node(binary).await);
        a.import(&mined(300, "a", 10)).await;
        b.import(&mined(500, "b", 10)).await;
        a.dial(&b.url()).await;
        a.agrees_with(&b).await;
        assert_eq!(a.height(), 500);
        assert_eq!((a.handle.status().reorgs, b.handle.status().reorgs), (1, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_restarts_is_dialled_again() {
    let a = PeerNode::start().await;
    let address = quiet_address();
    let b = PeerNode::with(|config| config.listen = address).await;
    a.dial(&b.url()).await;
    let data = b.stop().await;
    a.has_links(0).await;
    a.mine("while it is away").await;
    let b = PeerNode::on(data, |config| config.listen = address).await;
    b.agrees_with(&a).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_once_added_is_dialled_after_a_restart() {
    let (a, b) = (PeerNode::start().await, PeerNode::start().await);
    a.dial(&b.url()).await;
    // It is written beside the dial.
    let written = async {
        while !a.handle.known_peers().await.unwrap().iter().any(|peer| peer.address == b.url()) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, written).await.expect("it stands in the address book");
    let data = a.stop().await;
    b.has_links(0).await;
    let a = PeerNode::on(data, |_| ()).await;
    b.has_links(1).await;
    b.mine("after the restart").await;
    a.agrees_with(&b).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_is_not_there_is_remembered_and_tried_again() {
    let listen = quiet_address();
    let a = PeerNode::start().await;
    let peer = format!("ws://{listen}").parse().unwrap();
    let error = a.handle.links().dial(&peer).await.unwrap_err();
    assert!(error.to_string().contains("refused"), "{error}");
    let b = PeerNode::with(|config| config.listen = listen).await;
    b.has_links(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_does_not_keep_a_link_to_itself() {
    let a = PeerNode::start().await;
    let error = a.handle.links().dial(&a.url().parse().unwrap()).await.unwrap_err();
    assert_eq!(error.to_string(), "this is the node itself");
    assert!(a.handle.links().table().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_is_linked_gets_no_second_link() {
    let (a, b) = (PeerNode::start().await, PeerNode::start().await);
    for _ in 0..3 {
        a.dial(&b.url()).await;
    }
    b.has_links(1).await;
    assert_eq!(a.handle.links().table().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_closes_links_and_ends() {
    let (a, b) = (PeerNode::start().await, PeerNode::start().await);
    a.dial(&b.url()).await;
    b.has_links(1).await;
    drop(tokio::time::timeout(PATIENCE, a.stop()).await.expect("links do not delay the stop"));
    b.has_links(0).await;
}
