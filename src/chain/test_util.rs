//! Specs and blocks for tests and benchmarks: the feature `test-util`, which no release build has.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by panicking")]
#![cfg_attr(
    not(test),
    expect(clippy::arithmetic_side_effects, reason = "a test that overflows fails")
)]

#[cfg(test)]
mod hashes;
#[cfg(test)]
mod values;

use super::{
    Block, Consistency, Hash, Header, Height, Receipt, Spec, Timestamp, TipState, ValidBlock,
    consistency_proof, inclusion_path, leaf_hash,
};
#[cfg(test)]
pub(crate) use hashes::counted;
#[cfg(test)]
pub(super) use hashes::{count_header, count_merkle_root};
#[cfg(test)]
pub(super) use values::*;

/// Returns the `dev` spec with other values, each written as in JSON: `("retarget_window", "10")`.
///
/// # Panics
/// If a key is unknown or the values are no spec.
pub fn spec_with(changes: &[(&str, &str)]) -> Spec {
    let mut text = Spec::dev().canonical_text();
    for (key, value) in changes {
        text = with_value(&text, key, value);
    }
    Spec::parse(&text).unwrap()
}

/// Returns a flat JSON object with another value under `key`.
///
/// # Panics
/// If the key is missing.
pub fn with_value(json: &str, key: &str, value: &str) -> String {
    let key = format!("\"{key}\":");
    let start = json.find(&key).unwrap() + key.len();
    let end = start + json[start..].find([',', '}']).unwrap();
    format!("{}{value}{}", &json[..start], &json[end..])
}

/// Returns a chain on which no block is found within a test: its target is 1.
pub fn hopeless() -> Spec {
    spec_with(&[("name", "\"hopeless\""), ("pow_limit_bits", "\"01010000\"")])
}

/// Sets the lowest nonce from the present one up with which the header's target is met, or is not.
///
/// # Panics
/// If the header has no valid target.
pub fn seal(header: &mut Header, is_met: bool) {
    let target = header.bits.target().unwrap();
    while target.is_met_by(&header.hash()) != is_met {
        header.nonce += 1;
    }
}

/// Returns the header of the next block on `tip`, with the lowest nonce that meets its target.
/// Its timestamp is `now`, or the parent's if that is later.
pub fn mine_header(spec: &Spec, tip: &TipState, records: &[String], now: Timestamp) -> Header {
    let mut header = tip.template(spec, records, now);
    seal(&mut header, true);
    header
}

/// Mines the next block on `tip`, as [`mine_header`] does.
///
/// # Panics
/// If the records break a rule.
pub fn mine(spec: &Spec, tip: &TipState, records: Vec<String>, now: Timestamp) -> ValidBlock {
    let header = mine_header(spec, tip, &records, now);
    tip.check_block(spec, Block { header, records }, header.timestamp).unwrap()
}

/// Mines the next block, `step` milliseconds after its parent, and moves `tip` on to it.
///
/// # Panics
/// If the records break a rule.
pub fn extend(spec: &Spec, tip: &mut TipState, records: Vec<String>, step: u64) -> ValidBlock {
    let block = mine(spec, tip, records, tip.header().timestamp.plus_millis(step));
    tip.extend(&block);
    block
}

/// Returns a chain from genesis on with these records in the blocks above it, `step` milliseconds
/// apart.
pub fn chain(spec: &Spec, bodies: &[&[&str]], step: u64) -> Vec<Block> {
    let mut tip = TipState::genesis(spec);
    let mut blocks = vec![spec.genesis().into_block()];
    for body in bodies {
        let records = body.iter().map(|&record| record.to_owned()).collect();
        blocks.push(extend(spec, &mut tip, records, step).into_block());
    }
    blocks
}

/// Returns the receipt for a record of a chain that is given from genesis on.
///
/// # Panics
/// If there is no such record, or the tip is below it.
pub fn receipt(chain: &[Block], height: usize, index: usize, tip: usize) -> Receipt {
    let block = &chain[height];
    let records: Vec<_> = block.records.iter().map(|record| leaf_hash(record.as_bytes())).collect();
    let history = &history(chain)[..tip];
    let path = |height| inclusion_path(history, height).unwrap_or_default();
    Receipt {
        chain_id: chain[0].header.hash(),
        record: block.records[index].clone(),
        record_index: index as u64,
        record_path: inclusion_path(&records, index).unwrap(),
        header: block.header,
        block_path: path(height),
        tip: chain[tip].header,
        genesis_path: path(0),
    }
}

/// Returns the proof between two histories of a chain that is given from genesis on.
///
/// # Panics
/// If there are no such blocks, or `from` is above `to`.
pub fn consistency(chain: &[Block], from: usize, to: usize) -> Consistency {
    Consistency {
        from: chain[from].header.height,
        from_root: chain[from].header.history_root,
        header: chain[to].header,
        proof: consistency_proof(&history(chain)[..to], from).unwrap(),
    }
}

fn history(chain: &[Block]) -> Vec<Hash> {
    chain.iter().map(|block| leaf_hash(block.header.hash().as_bytes())).collect()
}

/// Headers without end on top of a block: each is mined as it is taken, and only the last is kept.
#[derive(Clone, Debug)]
pub struct Headers {
    /// The state after the last header taken.
    pub tip: TipState,
    spec: Spec,
    records: Vec<String>,
    step: u64,
}

impl Headers {
    /// Returns headers above `tip`, `step` milliseconds apart, that all commit to these records.
    pub fn above(spec: &Spec, tip: TipState, records: Vec<String>, step: u64) -> Self {
        Self { spec: spec.clone(), tip, records, step }
    }
}

impl Iterator for Headers {
    type Item = Header;

    fn next(&mut self) -> Option<Header> {
        let now = self.tip.header().timestamp.plus_millis(self.step);
        let header = mine_header(&self.spec, &self.tip, &self.records, now);
        let valid = self.tip.check_next(&self.spec, &header, now).unwrap();
        self.tip.extend_header(&valid);
        Some(header)
    }
}

/// A branch that grows in memory.
#[derive(Clone, Debug)]
pub struct Branch {
    /// The chain's rules.
    pub spec: Spec,
    /// The state after the last block.
    pub tip: TipState,
    /// The blocks above where the branch begins.
    pub blocks: Vec<Block>,
}

impl Branch {
    /// Returns a branch that begins at genesis.
    pub fn from_genesis(spec: &Spec) -> Self {
        Self::from(spec, TipState::genesis(spec))
    }

    /// Returns a branch of the chain `dev` that begins at genesis.
    pub fn dev() -> Self {
        Self::from_genesis(&Spec::dev())
    }

    /// Returns a branch that begins at `tip`.
    pub fn from(spec: &Spec, tip: TipState) -> Self {
        Self { spec: spec.clone(), tip, blocks: Vec::new() }
    }

    /// Adds `count` blocks of one record that names them.
    pub fn grow(&mut self, count: u64, name: &str) -> &mut Self {
        self.grow_with(count, |height| vec![format!("{name} {height}")])
    }

    /// Adds `count` blocks with the records that `records` returns for their heights.
    pub fn grow_with(&mut self, count: u64, records: impl Fn(Height) -> Vec<String>) -> &mut Self {
        for _ in 0..count {
            self.add(records(self.tip.height().next()), self.tip.header().timestamp);
        }
        self
    }

    /// Returns a longer branch, grown as by [`Branch::grow`].
    #[must_use]
    pub fn grown(&self, count: u64, name: &str) -> Self {
        let mut branch = self.clone();
        branch.grow(count, name);
        branch
    }

    /// Adds a block with the timestamp `time`, or its parent's if that is later.
    pub fn add(&mut self, records: Vec<String>, time: Timestamp) -> Hash {
        let block = mine(&self.spec, &self.tip, records, time);
        self.tip.extend(&block);
        let hash = block.hash();
        self.blocks.push(block.into_block());
        hash
    }
}
