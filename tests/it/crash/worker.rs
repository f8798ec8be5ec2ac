//! What is killed: a process that appends, stores, reorgs, prunes and indexes without pause.
//!
//! It is this test binary, started again for one test. On standard output it says what is
//! durable, a line each: `extended HEIGHT HASH`, or `reorged FORK HEIGHT HASH`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::Duration;

use jenny_chain::chain::test_util::extend;
use jenny_chain::chain::{BlockId, Spec, TipState, ValidBlock, leaf_hash};
use jenny_chain::store::{
    HashPrefix, IndexBatch, IndexStep, Opened, Options, Sealed, StoredBlock, open,
};

use crate::support::random::Random;

const DIRECTORY: &str = "JENNY_TEST_WORKER_DIRECTORY";
const SEED: &str = "JENNY_TEST_WORKER_SEED";

/// A process that will work in `directory` until it is killed.
pub(super) fn command(directory: &Path, seed: u64) -> std::process::Command {
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "crash::worker::works_until_it_is_killed", "--nocapture", "--quiet"])
        .env(DIRECTORY, directory)
        .env(SEED, seed.to_string())
        .stdout(std::process::Stdio::piped());
    command
}

/// How both sides open the database: with small batches, so that most reorgs need an intent.
pub(super) fn options() -> Options {
    Options {
        chain: Some(Spec::dev()),
        min_free_bytes: 0,
        reorg_batch_blocks: 20,
        branch_quiet: Duration::ZERO,
        branch_heights: 200,
        ..Options::default()
    }
}

/// A test only in name: without its variables there is nothing to do, and the tests that
/// start it check what it leaves.
#[test]
fn works_until_it_is_killed() {
    let Ok(directory) = std::env::var(DIRECTORY) else { return };
    let seed = std::env::var(SEED).unwrap().parse().unwrap();
    let mut worker = Worker { random: Random::new(seed), label: seed, directory: directory.into() };
    loop {
        let mut opened = open(&worker.directory, &options(), &mut |_| ()).unwrap();
        for _ in 0..40 {
            worker.step(&mut opened);
        }
        // Closing and opening are moments too.
    }
}

struct Worker {
    random: Random,
    label: u64,
    directory: PathBuf,
}

impl Worker {
    fn step(&mut self, opened: &mut Opened) {
        match self.random.within(0, 7) {
            0 => self.reorg(opened),
            1 => while opened.writer.prune().unwrap() {},
            2 | 3 => self.index(opened),
            4 => self.extend(opened),
            _ => self.extend_ahead(opened),
        }
    }

    /// Groups that are applied while the ones before them are synced.
    fn extend_ahead(&mut self, opened: &mut Opened) {
        let Opened { writer, syncer, .. } = opened;
        let mut state = writer.applied().clone();
        let (hand_over, handed_over) = sync_channel::<(Sealed, Vec<ValidBlock>)>(2);
        thread::scope(|scope| {
            scope.spawn(move || {
                for (sealed, blocks) in handed_over {
                    assert!(syncer.sync(&sealed).unwrap());
                    say_extended(&blocks);
                }
            });
            for _ in 0..self.random.within(2, 8) {
                let group = self.random.within(0, 30) + 1;
                let blocks = self.grow(&mut state, group);
                for block in &blocks {
                    writer.append(block).unwrap();
                }
                hand_over.send((writer.seal(), blocks)).unwrap();
            }
            drop(hand_over);
        });
    }

    /// A group of blocks, and the flush behind it.
    fn extend(&mut self, opened: &mut Opened) {
        let mut state = opened.writer.applied().clone();
        let group = self.random.within(0, 30) + 1;
        let blocks = self.grow(&mut state, group);
        for block in &blocks {
            opened.writer.append(block).unwrap();
        }
        opened.writer.commit().unwrap();
        say_extended(&blocks);
    }

    /// A branch from some blocks below the tip, one block longer than the chain.
    fn reorg(&mut self, opened: &mut Opened) {
        let tip = opened.reader.tip().header.height;
        let depth = self.random.within(0, 60).min(tip.get());
        let fork = tip.back(depth);
        let mut state = opened.reader.view().state_at(fork).unwrap().unwrap();
        let blocks = self.grow(&mut state, depth + 1);
        for block in &blocks {
            opened.writer.store_branch_block(block).unwrap();
        }
        say(&format!("reorganising {fork} {} {}", state.height(), state.hash()));
        if depth == 0 {
            // It extends the tip after all.
            return;
        }
        opened.writer.reorg(state.id()).unwrap();
        say(&format!("reorged {fork} {} {}", state.height(), state.hash()));
    }

    /// A batch of the index: up along the main chain, or down along disconnected blocks.
    fn index(&mut self, opened: &mut Opened) {
        let (view, max) = (opened.reader.view(), self.random.within(1, 200));
        let cursor = view.index_cursor();
        let is_main = |id: BlockId| {
            view.header(id.height).unwrap().is_some_and(|header| header.hash == id.hash)
        };
        let mut at = cursor;
        let mut batch = if is_main(cursor) {
            let mut batch = IndexBatch::extending(cursor);
            for _ in 0..max {
                let Some(block) = view.block(at.height.next()).unwrap() else { break };
                at = BlockId { height: block.header.height, hash: block.hash };
                batch.push(at, prefixes(&block));
            }
            batch
        } else {
            let mut batch = IndexBatch::leaving(cursor);
            for _ in 0..max {
                if is_main(at) {
                    break;
                }
                let block = opened.reader.held_block(at).unwrap();
                batch.push(at, prefixes(&block));
                let (height, hash) = (at.height.parent().unwrap(), block.header.previous_hash);
                at = BlockId { height, hash };
            }
            batch
        }
        .ending_at(at);
        drop(view);
        while opened.writer.index(&mut batch).unwrap() == IndexStep::Partial {}
    }

    fn grow(&mut self, state: &mut TipState, blocks: u64) -> Vec<ValidBlock> {
        (0..blocks)
            .map(|_| {
                let length = if self.random.within(0, 20) == 0 { 9_000 } else { 40 };
                let length = usize::try_from(length).unwrap();
                let record = format!("{} {:x}", self.label, self.random.within(0, u64::MAX));
                extend(&Spec::dev(), state, vec![record + &"r".repeat(length)], 1)
            })
            .collect()
    }
}

fn prefixes(block: &StoredBlock) -> impl Iterator<Item = HashPrefix> {
    block.records.iter().map(|record| HashPrefix::of(&leaf_hash(record.as_bytes())))
}

fn say_extended(blocks: &[ValidBlock]) {
    for block in blocks {
        say(&format!("extended {} {}", block.header().height, block.hash()));
    }
}

fn say(line: &str) {
    // One write: a kill leaves it out or leaves it whole.
    std::io::stdout().write_all(format!("{line}\n").as_bytes()).unwrap();
}
