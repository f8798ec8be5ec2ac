//! Records in the writer's groups, by hand.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot::error::TryRecvError;
use tokio::sync::oneshot::{Receiver, channel};

use super::*;
use crate::chain::Spec;
use crate::chain::test_util::Branch;
use crate::node::command::{BranchPart, Command};
use crate::node::mining::queue::Task;
use crate::node::records::submission::SubmissionReply;
use crate::node::writer::tests::{Bench, demand};
use crate::node::{MineError, NodeFailure};

type Reply = Receiver<Result<Vec<Acknowledged>, SubmitError>>;

fn submission(texts: &[&str]) -> (Command, Reply) {
    let (reply, answer) = SubmissionReply::channel();
    let records = texts.iter().map(|&text| Submitted {
        id: leaf_hash(text.as_bytes()),
        text: text.into(),
        found: None,
    });
    (Command::Submit(Submission { records: records.collect(), reply }), answer)
}

fn states(reply: &mut Reply) -> Vec<(RecordState, bool)> {
    let acknowledged = reply.try_recv().unwrap().unwrap();
    acknowledged.iter().map(|record| (record.state, record.is_new)).collect()
}

const PENDING: RecordState = RecordState::Pending { is_checked: true };

#[test]
fn submissions_and_blocks_of_one_group_see_each_other() {
    let mut bench = Bench::new();
    let (first, mut first_answer) = submission(&["a", "b"]);
    let (block, _ticket) = bench.mined("a");
    let (second, mut second_answer) = submission(&["a", "b", "c"]);
    let (other, _other_ticket) = bench.mined("d");
    let (third, mut third_answer) = submission(&["d"]);
    assert!(bench.group([first, block, second, other, third]).is_continue());
    assert_eq!(states(&mut first_answer), [(PENDING, true); 2]);
    let expected = [(RecordState::Included, false), (PENDING, false), (PENDING, true)];
    assert_eq!(states(&mut second_answer), expected);
    assert_eq!(states(&mut third_answer), [(RecordState::Included, false)]);
    assert_eq!(bench.writer.shared.records.lock().after(None).count(), 2);
}

#[test]
fn nothing_is_answered_when_the_flush_fails() {
    let mut bench = Bench::new();
    let (command, mut answer) = submission(&["a"]);
    bench.writer.store.fail_commits();
    assert!(bench.apply([command]).is_continue());
    assert!(bench.writer.pipeline.settle().is_err());
    assert!(answer.try_recv().is_err());
}

#[test]
fn what_never_reached_the_storage_when_it_failed_was_not_taken() {
    let bench = Bench::new();
    let (begun, mut begun_answer) = submission(&["a"]);
    let (behind, mut behind_answer) = submission(&["b"]);
    // A stop ends the group, so that the submission behind it never reaches the storage.
    for command in [begun, Command::Stop, behind] {
        bench.commands.send(command).unwrap();
    }
    bench.writer.store.fail_commits();
    bench.writer.run();
    assert_eq!(begun_answer.try_recv().unwrap_err(), TryRecvError::Closed);
    let refused = behind_answer.try_recv().unwrap().unwrap_err();
    assert!(matches!(refused, SubmitError::Unavailable(NodeFailure::Stopping)), "{refused:?}");
}

#[tokio::test]
async fn a_write_that_an_earlier_failure_refuses_takes_nothing() {
    let mut bench = Bench::new();
    let (submitted, mut answer) = submission(&["a"]);
    let (mined, ticket) = bench.mined("b");
    bench.writer.store.fail_commits();
    bench.writer.store.mark_own(&[], 0).unwrap();
    assert!(bench.writer.store.commit().is_err());
    let mut group = Group::default();
    for command in [submitted, mined] {
        let done = match command {
            Command::Submit(submission) => bench.writer.submit(submission, &mut group),
            Command::Append { block, job } => bench.writer.append(block, job, &mut group),
            other => panic!("{other:?}"),
        };
        assert!(done.is_err());
    }
    let refused = answer.try_recv().unwrap().unwrap_err();
    assert!(matches!(refused, SubmitError::Unavailable(NodeFailure::Stopping)), "{refused:?}");
    let refused = ticket.wait(Duration::from_secs(60)).await.unwrap_err();
    assert!(matches!(refused, MineError::Stopping), "{refused:?}");
}

#[test]
fn a_block_that_is_not_published_yet_is_seen_by_a_later_group() {
    let mut bench = Bench::new();
    let (first, mut first_answer) = submission(&["other"]);
    assert!(bench.group([first]).is_continue());
    assert_eq!(states(&mut first_answer), [(PENDING, true)]);
    let gate = bench.writer.store.commit_gate();
    let held = gate.lock().unwrap();
    let (block, _ticket) = bench.mined("a");
    let (unrelated, _unrelated_ticket) = bench.mined("b");
    assert!(bench.apply([block, unrelated]).is_continue());
    let (second, mut second_answer) = submission(&["a"]);
    assert!(bench.apply([second]).is_continue());
    assert!(second_answer.try_recv().is_err(), "not before the block is durable");
    drop(held);
    bench.writer.pipeline.settle().unwrap();
    assert_eq!(states(&mut second_answer), [(RecordState::Included, false)]);
}

#[test]
fn a_batch_leaves_the_disk_with_its_last_record() {
    let mut bench = Bench::new();
    let (command, _answer) = submission(&["a", "b"]);
    assert!(bench.group([command]).is_continue());
    let (a, _ticket) = bench.mined("a");
    assert!(bench.group([a]).is_continue());
    assert_eq!(bench.reopened().pending.len(), 1);
    let mut bench = Bench::new();
    let (command, _answer) = submission(&["a", "b"]);
    assert!(bench.group([command]).is_continue());
    let (a, _a) = bench.mined("a");
    let (b, _b) = bench.mined("b");
    assert!(bench.group([a, b]).is_continue());
    assert!(bench.reopened().pending.is_empty());
}

fn picked(bench: &Bench) -> Vec<String> {
    let picked = bench.writer.shared.records.lock().pick(&Spec::dev());
    picked.texts.iter().map(ToString::to_string).collect()
}

fn height(bench: &Bench) -> u64 {
    bench.writer.shared.reader.tip().header.height.get()
}

#[test]
fn a_block_of_the_pools_takes_its_records_out_of_it() {
    let mut bench = Bench::new();
    let (command, _answer) = submission(&["a", "b"]);
    assert!(bench.group([command]).is_continue());
    let block = bench.mined_of_pool();
    assert!(picked(&bench).is_empty(), "they are not taken twice");
    assert!(bench.group([block]).is_continue());
    assert!(bench.writer.shared.records.lock().is_empty());
    assert_eq!(height(&bench), 1);
    assert!(bench.reopened().pending.is_empty());
}

#[test]
fn a_block_of_the_pools_that_no_longer_fits_leaves_its_records_waiting() {
    let mut bench = Bench::new();
    let (command, _answer) = submission(&["a", "b"]);
    assert!(bench.group([command]).is_continue());
    let block = bench.mined_of_pool();
    let mut foreign = Branch::from_genesis(&Spec::dev());
    foreign.grow(1, "foreign");
    bench.move_to_genesis();
    let blocks = vec![bench.valid(foreign.blocks.remove(0))];
    let (reply, _answer) = channel();
    let import = Command::Import { blocks, part: BranchPart::Last, reply };
    assert!(bench.group([import, block]).is_continue());
    assert_eq!(picked(&bench), ["a", "b"]);
    bench.expect_move();
    let again = bench.mined_of_pool();
    assert!(bench.group([again]).is_continue());
    assert_eq!(height(&bench), 2);
}

#[test]
fn a_block_of_the_pools_is_not_applied_once_one_of_its_records_is_cancelled_or_in_another() {
    let mut bench = Bench::new();
    let (command, _answer) = submission(&["a", "b", "c"]);
    assert!(bench.group([command]).is_continue());
    let (other, _ticket) = bench.mined("c");
    let block = bench.mined_of_pool();
    let (reply, mut cancelled) = channel();
    let cancel = Command::CancelRecord { id: leaf_hash(b"a"), reply };
    assert!(bench.group([other, cancel, block]).is_continue());
    assert!(cancelled.try_recv().unwrap());
    assert_eq!(height(&bench), 1);
    assert_eq!(picked(&bench), ["b"]);
    bench.expect_move();
}

#[test]
fn a_miner_that_sleeps_is_woken_by_records_that_turn_out_not_to_be_on_the_chain() {
    let mut bench = Bench::new();
    let shared = Arc::clone(&bench.writer.shared);
    let (id, text) = (leaf_hash(b"a"), "a".into());
    let record = NewRecord { id, text, is_own: true, is_checked: false };
    shared.records.lock().restore(1, vec![record], Duration::ZERO);
    let (send, task) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(|| send.send(shared.queue.next(&mut || demand(&shared))).unwrap());
        while !shared.queue.is_asleep() {
            std::thread::yield_now();
        }
        assert!(bench.writer.check_records().unwrap());
        let task = task.recv_timeout(Duration::from_secs(60));
        // Whatever became of it, the thread ends.
        shared.queue.stop();
        assert!(matches!(task, Ok(Some(Task::MinePool { .. }))), "{task:?}");
    });
}
