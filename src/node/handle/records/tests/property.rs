//! Random records, blocks, reorgs, crashes and restarts: what was acknowledged is on the main chain or
//! pending.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::chain::TipState;
use crate::node::NodeConfig;
use crate::node::test_util::options;
use crate::store::Options;

/// One thing that may happen to a node. Records are named by small numbers.
#[derive(Clone, Debug)]
enum Event {
    Submit(Vec<u8>),
    Mine(Vec<u8>),
    /// A branch of others from this many blocks below the tip, this much longer, with these
    /// records in its first block.
    Branch(u64, u64, Vec<u8>),
    Cancel(u8),
    /// Only what is in the files is left.
    Crash,
    Restart,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let numbers = |max| proptest::collection::vec(0_u8..16, 0..max);
    let branch = (0_u64..5, 0_u64..3, numbers(4));
    let event = prop_oneof![
        4 => numbers(5).prop_map(Event::Submit),
        3 => numbers(4).prop_map(Event::Mine),
        4 => branch.prop_map(|(depth, more, numbers)| Event::Branch(depth, more, numbers)),
        1 => (0_u8..16).prop_map(Event::Cancel),
        1 => Just(Event::Crash),
        1 => Just(Event::Restart),
    ];
    proptest::collection::vec(event, 1..30)
}

fn names(numbers: &[u8]) -> Vec<String> {
    numbers.iter().map(|number| format!("record {number}")).collect()
}

/// Where the main chain has each record first.
async fn on_chain(node: &TestNode) -> BTreeMap<String, u64> {
    let mut heights = BTreeMap::new();
    for block in node.chain().await {
        for record in block.records {
            heights.entry(record).or_insert(block.header.height.get());
        }
    }
    heights
}

async fn state_below(node: &TestNode, depth: u64) -> TipState {
    let view = node.handle.view();
    let height = view.tip().header.height.back(depth);
    node.handle.read(move || view.state_at(height)).await.unwrap().unwrap()
}

/// A node, and the records that it acknowledged.
struct World {
    node: TestNode,
    own: BTreeSet<String>,
}

impl World {
    async fn step(mut self, number: usize, event: Event) -> Self {
        let node = &self.node;
        match event {
            Event::Submit(numbers) => {
                node.handle.submit(names(&numbers)).await.unwrap();
                self.own.extend(names(&numbers));
            }
            Event::Mine(numbers) => {
                self.own.extend(node.handle.mine(names(&numbers)).await.unwrap().records);
            }
            Event::Branch(depth, more, numbers) => {
                let depth = depth.min(node.handle.tip().header.height.get());
                let mut branch = Branch::from(&Spec::dev(), state_below(node, depth).await);
                let first = branch.tip.height().next();
                branch.grow_with(depth + more, |height| {
                    let label = vec![format!("branch {number} {height}")];
                    if height == first { [label, names(&numbers)].concat() } else { label }
                });
                if !branch.blocks.is_empty() {
                    offer(node, &branch).await.unwrap();
                }
            }
            Event::Cancel(number) => {
                let name = names(&[number]).remove(0);
                let was_pending = waiting(node).contains(&name);
                assert_eq!(node.handle.cancel_record(id(&name)).await.unwrap(), was_pending);
                if was_pending {
                    self.own.remove(&name);
                }
            }
            Event::Crash => self.node = crash(self.node).await,
            Event::Restart => self.node = restart(self.node).await,
        }
        self
    }

    async fn check(&self) {
        let heights = on_chain(&self.node).await;
        let pending = waiting(&self.node);
        let distinct: BTreeSet<_> = pending.iter().cloned().collect();
        assert_eq!(distinct.len(), pending.len(), "none is pending twice");
        let off_chain = |record: &&String| !heights.contains_key(*record);
        let missing: BTreeSet<_> = self.own.iter().filter(off_chain).cloned().collect();
        assert_eq!(distinct, missing, "what waits is what is not on the main chain");
        for record in self.own.iter().chain(heights.keys()) {
            let found = height(&self.node, record).await;
            assert_eq!(found, heights.get(record).copied(), "{record}");
        }
    }
}

async fn play(events: Vec<Event>, reorg_batch_blocks: u64) {
    let options = Options { min_free_bytes: 0, reorg_batch_blocks, ..options(&Spec::dev()) };
    let node =
        TestNode::with_options(&options, NodeConfig { mines_pool: false, ..NodeConfig::default() });
    let mut world = World { node, own: BTreeSet::new() };
    for (number, event) in events.into_iter().enumerate() {
        world = world.step(number, event).await;
        world.check().await;
    }
    world.node.stop().await;
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn what_was_acknowledged_is_on_the_main_chain_or_pending(
        events in events(), reorg_batch_blocks in prop_oneof![Just(2_u64), Just(10_000)],
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(play(events, reorg_batch_blocks));
    }
}
