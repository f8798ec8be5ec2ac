//! Peers that break the dialect: each is closed with its code, and the chain stays.

use std::time::Duration;

use futures_util::SinkExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::support::{PATIENCE, PeerNode, Socket, until};

async fn one_block() -> PeerNode {
    let node = PeerNode::start().await;
    node.mine("kept").await;
    node
}

/// What the node closes with when it is sent this.
async fn closes_with(node: &PeerNode, message: Message) -> u16 {
    let mut peer = Socket::connect(node.address).await;
    // It may be closed before all of a long message was taken.
    let _ = peer.0.send(message).await;
    peer.closed().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_message_is_closed_with_1002() {
    let node = one_block().await;
    let deep = format!("{{\"type\":1,\"payload\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let mut wrong_hash = node.json(1).await;
    wrong_hash["hash"] = "00".repeat(32).into();
    let mut huge = node.json(1).await.to_string();
    huge = huge.replace("\"height\":1", "\"height\":1e999");
    let mut count = 0;
    for text in [
        "",
        "x",
        "null",
        "[]",
        "0",
        "{",
        "{\"type\":0}x",
        "{\"type\":1}",
        "{\"type\":2}",
        "{\"type\":1,\"payload\":null}",
        "{\"type\":1,\"payload\":{}}",
        "{\"type\":1,\"payload\":[]}",
        "{\"type\":1,\"payload\":[null]}",
        "{\"type\":2,\"payload\":[]}",
        "{\"type\":2,\"payload\":[{}]}",
        "{\"type\":2,\"payload\":\"x\"}",
        &deep,
        &format!("{{\"type\":1,\"payload\":[{wrong_hash}]}}"),
        &format!("{{\"type\":2,\"payload\":[{wrong_hash}]}}"),
        &format!("{{\"type\":1,\"payload\":[{huge}]}}"),
    ] {
        assert_eq!(closes_with(&node, Message::text(text)).await, 1002, "{text:.60}");
        count += 1;
        assert_eq!(node.handle.metrics().peers.faults.get(), count, "{text:.60}");
    }
    assert_eq!(node.height(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_type_that_is_missing_no_integer_or_unknown_is_ignored() {
    let node = one_block().await;
    let mut peer = Socket::connect(node.address).await;
    for text in [
        "{}",
        "{\"payload\":[]}",
        "{\"type\":null}",
        "{\"type\":\"1\",\"payload\":[]}",
        "{\"type\":1.5}",
        "{\"type\":-1}",
        "{\"type\":3,\"payload\":[]}",
        "{\"type\":99999999999999999999999999}",
        "{\"type\":[[[]]],\"payload\":{\"a\":[]}}",
    ] {
        peer.send(text).await;
    }
    // The first type 0 is answered a second later at most: the link lives.
    peer.send("{\"type\":0,\"payload\":{}}").await;
    loop {
        let message = peer.next().await.expect("a message");
        if message["type"] == 1 {
            assert_eq!(message["payload"][0], node.json(1).await);
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn binary_is_closed_with_1003_and_text_that_is_not_utf8_with_1007() {
    let node = one_block().await;
    assert_eq!(closes_with(&node, Message::binary(vec![1, 2, 3])).await, 1003);
    let bad = Frame::message(vec![b'{', 0xff], OpCode::Data(Data::Text), true);
    assert_eq!(closes_with(&node, Message::Frame(bad)).await, 1007);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_genesis_is_closed_with_1008() {
    let node = one_block().await;
    let genesis = jenny_chain::chain::Spec::jenny().genesis();
    let mut text = Vec::new();
    jenny_chain::chain::write_block_json(
        &mut text,
        &jenny_chain::chain::Spec::jenny(),
        genesis.header(),
        &genesis.hash(),
        &genesis.block().records,
    );
    let block = String::from_utf8(text).unwrap();
    for kind in [1, 2] {
        let text = format!("{{\"type\":{kind},\"payload\":[{block}]}}");
        assert_eq!(closes_with(&node, Message::text(text)).await, 1008, "type {kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_above_the_limit_is_closed_with_1009_before_it_is_read() {
    let node = PeerNode::with(|config| config.max_message = 1 << 20).await;
    let mut peer = Socket::connect(node.address).await;
    // The header alone, of a message that is never sent.
    let stream = peer.0.get_mut();
    let mut header = vec![0x81, 0xff];
    header.extend_from_slice(&(20_u64 << 20).to_be_bytes());
    header.extend_from_slice(&[1, 2, 3, 4]);
    stream.write_all(&header).await.unwrap();
    assert_eq!(peer.closed().await, 1009);
    let long = Message::text(" ".repeat(3 << 20));
    assert_eq!(closes_with(&node, long).await, 1009);
}

#[tokio::test(flavor = "multi_thread")]
async fn fragments_are_summed() {
    let node = PeerNode::with(|config| config.max_message = 1 << 20).await;
    let mut peer = Socket::connect(node.address).await;
    for number in 0..100 {
        let data = if number == 0 { Data::Text } else { Data::Continue };
        let part = Frame::message(vec![b' '; 64 << 10], OpCode::Data(data), false);
        // It closes at the seventeenth.
        if peer.0.send(Message::Frame(part)).await.is_err() {
            break;
        }
    }
    assert_eq!(peer.closed().await, 1009);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_chain_is_taken_whole_and_in_fragments() {
    let node = one_block().await;
    let genesis = node.json(0).await;
    // Above 1 MiB, so that it draws on the budget; the padding is an unknown key.
    let padding = "x".repeat(3 << 20);
    let text = format!("{{\"pad\":\"{padding}\",\"type\":2,\"payload\":[{genesis}]}}");
    for size in [text.len(), 1 << 20, 100_001] {
        let mut peer = Socket::connect(node.address).await;
        let parts: Vec<_> = text.as_bytes().chunks(size).collect();
        for (number, part) in parts.iter().enumerate() {
            let data = if number == 0 { Data::Text } else { Data::Continue };
            let is_last = number + 1 == parts.len();
            let frame = Frame::message(part.to_vec(), OpCode::Data(data), is_last);
            peer.0.send(Message::Frame(frame)).await.unwrap();
        }
        // Its last block is our genesis: the stream is the answer.
        loop {
            let message = peer.next().await.expect("a message");
            if message["type"] == 1 && message["payload"][0]["height"] == 1 {
                break;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_with_more_work_is_adopted_in_one_swap() {
    let (node, other) = (one_block().await, PeerNode::start().await);
    for number in 0..3 {
        other.mine(&format!("other {number}")).await;
    }
    let mut chain = Vec::new();
    for height in 0..=3 {
        chain.push(other.json(height).await);
    }
    let mut peer = Socket::connect(node.address).await;
    let text = serde_json::json!({ "type": 2, "payload": chain }).to_string();
    peer.send(text).await;
    node.agrees_with(&other).await;
    assert_eq!(node.handle.status().reorgs, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_binary_block_arrives_while_links_in_json_hold_all_of_their_budget() {
    let (node, other) = (PeerNode::start().await, PeerNode::start().await);
    // With what names their lengths it is above 1 MiB.
    other.handle.mine(vec!["x".repeat(64 << 10); 16]).await.unwrap();
    let mut holders = Vec::new();
    for _ in 0..2 {
        let mut peer = Socket::connect(node.address).await;
        // The first part's header alone, of a message whose length is not known.
        let mut header = vec![0x01, 0xff];
        header.extend_from_slice(&(2_u64 << 20).to_be_bytes());
        header.extend_from_slice(&[1, 2, 3, 4]);
        peer.0.get_mut().write_all(&header).await.unwrap();
        holders.push(peer);
    }
    node.dial(&other.url()).await;
    node.agrees_with(&other).await;
    node.has_links(3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_breaks_the_framing_is_closed_with_1002() {
    let node = one_block().await;
    for bytes in [
        // Not masked; reserved bits; an unknown opcode; a continuation of nothing; a long ping.
        vec![0x81, 0x01, b'x'],
        vec![0xf1, 0x80, 0, 0, 0, 0],
        vec![0x83, 0x80, 0, 0, 0, 0],
        vec![0x80, 0x80, 0, 0, 0, 0],
        [vec![0x89, 0xfe, 0, 200, 0, 0, 0, 0], vec![0; 200]].concat(),
    ] {
        let mut peer = Socket::connect(node.address).await;
        peer.0.get_mut().write_all(&bytes).await.unwrap();
        assert_eq!(peer.closed().await, 1002, "{bytes:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_is_silent_is_closed_and_one_that_answers_pings_is_not() {
    let node = PeerNode::with(|config| {
        config.ping_every = Duration::from_millis(500);
        // On a busy machine a response may take a while.
        config.silence = Duration::from_secs(4);
    })
    .await;
    let mut talks = Socket::connect(node.address).await;
    let mut silent = Socket::connect(node.address).await;
    node.has_links(2).await;
    // Reading responds to pings.
    let talking = tokio::spawn(async move { talks.closed().await });
    node.has_links(1).await;
    let rest = async { while matches!(silent.0.get_mut().read(&mut [0; 999]).await, Ok(1..)) {} };
    tokio::time::timeout(PATIENCE, rest).await.expect("the silent one is closed");
    until("a ping was answered", || {
        node.handle.links().table().first().is_some_and(|link| link.rtt.is_some())
    })
    .await;
    assert!(!talking.is_finished());
}
