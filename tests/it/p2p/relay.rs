//! Pending records on their way to the node that mines them.

use jenny_chain::chain::{Hash, leaf_hash};
use jenny_chain::node::KnownRecord;
use jenny_chain::p2p::RelayPolicy;

use crate::support::{PeerNode, until};

async fn node(relay: RelayPolicy) -> PeerNode {
    PeerNode::with(|config| config.relay = relay).await
}

/// Each names the other.
async fn link(one: &PeerNode, other: &PeerNode) {
    one.dial(&other.url()).await;
    other.dial(&one.url()).await;
}

fn id(text: &str) -> Hash {
    leaf_hash(text.as_bytes())
}

async fn submit(node: &PeerNode, text: &str) {
    node.handle.submit(vec![text.to_owned()]).await.unwrap();
}

async fn find(node: &PeerNode, text: &str) -> Option<KnownRecord> {
    node.handle.record(id(text)).await.unwrap()
}

async fn is_pending(node: &PeerNode, text: &str) -> bool {
    matches!(find(node, text).await, Some(KnownRecord::Pending { .. }))
}

/// Waits until a node's pool has this many records.
async fn has_records(node: &PeerNode, count: usize) {
    until("the records are there", || node.handle.pool_usage().records == count).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_sent_to_a_node_that_does_not_mine_is_in_a_block_of_another() {
    let (taking, mining) = (node(RelayPolicy::Named).await, PeerNode::mining().await);
    submit(&taking, "before").await;
    link(&taking, &mining).await;
    submit(&taking, "after").await;
    has_records(&taking, 0).await;
    for text in ["before", "after"] {
        let found = find(&taking, text).await;
        assert!(matches!(found, Some(KnownRecord::Included(_))), "{text}: {found:?}");
    }
    assert!(mining.handle.pending_records(None, 9).is_empty(), "nobody sent them there");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_passes_through_the_node_between_and_back_to_nobody() {
    let start = async || {
        let change = |config: &mut jenny_chain::p2p::P2pConfig| {
            (config.relay, config.max_dialled) = (RelayPolicy::All, 1);
        };
        PeerNode::with(change).await
    };
    let [a, b, c] = [start().await, start().await, start().await];
    a.dial(&b.url()).await;
    c.dial(&b.url()).await;
    b.has_links(2).await;
    for number in 0..200 {
        submit(&a, &format!("{number}")).await;
    }
    has_records(&c, 200).await;
    assert_eq!(a.handle.pending_records(None, 999).len(), 200);
    assert_eq!(a.handle.pool_usage().records, 200);
    let counts = [&a, &b, &c].map(|node| node.handle.metrics().received_records.get());
    assert_eq!(counts, [0, 200, 200]);
    assert!(a.handle.metrics().sent_records.get() >= 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_named_peers_that_relay_get_records() {
    let a = node(RelayPolicy::Named).await;
    let [named, off] = [node(RelayPolicy::Named).await, node(RelayPolicy::Off).await];
    let unnamed = node(RelayPolicy::All).await;
    let unnaming = node(RelayPolicy::Named).await;
    link(&a, &off).await;
    unnamed.dial(&a.url()).await;
    a.dial(&unnaming.url()).await;
    link(&a, &named).await;
    submit(&a, "first").await;
    has_records(&named, 1).await;
    submit(&a, "second").await;
    has_records(&named, 2).await;
    for node in [&off, &unnamed, &unnaming] {
        assert_eq!(node.handle.pool_usage().records, 0);
    }
    submit(&off, "kept").await;
    submit(&unnamed, "from nobody in particular").await;
    submit(&named, "third").await;
    has_records(&a, 3).await;
    assert!(is_pending(&a, "third").await);
}
