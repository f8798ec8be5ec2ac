//! What the writer applies while the disk is at work.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Mutex, MutexGuard};
use std::task::{Context, Waker};

use super::*;
use crate::chain::Block;
use crate::node::Mined;

/// Long enough that no request's time runs out.
const PATIENCE: Duration = Duration::from_secs(600);

type Waiting<'a> = Pin<&'a mut dyn Future<Output = Result<Mined, MineError>>>;

fn is_unanswered(waiting: &mut Waiting<'_>) -> bool {
    waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending()
}

fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < Duration::from_secs(60), "never: {what}");
        thread::yield_now();
    }
}

impl Bench {
    /// Has two mined blocks handed to the syncer, which is held up at the gate.
    fn hold_up<'a>(&mut self, gate: &'a Mutex<()>) -> (MutexGuard<'a, ()>, [Ticket; 2]) {
        let closed = gate.lock().unwrap();
        let ((a, a_ticket), (b, b_ticket)) = (self.mined("a"), self.mined("b"));
        assert!(self.apply([a, b]).is_continue());
        wait_until("the syncer has taken the group", || !self.writer.pipeline.is_waiting());
        assert!(!self.writer.pipeline.is_idle());
        (closed, [a_ticket, b_ticket])
    }

    /// A branch from genesis that is longer than what [`Bench::hold_up`] has applied.
    fn longer_branch(&mut self) -> (Command, oneshot::Receiver<Result<Imported, StoreError>>) {
        let mut foreign = Branch::from_genesis(&Spec::dev());
        foreign.grow(3, "foreign");
        let tip = std::mem::replace(&mut self.tip, TipState::genesis(&Spec::dev()));
        let mut valid = |block: Block| self.valid(block);
        let blocks = foreign.blocks.drain(..).map(&mut valid).collect();
        self.tip = tip;
        let (reply, answer) = oneshot::channel();
        (Command::Import { blocks, part: BranchPart::Last, reply }, answer)
    }
}

#[tokio::test]
async fn a_group_is_applied_while_another_one_is_synced_and_nobody_sees_or_hears_of_either() {
    let mut bench = Bench::new();
    let gate = bench.writer.store.commit_gate();
    let (closed, [a, b]) = bench.hold_up(&gate);
    let (c, c_ticket) = bench.mined("c");
    assert!(bench.apply([c]).is_continue());
    assert_eq!(bench.writer.store.applied(), &bench.tip);

    let shared = Arc::clone(&bench.writer.shared);
    let (mut a, mut b) = (pin!(a.wait(PATIENCE)), pin!(b.wait(PATIENCE)));
    let mut c = pin!(c_ticket.wait(PATIENCE));
    let waiting: [Waiting<'_>; 3] = [a.as_mut(), b.as_mut(), c.as_mut()];
    for mut waiting in waiting {
        assert!(is_unanswered(&mut waiting));
    }
    let tips = [shared.tip(), shared.reader.tip(), shared.reader.view().tip()];
    assert_eq!(tips.map(|tip| tip.hash), [shared.chain_id; 3]);

    drop(closed);
    bench.writer.pipeline.settle().unwrap();
    for (expected, mined) in (1..).zip([a.await, b.await, c.await]) {
        assert_eq!(mined.unwrap().header.height.get(), expected);
    }
    assert_eq!(shared.tip().hash, bench.tip.hash());
    assert_eq!(shared.reader.tip().hash, bench.tip.hash());
    assert_eq!(shared.state_at_tip(&bench.tip.hash()).as_ref(), Some(&bench.tip));
}

#[tokio::test]
async fn a_lone_block_is_durable_and_answered_when_its_group_is_applied() {
    let mut bench = Bench::new();
    let (a, ticket) = bench.mined("a");
    assert!(bench.apply([a]).is_continue());
    let mut waiting = pin!(ticket.wait(PATIENCE));
    let mut waiting: Waiting<'_> = waiting.as_mut();
    assert!(!is_unanswered(&mut waiting));
    assert_eq!(bench.writer.shared.tip().hash, bench.tip.hash());
}

#[tokio::test]
async fn a_syncer_that_is_held_up_does_no_step_and_one_without_work_rests() {
    let mut bench = Bench::new();
    let shared = Arc::clone(&bench.writer.shared);
    let beats = || shared.syncer_heartbeat.beats();
    let gate = bench.writer.store.commit_gate();
    let (closed, _tickets) = bench.hold_up(&gate);
    wait_until("the syncer is at the group", || beats().is_some());
    let held = beats();
    let before = shared.reader.heartbeat().beats();
    let (c, _ticket) = bench.mined("c");
    assert!(bench.apply([c]).is_continue());
    assert!(shared.reader.heartbeat().beats() > before, "the writer does steps meanwhile");
    assert_eq!(beats(), held);
    drop(closed);
    bench.writer.pipeline.settle().unwrap();
    wait_until("the syncer rests", || beats().is_none());
}

#[tokio::test]
async fn a_barrier_waits_for_the_groups_before_it() {
    let mut bench = Bench::new();
    let gate = bench.writer.store.commit_gate();
    let (closed, _tickets) = bench.hold_up(&gate);
    let (reply, mut passed) = oneshot::channel();
    assert!(bench.apply([Command::Barrier { reply }]).is_continue());
    assert!(passed.try_recv().is_err());
    drop(closed);
    bench.writer.pipeline.settle().unwrap();
    passed.try_recv().unwrap();
}

#[tokio::test]
async fn after_a_failed_sync_what_was_applied_may_be_stored_and_what_waits_is_not() {
    let mut bench = Bench::new();
    let gate = bench.writer.store.commit_gate();
    let (closed, [a, b]) = bench.hold_up(&gate);
    let (c, c_ticket) = bench.mined("c");
    assert!(bench.apply([c]).is_continue());
    let (behind, behind_ticket) = bench.mined("behind");
    bench.commands.send(behind).unwrap();
    let (waiting, waiting_ticket) = Request::new(records("waiting"));
    let shared = Arc::clone(&bench.writer.shared);
    shared.queue.push(waiting).unwrap();

    bench.writer.store.fail_commits();
    drop(closed);
    wait_until("the failure is known", || shared.has_failed());
    bench.writer.run();

    for ticket in [a, b, c_ticket] {
        let unanswered = ticket.wait(PATIENCE).await;
        assert!(matches!(unanswered, Err(MineError::Storage)), "{unanswered:?}");
    }
    for ticket in [behind_ticket, waiting_ticket] {
        let unanswered = ticket.wait(PATIENCE).await;
        assert!(matches!(unanswered, Err(MineError::Stopping)), "{unanswered:?}");
    }
    assert_eq!(shared.tip().hash, shared.chain_id);
}

#[tokio::test]
async fn a_writer_that_is_at_work_stops_when_a_sync_fails_and_the_sync_is_the_reason() {
    let mut bench = Bench::new();
    let gate = bench.writer.store.commit_gate();
    let (closed, _tickets) = bench.hold_up(&gate);
    let (behind, ticket) = bench.mined("behind");
    let shared = Arc::clone(&bench.writer.shared);
    bench.writer.store.fail_commits();
    drop(closed);
    wait_until("the failure is known", || shared.has_failed());

    // As if it had looked for a failure a moment earlier.
    bench.commands.send(behind).unwrap();
    let first = bench.writer.commands.recv().unwrap();
    let refused = bench.writer.group(first).unwrap_err();
    assert!(matches!(refused, StoreError::WriteFailed(_)), "{refused}");
    let unanswered = ticket.wait(PATIENCE).await;
    assert!(matches!(unanswered, Err(MineError::Stopping)), "{unanswered:?}");
    let why = shared.failure().unwrap().to_string();
    assert!(why.contains("fdatasync"), "{why}");
    assert!(!shared.reader.holds(bench.tip.id()).unwrap());
}

#[tokio::test]
async fn a_panic_while_syncing_ends_the_node_and_the_writer() {
    let mut bench = Bench::new();
    let gate = bench.writer.store.commit_gate();
    let panicking = thread::spawn(move || {
        let _closed = gate.lock().unwrap();
        panic!("by design");
    });
    panicking.join().unwrap_err();
    let ((a, a_ticket), (b, b_ticket)) = (bench.mined("a"), bench.mined("b"));
    assert!(bench.apply([a, b]).is_continue());
    bench.writer.pipeline.settle().unwrap_err();
    for ticket in [a_ticket, b_ticket] {
        let unanswered = ticket.wait(PATIENCE).await;
        assert!(matches!(unanswered, Err(MineError::Storage)), "{unanswered:?}");
    }
    let shared = Arc::clone(&bench.writer.shared);
    assert!(matches!(shared.failure(), Some(NodeFailure::Store(_))));
    bench.writer.run();
    assert!(shared.commands.send(Command::Stop).is_err());
}

#[tokio::test]
async fn a_reorg_begins_when_everything_applied_is_durable_and_answered() {
    let mut bench = Bench::new();
    let gate = bench.writer.store.commit_gate();
    let (closed, [a, b]) = bench.hold_up(&gate);
    let (branch, mut answer) = bench.longer_branch();
    let shared = Arc::clone(&bench.writer.shared);
    let pipeline = Arc::clone(&bench.writer.pipeline);
    let commands = bench.commands.clone();
    let writer = thread::spawn(move || bench.apply([branch]));
    wait_until("the writer waits", || pipeline.asleep() == 1);
    assert_eq!(shared.reorgs.get().0, 0);
    assert_eq!(shared.tip().hash, shared.chain_id);

    drop(closed);
    assert!(writer.join().unwrap().is_continue());
    drop(commands);
    assert_eq!(answer.try_recv().unwrap().unwrap(), Imported::Reorged);
    let mined = [a.wait(PATIENCE).await.unwrap(), b.wait(PATIENCE).await.unwrap()];
    let (_, reorgs) = shared.reorgs.get();
    let disconnected: Vec<_> = reorgs[0].disconnected.iter().map(|block| block.hash).collect();
    assert_eq!(disconnected, mined.map(|block| block.hash));
}
