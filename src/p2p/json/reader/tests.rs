//! Whole chains that come at once.

use std::sync::Barrier;

use futures_util::future::join_all;
use futures_util::stream;
use tokio::runtime::Builder;

use super::*;
use crate::chain::{Height, write_block_json};
use crate::node::test_util::TestNode;
use crate::p2p::json::message::{CHAIN_START, END};
use crate::p2p::test_util::context;

/// Threads for what blocks: more than chains are judged at a time, and fewer than come.
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
fn more_whole_chains_than_there_are_threads_are_all_judged() {
    let mut runtime = Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).max_blocking_threads(THREADS).enable_all();
    let runtime = runtime.build().unwrap();
    let node = TestNode::dev();
    let (context, _told) = context(node.handle.clone());
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
                let stats = Arc::new(Stats::new());
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
