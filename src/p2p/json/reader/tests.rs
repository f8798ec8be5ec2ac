//! Whole chains that come at once, what counts as new, and a defect.

use std::sync::Barrier;

use futures_util::future::join_all;
use futures_util::stream;
use tokio::runtime::Builder;

use super::*;
use crate::chain::test_util::Branch;
use crate::chain::{Block, Height, write_block_json};
use crate::node::test_util::TestNode;
use crate::p2p::json::message::{CHAIN_START, END};
use crate::p2p::test_util::{context, dev};

/// Threads for what blocks: more than chains are imported at a time, and fewer than come.
const THREADS: usize = 20;

/// A chain of our genesis alone.
fn chain(node: &TestNode) -> Utf8Bytes {
    let (spec, view) = (node.handle.spec(), node.handle.view());
    let block = view.block(Height::GENESIS).unwrap().unwrap();
    let mut text = CHAIN_START.to_vec();
    write_block_json(&mut text, spec, &block.header, &block.hash, &block.records);
    text.extend(END);
    String::from_utf8(text).unwrap().into()
}

#[test]
fn more_whole_chains_than_there_are_threads_are_all_imported() {
    let mut runtime = Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).max_blocking_threads(THREADS).enable_all();
    let runtime = runtime.build().unwrap();
    let (node, context, _told) = dev();
    let text = chain(&node);
    let imported = runtime.block_on(async {
        // Until all chains are there no thread is free.
        let gate = Arc::new(Barrier::new(THREADS + 1));
        for _ in 0..THREADS {
            let gate = Arc::clone(&gate);
            tokio::task::spawn_blocking(move || gate.wait());
        }
        let readers = (0..2 * THREADS).map(|_| {
            let (context, text) = (Arc::clone(&context), text.clone());
            tokio::spawn(async move {
                let stats = Arc::default();
                let frames = [Ok(Frame::Text(text)), Err(Error::ConnectionClosed)];
                let mut stream = stream::iter(frames);
                let link = LinkId(7);
                let (stats, debtor) = (&stats, &context.debts.dialled());
                let stream = &mut stream;
                Reader { context: &context, link, stats, debtor, stream }.run().await
            })
        });
        let readers: Vec<_> = readers.collect();
        tokio::time::sleep(Duration::from_millis(100)).await;
        gate.wait();
        timeout(Duration::from_secs(20), join_all(readers)).await
    });
    // A runtime whose threads wait for each other is not waited for.
    runtime.shutdown_background();
    assert!(imported.is_ok(), "the chains wait for each other");
}

/// A message with this block.
fn message(node: &TestNode, block: &Block) -> Utf8Bytes {
    let mut text = br#"{"type":1,"payload":["#.to_vec();
    let (spec, hash) = (node.handle.spec(), block.header.hash());
    write_block_json(&mut text, spec, &block.header, &hash, &block.records);
    text.extend(END);
    String::from_utf8(text).unwrap().into()
}

/// Reads messages of a link to their end. Returns whether a block was credited.
async fn is_credited(node: &TestNode, texts: Vec<Utf8Bytes>) -> bool {
    let (context, mut told) = context(node.handle.clone());
    let (stats, debtor) = (&Arc::default(), &context.debts.dialled());
    let texts = texts.into_iter().map(|text| Ok(Frame::Text(text)));
    let stream = &mut stream::iter(texts);
    Reader { context: &context, link: LinkId(7), stats, debtor, stream }.run().await.unwrap();
    assert!(told.try_recv().is_ok(), "the machine hears of it");
    stats.last_new_block().is_some()
}

#[tokio::test]
async fn only_new_valid_blocks_are_credited() {
    let node = TestNode::dev();
    let spec = node.handle.spec().clone();
    let (mut ours, mut tied) = (Branch::from_genesis(&spec), Branch::from_genesis(&spec));
    let blocks = ours.grow(3, "ours").blocks.clone();
    tied.grow(1, "tied");
    let mut invalid = Branch::from_genesis(&spec).grow(1, "invalid").blocks.remove(0);
    invalid.records[0] = "another".to_owned();
    let stream = blocks[1..].iter().map(|block| message(&node, block)).collect();
    for (texts, is_new) in [
        (vec![chain(&node)], false),
        (vec![message(&node, &blocks[2])], false),
        (vec![message(&node, &blocks[0])], true),
        (vec![message(&node, &blocks[0])], false),
        (vec![message(&node, &tied.blocks[0])], false),
        (vec![message(&node, &invalid)], false),
        (stream, true),
        (blocks.iter().map(|block| message(&node, block)).collect(), false),
    ] {
        let shown = format!("{texts:?}");
        assert_eq!(is_credited(&node, texts).await, is_new, "{shown}");
    }
    assert_eq!(node.handle.tip().hash, ours.tip.hash());
}

#[tokio::test]
async fn a_panic_off_the_runtime_closes_the_link_and_blames_nobody() {
    let stopped = blocking(LinkId(7), || panic!("a defect")).await;
    assert!(matches!(stopped, Err::<(), _>(Stop::Close(Close { code: 1_011, .. }))));
    assert!(matches!(blocking(LinkId(7), || 5).await, Ok(5)));
}
