//! The dialect's golden transcripts, with a seed-like node that behaves as the original does.

use super::network::Network;
use super::node::{Message, Node};
use crate::sim::clock::SECOND;

/// One of our nodes and a seed-like node, each at a height of the same chain, linked.
struct Pair {
    network: Network,
    seed: usize,
    ours: usize,
}

impl Pair {
    fn new(ours: usize, seed: usize) -> Self {
        let mut network = Network::new(1);
        let mut chain = vec![0];
        for _ in 0..ours.max(seed) {
            chain.push(network.world.tree.mine(*chain.last().unwrap(), 1));
        }
        let node = Node::ours(&network.world.tree, chain[..=ours].to_vec());
        let ours = network.add(node);
        let seed = network.add(Node::seed(false, chain[..=seed].to_vec()));
        network.trace.transcript = Some(Vec::new());
        network.link([ours, seed]);
        Self { network, seed, ours }
    }

    /// What each said in the next 10 s, as type and height: ours, then the seed-like node.
    fn said(&mut self) -> [String; 2] {
        self.network.run(10 * SECOND);
        let said = self.network.trace.transcript.replace(Vec::new()).unwrap();
        [self.ours, self.seed].map(|node| {
            let said = said.iter().filter(|(from, _)| *from == node);
            let text: Vec<_> = said.map(|(_, message)| self.text(*message)).collect();
            text.join(" ")
        })
    }

    fn text(&self, message: Message) -> String {
        match message {
            Message::Ask => "0".to_owned(),
            Message::One(id) => format!("1[{}]", self.network.world.tree.height(id)),
            Message::Whole(id) => format!("2[0..{}]", self.network.world.tree.height(id)),
        }
    }

    fn assert_level(&self) {
        assert_eq!(self.network.nodes[self.ours].chain, self.network.nodes[self.seed].chain);
    }
}

#[test]
fn both_at_genesis_greet_and_fall_silent() {
    let mut pair = Pair::new(0, 0);
    assert_eq!(pair.said(), ["0 1[0]", "0 1[0] 2[0..0]"]);
}

#[test]
fn a_block_of_ours_is_appended_in_silence() {
    let mut pair = Pair::new(0, 0);
    pair.said();
    pair.network.mine(pair.ours);
    let [ours, seed] = pair.said();
    assert_eq!([ours.trim_end_matches(" 0"), seed.trim_end_matches("1[1]")], ["1[1]", ""]);
    pair.assert_level();
}

#[test]
fn a_block_of_the_seeds_is_drawn_by_answering_its_type_0() {
    let mut pair = Pair::new(1, 1);
    pair.said();
    pair.network.mine(pair.seed);
    let [ours, seed] = pair.said();
    assert!(ours.starts_with("1[1]"), "{ours}");
    assert!(seed.starts_with("0 2[0..2]"), "{seed}");
    pair.assert_level();
}

#[test]
fn a_seed_behind_is_streamed_to_and_answers_only_type_0() {
    let mut pair = Pair::new(300, 20);
    let [ours, seed] = pair.said();
    let blocks = |from: usize, to: usize| {
        (from..=to).map(|height| format!("1[{height}]")).collect::<Vec<_>>().join(" ")
    };
    let expected = format!("0 {} 0 {} 0 {} 0", blocks(21, 148), blocks(149, 276), blocks(277, 300));
    assert_eq!([ours.as_str(), seed.as_str()], [&expected, "0 1[20] 1[148] 1[276] 1[300]"]);
    pair.assert_level();
}

#[test]
fn a_seed_ahead_is_followed_in_one_swap() {
    let mut pair = Pair::new(20, 300);
    assert_eq!(pair.said(), ["0 1[20]", "0 1[300] 2[0..300]"]);
    pair.assert_level();
}
