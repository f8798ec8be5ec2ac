//! Mining on request, reading, and failing, through the handle.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;

use super::*;
use crate::chain::test_util::{Branch, hopeless};
use crate::chain::{Block, Height, Spec, Timestamp};
use crate::node::test_util::{TestNode, chain, options, records, reopen, until};
use crate::node::{Node, NodeConfig};
use crate::store::Options;

fn failing() -> StoreError {
    StoreError::Damaged { what: "a test says so".to_owned() }
}

#[tokio::test(flavor = "multi_thread")]
async fn sixteen_at_once_give_sixteen_consecutive_blocks() {
    let node = TestNode::dev();
    let requests = (0..16).map(|number| {
        let handle = node.handle.clone();
        tokio::spawn(async move { handle.mine(records(&number.to_string())).await.unwrap() })
    });
    let mut mined = Vec::new();
    for request in requests.collect::<Vec<_>>() {
        mined.push(request.await.unwrap());
    }
    mined.sort_by_key(|block| block.header.height);
    let heights: Vec<_> = mined.iter().map(|block| block.header.height.get()).collect();
    assert_eq!(heights, (1..=16).collect::<Vec<_>>());

    let stored = node.chain().await;
    for (mined, stored) in mined.iter().zip(&stored) {
        assert_eq!((mined.hash, &mined.records), (stored.hash, &stored.records));
    }
    let mut texts: Vec<u32> = stored.iter().map(|b| b.records[0].parse().unwrap()).collect();
    texts.sort_unstable();
    assert_eq!(texts, (0..16).collect::<Vec<_>>());
    assert!(node.handle.status().hash_rate.is_some_and(|rate| rate > 0.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_mined_in_order_of_arrival() {
    let node = TestNode::dev();
    // Polled in order, so they arrive in order.
    let texts: Vec<_> = (0..60).map(|number: u64| number.to_string()).collect();
    let mined = join_all(texts.iter().map(|text| node.handle.mine(records(text)))).await;
    for (number, mined) in (1..).zip(mined) {
        assert_eq!(mined.unwrap().header.height, Height::new(number));
    }
    let stored: Vec<_> = node.chain().await.into_iter().flat_map(|block| block.records).collect();
    assert_eq!(stored, texts);
}

#[tokio::test(flavor = "multi_thread")]
async fn records_are_mined_exactly_as_given() {
    let node = TestNode::dev();
    for records in [vec![], vec![String::new()], ["b", "a", "b", "\0é"].map(str::to_owned).into()]
    {
        let mined = node.handle.mine(records.clone()).await.unwrap();
        assert_eq!(mined.records, records);
        let view = node.handle.view();
        let read = move || view.block(mined.header.height);
        let stored = node.handle.read(read).await.unwrap().unwrap();
        assert_eq!((stored.records, stored.hash), (records, mined.hash));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn records_that_no_block_holds_are_refused_at_once() {
    let node = TestNode::dev();
    for records in [records(&"x".repeat(65_537)), vec![String::new(); 4_097]] {
        let error = node.handle.mine(records).await.unwrap_err();
        assert!(matches!(error, MineError::TooLarge(_)), "{error}");
    }
    assert_eq!(node.handle.tip().hash, node.handle.chain_id());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_refuses_at_once() {
    let node = TestNode::new(&hopeless(), NodeConfig { mine_queue: 2, ..NodeConfig::default() });
    let mut waiting = Vec::new();
    for number in 1..=3 {
        let handle = node.handle.clone();
        waiting.push(tokio::spawn(async move { handle.mine(Vec::new()).await }));
        // The first is taken to work; the others wait.
        let taken = || node.handle.shared().at_work.load(Ordering::Relaxed);
        until("it arrives", || taken() && node.handle.status().mining == number).await;
    }
    let error = node.handle.mine(Vec::new()).await.unwrap_err();
    assert!(matches!(error, MineError::QueueFull), "{error}");

    // A client that leaves makes room.
    waiting.remove(1).abort();
    until("there is room", || node.handle.shared().queue.waiting_for_somebody() == 1).await;
    let handle = node.handle.clone();
    waiting.push(tokio::spawn(async move { handle.mine(Vec::new()).await }));
    until("it waits", || node.handle.shared().queue.waiting_for_somebody() == 2).await;
    node.stop().await;
    for answer in waiting {
        assert!(matches!(answer.await.unwrap(), Err(MineError::Stopping)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_is_kept_by_all_that_wait_and_nothing_is_stored() {
    let mine_deadline = Duration::from_millis(200);
    let config = NodeConfig { mine_deadline, ..NodeConfig::default() };
    let node = TestNode::new(&hopeless(), config);
    let started = Instant::now();
    // One is mined while the others wait behind it: all are answered at their time.
    let answers = join_all((0..4).map(|_| node.handle.mine(records("a")))).await;
    let took = started.elapsed();
    for answer in answers {
        assert!(matches!(answer, Err(MineError::Deadline(limit)) if limit == mine_deadline));
    }
    assert!(took >= mine_deadline, "{took:?}");
    until("nothing is at work", || node.handle.status().mining == 0).await;
    assert_eq!(node.handle.tip().hash, node.handle.chain_id());
    assert!(node.handle.status().hash_rate.is_some_and(|rate| rate > 0.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_frees_the_miner_at_once() {
    // Nothing is ever found on this chain, so the second gets as far as being at work.
    let node = TestNode::new(&hopeless(), NodeConfig::default());
    let handle = node.handle.clone();
    let first = tokio::spawn(async move { handle.mine(records("first")).await });
    until("the first is at work", || node.handle.status().mining == 1).await;
    let handle = node.handle.clone();
    let second = tokio::spawn(async move { handle.mine(records("second")).await });
    until("the second waits", || node.handle.status().mining == 2).await;
    first.abort();
    let at_work = || node.handle.shared().at_work.load(Ordering::Relaxed);
    let waiting = || node.handle.shared().queue.waiting();
    until("the second is at work", || waiting() == 0 && at_work()).await;
    second.abort();
    until("nothing is at work", || node.handle.status().mining == 0).await;
    assert_eq!(node.handle.tip().hash, node.handle.chain_id());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_was_set_back_is_named() {
    let now = || Timestamp::from_millis(1_700_000_000_000);
    let node = TestNode::new(&Spec::dev(), NodeConfig { clock: now, ..NodeConfig::default() });
    node.handle.mine(records("a")).await.unwrap();
    let dir = node.stop().await;

    let opened = reopen(dir.path());
    let clock = || Timestamp::from_millis(1_600_000_000_000);
    let config = NodeConfig { clock, ..NodeConfig::default() };
    let node = Node::start(opened, config, Links::none());
    let error = node.handle().mine(records("b")).await.unwrap_err();
    assert!(matches!(error, MineError::Clock(_)), "{error}");
    assert!(error.to_string().contains("clock"), "{error}");
    assert_eq!(node.handle().tip().header.height.get(), 1);
    tokio::task::spawn_blocking(|| node.stop()).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_low_disk_refuses_blocks_and_the_node_goes_on() {
    let options = Options { min_free_bytes: u64::MAX, ..options(&Spec::dev()) };
    let node = TestNode::with_options(&options, NodeConfig::default());
    let branch = Branch::dev().grown(2, "a");
    for _ in 0..3 {
        let answers = join_all((0..4).map(|_| node.handle.mine(records("a")))).await;
        for answer in answers {
            assert!(matches!(answer, Err(MineError::DiskLow(_))), "{answer:?}");
        }
        let error = node.handle.import(branch.blocks.clone()).await.unwrap_err();
        assert!(error.to_string().contains("free"), "{error}");
    }
    assert!(node.handle.status().refusing.is_some_and(|why| why.contains("make room")));
    assert_eq!(node.handle.tip().hash, node.handle.chain_id());
    let tip = node.handle.view().tip();
    assert_eq!(node.handle.read(move || Ok(tip.hash)).await.unwrap(), node.handle.chain_id());
}

#[tokio::test(flavor = "multi_thread")]
async fn after_damage_everything_is_refused_with_the_reason() {
    let node = TestNode::dev();
    let before = node.handle.mine(records("a")).await.unwrap();
    let failed = tokio::spawn({
        let handle = node.handle.clone();
        async move { handle.failed().await }
    });
    let error = node.handle.read(|| Err::<(), _>(failing())).await.unwrap_err();
    assert!(error.to_string().contains("a test says so"));
    assert!(failed.await.unwrap().to_string().contains("a test says so"));

    let error = node.handle.mine(records("b")).await.unwrap_err();
    assert!(matches!(error, MineError::Stopping));
    let block = Block { header: before.header, records: before.records };
    let error = node.handle.import(vec![block]).await.unwrap_err();
    assert!(error.to_string().contains("a test says so"), "{error}");
    let error = node.handle.read(|| Ok(())).await.unwrap_err();
    assert!(
        matches!(&error, NodeFailure::Store(why) if matches!(**why, StoreError::Damaged { .. }))
    );
    assert!(node.handle.status().refusing.is_some());
    let error = node.stop_with_error().await.unwrap();
    assert!(error.to_string().contains("a test says so"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_while_reading_is_damage() {
    let node = TestNode::dev();
    let read = || -> Result<(), StoreError> { panic!("a torn page") };
    let error = node.handle.read(read).await.unwrap_err();
    assert!(error.to_string().contains("a torn page"), "{error}");
    assert!(matches!(node.handle.failed().await, NodeFailure::Store(_)));
    assert!(node.stop_with_error().await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_fails_for_itself_ends_nothing() {
    let node = TestNode::dev();
    let error = node.handle.read(|| Err::<(), _>(StoreError::ViewExpired)).await.unwrap_err();
    assert!(matches!(error, NodeFailure::Store(_)));
    node.handle.mine(records("a")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_at_the_same_time_are_bounded() {
    let node = TestNode::new(&Spec::dev(), NodeConfig { readers: 2, ..NodeConfig::default() });
    let (enter, entered) = std::sync::mpsc::channel();
    let gate = Arc::new(std::sync::Barrier::new(3));
    let reads = [(); 3].map(|()| {
        let (handle, enter, gate) = (node.handle.clone(), enter.clone(), Arc::clone(&gate));
        tokio::spawn(async move {
            let read = move || {
                enter.send(()).unwrap();
                gate.wait();
                Ok(())
            };
            handle.read(read).await.unwrap();
        })
    });
    let two = tokio::task::spawn_blocking(move || {
        entered.recv().unwrap();
        entered.recv().unwrap();
        entered
    });
    let entered = two.await.unwrap();
    assert!(entered.try_recv().is_err(), "a third read runs");
    assert_eq!(node.handle.shared().readers.available_permits(), 0);
    // Let the two go; the third meets two more at the gate.
    let gates = [(); 3].map(|()| Arc::clone(&gate));
    let mut gates = gates.map(|gate| tokio::task::spawn_blocking(move || gate.wait().is_leader()));
    for read in reads {
        read.await.unwrap();
    }
    for gate in &mut gates {
        gate.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_comes_after_its_block_is_durable_and_published() {
    let node = TestNode::dev();
    let tasks = (0..8).map(|_| {
        let handle = node.handle.clone();
        tokio::spawn(async move {
            for _ in 0..25 {
                let height = handle.mine(Vec::new()).await.unwrap().header.height;
                assert!(handle.tip().header.height >= height);
                assert!(handle.view().tip().header.height >= height);
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
}

/// Mines on several tasks while longer foreign branches keep coming in and some clients
/// leave: every other request is answered once, and every record is in exactly one
/// block, on the main chain or in a disconnected one.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn foreign_tips_restart_the_miner_and_nothing_is_lost_or_doubled() {
    const TASKS: usize = 12;
    // The pool, too, would mine what a reorg disconnects.
    let node = TestNode::idle();
    let mined = Arc::new(std::sync::Mutex::new(Vec::new()));
    let over = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let miners = (0..TASKS).map(|task| {
        let (handle, mined, over) = (node.handle.clone(), Arc::clone(&mined), Arc::clone(&over));
        tokio::spawn(async move {
            for number in 0.. {
                if over.load(Ordering::Relaxed) {
                    break;
                }
                if number % 5 == 0 {
                    // Leaves soon: the block may be stored or not, but not twice.
                    let mine = handle.mine(records(&format!("left {task}-{number}")));
                    let _ = tokio::time::timeout(Duration::from_micros(number), mine).await;
                }
                let block = handle.mine(records(&format!("{task}-{number}"))).await.unwrap();
                mined.lock().unwrap().push((block.hash, block.records));
            }
        })
    });
    let miners: Vec<_> = miners.collect();

    let mut tries = 0;
    while node.handle.status().reorgs < 6 || tries < 40 {
        tries += 1;
        assert!(tries < 4_000, "{} reorgs", node.handle.status().reorgs);
        if node.handle.status().reorgs == 16 {
            break;
        }
        // Every other branch forks below the tip; the others extend it, if they are in time.
        let view = node.handle.view();
        let fork = view.tip().header.height.back(if tries % 2 == 0 { 2 } else { 0 });
        let state = view.state_at(fork).unwrap().unwrap();
        let mut branch = Branch::from(&Spec::dev(), state);
        branch.grow(40, &format!("foreign {tries}"));
        node.handle.import(branch.blocks).await.unwrap();
    }
    over.store(true, Ordering::Relaxed);
    for miner in miners {
        miner.await.unwrap();
    }

    let mined = mined.lock().unwrap().clone();
    let status = node.handle.status();
    let reader = node.handle.shared().reader.clone();
    let mut stored = chain(&node.handle).await;
    for reorg in &status.recent_reorgs {
        assert!(reorg.depth <= 256, "not every disconnected block is named");
        for id in &reorg.disconnected {
            stored.extend(reader.branch_block(*id).unwrap());
        }
    }
    // A branch that was disconnected may have come back.
    stored.sort_by_key(|block| block.hash);
    stored.dedup_by_key(|block| block.hash);
    let mut holders: HashMap<&str, Vec<Hash>> = HashMap::new();
    for block in &stored {
        holders.entry(&block.records[0]).or_default().push(block.hash);
    }
    for (hash, records) in &mined {
        assert_eq!(holders.remove(records[0].as_str()), Some(vec![*hash]), "{}", records[0]);
    }
    for (text, holders) in holders {
        assert!(text.starts_with("foreign") || text.starts_with("left"), "nobody heard of {text}");
        assert_eq!(holders.len(), 1, "{text}");
    }
}
