//! How many links there may be.

use crate::support::{PeerNode, Socket};

#[tokio::test(flavor = "multi_thread")]
async fn above_the_cap_the_youngest_link_makes_room_with_1013_and_a_place_that_is_free_is_given() {
    let node = PeerNode::with(|config| config.max_accepted = 2).await;
    let first = Socket::connect(node.address).await;
    node.has_links(1).await;
    let mut second = Socket::connect(node.address).await;
    node.has_links(2).await;
    let _third = Socket::connect(node.address).await;
    assert_eq!(second.closed().await, 1013);
    drop(second);
    node.has_links(2).await;
    drop(first);
    node.has_links(1).await;
    let _fourth = Socket::connect(node.address).await;
    node.has_links(2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_peers_are_dialled_than_allowed() {
    let (a, b) = (PeerNode::start().await, PeerNode::start().await);
    let node = PeerNode::with(|config| config.max_dialled = 1).await;
    node.dial(&a.url()).await;
    let error = node.handle.links().dial(&b.url().parse().unwrap()).await.unwrap_err();
    assert_eq!(error.to_string(), "1 peers are dialled already; p2p.max_dialled allows more");
    drop(a);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_connections_leave_the_node_serving() {
    let node = PeerNode::with(|config| config.max_accepted = 4).await;
    let mut open = Vec::new();
    for _ in 0..1_000 {
        // Half-open: connected and silent.
        open.push(tokio::net::TcpStream::connect(node.address).await.unwrap());
    }
    node.mine("all the while").await;
    drop(open);
    let _peer = Socket::connect(node.address).await;
    node.has_links(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_connections_that_take_every_place_do_not_keep_a_peer_out() {
    let node = PeerNode::start().await;
    let mut silent = Vec::new();
    for _ in 0..300 {
        silent.push(tokio::net::TcpStream::connect(node.address).await.unwrap());
    }
    // At the first try, beside all of them.
    let _peer = Socket::connect(node.address).await;
    node.has_links(1).await;
}
