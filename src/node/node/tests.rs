//! The end of a node.

use std::sync::Mutex;

use super::*;
use crate::chain::test_util::hopeless;
use crate::chain::{Block, Spec, Timestamp};
use crate::node::test_util::{TestNode, records, reopen, until};
use crate::node::{MineError, NodeConfig, StoppedNode};

#[tokio::test(flavor = "multi_thread")]
async fn stopping_under_load_loses_nothing_acknowledged() {
    let node = TestNode::dev();
    let mined = Arc::new(Mutex::new(Vec::new()));
    let tasks = (0..32).map(|task| {
        let (handle, mined) = (node.handle.clone(), Arc::clone(&mined));
        tokio::spawn(async move {
            loop {
                match handle.mine(records(&task.to_string())).await {
                    Ok(block) => mined.lock().unwrap().push((block.header.height, block.hash)),
                    Err(MineError::Stopping) => break,
                    Err(error) => panic!("{error}"),
                }
            }
        })
    });
    let tasks: Vec<_> = tasks.collect();
    until("it runs", || mined.lock().unwrap().len() >= 300).await;
    let dir = node.stop().await;
    for task in tasks {
        task.await.unwrap();
    }

    let opened = reopen(dir.path());
    let view = opened.reader.view();
    let mined = mined.lock().unwrap();
    assert!(mined.len() >= 300);
    for (height, hash) in mined.iter() {
        assert_eq!(view.header(*height).unwrap().map(|stored| stored.hash), Some(*hash));
    }
    // Nor was anything stored that nobody was told of.
    assert_eq!(view.tip().header.height.get(), mined.len() as u64);
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_ends_a_search_and_answers_what_waits() {
    let node = TestNode::new(&hopeless(), NodeConfig::default());
    let waiting = [(); 3].map(|()| {
        let handle = node.handle.clone();
        tokio::spawn(async move { handle.mine(records("a")).await })
    });
    until("all are there", || node.handle.status().mining == 3).await;
    let handle = node.handle.clone();
    node.stop().await;
    for answer in waiting {
        assert!(matches!(answer.await.unwrap(), Err(MineError::Stopping)));
    }

    // A handle outlives the node, and says so.
    assert!(matches!(handle.mine(Vec::new()).await, Err(MineError::Stopping)));
    assert!(handle.import(Vec::<Block>::new()).await.is_err());
    assert!(matches!(handle.read(|| Ok(())).await, Err(NodeFailure::Stopping)));
    assert!(matches!(handle.failed().await, NodeFailure::Stopping));
}

#[tokio::test(flavor = "multi_thread")]
async fn dropping_a_node_ends_its_threads() {
    let TestNode { handle, dir, .. } = TestNode::dev();
    assert!(matches!(handle.mine(Vec::new()).await, Err(MineError::Stopping)));
    // The threads let go of the database; the last handle does so here.
    drop(handle);
    let reopened = || {
        let options = store::Options { min_free_bytes: 0, ..Default::default() };
        store::open(dir.path(), &options, &mut |_| ()).is_ok()
    };
    until("the directory is free", reopened).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thread_that_panics_ends_the_node() {
    let node = TestNode::dev();
    let shared = node.handle.shared();
    let thread = spawn(&shared, "test", |_| panic!("by design"));
    let why = node.handle.failed().await;
    assert_eq!(
        why.to_string(),
        "the test thread panicked: by design; start the node again and report this"
    );
    join(&shared, "test", thread);
    assert!(node.stop_with_error().await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_of_a_stopped_node_takes_no_blocks_whatever_the_clock_shows() {
    let read_at = Timestamp::from_millis(1_000);
    let stopped = StoppedNode { directory: "data".to_owned(), read_at, repairs: Vec::new() };
    // The genesis block is decades ahead of it.
    let clock = || Timestamp::from_millis(1_000);
    let config = NodeConfig { clock, ..NodeConfig::default() };
    let view = NodeConfig { stopped: Some(Arc::new(stopped.clone())), ..config.clone() };
    let node = TestNode::new(&Spec::dev(), view);
    let status = node.handle.status();
    assert!(status.clock.is_none());
    assert_eq!(status.refusing.as_deref(), Some(StoppedNode::REFUSAL));
    assert_eq!(node.handle.stopped(), Some(&stopped));
    let node = TestNode::new(&Spec::dev(), config);
    assert!(node.handle.status().clock.is_some());
    assert_eq!(node.handle.stopped(), None);
}
