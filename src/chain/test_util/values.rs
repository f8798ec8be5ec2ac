//! What the tests of this layer share beside blocks: one seed, values to draw, and the hash tree
//! written down naively.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use ruint::aliases::U256;
use sha2::{Digest, Sha256};

use crate::chain::{Bits, Block, Hash, Header, Height, MAX_SAFE_INTEGER, Target, Timestamp};

pub(in crate::chain) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

/// The same cases in every run. `PROPTEST_CASES` asks for more of them; a failing
/// case is kept under `proptest-regressions`.
pub(in crate::chain) fn cases(cases: u32) -> ProptestConfig {
    let usual = ProptestConfig::default();
    // The variable scales all properties alike, from proptest's own default of 256.
    let cases = u64::from(cases) * u64::from(usual.cases) / 256;
    let cases = u32::try_from(cases.max(1)).unwrap();
    ProptestConfig { cases, rng_seed: RngSeed::Fixed(0x6a65_6e6e_7900_0001), ..usual }
}

pub(in crate::chain) fn any_hash() -> impl Strategy<Value = Hash> {
    any::<[u8; 32]>().prop_map(Hash::new)
}

/// Targets of every length in bits alike, and the ends of the range.
pub(in crate::chain) fn any_target() -> impl Strategy<Value = Target> {
    let value = (any::<[u8; 32]>(), 0..256_usize)
        .prop_map(|(bytes, shift)| U256::from_be_bytes(bytes) >> shift);
    prop_oneof![8 => value, 1 => Just(U256::MAX), 1 => (1..=0x1_0000_u64).prop_map(U256::from)]
        .prop_filter_map("zero is no target", Target::new)
}

/// The compact form of targets of every length.
pub(in crate::chain) fn any_bits() -> impl Strategy<Value = Bits> {
    any_target().prop_map(Target::to_bits)
}

/// Any Unicode text, control characters included.
pub(in crate::chain) fn any_text() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        4 => any::<char>(),
        2 => (0_u8..0x80).prop_map(char::from),
        1 => Just('\0'),
        1 => Just('\u{10ffff}'),
    ];
    proptest::collection::vec(character, 0..12).prop_map(String::from_iter)
}

/// Texts as the records of a block.
pub(in crate::chain) fn records(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

/// A block that JSON can carry, whatever the rules say of it.
pub(in crate::chain) fn any_block() -> impl Strategy<Value = Block> {
    let safe = || prop_oneof![0..=MAX_SAFE_INTEGER, Just(MAX_SAFE_INTEGER), 0..10_u64];
    let numbers = (any::<u32>(), safe(), safe(), any::<u32>(), safe());
    let hashes = (any_hash(), any_hash(), any_hash());
    let records = proptest::collection::vec(any_text(), 0..5);
    (numbers, hashes, records).prop_map(|(numbers, hashes, records)| {
        let (version, height, timestamp, bits, nonce) = numbers;
        let (previous_hash, merkle_root, history_root) = hashes;
        let header = Header {
            version,
            height: Height::new(height),
            timestamp: Timestamp::from_millis(timestamp),
            previous_hash,
            merkle_root,
            history_root,
            record_count: u32::try_from(records.len()).unwrap(),
            bits: Bits::new(bits),
            nonce,
        };
        Block { header, records }
    })
}

/// Distinct leaf hashes.
pub(in crate::chain) fn leaves(count: usize) -> Vec<Hash> {
    (0..count).map(|index| Hash::new(Sha256::digest(index.to_be_bytes()).into())).collect()
}

/// RFC 6962 section 2.1 as it is written, from the leaf hashes up.
pub(in crate::chain) fn naive_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Hash::new(Sha256::digest(b"").into()),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(naive_split(leaves.len()));
            let (left, right) = (naive_root(left), naive_root(right));
            let bytes = [&[1], left.as_bytes().as_slice(), right.as_bytes()].concat();
            Hash::new(Sha256::digest(bytes).into())
        }
    }
}

/// Largest power of two smaller than `count`, by trying them.
pub(in crate::chain) fn naive_split(count: usize) -> usize {
    (0..usize::BITS).map(|power| 1 << power).take_while(|&size| size < count).last().unwrap()
}
