//! Two nodes that both took writes and stay on different tips of the same work.

use std::time::Duration;

use jenny_chain::p2p::P2pConfig;

use crate::support::{PeerNode, until};

#[tokio::test(flavor = "multi_thread")]
async fn nodes_on_two_tips_of_the_same_work_both_say_split_and_the_next_block_ends_it() {
    for binary in [true, false] {
        let start = async || {
            let change = |config: &mut P2pConfig| {
                (config.binary, config.split_after) = (binary, Some(Duration::from_millis(200)));
            };
            PeerNode::with(change).await
        };
        let (one, other) = (start().await, start().await);
        one.mine("of one").await;
        other.mine("of the other").await;
        one.dial(&other.url()).await;
        for (node, peer) in [(&one, &other), (&other, &one)] {
            until("both say split", || node.handle.links().progress().split.is_some()).await;
            let split = node.handle.links().progress().split.unwrap();
            let tip = |node: &PeerNode| node.handle.tip().id();
            assert_eq!((split.ours, split.theirs), (tip(node), tip(peer)), "native: {binary}");
        }
        one.mine("decides").await;
        other.agrees_with(&one).await;
        for node in [&one, &other] {
            until("the split ends", || node.handle.links().progress().split.is_none()).await;
        }
    }
}
