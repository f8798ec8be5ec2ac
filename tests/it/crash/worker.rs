//! What is killed: a process that appends, stores, reorgs and prunes without pause.
//!
//! It is this test binary, started again for one test. On standard output it says what is
//! durable, a line each: `extended HEIGHT HASH`, or `reorged FORK HEIGHT HASH`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jenny_chain::chain::test_util::extend;
use jenny_chain::chain::{Spec, TipState, ValidBlock};
use jenny_chain::store::{Opened, Options, open};

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
        match self.random.within(0, 4) {
            0 => self.reorg(opened),
            1 => while opened.writer.prune().unwrap() {},
            _ => self.extend(opened),
        }
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
        for block in blocks {
            say(&format!("extended {} {}", block.header().height, block.hash()));
        }
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

fn say(line: &str) {
    // One write: a kill leaves it out or leaves it whole.
    std::io::stdout().write_all(format!("{line}\n").as_bytes()).unwrap();
}
