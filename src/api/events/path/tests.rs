//! Clients that read on from where they were, through reorgs and restarts.

mod replay;

use proptest::prelude::*;

use super::*;
use crate::chain::test_util::Branch;
use crate::chain::{Spec, TipState};
use crate::node::test_util::TestNode;
use replay::Replay;

/// One thing that may happen.
#[derive(Clone, Debug)]
enum Change {
    /// The main chain gets a block with this many records.
    Extend(usize),
    /// A branch takes over that forks this far below the tip, or less, and is longer by this much.
    Reorg(usize, u64),
    /// The node stops and opens its store again.
    Restart,
    /// The client connects where it was, and is cut off after this many events.
    Read(usize),
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let change = prop_oneof![
        6 => (0_usize..5).prop_map(Change::Extend),
        4 => (0_usize..6, 1_u64..3).prop_map(|(depth, longer)| Change::Reorg(depth, longer)),
        1 => Just(Change::Restart),
        8 => (0_usize..12).prop_map(Change::Read),
    ];
    proptest::collection::vec(change, 1..40)
}

fn all() -> Filter {
    Filter::parse(None, None).unwrap()
}

fn next(node: &TestNode, filter: &Filter, from: Position) -> Option<Part> {
    read(&node.handle.view(), &Spec::dev(), filter, from).unwrap()
}

/// The position before the first event of the chain.
fn start() -> Position {
    Position { block: Spec::dev().genesis().id(), sent: 0 }
}

/// Reads everything from a position on.
fn read_all(node: &TestNode, filter: &Filter, mut from: Position) -> (Vec<String>, Position) {
    let mut events = Vec::new();
    loop {
        let part = next(node, filter, from).unwrap();
        events.extend(replay::events(part.text.as_str()));
        from = part.position;
        if part.is_last {
            return (events, from);
        }
    }
}

/// The states of the main chain, from genesis on.
struct Main(Vec<TipState>);

impl Main {
    async fn grow(&mut self, node: &TestNode, below: usize, count: u64, records: usize) {
        let fork = self.0.len().saturating_sub(1 + below);
        let mut branch = Branch::from(&Spec::dev(), self.0[fork].clone());
        self.0.truncate(fork + 1);
        for _ in 0..count {
            let time = branch.tip.header().timestamp;
            let name = |index| format!("{index} of {below} {count} {}", self.0.len());
            branch.add((0..records).map(name).collect(), time);
            self.0.push(branch.tip.clone());
        }
        node.handle.import(branch.blocks).await.unwrap();
        assert_eq!(node.handle.tip().hash, branch.tip.hash());
    }
}

async fn replay(changes: Vec<Change>) {
    let mut node = TestNode::dev();
    let mut main = Main(vec![TipState::genesis(&Spec::dev())]);
    let mut client = Replay::default();
    let mut at = start();
    for change in changes.into_iter().chain([Change::Read(usize::MAX)]) {
        match change {
            Change::Extend(records) => main.grow(&node, 0, 1, records).await,
            Change::Reorg(depth, longer) => {
                let depth = depth.min(main.0.len() - 1);
                main.grow(&node, depth, depth as u64 + longer, depth).await;
            }
            Change::Restart => node = node.restart().await,
            Change::Read(count) => {
                let (events, _) = read_all(&node, &all(), at);
                for event in events.iter().take(count) {
                    at = client.take(event);
                }
            }
        }
    }
    let blocks = node.chain().await;
    client.assert_is(&Spec::dev().genesis(), &blocks);
    assert_eq!(at, Position::after(&node.handle.tip()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_client_that_reads_on_from_anywhere_has_the_main_chain(changes in changes()) {
        tokio::runtime::Runtime::new().unwrap().block_on(replay(changes));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_leaves_out_events_and_moves_no_position() {
    let node = TestNode::dev();
    let mut main = Main(vec![TipState::genesis(&Spec::dev())]);
    main.grow(&node, 0, 3, 2).await;
    let (every, _) = read_all(&node, &all(), start());
    let named = |name: &str| {
        let line = format!("\nevent: {name}\n");
        every.iter().filter(|event| event.contains(&line)).cloned().collect::<Vec<_>>()
    };
    for name in ["block.connected", "record.included"] {
        let filter = Filter::parse(Some(name), None).unwrap();
        let (events, at) = read_all(&node, &filter, start());
        assert_eq!((events, at), (named(name), Position::after(&node.handle.tip())));
    }
    let included = named("record.included");
    // Genesis has one record, and each of the others two.
    let data = included[6].lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
    let last: serde_json::Value = serde_json::from_str(data).unwrap();
    let filter = Filter::parse(None, last["id"].as_str()).unwrap();
    assert_eq!(read_all(&node, &filter, start()).0, included[6..]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_of_more_events_than_a_part_holds_comes_in_parts() {
    let node = TestNode::dev();
    let mut main = Main(vec![TipState::genesis(&Spec::dev())]);
    main.grow(&node, 0, 1, 3_000).await;
    let mut parts = vec![next(&node, &all(), start()).unwrap()];
    while !parts.last().unwrap().is_last {
        parts.push(next(&node, &all(), parts.last().unwrap().position).unwrap());
    }
    assert!(parts.len() > 9);
    assert!(parts.iter().all(|part| part.text.len() <= 64 << 10));
    let texts: String = parts.iter().map(|part| part.text.as_str()).collect();
    let included = replay::events(&texts);
    assert_eq!(included.len(), 2 + 1 + 3_000);
    assert_eq!(parts.last().unwrap().told, Some(Position::after(&node.handle.tip())));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_that_is_not_held_has_no_way_on() {
    let node = TestNode::dev();
    let mut main = Main(vec![TipState::genesis(&Spec::dev())]);
    main.grow(&node, 0, 2, 0).await;
    let mut at = Position::after(&node.handle.tip());
    at.block.hash = Hash::ZERO;
    assert!(next(&node, &all(), at).is_none());
    at.block.height = at.block.height.ahead(9);
    assert!(next(&node, &all(), at).is_none());
}
