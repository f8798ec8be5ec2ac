//! The miner: turns requests into blocks, in order of arrival.
//!
//! It builds on the blocks that it handed to the writer without waiting for them to
//! be durable, so that the writer can make many durable with one flush. When other
//! blocks get in between, the writer gives back what no longer fits, and it is mined
//! again.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::hash_rate::Meter;
use super::queue::{Job, Sequenced};
use super::search::Search;
use crate::chain::{Block, TipState, ValidBlock};
use crate::node::MineError;
use crate::node::command::Command;
use crate::node::shared::Shared;

/// Mines until the node stops. `tip` is the end of the chain.
pub(in crate::node) fn run(shared: &Arc<Shared>, tip: TipState) {
    let mut miner = Miner { shared, tip, meter: Meter::default() };
    while let Some(job) = shared.queue.next() {
        match job {
            Job::MoveTo(tip) => miner.tip = *tip,
            Job::Mine(job) => {
                shared.at_work.store(true, Ordering::Relaxed);
                miner.serve(job);
                shared.at_work.store(false, Ordering::Relaxed);
            }
        }
    }
}

struct Miner<'a> {
    shared: &'a Shared,
    /// What the next block extends: ahead of what is durable.
    tip: TipState,
    meter: Meter,
}

impl Miner<'_> {
    fn serve(&mut self, mut job: Sequenced) {
        let queue = &self.shared.queue;
        match self.mine(&mut job) {
            Err(error) => {
                queue.finished(1, job.request.size_bytes());
                job.request.refuse(error);
            }
            // Interrupted, or the client has gone.
            Ok(None) => queue.put_back(job),
            Ok(Some(block)) => {
                if !job.request.hand_over() {
                    queue.finished(1, job.request.size_bytes());
                    return;
                }
                self.tip.extend(&block);
                let block = Box::new(block);
                // Without a writer the node is over; dropping the command says so.
                let _ = self.shared.commands.send(Command::Append { block, job });
            }
        }
    }

    /// Makes the next block, `None` if the search was stopped.
    fn mine(&mut self, job: &mut Sequenced) -> Result<Option<ValidBlock>, MineError> {
        let Shared { spec, config, queue, .. } = self.shared;
        let parent = self.tip.header().timestamp;
        // A block that would be refused as too early is not worth the search.
        self.shared.check_clock(parent)?;
        let template = self.tip.template(spec, job.request.records(), (config.clock)());

        let request = &job.request;
        let stop = || queue.is_interrupted() || request.is_gone();
        let search = Search { threads: config.miner_threads, clock: config.clock, stop: &stop };
        let started = Instant::now();
        let outcome = search.run(template);
        self.meter.count(outcome.hashes, started.elapsed(), &self.shared.rate);

        let Some(header) = outcome.found else { return Ok(None) };
        // The clock may have jumped while the search dated the block anew.
        self.shared.check_clock(parent)?;
        let block = Block { header, records: job.request.take_records() };
        // Checked like anybody's block: a fault in the miner must not reach the disk.
        self.tip.check_block(spec, block, (config.clock)()).map(Some).map_err(MineError::Defect)
    }
}

#[cfg(test)]
mod tests;
