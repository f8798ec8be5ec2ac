//! The miner on its own, without a writer.

use std::sync::atomic::AtomicU64;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use super::*;
use crate::chain::test_util::Branch;
use crate::chain::{ChainHeader, Frontier, Hash, Header, Height, Spec, Timestamp};
use crate::node::mining::request::{Request, Ticket};
use crate::node::test_util::{options, records, varied};
use crate::node::{Links, NodeConfig};
use crate::store::{Options, open};

struct Bench {
    shared: Arc<Shared>,
    commands: Receiver<Command>,
    tip: TipState,
    _dir: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        Self::on(&Spec::dev())
    }

    fn on(spec: &Spec) -> Self {
        Self::with(spec, NodeConfig::default())
    }

    fn with(spec: &Spec, config: NodeConfig) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let options = Options { min_free_bytes: 0, ..options(spec) };
        let opened = open(dir.path(), &options, &mut |_| ()).unwrap();
        let (send, commands) = sync_channel(64);
        let tip = opened.writer.applied().clone();
        let shared = Shared::new(opened.spec, config, opened.reader, Links::none(), send);
        Self { shared: Arc::new(shared), commands, tip, _dir: dir }
    }

    fn push(&self, text: &str) -> Ticket {
        let (request, ticket) = Request::new(records(text));
        self.shared.queue.push(request).unwrap();
        ticket
    }

    fn appended(&self) -> (Box<ValidBlock>, Sequenced) {
        match self.commands.recv().unwrap() {
            Command::Append { block, job } => (block, job),
            other => panic!("not an append: {other:?}"),
        }
    }
}

#[test]
fn each_block_builds_on_the_one_before_without_waiting_for_the_disk() {
    let bench = Bench::new();
    let _tickets = ["a", "b", "c"].map(|text| bench.push(text));
    std::thread::scope(|scope| {
        scope.spawn(|| run(&bench.shared, bench.tip.clone()));
        let mut parent = bench.tip.hash();
        for text in ["a", "b", "c"] {
            let (block, _) = bench.appended();
            assert_eq!(block.header().previous_hash, parent);
            assert_eq!(block.block().records, [text]);
            parent = block.hash();
        }
        bench.shared.queue.stop();
    });
}

#[test]
fn what_comes_back_is_mined_again_on_the_new_tip_before_newer_requests() {
    let bench = Bench::new();
    let _tickets = ["a", "b"].map(|text| bench.push(text));
    std::thread::scope(|scope| {
        scope.spawn(|| run(&bench.shared, bench.tip.clone()));
        let (a, b) = (bench.appended(), bench.appended());
        let mut foreign = Branch::from_genesis(&Spec::dev());
        foreign.grow(1, "foreign");
        bench.shared.queue.chain_moved(foreign.tip.clone());
        let _newer = bench.push("c");
        bench.shared.queue.put_back(a.1.take_back(*a.0));
        bench.shared.queue.put_back(b.1.take_back(*b.0));
        let mut parent = foreign.tip.hash();
        for text in ["a", "b", "c"] {
            let (block, _) = bench.appended();
            assert_eq!(block.header().previous_hash, parent);
            assert_eq!(block.block().records, [text]);
            parent = block.hash();
        }
        bench.shared.queue.stop();
    });
}

#[test]
fn a_client_that_left_in_time_has_nothing_stored() {
    let bench = Bench::new();
    let (left, stays) = (bench.push("a"), bench.push("b"));
    let mut miner =
        Miner { shared: &bench.shared, tip: bench.tip.clone(), meter: Meter::default() };
    let jobs = [(); 2].map(|()| match bench.shared.queue.next() {
        Some(Job::Mine(job)) => job,
        other => panic!("not a request: {other:?}"),
    });
    drop(left);
    for job in jobs {
        miner.serve(job);
    }
    let (block, _) = bench.appended();
    assert_eq!(block.block().records, ["b"]);
    assert_eq!(block.header().previous_hash, bench.tip.hash());
    drop(stays);
}

#[test]
fn a_block_is_stamped_with_the_clock_or_its_parents_time() {
    let bench = Bench::new();
    let _ticket = bench.push("a");
    let mut tip = Branch::from_genesis(&Spec::dev());
    let ahead = (bench.shared.config.clock)().plus_millis(60_000);
    tip.add(records("ahead"), ahead);
    std::thread::scope(|scope| {
        scope.spawn(|| run(&bench.shared, tip.tip.clone()));
        assert_eq!(bench.appended().0.header().timestamp, ahead);
        bench.shared.queue.stop();
    });
    assert!(ahead > Timestamp::default());
}

/// The end of a chain on which every later block has a target of 1.
fn hopeless_tip() -> TipState {
    let leaves = vec![Hash::ZERO];
    let ancestors = Frontier::from_subtrees(2, leaves).unwrap();
    let genesis = varied().genesis();
    let header = Header {
        height: Height::new(2),
        history_root: ancestors.root(),
        bits: "01010000".parse().unwrap(),
        ..*genesis.header()
    };
    let last = ChainHeader { header, hash: header.hash(), total_work: genesis.total_work() };
    TipState::restore(last, header.timestamp, ancestors).unwrap()
}

#[test]
fn a_foreign_tip_interrupts_the_search() {
    let bench = Bench::on(&varied());
    let _ticket = bench.push("a");
    std::thread::scope(|scope| {
        scope.spawn(|| run(&bench.shared, hopeless_tip()));
        while !bench.shared.at_work.load(Ordering::Relaxed) {
            std::thread::yield_now();
        }
        bench.shared.queue.chain_moved(bench.tip.clone());
        let (block, _) = bench.appended();
        assert_eq!(block.header().previous_hash, bench.tip.hash());
        assert_eq!(block.block().records, ["a"]);
        bench.shared.queue.stop();
    });
}

#[tokio::test]
async fn nothing_is_mined_while_the_clock_is_where_it_jumped_to() {
    static NOW: AtomicU64 = AtomicU64::new(1_800_000_000_000);
    let clock = || Timestamp::from_millis(NOW.load(Ordering::Relaxed));
    let config = NodeConfig { clock, steady: || Duration::ZERO, ..NodeConfig::default() };
    let bench = Bench::with(&Spec::dev(), config);
    bench.shared.look_at_clock().unwrap();
    let mining = std::thread::spawn({
        let (shared, tip) = (Arc::clone(&bench.shared), bench.tip.clone());
        move || run(&shared, tip)
    });
    for jump in [-28_800_000, 28_800_000_i64] {
        let right = NOW.load(Ordering::Relaxed);
        NOW.store(right.checked_add_signed(jump).unwrap(), Ordering::Relaxed);
        let refused = bench.push("wrong").wait(Duration::from_secs(30)).await.unwrap_err();
        assert!(matches!(refused, MineError::Clock(_)), "{refused}");
        assert!(refused.to_string().contains("jumped"), "{refused}");
        assert!(bench.shared.refusing().is_some_and(|why| why.contains("by 8 h 0 min")));
        NOW.store(right, Ordering::Relaxed);
        assert_eq!(bench.shared.refusing(), None);
        let _ticket = bench.push("right");
        assert_eq!(bench.appended().0.block().records, ["right"]);
    }
    bench.shared.queue.stop();
    mining.join().unwrap();
}
