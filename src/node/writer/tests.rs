//! The writer thread's groups, by hand.

use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use tempfile::TempDir;
use tokio::sync::oneshot;

use super::*;
use crate::chain::test_util::Branch;
use crate::chain::{Block, Spec, Timestamp, TipState};
use crate::node::command::MAX_COMMANDS;
use crate::node::group::{MAX_GROUP_BLOCKS, MAX_GROUP_BYTES};
use crate::node::mining::demand::Demand;
use crate::node::mining::job::{Job, PoolJob};
use crate::node::mining::queue::{Sequenced, Task};
use crate::node::mining::request::{Request, Ticket};
use crate::node::records::pool::Pool;
use crate::node::syncer::SyncerThread;
use crate::node::test_util::{options, records, reopen};
use crate::node::{Links, MineError, NodeConfig, NodeFailure};
use crate::store::Options;

mod ahead;

/// What the miner is told of the pool.
pub(super) fn demand(shared: &Shared) -> Demand {
    shared.pool_demand((shared.config.steady)())
}

/// A writer without its thread, and a syncer in its thread.
pub(super) struct Bench {
    pub(super) writer: WriterThread,
    pub(super) commands: SyncSender<Command>,
    tip: TipState,
    syncer: JoinHandle<()>,
    dir: TempDir,
}

impl Bench {
    pub(super) fn new() -> Self {
        Self::with_config(NodeConfig::default())
    }

    fn with_config(config: NodeConfig) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let options = Options { min_free_bytes: 0, ..options(&Spec::dev()) };
        let opened = store::open(dir.path(), &options, &mut |_| ()).unwrap();
        let (commands, received) = sync_channel(MAX_COMMANDS);
        let tip = opened.writer.applied().clone();
        let shared = Shared::new(
            opened.spec,
            config,
            opened.reader,
            Links::none(),
            commands.clone(),
            Pool::default(),
            opened.reorgs,
        );
        let (shared, pipeline) = (Arc::new(shared), Arc::new(Pipeline::default()));
        let syncer = SyncerThread::new(Arc::clone(&shared), opened.syncer, Arc::clone(&pipeline));
        let syncer = thread::spawn(|| syncer.run());
        let tail = Arc::default();
        let writer = WriterThread::new(shared, opened.writer, received, pipeline, tail);
        Self { writer, commands, tip, syncer, dir }
    }

    /// A block of the miner's on `tip`, which moves on, at the writer.
    pub(super) fn mined(&mut self, text: &str) -> (Command, Ticket) {
        let (request, ticket) = Request::new(records(text));
        self.writer.shared.queue.push(request).unwrap();
        let mut job = self.job();
        let mut branch = Branch::from(&Spec::dev(), self.tip.clone());
        branch.add(job.request.take_records(), Timestamp::default());
        let block = self.valid(branch.blocks.remove(0));
        assert!(job.request.hand_over());
        (Command::Append { block: Box::new(block), job: Job::Request(job) }, ticket)
    }

    /// A block of the pool's records on `tip`, which moves on, at the writer.
    pub(super) fn mined_of_pool(&mut self) -> Command {
        let Some(Task::MinePool { size_bytes, .. }) =
            self.writer.shared.queue.next(&mut || demand(&self.writer.shared))
        else {
            panic!("no record waits")
        };
        let picked = self.writer.shared.records.lock().pick(&Spec::dev());
        assert!(self.writer.shared.records.lock().hand_over(&picked.ids));
        let records = picked.texts.iter().map(ToString::to_string).collect();
        let mut branch = Branch::from(&Spec::dev(), self.tip.clone());
        branch.add(records, Timestamp::default());
        let block = Box::new(self.valid(branch.blocks.remove(0)));
        Command::Append { block, job: Job::Pool(PoolJob { ids: picked.ids, size_bytes }) }
    }

    /// Whatever is mined next is to be a child of genesis.
    pub(super) fn move_to_genesis(&mut self) {
        self.tip = TipState::genesis(&Spec::dev());
    }

    /// The miner is told that the chain moved, and builds on where it is now.
    pub(super) fn expect_move(&mut self) {
        match self.writer.shared.queue.next(&mut || Demand::NONE) {
            Some(Task::MoveTo(tip)) => self.tip = *tip,
            other => panic!("the miner is not told: {other:?}"),
        }
    }

    fn job(&self) -> Sequenced {
        match self.writer.shared.queue.next(&mut || Demand::NONE) {
            Some(Task::Mine(job)) => job,
            other => panic!("not a request: {other:?}"),
        }
    }

    pub(super) fn valid(&mut self, block: Block) -> ValidBlock {
        let time = block.header.timestamp;
        let block = self.tip.check_block(&Spec::dev(), block, time).unwrap();
        self.tip.extend(&block);
        block
    }

    /// What the disk holds once the writer is gone.
    pub(super) fn reopened(self) -> store::Opened {
        let Self { writer, commands, syncer, dir, .. } = self;
        drop((writer, commands));
        syncer.join().unwrap();
        reopen(dir.path())
    }

    /// Has a group applied, and waits until it is durable and answered.
    pub(super) fn group(&mut self, commands: impl IntoIterator<Item = Command>) -> ControlFlow<()> {
        let flow = self.apply(commands);
        self.writer.pipeline.settle().unwrap();
        flow
    }

    /// Has a group applied.
    pub(super) fn apply(&mut self, commands: impl IntoIterator<Item = Command>) -> ControlFlow<()> {
        for command in commands {
            self.commands.send(command).unwrap();
        }
        let first = self.writer.commands.recv().unwrap();
        self.writer.group(first).unwrap()
    }
}

async fn height(ticket: Ticket) -> u64 {
    ticket.wait(Duration::ZERO).await.unwrap().header.height.get()
}

#[tokio::test]
async fn what_waits_is_made_durable_and_answered_together() {
    let mut bench = Bench::new();
    let (commands, tickets): (Vec<_>, Vec<_>) =
        ["a", "b", "c"].map(|text| bench.mined(text)).into_iter().unzip();
    let mut tips = bench.writer.shared.watch_tip();
    assert!(bench.group(commands).is_continue());
    assert_eq!(tips.borrow_and_update().hash, bench.tip.hash());
    assert_eq!(bench.writer.shared.reader.tip().hash, bench.tip.hash());
    for (expected, ticket) in (1..).zip(tickets) {
        assert_eq!(height(ticket).await, expected);
    }
}

#[tokio::test]
async fn blocks_that_no_longer_fit_go_back_in_order() {
    let mut bench = Bench::new();
    let genesis = bench.tip.clone();
    let (a, _a) = bench.mined("a");
    let (b, _b) = bench.mined("b");

    bench.tip = genesis;
    let mut foreign = Branch::from_genesis(&Spec::dev());
    foreign.grow(1, "foreign");
    let blocks = vec![bench.valid(foreign.blocks.remove(0))];
    let (reply, mut answer) = oneshot::channel();
    assert!(
        bench
            .group([Command::Import { blocks, part: BranchPart::Last, reply }, a, b])
            .is_continue()
    );
    assert_eq!(answer.try_recv().unwrap().unwrap(), Imported::Extended);

    let queue = &bench.writer.shared.queue;
    assert!(queue.is_interrupted());
    let Some(Task::MoveTo(tip)) = queue.next(&mut || Demand::NONE) else {
        panic!("the miner is not told")
    };
    assert_eq!(*tip, foreign.tip);
    for text in ["a", "b"] {
        assert_eq!(bench.job().request.records(), [text]);
    }
}

#[tokio::test]
async fn an_offer_in_a_group_does_not_undo_the_blocks_before_it() {
    let mut bench = Bench::new();
    let genesis = bench.tip.clone();
    let (a, ticket) = bench.mined("a");
    bench.tip = genesis;
    let mut foreign = Branch::from_genesis(&Spec::dev());
    foreign.grow(2, "foreign");
    let blocks = foreign.blocks.drain(..).map(|block| bench.valid(block)).collect();
    let (reply, mut answer) = oneshot::channel();
    let (barrier, mut passed) = oneshot::channel();
    let connect = Command::Import { blocks, part: BranchPart::Last, reply };
    let commands = [a, connect, Command::Barrier { reply: barrier }];
    assert!(bench.group(commands).is_continue());

    // The mined block was durable before the reorg took it off the main chain.
    let mined = ticket.wait(Duration::ZERO).await.unwrap();
    assert_eq!(answer.try_recv().unwrap().unwrap(), Imported::Reorged);
    passed.try_recv().unwrap();
    let (_, reorgs) = bench.writer.shared.reorgs.get();
    assert_eq!(reorgs[0].disconnected[0].hash, mined.hash);
    assert_eq!(bench.writer.shared.tip().hash, foreign.tip.hash());
}

#[test]
fn an_offer_that_was_taken_meanwhile_is_known() {
    let mut bench = Bench::new();
    let mut branch = Branch::from_genesis(&Spec::dev());
    branch.grow(3, "a");
    let blocks: Vec<_> = branch.blocks.drain(..).map(|block| bench.valid(block)).collect();
    let mut answers = Vec::new();
    for _ in 0..2 {
        let (reply, answer) = oneshot::channel();
        bench
            .commands
            .send(Command::Import { blocks: blocks.clone(), part: BranchPart::Last, reply })
            .unwrap();
        answers.push(answer);
    }
    assert!(bench.group([]).is_continue());
    let answers = answers.into_iter().map(|mut answer| answer.try_recv().unwrap().unwrap());
    assert_eq!(answers.collect::<Vec<_>>(), [Imported::Extended, Imported::Known]);
}

#[tokio::test]
async fn stop_comes_after_what_was_sent_before_it() {
    let mut bench = Bench::new();
    let (a, ticket) = bench.mined("a");
    assert!(bench.group([a, Command::Stop]).is_break());
    assert_eq!(height(ticket).await, 1);
}

/// Blocks of a peer's that each hold `records`, one to a command, at the writer's queue.
fn queue_blocks(bench: &Bench, count: usize, records: impl Fn(usize) -> Vec<String>) {
    let mut branch = Branch::from_genesis(&Spec::dev());
    for number in 0..count {
        let parent = branch.tip.clone();
        branch.add(records(number), Timestamp::default());
        let block = branch.blocks.remove(0);
        let time = block.header.timestamp;
        let blocks = vec![parent.check_block(&Spec::dev(), block, time).unwrap()];
        // Nobody waits for the answer.
        let (reply, _) = oneshot::channel();
        let command = Command::Import { blocks, part: BranchPart::Last, reply };
        bench.commands.try_send(command).unwrap();
    }
}

fn left_in_the_queue(bench: &Bench) -> usize {
    bench.writer.commands.try_iter().count()
}

#[test]
fn a_group_ends_at_its_bound_of_blocks() {
    let mut bench = Bench::new();
    queue_blocks(&bench, MAX_GROUP_BLOCKS + 3, |number| records(&number.to_string()));
    assert!(bench.group([]).is_continue());
    let height = bench.writer.shared.tip().header.height.get();
    assert_eq!(usize::try_from(height).unwrap(), MAX_GROUP_BLOCKS);
    assert_eq!(left_in_the_queue(&bench), 3);
}

#[test]
fn a_group_ends_at_its_bound_of_bytes() {
    let mut bench = Bench::new();
    let max = usize::try_from(MAX_GROUP_BYTES / Spec::MAX_BLOCK_BYTES).unwrap();
    queue_blocks(&bench, max + 2, |_| vec!["x".repeat(65_536); 16]);
    assert!(bench.group([]).is_continue());
    let height = bench.writer.shared.tip().header.height.get();
    assert_eq!(usize::try_from(height).unwrap(), max);
    assert_eq!(left_in_the_queue(&bench), 2);
}

#[tokio::test]
async fn what_was_applied_when_a_commit_fails_may_be_stored_and_what_waits_is_not() {
    let mut bench = Bench::new();
    let (durable, durable_ticket) = bench.mined("durable");
    assert!(bench.group([durable]).is_continue());
    let (first, first_ticket) = bench.mined("first");
    let (second, second_ticket) = bench.mined("second");
    let (behind, behind_ticket) = bench.mined("behind");
    let (waiting, waiting_ticket) = Request::new(records("waiting"));
    let shared = Arc::clone(&bench.writer.shared);
    shared.queue.push(waiting).unwrap();
    // A stop ends the group, so that the block behind it never reaches the storage.
    for command in [first, second, Command::Stop, behind] {
        bench.commands.send(command).unwrap();
    }
    bench.writer.store.fail_commits();
    bench.writer.run();

    assert_eq!(height(durable_ticket).await, 1);
    for ticket in [first_ticket, second_ticket] {
        let unanswered = ticket.wait(Duration::ZERO).await;
        assert!(matches!(unanswered, Err(MineError::Storage)), "{unanswered:?}");
    }
    for ticket in [behind_ticket, waiting_ticket] {
        let unanswered = ticket.wait(Duration::from_secs(60)).await;
        assert!(matches!(unanswered, Err(MineError::Stopping)), "{unanswered:?}");
    }
    assert!(matches!(shared.failure(), Some(NodeFailure::Store(_))));
    assert_eq!(shared.tip().header.height.get(), 1);
}

#[tokio::test]
async fn an_accepted_block_ends_the_refusal() {
    let mut bench = Bench::new();
    bench.writer.note_refusal(&StoreError::DiskLow { free: 1, needed: 2 });
    assert!(bench.writer.shared.refusing().is_some_and(|why| why.contains("make room")));
    let (a, ticket) = bench.mined("a");
    assert!(bench.group([a]).is_continue());
    assert_eq!(height(ticket).await, 1);
    assert_eq!(bench.writer.shared.refusing(), None);
}

#[tokio::test]
async fn a_panic_is_final_and_answers_everything() {
    // The clock is read in a reorg: a panic there stands for one in the database engine.
    let clock = || -> Timestamp { panic!("by design") };
    let mut bench = Bench::with_config(NodeConfig { clock, ..NodeConfig::default() });
    let genesis = bench.tip.clone();
    let (a, a_ticket) = bench.mined("a");
    assert!(bench.group([a]).is_continue());
    let (b, b_ticket) = bench.mined("b");
    bench.tip = genesis;
    let mut foreign = Branch::from_genesis(&Spec::dev());
    foreign.grow(2, "foreign");
    let blocks = foreign.blocks.drain(..).map(|block| bench.valid(block)).collect();
    let (reply, mut answer) = oneshot::channel();
    let shared = Arc::clone(&bench.writer.shared);
    bench.commands.send(Command::Import { blocks, part: BranchPart::Last, reply }).unwrap();
    bench.commands.send(b).unwrap();
    bench.writer.run();

    assert_eq!(height(a_ticket).await, 1);
    let unanswered = b_ticket.wait(Duration::ZERO).await;
    assert!(matches!(unanswered, Err(MineError::Stopping)), "{unanswered:?}");
    assert!(answer.try_recv().is_err());
    let why = shared.failure().unwrap();
    assert!(matches!(why, NodeFailure::Store(_)) && why.to_string().contains("by design"));
    assert!(shared.commands.send(Command::Stop).is_err());
}

#[tokio::test]
async fn after_damage_found_elsewhere_nothing_more_is_written() {
    let mut bench = Bench::new();
    let (a, ticket) = bench.mined("a");
    let shared = Arc::clone(&bench.writer.shared);
    bench.commands.send(a).unwrap();
    shared.end(&StoreError::Damaged { what: "by design".to_owned() }.into());
    bench.writer.run();
    let unanswered = ticket.wait(Duration::ZERO).await;
    assert!(matches!(unanswered, Err(MineError::Stopping)), "{unanswered:?}");
    assert_eq!(shared.reader.tip().hash, shared.chain_id);
}
