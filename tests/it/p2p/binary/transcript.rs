//! What is said on a link of the binary dialect to a running node, message by message, and with
//! which code the node closes it.

use std::net::SocketAddr;

use jenny_chain::chain::{Hash, Height, Spec, parse_block};
use jenny_chain::sync::message::{Body, Hello, Message};
use tokio_tungstenite::tungstenite::Message as Frame;

use crate::process::{Branch, PeerNode};
use crate::support::binary::{BinarySocket, genesis, hello};

/// Height of the chain that the node begins with.
const HEIGHT: usize = 2_500;

fn chain() -> Branch {
    Branch::new(Spec::dev()).grow("B", HEIGHT, 1_000)
}

fn address(node: &PeerNode) -> SocketAddr {
    node.address().parse().unwrap()
}

fn hash(chain: &Branch, height: usize) -> Hash {
    chain.block(height).header.hash()
}

/// The headers of these heights, as the node says them.
fn headers(chain: &Branch, from: usize, to: usize) -> Message {
    Message::Headers((from..=to).map(|height| chain.block(height).header).collect())
}

fn get_headers(chain: &Branch, from: usize, stop: Option<usize>) -> Message {
    let locator = vec![(Height::new(from as u64), hash(chain, from)), (Height::GENESIS, genesis())];
    Message::GetHeaders { locator, stop: stop.map(|height| hash(chain, height)) }
}

fn get_blocks(chain: &Branch, request: u64, first: usize, count: usize) -> Message {
    let last = hash(chain, first + count - 1);
    let first = Height::new(first as u64);
    Message::GetBlocks { request, first, count: u32::try_from(count).unwrap(), last }
}

fn blocks(chain: &Branch, request: u64, first: usize, count: usize) -> Message {
    let body = |height| Body::of(&chain.block(height).records).unwrap();
    Message::Blocks { request, bodies: (first..first + count).map(body).collect() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_node_says_what_the_transcript_says() {
    let chain = chain();
    let node = PeerNode::with(&chain);
    let mut peer = BinarySocket::connect(address(&node)).await;
    // The node speaks first, too.
    let Ok(Message::Hello(theirs)) = peer.next().await else { panic!("no Hello") };
    assert_eq!((theirs.lowest, theirs.highest, theirs.capabilities), (1, 1, 1));
    assert_eq!((theirs.genesis, theirs.height), (genesis(), Height::new(HEIGHT as u64)));
    assert_eq!(theirs.work.to_string(), node.status()["tip"]["totalWork"]);
    assert_eq!(theirs.listen.as_deref(), Some(node.address()));
    assert!(theirs.agent.starts_with("jenny/"), "{}", theirs.agent);
    peer.say(&Message::Hello(hello())).await;

    let elsewhere =
        Message::GetBlocks { request: 9, first: Height::new(7), count: 3, last: Hash::ZERO };
    let beyond =
        Message::GetBlocks { request: 10, first: Height::new(2_499), count: 3, last: Hash::ZERO };
    for (said, heard) in [
        (get_headers(&chain, 0, None), headers(&chain, 1, 2_000)),
        (get_headers(&chain, 2_000, None), headers(&chain, 2_001, HEIGHT)),
        (get_headers(&chain, 100, Some(107)), headers(&chain, 101, 107)),
        (get_headers(&chain, HEIGHT, None), Message::Headers(Vec::new())),
        (get_blocks(&chain, 7, 1, 128), blocks(&chain, 7, 1, 128)),
        (get_blocks(&chain, 8, HEIGHT, 1), blocks(&chain, 8, HEIGHT, 1)),
        (elsewhere, Message::NotFound { request: 9 }),
        (beyond, Message::NotFound { request: 10 }),
        // Nobody was linked to by the node.
        (Message::GetPeers, Message::Peers(Vec::new())),
    ] {
        peer.say(&said).await;
        assert_eq!(peer.next().await, Ok(heard), "{said:?}");
    }

    // A second time within the minute is not answered: the next answer is that to what follows.
    peer.say(&Message::GetPeers).await;
    peer.say(&get_headers(&chain, 0, Some(1))).await;
    assert_eq!(peer.next().await, Ok(headers(&chain, 1, 1)));

    // What is mined is announced, and can be fetched at once.
    let mined = parse_block(node.mine("mined").as_bytes()).unwrap().into_block();
    assert_eq!(peer.next().await, Ok(Message::Announce(mined.header)));
    let (first, last) = (Height::new(HEIGHT as u64 + 1), mined.header.hash());
    peer.say(&Message::GetBlocks { request: 11, first, count: 1, last }).await;
    let bodies = vec![Body::of(&mined.records).unwrap()];
    assert_eq!(peer.next().await, Ok(Message::Blocks { request: 11, bodies }));
    assert_eq!(node.status()["links"], 1);
    drop(peer);
    node.stop_and_verify();
}

/// The frames of what has no random part, to the byte.
#[tokio::test(flavor = "multi_thread")]
async fn frames_on_the_wire_are_those_of_the_golden_bytes() {
    let chain = Branch::new(Spec::dev()).grow("B", 2, 1_000);
    let node = PeerNode::with(&chain);
    let (mut peer, _) = BinarySocket::ready(address(&node)).await;
    // GetHeaders: one entry, genesis, and no stop. Headers: two of 132 bytes.
    let ask = [vec![1, 1, 0], genesis().as_bytes().to_vec(), vec![0]].concat();
    let header = |height: usize| chain.block(height).header.encode().to_vec();
    let answer = [vec![2, 2], header(1), header(2)].concat();
    exchange(&mut peer, ask, answer).await;
    // GetBlocks: request 5, from height 1, two blocks, the last one's hash. Blocks: request 5,
    // two bodies of 5 bytes, each a list of one record of 3.
    let ask = [vec![3, 5, 1, 2], hash(&chain, 2).as_bytes().to_vec()].concat();
    let answer = [vec![4, 5, 2], b"\x05\x01\x03B 1\x05\x01\x03B 2".to_vec()].concat();
    exchange(&mut peer, ask, answer).await;
    // NotFound: request 300, in two bytes.
    let ask = [vec![3, 0xac, 0x02, 1, 2], vec![0; 32]].concat();
    exchange(&mut peer, ask, vec![5, 0xac, 0x02]).await;
    // GetPeers, and Peers without any.
    exchange(&mut peer, vec![7], vec![8, 0]).await;
    // Announce: a header.
    let mined = parse_block(node.mine("mined").as_bytes()).unwrap().into_block();
    let announced = [vec![6], mined.header.encode().to_vec()].concat();
    assert_eq!(frame(&mut peer).await, announced);
    drop(peer);
    node.stop_and_verify();
}

async fn exchange(peer: &mut BinarySocket, ask: Vec<u8>, answer: Vec<u8>) {
    peer.send(Frame::binary(ask)).await;
    assert_eq!(frame(peer).await, answer);
}

async fn frame(peer: &mut BinarySocket) -> Vec<u8> {
    peer.next().await.expect("a message").encode().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_node_closes_with_the_code_of_what_was_wrong_and_bans_nobody_here() {
    let chain = Branch::new(Spec::dev()).grow("B", 3, 1_000);
    let node = PeerNode::with(&chain);
    let binary = |message: Message| Frame::binary(message.encode().unwrap());
    let fork = Branch::new(Spec::dev()).grow("other", 2, 1_000);
    let body = Body::of(&["nobody asked".to_owned()]).unwrap();
    for (what, frame, code) in [
        ("text", Frame::text(r#"{"type":0,"payload":{}}"#), 1002),
        ("nothing", Frame::binary(Vec::new()), 1002),
        ("garbage", Frame::binary(vec![0xee; 64]), 1002),
        ("a byte too many", Frame::binary(vec![7, 0]), 1002),
        ("half a message", Frame::binary(vec![3, 5, 1]), 1002),
        ("headers unasked", binary(headers(&fork, 1, 2)), 1002),
        ("bodies unasked", binary(Message::Blocks { request: 1, bodies: vec![body] }), 1002),
        ("addresses unasked", binary(Message::Peers(Vec::new())), 1002),
        ("no such request", binary(Message::NotFound { request: 1 }), 1002),
        ("no blocks", Frame::binary([vec![3, 1, 1, 0], vec![0; 32]].concat()), 1002),
        ("a second Hello", binary(Message::Hello(hello())), 1002),
    ] {
        let (mut peer, _) = BinarySocket::ready(address(&node)).await;
        peer.send(frame).await;
        assert_eq!(peer.closed().await, code, "{what}");
    }
    let mut foreign = BinarySocket::connect(address(&node)).await;
    foreign.say(&Message::Hello(Hello { genesis: Hash::ZERO, ..hello() })).await;
    assert_eq!(foreign.closed().await, 1008, "another genesis");

    let mut itself = BinarySocket::connect(address(&node)).await;
    let Ok(Message::Hello(theirs)) = itself.next().await else { panic!("no Hello") };
    itself.say(&Message::Hello(Hello { nonce: theirs.nonce, ..hello() })).await;
    assert_eq!(itself.closed().await, 1000, "its own nonce");

    let (mut first, _) = BinarySocket::ready(address(&node)).await;
    // Its answer shows that the Hello was taken.
    first.say(&get_headers(&chain, 0, None)).await;
    assert_eq!(first.next().await, Ok(headers(&chain, 1, 3)));
    let (mut second, _) = BinarySocket::ready(address(&node)).await;
    assert_eq!(second.closed().await, 1000, "the nonce of another link");

    assert_eq!(node.process().get("/v1/bans"), (200, "[]".to_owned()));
    assert_eq!(node.tip(), chain.hash(3));
    drop(first);
    node.stop_and_verify();
}
