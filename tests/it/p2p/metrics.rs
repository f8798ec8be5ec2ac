//! What a node counts of its peers.

use jenny_chain::node::{Dialect, NodeHandle};

use crate::process::quiet_address;
use crate::support::{PeerNode, until};

/// Bytes received and sent on links of a dialect.
fn bytes(node: &NodeHandle, dialect: Dialect) -> (u64, u64) {
    let traffic = node.metrics().peers.traffic(dialect);
    (traffic.received.get(), traffic.sent.get())
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_are_counted_by_dialect_and_stay_counted_after_the_link() {
    let (one, other) = (PeerNode::start().await, PeerNode::start().await);
    one.dial(&other.url()).await;
    other.has_links(1).await;
    let links = || one.handle.links().table();
    until("its bytes are shown", || links().iter().all(|link| link.received > 100)).await;
    drop(other);
    until("it is gone", || links().is_empty()).await;
    let counted = bytes(&one.handle, Dialect::Binary);
    assert!(counted.0 > 100 && counted.1 > 100, "{counted:?}");
    for dialect in [Dialect::Json, Dialect::JennyJson] {
        assert_eq!(bytes(&one.handle, dialect), (0, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn dials_are_counted_by_what_became_of_them() {
    let (one, other) = (PeerNode::start().await, PeerNode::start().await);
    let counts = || {
        let peers = &one.handle.metrics().peers;
        (peers.dials_reached.get(), peers.dials_failed.get())
    };
    assert_eq!(counts(), (0, 0));
    one.dial(&other.url()).await;
    assert_eq!(counts(), (1, 0));
    let peer = format!("ws://{}", quiet_address()).parse().unwrap();
    one.handle.links().dial(&peer).await.unwrap_err();
    assert_eq!(counts().0, 1);
    assert!(counts().1 >= 1);
}
