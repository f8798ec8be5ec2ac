//! What is said on a link of the binary dialect, from a real chain.

use futures_util::SinkExt;

use super::*;
use crate::chain::test_util::Branch;
use crate::node::test_util::TestNode;
use crate::p2p::test_util::context;
use crate::sync::Input;

/// The messages that are sent for this one, and what the driver is told.
async fn said(node: &TestNode, next: BinaryOutgoing) -> (Vec<Message>, Option<Input>) {
    let (context, mut told) = context(node.handle.clone());
    let (stats, debtor) = (&Arc::default(), &context.debts.dialled());
    let mut frames: Vec<Frame> = Vec::new();
    // As a socket, it holds what is not flushed.
    let sink = &mut (&mut frames).sink_map_err(|never| match never {}).buffer(16);
    let (link, ip, next_ping) = (LinkId(0), [192, 0, 2, 1].into(), Instant::now());
    let writer = &mut FrameWriter { config: &context.config, stats, sink, next_ping };
    let mut writer = Writer { context: &context, link, ip, debtor, frames: writer };
    writer.send(next).await.unwrap();
    let frames = frames.into_iter().map(Frame::into_data);
    let messages = frames.map(|frame| Message::decode(&frame).unwrap()).collect();
    let told = told.try_recv().ok().map(|event| match event {
        Event::Input(input) => input,
        other => panic!("{other:?}"),
    });
    (messages, told)
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_sent_leaves_at_once() {
    let node = TestNode::dev();
    let (messages, _) = said(&node, BinaryOutgoing::Message(Box::new(Message::GetPeers))).await;
    assert_eq!(messages, [Message::GetPeers]);
    let (messages, _) = said(&node, BinaryOutgoing::GetHeaders { after: None }).await;
    assert!(matches!(messages[..], [Message::GetHeaders { .. }]), "{messages:?}");
    let tip = node.handle.tip();
    let (messages, _) = said(&node, BinaryOutgoing::Announce(tip.id())).await;
    assert_eq!(messages, [Message::Announce(tip.header)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_blocks_of_a_branch_that_was_disconnected_is_told_that_they_are_not_found() {
    let (mut old, mut new) = (Branch::dev(), Branch::dev());
    old.grow(3, "old");
    new.grow(5, "new");
    let node = TestNode::dev();
    let last = |branch: &Branch| BlockId { height: branch.tip.height(), hash: branch.tip.hash() };
    let ask = |last| BinaryOutgoing::Blocks { request: 7, first: Height::new(1), last };
    node.handle.import(old.blocks.clone()).await.unwrap();
    let (messages, told) = said(&node, ask(last(&old))).await;
    let [Message::Blocks { request: 7, bodies }] = &messages[..] else { panic!("{messages:?}") };
    assert_eq!((bodies.len(), told), (3, Some(BinaryInput::Served { link: LinkId(0) }.into())));

    node.handle.import(new.blocks.clone()).await.unwrap();
    assert_eq!(node.handle.tip().hash, new.tip.hash());
    let (messages, told) = said(&node, ask(last(&old))).await;
    assert_eq!(messages, [Message::NotFound { request: 7 }]);
    // It may ask for the next one.
    assert_eq!(told, Some(BinaryInput::Served { link: LinkId(0) }.into()));
}
