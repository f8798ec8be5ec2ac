//! The store alone, killed between a group's inserts and its flush, while later groups are
//! inserted during that flush, in reorgs and their steps, while pruning, indexing, closing
//! and opening.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use jenny_chain::chain::{BlockId, Hash, Height, leaf_hash};
use jenny_chain::store::{Opened, RecordPlace, View, open};

use super::rounds::rounds;
use super::worker::{command, options};
use crate::process::{open_here, spawn};

/// What must be on the main chain, by what the killed processes said.
#[derive(Debug, Default)]
struct Acknowledged {
    chain: BTreeMap<Height, Hash>,
    /// Blocks that a reorg disconnected.
    disconnected: BTreeSet<Hash>,
    /// A reorg that was begun and may or may not have been done.
    begun: Option<(Height, Height, Hash)>,
}

impl Acknowledged {
    fn hear(&mut self, line: &str) {
        let words: Vec<_> = line.split(' ').collect();
        let height = |text: &str| Height::new(text.parse().unwrap());
        match words.as_slice() {
            ["extended", at, hash] => {
                self.chain.insert(height(at), hash.parse().unwrap());
            }
            ["reorganising", fork, at, hash] => {
                self.begun = Some((height(fork), height(at), hash.parse().unwrap()));
            }
            ["reorged", fork, at, hash] => {
                self.begun = None;
                self.reorg(height(fork), height(at), hash.parse().unwrap());
            }
            // The test runner's own words.
            _ => {}
        }
    }

    fn reorg(&mut self, fork: Height, height: Height, hash: Hash) {
        let disconnected = self.chain.split_off(&fork.next());
        self.disconnected.extend(disconnected.into_values());
        self.chain.insert(height, hash);
    }
}

#[test]
fn no_durable_block_is_lost_by_a_store_killed_at_any_moment() {
    let directory = tempfile::tempdir().unwrap();
    let mut acknowledged = Acknowledged::default();
    let (mut reorgs, mut extended) = (0, 0);
    rounds(|round, random| {
        let mut child = spawn(&mut command(directory.path(), random.within(0, u64::MAX)));
        let out = BufReader::new(child.stdout.take().unwrap());
        let (say, lines) = channel();
        let listener = thread::spawn(move || {
            out.lines().map_while(Result::ok).for_each(|line| drop(say.send(line)));
        });
        let mut heard = Vec::new();
        if round == 0 {
            // Whatever the machine's load: later rounds kill a store that has something to lose.
            heard = hear_a_reorg(&lines);
        }
        thread::sleep(random.delay(Duration::from_millis(500)));
        child.kill().unwrap();
        child.wait().unwrap();
        listener.join().unwrap();
        heard.extend(lines.try_iter());
        for line in heard {
            reorgs += u64::from(line.starts_with("reorged"));
            extended += u64::from(line.starts_with("extended"));
            acknowledged.hear(&line);
        }

        let _open = open_here();
        let opened = open(directory.path(), &options(), &mut |_| ()).unwrap();
        opened.reader.check_all(&mut |_| true).unwrap();
        let view = opened.reader.view();
        if let Some((fork, height, hash)) = acknowledged.begun.take()
            && stands(&view, height, hash)
        {
            acknowledged.reorg(fork, height, hash);
        }
        check(&opened, &view, &acknowledged);
        check_index(&view);
        let tip = view.tip().header.height;
        println!("round {round}: height {tip}, {extended} blocks and {reorgs} reorgs acknowledged");
    });
    assert!(extended > 0 && reorgs > 0, "{extended} blocks and {reorgs} reorgs were acknowledged");
    assert!(!acknowledged.disconnected.is_empty(), "no reorg disconnected a block");
}

/// What the store says until it has acknowledged a reorg that disconnected a block of its own.
fn hear_a_reorg(lines: &Receiver<String>) -> Vec<String> {
    const PATIENCE: Duration = Duration::from_secs(60);
    let mut heard: Vec<String> = Vec::new();
    loop {
        let line = lines.recv_timeout(PATIENCE).expect("no reorg was acknowledged");
        let ends =
            line.starts_with("reorged") && heard.iter().any(|line| line.starts_with("extended"));
        heard.push(line);
        if ends {
            return heard;
        }
    }
}

fn stands(view: &View, height: Height, hash: Hash) -> bool {
    view.header(height).unwrap().is_some_and(|header| header.hash == hash)
}

fn check(opened: &Opened, view: &View, acknowledged: &Acknowledged) {
    for (&height, &hash) in &acknowledged.chain {
        assert!(stands(view, height, hash), "block {height} {hash} is lost");
    }
    assert_eq!(opened.reader.tip(), view.tip());
}

/// What counts as indexed is found by the index.
fn check_index(view: &View) {
    for height in (0..=view.indexed().get()).map(Height::new) {
        let block = view.block(height).unwrap().unwrap();
        let id = BlockId { height, hash: block.hash };
        assert_eq!(view.find_indexed_block(&id.hash).unwrap(), Some(id));
        for (position, record) in (0..).zip(&block.records) {
            let id = leaf_hash(record.as_bytes());
            let places = view.indexed_places(&id, None).unwrap();
            assert!(places.contains(&RecordPlace { height, position }), "block {height}");
        }
    }
}
