//! What a client makes of the events that it receives.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Position;
use crate::chain::{ValidBlock, leaf_hash};
use crate::node::StoredBlock;

/// A chain that is kept by events alone.
#[derive(Default)]
pub(super) struct Replay {
    hashes: Vec<String>,
    /// Block, index and id.
    records: BTreeSet<(String, u64, String)>,
}

/// The events of a text, each whole.
pub(super) fn events(text: &str) -> Vec<String> {
    text.split_inclusive("\n\n").map(str::to_owned).collect()
}

impl Replay {
    /// Takes one event. Returns its position.
    pub(super) fn take(&mut self, event: &str) -> Position {
        let field = |name: &str| {
            let line = event.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_else(|| panic!("no {name} in {event}"))
        };
        let data: Value = serde_json::from_str(field("data: ")).unwrap();
        let text = |key: &str| data[key].as_str().unwrap().to_owned();
        match field("event: ") {
            "block.connected" => {
                assert_eq!(data["height"], self.hashes.len());
                if let Some(last) = self.hashes.last() {
                    assert_eq!(text("previousHash"), *last);
                }
                self.hashes.push(text("hash"));
            }
            "block.disconnected" => {
                assert_eq!(self.hashes.pop(), Some(text("hash")));
                self.records.retain(|(block, _, _)| *block != text("hash"));
            }
            "record.included" => {
                assert_eq!(Some(&text("blockHash")), self.hashes.last());
                let index = data["index"].as_u64().unwrap();
                assert!(self.records.insert((text("blockHash"), index, text("id"))), "twice");
            }
            other => panic!("{other}"),
        }
        Position::parse(field("id: ")).unwrap()
    }

    /// Panics unless this is the chain.
    pub(super) fn assert_is(&self, genesis: &ValidBlock, above: &[StoredBlock]) {
        let genesis = (genesis.hash(), &genesis.block().records);
        let above = above.iter().map(|block| (block.hash, &block.records));
        let blocks: Vec<_> = std::iter::once(genesis).chain(above).collect();
        let hashes: Vec<_> = blocks.iter().map(|(hash, _)| hash.to_string()).collect();
        assert_eq!(self.hashes, hashes);
        let records = blocks.iter().flat_map(|(hash, records)| {
            (0..).zip(*records).map(|(index, record)| {
                (hash.to_string(), index, leaf_hash(record.as_bytes()).to_string())
            })
        });
        assert_eq!(self.records, records.collect());
    }
}
