//! A few of our nodes with each other.

use super::network::Network;
use super::node::{Message, Node};
use crate::sim::clock::{MILLI, SECOND};

/// Two nodes, `lead` blocks apart, linked.
fn pair(lead: usize) -> Network {
    let mut network = Network::new(lead as u64);
    let mut chain = vec![0];
    for _ in 0..lead {
        chain.push(network.world.tree.mine(*chain.last().unwrap(), 1));
    }
    let ahead = Node::ours(&network.world.tree, chain);
    let behind = Node::ours(&network.world.tree, vec![0]);
    network.add(ahead);
    network.add(behind);
    network.trace.transcript = Some(Vec::new());
    network.link([0, 1]);
    network
}

fn sent(network: &Network, from: usize, is_counted: impl Fn(Message) -> bool) -> usize {
    let all = network.trace.transcript.as_ref().unwrap();
    all.iter().filter(|(node, message)| *node == from && is_counted(*message)).count()
}

#[test]
fn a_node_far_behind_gets_every_block_once_and_no_whole_chain() {
    let mut network = pair(3_000);
    network.run(14 * SECOND);
    assert_eq!(network.nodes[1].tip(), network.nodes[0].tip());
    let blocks = sent(&network, 0, |message| matches!(message, Message::One(_)));
    assert!((3_000..=3_001).contains(&blocks), "{blocks} blocks: the tip may be told besides");
    assert_eq!(sent(&network, 1, |message| matches!(message, Message::Whole(_))), 0);
    assert_eq!(sent(&network, 0, |message| matches!(message, Message::Whole(_))), 0);
    let answers = sent(&network, 1, |message| matches!(message, Message::One(_)));
    assert!(answers <= 3_000 / 128 + 3, "{answers} answers");
}

#[test]
fn a_node_that_mines_fast_sends_each_block_about_once() {
    let mut network = pair(0);
    network.run(2 * SECOND);
    for _ in 0..30_000 {
        network.run(2 * MILLI);
        network.mine(0);
    }
    network.run(SECOND);
    assert_eq!(network.nodes[1].tip(), network.nodes[0].tip());
    let blocks = sent(&network, 0, |message| matches!(message, Message::One(_)));
    println!("{blocks} blocks sent for 30,000 mined");
    assert!(blocks <= 30_300, "{blocks} blocks");
    assert_eq!(sent(&network, 0, |message| matches!(message, Message::Whole(_))), 0);
    let back = sent(&network, 1, |_| true);
    println!("{back} messages back");
    assert!(back <= 400, "{back} messages back");
}

#[test]
fn two_nodes_that_mine_at_once_agree_soon_after_they_pause() {
    for rate in [5, 50, 500] {
        let mut network = pair(0);
        network.run(2 * SECOND);
        for _ in 0..20 * rate {
            let pause = network.random.within(0, 2_000 / rate);
            network.run(pause * MILLI);
            let miner = network.random.below(2);
            network.mine(miner);
        }
        network.run(50 * SECOND);
        // Equal work would stay as it is.
        network.mine(0);
        network.run(50 * SECOND);
        assert_eq!(network.nodes[1].tip(), network.nodes[0].tip(), "at {rate} blocks/s");
        let chains = sent(&network, 0, |message| matches!(message, Message::Whole(_)));
        println!("{rate} blocks/s: {chains} chains, {:?}", network.world.counts);
        assert!(chains <= 2 + 120 / 2, "{chains} chains");
    }
}

#[test]
fn a_full_mesh_around_a_fast_miner_carries_a_block_less_than_twice_each_way() {
    let mut network = pair(0);
    for index in 2..6 {
        let node = Node::ours(&network.world.tree, vec![0]);
        network.add(node);
        (0..index).for_each(|other| _ = network.link([other, index]));
    }
    network.run(2 * SECOND);
    network.trace.transcript = Some(Vec::new());
    for _ in 0..5_000 {
        network.run(2 * MILLI);
        network.mine(0);
    }
    network.run(40 * SECOND);
    for node in &network.nodes {
        assert_eq!(node.tip(), network.nodes[0].tip());
    }
    let blocks: usize =
        (0..6).map(|node| sent(&network, node, |it| matches!(it, Message::One(_)))).sum();
    let chains: usize =
        (0..6).map(|node| sent(&network, node, |it| matches!(it, Message::Whole(_)))).sum();
    println!("{} a link, {chains} chains, {:?}", blocks / 5_000, network.world.counts);
    // 15 links. Who hears of a block from one side while it gets later ones from another takes
    // the sender to be behind, so once is not reached.
    assert!(blocks <= 2 * 30 * 5_000, "{blocks} blocks");
    assert_eq!(chains, 0);
}
