//! The language of the transcripts, and the player that holds a running node to one.
//!
//! A line is one step; `#` begins a comment. `S` and `T` are scripted peers, `N` is the node,
//! `B` and `C` are chains of which `B3` is the block at height 3 and `G` is genesis.
//!
//! ```text
//! chain B 10             ten blocks on genesis; `chain C 12 from B3` forks off
//! node B5                a node that holds B up to height 5
//! S dials                S opens a link as a seed-like node does; `S dials a,b` offers subprotocols
//! N dials S              the node is told to dial S, which responds as npm `ws` does
//! S> 0 1[B5]             S says these at once, one frame each
//! S< 0 1[B6]..1[B9]      the node says exactly these to S next, in this order
//! S< 2[G..B9]            a whole chain; `2[G,B1..B9]` is the same
//! S< 1[B6] after 900     the same, and not within this many ms of what S said last
//! S opens B5             both ask and answer: S holds B5, the node's tip is B5
//! S quiet                the node says nothing more to S for a moment; `S quiet 1200` ms
//! S closed 1002          the node closes the link with this code
//! N mines B              the node mines a block, which is B's next
//! N tip B9               waits until that is the node's tip
//! N reorgs 1              so many reorgs since the start
//! ```

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jenny_chain::chain::Spec;
use serde_json::Value;

use super::{Link, Message, Port};
use crate::process::PATIENCE;
use crate::process::{Branch, PeerNode};

/// How long nothing must come, unless a script says otherwise.
const QUIET: Duration = Duration::from_millis(300);

/// Plays a script on the chain `dev` against a node of its own.
#[track_caller]
pub(crate) fn play(script: &str) {
    let mut player = Player::default();
    for (number, line) in script.lines().enumerate() {
        let step = line.split('#').next().unwrap_or_default().trim();
        if !step.is_empty() {
            player.line = format!("line {}: {step}", number + 1);
            player.step(&step.split_whitespace().collect::<Vec<_>>());
        }
    }
    player.node.take().expect("a script has a node").stop_and_verify();
}

#[derive(Default)]
struct Player {
    chains: BTreeMap<String, Branch>,
    links: BTreeMap<String, Link>,
    /// When each peer last said something.
    said: BTreeMap<String, Instant>,
    node: Option<PeerNode>,
    /// The step at work, for what fails.
    line: String,
}

impl Player {
    fn step(&mut self, words: &[&str]) {
        match *words {
            ["chain", name, count] => self.chain(name, count, Branch::new(Spec::dev())),
            ["chain", name, count, "from", fork] => {
                let fork = self.branch(fork);
                self.chain(name, count, fork);
            }
            ["node", tip] => self.node = Some(PeerNode::with(&self.branch(tip))),
            ["N", "dials", peer] => self.dial(peer),
            ["N", "mines", name] => {
                let (node, chain) = (self.node.as_ref(), self.chains.get_mut(name).unwrap());
                let record = format!("mined {}", chain.height() + 1);
                chain.follow(&node.unwrap().mine(&record));
            }
            ["N", "tip", block] => self.node().until_tip(&self.hash(block)),
            ["N", "reorgs", count] => assert_eq!(self.node().reorgs().to_string(), count),
            [peer, "dials"] => self.open(peer, &[]),
            [peer, "dials", offered] => {
                self.open(peer, &offered.split(',').collect::<Vec<_>>());
            }
            [peer, "opens", tip] => {
                self.open(peer, &[]);
                let speaker = format!("{peer}>");
                self.step(&[speaker.as_str(), "0", &format!("1[{tip}]")]);
                self.step(&[format!("{peer}<").as_str(), "0", &format!("1[{tip}]")]);
            }
            [peer, "quiet"] => self.quiet(peer, QUIET),
            [peer, "quiet", millis] => {
                self.quiet(peer, Duration::from_millis(millis.parse().unwrap()));
            }
            [peer, "closed", code] => {
                let (came, said) = self.link(peer).closing(PATIENCE);
                assert_eq!(
                    came.map(|code| code.to_string()).as_deref(),
                    Some(code),
                    "{}",
                    self.line
                );
                assert_eq!(said, [], "{}", self.line);
            }
            [speaker, ..] if speaker.ends_with('>') => {
                let messages = self.messages(&words[1..]);
                let peer = speaker.trim_end_matches('>');
                self.said.insert(peer.to_owned(), Instant::now());
                self.link(peer).send_together(&messages);
            }
            [hearer, message, "after", millis] => {
                self.step(&[hearer, message]);
                let took = self.said[hearer.trim_end_matches('<')].elapsed();
                let least = Duration::from_millis(millis.parse().unwrap());
                assert!(took >= least, "{}: it came after {took:?}", self.line);
            }
            [hearer, ..] if hearer.ends_with('<') => {
                for expected in self.messages(&words[1..]) {
                    let line = self.line.clone();
                    let came = self.link(hearer.trim_end_matches('<')).next_within(PATIENCE);
                    let came = came.unwrap_or_else(|| panic!("{line}: {expected:?} never came"));
                    // Short in the message: a chain may have thousands of blocks.
                    assert!(came == expected, "{line}: {came:?} came for {expected:?}");
                }
            }
            _ => panic!("not a step: {}", self.line),
        }
    }

    fn chain(&mut self, name: &str, count: &str, base: Branch) {
        let chain = base.grow(name, count.parse().unwrap(), 1_000);
        self.chains.insert(name.to_owned(), chain);
    }

    fn open(&mut self, peer: &str, offered: &[&str]) {
        let link = Link::dial_offering(&self.node().url, offered).unwrap();
        self.links.insert(peer.to_owned(), link);
    }

    fn dial(&mut self, peer: &str) {
        let port = Port::open();
        let link = std::thread::scope(|scope| {
            // The node responds only once there is a link.
            let link = scope.spawn(|| port.accept());
            assert!(
                self.node().dial(&port.url()),
                "{}: {}",
                self.line,
                self.node().process().log()
            );
            link.join().unwrap()
        });
        self.links.insert(peer.to_owned(), link);
    }

    fn quiet(&mut self, peer: &str, time: Duration) {
        let came = self.link(peer).next_within(time);
        assert!(came.is_none(), "{}: {came:?} came", self.line);
    }

    fn node(&self) -> &PeerNode {
        self.node.as_ref().expect("a script starts its node first")
    }

    fn link(&mut self, peer: &str) -> &mut Link {
        self.links.get_mut(peer).unwrap_or_else(|| panic!("{}: no link", self.line))
    }

    /// What words such as `0`, `1[B2]`, `1[B2]..1[B9]` and `2[G..B9]` stand for.
    fn messages(&self, words: &[&str]) -> Vec<Message> {
        words.iter().flat_map(|word| self.message(word)).collect()
    }

    fn message(&self, word: &str) -> Vec<Message> {
        if word == "0" {
            return vec![Message::Ask];
        }
        let (kind, blocks) = word.trim_end_matches(']').split_once('[').expect("a message");
        match (kind, blocks.split_once("]..1[")) {
            ("1", Some((from, to))) => {
                let blocks = self.blocks(&format!("{from}..{to}"));
                blocks.into_iter().map(Message::Block).collect()
            }
            ("1", None) => self.blocks(blocks).into_iter().map(Message::Block).collect(),
            ("2", _) => vec![Message::Chain(self.blocks(blocks))],
            _ => panic!("not a message: {word}"),
        }
    }

    /// The blocks of a list of names and ranges.
    fn blocks(&self, list: &str) -> Vec<Value> {
        let ranges = list.split(',').flat_map(|part| {
            let (from, to) = part.split_once("..").unwrap_or((part, part));
            let (_, from) = self.place(from);
            let (chain, to) = self.place(to);
            (from..=to).map(|height| chain.json(height)).collect::<Vec<_>>()
        });
        let mut blocks: Vec<_> = ranges.collect();
        for block in &mut blocks {
            block.as_object_mut().unwrap().remove("difficulty");
        }
        blocks
    }

    /// The chain and height that a block's name means.
    fn place(&self, name: &str) -> (&Branch, usize) {
        if name == "G" {
            return (self.chains.values().next().expect("a chain"), 0);
        }
        let (chain, height) = name.split_at(1);
        (&self.chains[chain], height.parse().unwrap())
    }

    fn branch(&self, tip: &str) -> Branch {
        let (chain, height) = self.place(tip);
        chain.until(height)
    }

    fn hash(&self, block: &str) -> String {
        let (chain, height) = self.place(block);
        chain.hash(height)
    }
}
