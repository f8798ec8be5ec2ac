//! A chain made straight in a database: mined and stored without a node.

use std::fmt::Write as _;
use std::path::Path;

use jenny_chain::chain::{Spec, Timestamp, TipState, ValidBlock, test_util};
use jenny_chain::store::{Options, open};

/// Blocks of a group that one flush makes durable.
const GROUP: u64 = 1_000;

/// Stores a `dev` chain of this many blocks, each with `records` records of `bytes` bytes.
pub(crate) fn store(directory: &Path, blocks: u64, records: usize, bytes: usize) {
    let spec = Spec::dev();
    let options = Options { chain: Some(spec.clone()), ..Options::default() };
    let mut opened = open(directory, &options, &mut |_| {}).unwrap();
    let mut state = TipState::genesis(&spec);
    for height in 1..=blocks {
        let block = mine(&spec, &state, height, records, bytes);
        opened.writer.append(&block).unwrap();
        state.extend(&block);
        if height % GROUP == 0 || height == blocks || bytes > 4_096 && height % 8 == 0 {
            opened.writer.commit().unwrap();
        }
    }
}

fn mine(spec: &Spec, state: &TipState, height: u64, records: usize, bytes: usize) -> ValidBlock {
    let records: Vec<_> = (0..records).map(|place| record(height, place, bytes)).collect();
    let now = Timestamp::from_millis(1_700_000_000_000 + height);
    test_util::mine(spec, state, records, now)
}

/// The record at this place of a block: hardly compressible, and different from all others.
pub(crate) fn record(height: u64, place: usize, bytes: usize) -> String {
    let mut seed = height.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ place as u64;
    let mut text = String::with_capacity(bytes + 16);
    while text.len() < bytes {
        seed = seed.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        write!(text, "{seed:016x}").unwrap();
    }
    text.truncate(bytes);
    text
}
