//! The miner: turns requests into blocks, in order of arrival, and the records of the pool.
//!
//! It builds on the blocks that it handed to the writer without waiting for them to
//! be durable, so that the writer can make many durable with one flush. When other
//! blocks get in between, the writer gives back what no longer fits, and it is mined
//! again.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::MineError;
use super::command::Command;
use super::mining::demand::Demand;
use super::mining::hash_rate::Meter;
use super::mining::job::{Job, PoolJob};
use super::mining::queue::{Sequenced, Task};
use super::mining::seals::Seals;
use super::mining::search::{Priority, Search};
use super::mining::ties::Ties;
use super::mining::turns::PoolTurn;
use super::records::pool::ready::Picked;
use super::shared::Shared;
use crate::chain::{Block, Header, TipState, ValidBlock};

/// Mines until the node stops. `tip` is the end of the chain.
pub(super) fn run(shared: &Arc<Shared>, tip: TipState) {
    let mut miner = Miner::new(shared, tip);
    loop {
        let task = shared.queue.next(&mut || miner.demand());
        let Some(task) = task else { return };
        shared.at_work.store(matches!(task, Task::Mine(_)), Ordering::Relaxed);
        match task {
            Task::MoveTo(tip) => miner.tip = *tip,
            Task::Mine(job) => miner.serve(job),
            Task::MinePool { size_bytes, turn } => miner.serve_pool(size_bytes, turn),
        }
        shared.at_work.store(false, Ordering::Relaxed);
    }
}

struct Miner<'a> {
    shared: &'a Shared,
    /// What the next block extends: ahead of what is durable.
    tip: TipState,
    meter: Meter,
    ties: Ties,
    seals: Seals,
}

impl<'a> Miner<'a> {
    fn new(shared: &'a Shared, tip: TipState) -> Self {
        let Shared { spec, config, .. } = shared;
        let (ties, seals) = (Ties::new(config.tie_delay(spec)), Seals::new(config.seal_blocks));
        Self { shared, tip, meter: Meter::default(), ties, seals }
    }

    /// What is to be mined besides requests.
    fn demand(&mut self) -> Demand {
        let Shared { config, .. } = self.shared;
        if !config.mines_pool {
            return Demand::NONE;
        }
        let now = (config.steady)();
        let Demand { records, look_again, .. } = self.shared.pool_demand(now);
        let left = self.ties.time_left(now, self.shared.tied(), self.tip.hash());
        let ends_tie = left.is_some_and(|left| left.is_zero());
        let wants_block = ends_tie || self.seals.are_wanted(self.tip.header().height);
        Demand { records, wants_block, look_again: look_again.into_iter().chain(left).min() }
    }

    fn serve(&mut self, mut job: Sequenced) {
        let queue = &self.shared.queue;
        let request = &job.request;
        let stop = || queue.is_interrupted() || request.is_gone();
        let found = match self.search(request.records(), &stop, Priority::Normal) {
            Ok(None) => None,
            Ok(Some(header)) => Some(self.check(header, job.request.take_records())),
            Err(error) => Some(Err(error)),
        };
        match found {
            // Interrupted, or the client has gone.
            None => queue.put_back(job),
            Some(Err(error)) => {
                queue.finished(1, job.request.size_bytes());
                job.request.refuse(error);
            }
            Some(Ok(block)) => {
                if !job.request.hand_over() {
                    queue.finished(1, job.request.size_bytes());
                    return;
                }
                self.send(block, Job::Request(job));
            }
        }
    }

    /// Mines the oldest records of the pool. They wait until the block is found, so that one
    /// that is cancelled, or that another block holds, keeps it from being stored.
    fn serve_pool(&mut self, size_bytes: u64, turn: PoolTurn) {
        let shared = self.shared;
        let Shared { spec, config, queue, records, .. } = shared;
        let Picked { ids, texts } = records.lock().pick(spec);
        let is_empty = ids.is_empty();
        if is_empty && !turn.may_be_empty {
            // All of them left the pool meanwhile.
            queue.finished(1, size_bytes);
            return;
        }
        let texts: Vec<String> = texts.iter().map(ToString::to_string).collect();
        let withdrawals = records.withdrawals();
        let has_records = || shared.pool_demand((config.steady)()).records.is_some();
        let stop = || {
            queue.is_interrupted()
                || records.withdrawals() != withdrawals
                || !turn.is_kept && queue.waiting() > 0
                || is_empty && has_records()
        };
        let found = match self.search(&texts, &stop, Priority::Low) {
            Ok(found) => found.map(|header| self.check(header, texts)).transpose(),
            Err(error) => Err(error),
        };
        match found {
            Ok(Some(block)) if records.lock().hand_over(&ids) => {
                queue.found_pool_block();
                self.send(block, Job::Pool(PoolJob { ids, size_bytes }));
            }
            Ok(_) => queue.finished(1, size_bytes),
            Err(error) => {
                if let MineError::Defect(_) = error {
                    tracing::error!("records of the pool: {error}");
                }
                queue.rest_pool();
                queue.finished(1, size_bytes);
            }
        }
    }

    fn send(&mut self, block: ValidBlock, job: Job) {
        self.tip.extend(&block);
        if !block.block().records.is_empty() {
            self.seals.note(block.header().height);
        }
        let block = Box::new(block);
        // Without a writer the node is over; dropping the command says so.
        let _ = self.shared.commands.send(Command::Append { block, job });
    }

    /// Finds the header of the next block, `None` if the search was stopped.
    fn search(
        &mut self,
        records: &[String],
        stop: &(dyn Fn() -> bool + Sync),
        priority: Priority,
    ) -> Result<Option<Header>, MineError> {
        let Shared { spec, config, .. } = self.shared;
        // A block that would be refused as too early is not worth the search.
        self.shared.check_clock(self.tip.header().timestamp)?;
        let template = self.tip.template(spec, records, (config.clock)());
        let search = Search { threads: config.miner_threads, priority, clock: config.clock, stop };
        let started = Instant::now();
        let outcome = search.run(template);
        self.meter.count(outcome.hashes, started.elapsed(), &self.shared.rate);
        Ok(outcome.found)
    }

    /// Puts the records to the header that was found for them.
    fn check(&self, header: Header, records: Vec<String>) -> Result<ValidBlock, MineError> {
        let Shared { spec, config, .. } = self.shared;
        // The clock may have jumped while the search dated the block anew.
        self.shared.check_clock(self.tip.header().timestamp)?;
        // Checked like anybody's block: a fault in the miner must not reach the disk.
        let block = Block { header, records };
        self.tip.check_block(spec, block, (config.clock)()).map_err(MineError::Defect)
    }
}

#[cfg(test)]
mod tests;
