//! The byte layout: a change here is another chain.

use proptest::prelude::*;

use super::*;
use crate::chain::test_util::{any_block, cases};

/// Every field with bytes of its own.
fn header() -> Header {
    Header {
        version: 0x0102_0304,
        height: Height::new(0x1112_1314_1516_1718),
        timestamp: Timestamp::from_millis(0x2122_2324_2526_2728),
        previous_hash: Hash::new([0xaa; 32]),
        merkle_root: Hash::new([0xbb; 32]),
        history_root: Hash::new([0xcc; 32]),
        record_count: 0x3132_3334,
        bits: Bits::new(0x4142_4344),
        nonce: 0x5152_5354_5556_5758,
    }
}

#[test]
fn each_field_stands_at_its_offset_big_endian() {
    let bytes = header().encode();
    assert_eq!(bytes[..4], [1, 2, 3, 4]);
    assert_eq!(bytes[4..12], [0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18]);
    assert_eq!(bytes[12..20], [0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28]);
    assert_eq!(bytes[20..52], [0xaa; 32]);
    assert_eq!(bytes[52..84], [0xbb; 32]);
    assert_eq!(bytes[84..116], [0xcc; 32]);
    assert_eq!(bytes[116..120], [0x31, 0x32, 0x33, 0x34]);
    assert_eq!(bytes[120..124], [0x41, 0x42, 0x43, 0x44]);
    assert_eq!(bytes[124..], [0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58]);
}

#[test]
fn two_headers_that_a_concatenation_of_decimals_would_confuse_hash_apart() {
    let at =
        |height, bits| Header { height: Height::new(height), bits: Bits::new(bits), ..header() };
    assert_ne!(at(1, 12).hash(), at(11, 2).hash());
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn any_132_bytes_are_one_header(bytes in proptest::collection::vec(any::<u8>(), HEADER_BYTES)) {
        let bytes: [u8; HEADER_BYTES] = bytes.try_into().unwrap();
        prop_assert_eq!(Header::decode(&bytes).encode(), bytes);
    }

    #[test]
    fn what_is_encoded_is_decoded(block in any_block()) {
        prop_assert_eq!(Header::decode(&block.header.encode()), block.header);
    }

    #[test]
    fn any_flipped_bit_changes_the_hash(block in any_block(), bit in 0..HEADER_BYTES * 8) {
        let mut bytes = block.header.encode();
        bytes[bit / 8] ^= 1 << (bit % 8);
        prop_assert_ne!(Header::decode(&bytes).hash(), block.header.hash());
    }
}
