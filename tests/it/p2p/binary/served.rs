//! The binary dialect over real sockets: what a peer is told, and what it must not say.

use jenny_chain::chain::{Block, Hash, Height};
use jenny_chain::node::{Dialect, LinkInfo};
use jenny_chain::sync::message::{Hello, Message};
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::Message as Frame;

use crate::support::binary::{BinarySocket, genesis, hello};
use crate::support::{PATIENCE, PeerNode, mined, until};

/// A node with this many blocks.
async fn node_of(blocks: u64) -> (PeerNode, Vec<Block>) {
    let node = PeerNode::start().await;
    let branch = mined(blocks, "block", 50);
    node.import(&branch).await;
    (node, branch)
}

fn last_of(blocks: &[Block], height: usize) -> Hash {
    blocks[height - 1].header.hash()
}

fn only_link(node: &PeerNode) -> Option<LinkInfo> {
    node.handle.links().table().into_iter().next()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_node_says_who_it_is_before_it_was_asked_and_shows_what_it_was_told() {
    let (node, blocks) = node_of(3).await;
    let (mut peer, theirs) = BinarySocket::ready(node.address).await;
    assert_eq!((theirs.lowest, theirs.highest, theirs.genesis), (1, 1, genesis()));
    assert_eq!((theirs.height, theirs.listen), (Height::new(3), Some(node.address.to_string())));
    assert!(theirs.agent.starts_with("jenny/"), "{}", theirs.agent);
    until("the table shows the peer", || {
        only_link(&node).is_some_and(|link| {
            link.dialect == Dialect::Binary
                && link.agent.as_deref() == Some("script/1")
                && link.tip == Some((Height::GENESIS, None))
        })
    })
    .await;
    peer.say(&Message::Announce(blocks[1].header)).await;
    let named = (Height::new(2), Some(last_of(&blocks, 2)));
    until("the table shows its tip", || only_link(&node).unwrap().tip == Some(named)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_come_above_the_highest_common_block() {
    let (node, blocks) = node_of(2_500).await;
    let (mut peer, _) = BinarySocket::ready(node.address).await;
    let mut known = vec![(Height::new(2_400), Hash::ZERO), (Height::new(90), last_of(&blocks, 90))];
    known.push((Height::GENESIS, genesis()));
    for (locator, stop, first, last) in [
        (vec![(Height::GENESIS, genesis())], None, 1, 2_000),
        (known, None, 91, 2_090),
        (vec![(Height::new(2_000), last_of(&blocks, 2_000))], None, 2_001, 2_500),
        (vec![(Height::GENESIS, genesis())], Some(last_of(&blocks, 7)), 1, 7),
        (vec![(Height::new(2_500), last_of(&blocks, 2_500))], None, 2_501, 2_500),
        (vec![(Height::new(5), Hash::ZERO)], None, 1, 0),
    ] {
        peer.say(&Message::GetHeaders { locator, stop }).await;
        let headers = peer
            .until(|message| match message {
                Message::Headers(headers) => Some(headers),
                _ => None,
            })
            .await;
        let expected: Vec<_> = blocks[first - 1..last].iter().map(|block| block.header).collect();
        assert_eq!(headers, expected, "{first} to {last}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_come_for_a_range_of_our_chain_and_not_found_for_any_other() {
    let (node, blocks) = node_of(200).await;
    let (mut peer, _) = BinarySocket::ready(node.address).await;
    for (request, first, count, last, is_held) in [
        (1, 1, 128, last_of(&blocks, 128), true),
        (2, 200, 1, last_of(&blocks, 200), true),
        (3, 100, 10, last_of(&blocks, 110), false),
        (4, 150, 100, last_of(&blocks, 200), false),
        (5, 0, 1, genesis(), true),
    ] {
        let first_height = Height::new(first);
        peer.say(&Message::GetBlocks { request, first: first_height, count, last }).await;
        let mut found = Vec::new();
        while found.len() < count as usize {
            let answer = peer.until(|message| match message {
                Message::Blocks { request: its, bodies } if its == request => Some(Some(bodies)),
                Message::NotFound { request: its } if its == request => Some(None),
                _ => None,
            });
            match answer.await {
                Some(bodies) => found.extend(bodies),
                None => break,
            }
        }
        assert_eq!(found.len(), if is_held { count as usize } else { 0 }, "request {request}");
        for (body, height) in found.iter().zip(first..) {
            let Some(at) = height.checked_sub(1) else { continue };
            let block = &blocks[usize::try_from(at).unwrap()];
            assert_eq!(body.records(1).as_ref(), Some(&block.records));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_that_are_no_message_are_closed_with_1002() {
    let (node, _) = node_of(1).await;
    let trailing = [Message::GetPeers.encode().unwrap(), vec![0]].concat();
    for frame in [
        Frame::text("{\"type\":0,\"payload\":{}}"),
        Frame::binary(Vec::new()),
        Frame::binary(vec![0xff; 100]),
        Frame::binary(trailing),
    ] {
        let (mut peer, _) = BinarySocket::ready(node.address).await;
        peer.send(frame.clone()).await;
        assert_eq!(peer.closed().await, 1002, "{frame:?}");
    }
    assert_eq!(node.height(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_above_four_mebibytes_is_refused_by_its_header() {
    let (node, _) = node_of(1).await;
    // A whole frame, and the last of two: the payload is not even sent.
    for (first, length) in [(0_usize, (4_u64 << 20) + 1), (1_000, 4 << 20)] {
        let (mut peer, _) = BinarySocket::ready(node.address).await;
        let stream = peer.0.get_mut();
        if first > 0 {
            let mut frame = vec![0x02, 0xfe];
            frame.extend(u16::try_from(first).unwrap().to_be_bytes());
            frame.extend(vec![0; 4 + first]);
            stream.write_all(&frame).await.unwrap();
        }
        let kind = if first > 0 { 0x80 } else { 0x82 };
        let mut header = vec![kind, 0xff];
        header.extend(length.to_be_bytes());
        header.extend([0; 4]);
        stream.write_all(&header).await.unwrap();
        assert_eq!(peer.closed().await, 1002);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_must_not_be_said_at_this_moment_closes_the_link() {
    let (node, _) = node_of(1).await;
    let mut early = BinarySocket::connect(node.address).await;
    early.say(&Message::GetPeers).await;
    assert_eq!(early.closed().await, 1002, "a message before Hello");
    let (mut twice, _) = BinarySocket::ready(node.address).await;
    twice.say(&Message::Hello(hello())).await;
    assert_eq!(twice.closed().await, 1002, "a second Hello");
    let mut foreign = BinarySocket::connect(node.address).await;
    foreign.say(&Message::Hello(Hello { genesis: Hash::ZERO, ..hello() })).await;
    assert_eq!(foreign.closed().await, 1008, "another chain");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_link_to_one_node_is_closed_with_1000() {
    let (node, _) = node_of(1).await;
    let (first, _) = BinarySocket::ready(node.address).await;
    until("the first is greeted", || {
        only_link(&node).is_some_and(|link| link.agent.as_deref() == Some("script/1"))
    })
    .await;
    let mut second = BinarySocket::connect(node.address).await;
    second.say(&Message::Hello(hello())).await;
    assert_eq!(second.closed().await, 1000);
    node.has_links(1).await;
    drop(first);
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_that_were_reached_are_told_once_a_minute() {
    let (node, other) = (PeerNode::start().await, PeerNode::start().await);
    node.dial(&other.url()).await;
    let written = async {
        while node.handle.known_peers().await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, written).await.expect("it stands in the address book");
    let (mut peer, _) = BinarySocket::ready(node.address).await;
    peer.say(&Message::GetPeers).await;
    let told = peer
        .until(|message| match message {
            Message::Peers(peers) => Some(peers),
            _ => None,
        })
        .await;
    assert!(told.iter().any(|peer| peer.address == other.url()), "{told:?}");
}
