//! The miner on its own, without a writer.

use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use super::*;
use crate::chain::test_util::Branch;
use crate::chain::{ChainHeader, Frontier, Hash, Header, Height, Spec, Timestamp, leaf_hash};
use crate::node::mining::request::{Request, Ticket};
use crate::node::records::pool::{NewRecord, Pool};
use crate::node::test_util::{options, records, varied};
use crate::node::{Links, NodeConfig};
use crate::store::{Options, open};

const NOT_KEPT: PoolTurn = PoolTurn { is_kept: false, may_be_empty: false };
const MAY_BE_EMPTY: PoolTurn = PoolTurn { is_kept: false, may_be_empty: true };

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
        let shared = Shared::new(
            opened.spec,
            config,
            opened.reader,
            Links::none(),
            send,
            Pool::default(),
            opened.reorgs,
        );
        Self { shared: Arc::new(shared), commands, tip, _dir: dir }
    }

    fn push(&self, text: &str) -> Ticket {
        let (request, ticket) = Request::new(records(text));
        self.shared.queue.push(request).unwrap();
        ticket
    }

    /// Records that wait in the pool.
    fn pool(&self, texts: &[&str]) {
        let records = texts.iter().map(|text| NewRecord {
            id: leaf_hash(text.as_bytes()),
            text: (*text).into(),
            is_own: true,
            is_checked: true,
        });
        let sequence = self.shared.records.lock().next_sequence();
        self.shared.records.lock().restore(sequence, records.collect(), Duration::ZERO);
        self.shared.queue.demand_changed();
    }

    fn miner(&self, tip: TipState) -> Miner<'_> {
        Miner::new(&self.shared, tip)
    }

    fn demand(&self) -> Demand {
        self.miner(self.tip.clone()).demand()
    }

    fn appended_of_pool(&self) -> (Box<ValidBlock>, PoolJob) {
        match self.commands.recv().unwrap() {
            Command::Append { block, job: Job::Pool(job) } => (block, job),
            other => panic!("not of the pool: {other:?}"),
        }
    }

    fn give_back(&self, job: &PoolJob) {
        self.shared.records.lock().give_back(&job.ids);
        self.shared.queue.finished(1, job.size_bytes);
    }

    fn appended(&self) -> (Box<ValidBlock>, Sequenced) {
        match self.commands.recv().unwrap() {
            Command::Append { block, job: Job::Request(job) } => (block, job),
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
    let mut miner = bench.miner(bench.tip.clone());
    let jobs = [(); 2].map(|()| match bench.shared.queue.next(&mut || Demand::NONE) {
        Some(Task::Mine(job)) => job,
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

#[test]
fn what_waits_in_the_pool_is_mined_in_one_block() {
    let bench = Bench::new();
    bench.pool(&["a", "b"]);
    bench.pool(&["c"]);
    std::thread::scope(|scope| {
        scope.spawn(|| run(&bench.shared, bench.tip.clone()));
        let (block, _) = bench.appended_of_pool();
        assert_eq!(block.block().records, ["a", "b", "c"]);
        bench.pool(&["d"]);
        let (next, _) = bench.appended_of_pool();
        assert_eq!(next.block().records, ["d"]);
        assert_eq!(next.header().previous_hash, block.hash());
        bench.shared.queue.stop();
    });
}

#[test]
fn a_new_tip_restarts_the_pools_block() {
    let bench = Bench::on(&varied());
    bench.pool(&["a"]);
    std::thread::scope(|scope| {
        scope.spawn(|| run(&bench.shared, hopeless_tip()));
        while bench.shared.queue.in_flight() == 0 {
            std::thread::yield_now();
        }
        bench.shared.queue.chain_moved(bench.tip.clone());
        let (block, _) = bench.appended_of_pool();
        assert_eq!(block.header().previous_hash, bench.tip.hash());
        assert_eq!(block.block().records, ["a"]);
        bench.shared.queue.stop();
    });
}

#[test]
fn a_request_stops_the_pools_search_and_so_does_a_record_that_is_taken_back() {
    let bench = Bench::on(&varied());
    bench.pool(&["a", "b"]);
    let mut miner = bench.miner(hopeless_tip());
    let take = || match bench.shared.queue.next(&mut || bench.demand()) {
        Some(Task::MinePool { size_bytes, turn: NOT_KEPT }) => size_bytes,
        other => panic!("not the pool's turn: {other:?}"),
    };
    let size_bytes = take();
    std::thread::scope(|scope| {
        let searching = scope.spawn(|| miner.serve_pool(size_bytes, NOT_KEPT));
        while !searching.is_finished() {
            bench.shared.records.note_withdrawal();
            std::thread::yield_now();
        }
    });
    let size_bytes = take();
    let _ticket = std::thread::scope(|scope| {
        scope.spawn(|| miner.serve_pool(size_bytes, NOT_KEPT));
        bench.push("request")
    });
    let request = bench.shared.queue.next(&mut || bench.demand());
    assert!(matches!(request, Some(Task::Mine(_))));
    assert_eq!(bench.shared.records.lock().pick(&varied()).ids.len(), 2, "they wait");
}

#[test]
fn a_block_of_the_pools_that_comes_back_is_mined_again_with_what_came_meanwhile() {
    let bench = Bench::new();
    bench.pool(&["a"]);
    std::thread::scope(|scope| {
        scope.spawn(|| run(&bench.shared, bench.tip.clone()));
        let (_, job) = bench.appended_of_pool();
        let mut foreign = Branch::from_genesis(&Spec::dev());
        foreign.grow(1, "foreign");
        bench.shared.queue.chain_moved(foreign.tip.clone());
        bench.pool(&["b"]);
        bench.give_back(&job);
        let (block, _) = bench.appended_of_pool();
        assert_eq!(block.header().previous_hash, foreign.tip.hash());
        assert_eq!(block.block().records, ["a", "b"]);
        bench.shared.queue.stop();
    });
}

#[test]
fn a_tie_that_lasts_is_ended_by_one_block_though_nothing_waits() {
    static NOW: AtomicU64 = AtomicU64::new(0);
    let steady = || Duration::from_millis(NOW.load(Ordering::Relaxed));
    let config = NodeConfig { steady, random: || 0, ..NodeConfig::default() };
    let bench = Bench::with(&Spec::dev(), config);
    let mut miner = bench.miner(bench.tip.clone());
    bench.shared.note_tie(Some(bench.tip.hash()));
    let look_again = Some(Duration::from_secs(1));
    assert_eq!(miner.demand(), Demand { look_again, ..Demand::NONE });
    NOW.store(1_000, Ordering::Relaxed);
    assert!(miner.demand().wants_block);
    miner.serve_pool(0, MAY_BE_EMPTY);
    let (block, _) = bench.appended_of_pool();
    assert!(block.block().records.is_empty());
    assert_eq!(miner.demand(), Demand::NONE, "the tie was of the tip before");
}

#[test]
fn a_node_that_mines_nothing_of_the_pool_ends_no_tie() {
    let bench =
        Bench::with(&Spec::dev(), NodeConfig { mines_pool: false, ..NodeConfig::default() });
    bench.shared.note_tie(Some(bench.tip.hash()));
    bench.pool(&["a"]);
    assert_eq!(bench.demand(), Demand::NONE);
}

#[test]
fn blocks_with_records_are_sealed_and_seals_are_not() {
    let bench = Bench::with(&Spec::dev(), NodeConfig { seal_blocks: 2, ..NodeConfig::default() });
    bench.pool(&["a"]);
    std::thread::scope(|scope| {
        scope.spawn(|| run(&bench.shared, bench.tip.clone()));
        let mined = [(); 3].map(|()| bench.appended_of_pool().0.into_block().records);
        assert_eq!(mined, [records("a"), Vec::new(), Vec::new()]);
        let _ticket = bench.push("b");
        assert_eq!(bench.appended().0.block().records, ["b"]);
        for height in [5, 6] {
            let (block, _) = bench.appended_of_pool();
            assert_eq!(block.block().header.height.get(), height);
            assert!(block.block().records.is_empty());
        }
        while !bench.shared.queue.is_asleep() {
            std::thread::yield_now();
        }
        assert!(bench.commands.try_recv().is_err());
        bench.shared.queue.stop();
    });
}

#[test]
fn a_record_that_comes_stops_the_search_for_a_block_without_records() {
    static IS_BEGUN: AtomicBool = AtomicBool::new(false);
    let clock = || {
        IS_BEGUN.store(true, Ordering::Relaxed);
        Timestamp::from_millis(1_800_000_000_000)
    };
    let bench = Bench::with(&varied(), NodeConfig { clock, ..NodeConfig::default() });
    let mut miner = bench.miner(hopeless_tip());
    std::thread::scope(|scope| {
        scope.spawn(|| miner.serve_pool(0, MAY_BE_EMPTY));
        // From then on no record is picked.
        while !IS_BEGUN.load(Ordering::Relaxed) {
            std::thread::yield_now();
        }
        bench.pool(&["a"]);
    });
    assert!(bench.commands.try_recv().is_err());
}

#[test]
fn no_block_is_mined_of_records_that_left_the_pool() {
    let bench = Bench::new();
    let mut miner = bench.miner(bench.tip.clone());
    bench.pool(&["a"]);
    let task = bench.shared.queue.next(&mut || bench.demand());
    let Some(Task::MinePool { size_bytes, turn }) = task else { panic!("a record waits") };
    bench.shared.records.lock().cancel(&leaf_hash(b"a"));
    miner.serve_pool(size_bytes, turn);
    assert!(bench.commands.try_recv().is_err());
    assert_eq!(bench.shared.queue.in_flight(), 0);
}
