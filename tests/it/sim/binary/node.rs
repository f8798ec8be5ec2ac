//! A node: what it holds, and what it is.

use std::collections::VecDeque;

use jenny_chain::chain::{BlockId, Checkpoints, Timestamp, Work};
use jenny_chain::sync::{BinaryConfig, SyncMachine};

use super::arena::{Arena, Id};
use super::script::Script;
use super::store::Store;
use crate::sim::clock::{Alarm, MILLI, Micros};

/// What clocks show at the start: all blocks mined before are older.
pub(super) const START_MILLIS: u64 = 1_800_000_000_000;

pub(super) struct Node {
    pub(super) actor: Actor,
    pub(super) store: Store,
    pub(super) online_since: Micros,
    /// How far its clock is ahead, in milliseconds.
    pub(super) skew: u64,
}

pub(super) enum Actor {
    /// Ours.
    Honest(Box<Honest>),
    /// One that speaks the dialect, and means ill.
    Script(Box<Script>),
}

/// The machine, and what its driver keeps for the whole node.
pub(super) struct Honest {
    pub(super) machine: SyncMachine,
    /// What the writer still has to do, one after the other.
    pub(super) jobs: VecDeque<Job>,
    /// When the machine is woken next.
    pub(super) alarm: Alarm,
}

/// Blocks to be made durable.
pub(super) struct Job {
    pub(super) blocks: Vec<Id>,
    /// The download to answer; none for blocks that the node mined itself.
    pub(super) download: Option<(u64, BlockId)>,
}

impl Node {
    pub(super) const fn new(actor: Actor, store: Store, skew: u64) -> Self {
        Self { actor, store, online_since: 0, skew }
    }

    pub(super) const fn is_honest(&self) -> bool {
        matches!(self.actor, Actor::Honest(_))
    }

    /// What its clock shows.
    pub(super) const fn clock(&self, now: Micros) -> Timestamp {
        Timestamp::from_millis(START_MILLIS + now / MILLI + self.skew)
    }
}

impl Honest {
    /// Starts on this chain.
    pub(super) fn new(arena: &Arena, store: &Store, nonce: u64) -> Self {
        Self::with_work(arena, store, nonce, arena.work(store.tip()))
    }

    /// As [`Honest::new`], with a chain that is said to have this work.
    pub(super) fn with_work(arena: &Arena, store: &Store, nonce: u64, work: Work) -> Self {
        let config = BinaryConfig {
            spec: arena.spec().clone(),
            checkpoints: Checkpoints::default(),
            nonce,
            agent: "simulated/1".to_owned(),
            listen: None,
            max_reorg_depth: None,
            accepted_forks: Vec::new(),
            relays_records: false,
        };
        let tip = store.tip();
        let machine = SyncMachine::new(arena.id_of(tip), 1_000, 64 << 20).with_binary(config, work);
        Self { machine, jobs: VecDeque::new(), alarm: Alarm::default() }
    }

    pub(super) fn connects(&self) -> usize {
        self.jobs.iter().filter(|job| job.download.is_some()).count()
    }

    /// The last block that it holds or is about to hold, by its own doing.
    pub(super) fn head(&self, store: &Store) -> Id {
        let own = self.jobs.iter().rev().find(|job| job.download.is_none());
        own.and_then(|job| job.blocks.last().copied()).unwrap_or_else(|| store.tip())
    }
}
