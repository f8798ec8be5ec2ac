//! The writer of a node: makes blocks durable in order, and publishes the new tip.

use jenny_chain::chain::ValidBlock;
use jenny_chain::sync::{BinaryInput, ImportOutcome, Input, TipChange};

use super::arena::Id;
use super::event::Event;
use super::network::Network;
use super::node::{Actor, Job};
use super::store::Moved;
use crate::sim::clock::Micros;

/// Batches that the machine may have at the writer.
const MAX_IMPORTING: usize = 2;
/// One of this many batches is refused, because the node cannot take blocks.
const REFUSED_ONE_OF: usize = 3_000;
/// One of this many jobs is followed by the end of all branches' retention.
const PRUNED_ONE_OF: usize = 500;

impl Network {
    /// Performs [`jenny_chain::sync::Output::Import`].
    pub(super) fn connect(&mut self, node: usize, download: u64, blocks: &[ValidBlock]) {
        let ids: Vec<Id> = blocks
            .iter()
            .map(|block| self.world.arena.id(&block.hash()).expect("only mined blocks are valid"))
            .collect();
        let last = self.world.arena.id_of(*ids.last().expect("at least one block"));
        let is_consecutive = ids.windows(2).all(|pair| self.world.arena.parent(pair[1]) == pair[0]);
        assert!(is_consecutive, "{}: blocks that do not follow each other", self.context());
        self.world.report.connected += ids.len() as u64;
        self.write(node, Job { blocks: ids, download: Some((download, last)) });
        let Actor::Honest(honest) = &self.nodes[node].actor else { return };
        let connects = honest.connects();
        assert!(connects <= MAX_IMPORTING, "{}: {connects} batches at once", self.context());
    }

    /// Finds blocks on top of what a node has.
    pub(super) fn mine(&mut self, node: usize, count: usize) {
        let clock = self.nodes[node].clock(self.clock.now);
        let store = &self.nodes[node].store;
        let mut parent = match &self.nodes[node].actor {
            Actor::Honest(honest) => honest.head(store),
            Actor::Script(_) => store.tip(),
        };
        let mut blocks = Vec::new();
        for _ in 0..count {
            let records = self.draw_records();
            parent = self.world.arena.mine(parent, records, clock);
            blocks.push(parent);
        }
        // The others of a burst go the same way at the same moment: one is measured.
        self.world.report.note_mined(parent, self.clock.now, self.halves.is_none());
        self.write(node, Job { blocks, download: None });
    }

    /// Mostly a few short ones, now and then many long ones.
    fn draw_records(&mut self) -> Vec<String> {
        let nonce = self.random.next();
        let (count, length) = match self.random.below(40) {
            0 => (8, 20_000),
            1..10 => (0, 0),
            _ => (self.random.below(4), 40),
        };
        (0..count).map(|index| format!("{nonce:x}-{index:0length$}")).collect()
    }

    fn write(&mut self, node: usize, job: Job) {
        let Actor::Honest(honest) = &mut self.nodes[node].actor else { return };
        honest.jobs.push_back(job);
        if honest.jobs.len() == 1 {
            self.write_next(node);
        }
    }

    fn write_next(&mut self, node: usize) {
        let Actor::Honest(honest) = &self.nodes[node].actor else { return };
        let Some(job) = honest.jobs.front() else { return };
        let takes = self.random.within(500, 5_000) + 5 * job.blocks.len() as Micros;
        let life = self.hosts[node].life;
        self.after(takes, Event::Written { node, life });
    }

    /// The first job is durable.
    pub(super) fn written(&mut self, node: usize) {
        let Actor::Honest(honest) = &mut self.nodes[node].actor else { return };
        let job = honest.jobs.pop_front().expect("what was written");
        self.write_next(node);
        let is_refused = job.download.is_some() && self.fails(REFUSED_ONE_OF);
        let outcome = if is_refused { ImportOutcome::Unavailable } else { self.put(node, &job) };
        if let Some((download, last)) = job.download {
            self.tell(node, BinaryInput::Imported { download, last, outcome });
        }
        if self.fails(PRUNED_ONE_OF) {
            self.nodes[node].store.prune();
        }
    }

    fn fails(&mut self, one_of: usize) -> bool {
        self.world.has_bad_disks && self.random.below(one_of) == 0
    }

    /// Connects, publishes and tells the machine of the tip.
    fn put(&mut self, node: usize, job: &Job) -> ImportOutcome {
        let store = &mut self.nodes[node].store;
        let before = store.tip();
        let Some(Moved { fresh, is_reorg }) = store.connect(&self.world.arena, &job.blocks) else {
            self.world.report.lost += 1;
            return ImportOutcome::Lost;
        };
        let tip = store.tip();
        self.world.report.worst.stored = self.world.report.worst.stored.max(store.stored());
        if fresh.is_empty() {
            return ImportOutcome::Done;
        }
        assert!(
            self.world.arena.work(tip) > self.world.arena.work(before),
            "{}: the work of node {node} fell",
            self.context()
        );
        self.world.report.reorgs += u64::from(is_reorg);
        self.world.report.note_spread(&fresh, self.clock.now, self.nodes[node].online_since);
        let change = if is_reorg {
            TipChange::Reorged { source: None }
        } else {
            TipChange::Extended { from: self.world.arena.id_of(before), source: None }
        };
        let input = Input::Tip {
            tip: self.world.arena.id_of(tip),
            chain_json_bytes: 500 * self.world.arena.height(tip) as u64,
            work: self.world.arena.work(tip),
            change,
        };
        self.tell(node, input);
        ImportOutcome::Done
    }
}
