//! The bytes on disk, pinned: a change here is a migration.

use proptest::prelude::*;

use super::*;
use crate::chain::Spec;

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

#[test]
fn keys_are_pinned() {
    let height = Height::new(0x0102);
    let id = BlockId { height, hash: Hash::new([0xab; 32]) };
    assert_eq!(hex(&block_key(height)), "620000000000000102");
    assert_eq!(hex(&tile_key(1, 2)), "74010000000000000002");
    assert_eq!(hex(&branch_key(id)), format!("0000000000000102{}", "ab".repeat(32)));
    let chunk = chunk_key(id, 3);
    assert_eq!(hex(&chunk), format!("0000000000000102{}0003", "ab".repeat(32)));
    assert_eq!(parse_branch_key(&branch_key(id)), Some(id));
    assert_eq!(height_of_block_key(&block_key(height)), Some(height));
    assert_eq!(height_of_block_key(b"spec"), None);
}

#[test]
fn a_block_value_is_hash_header_work_and_body() {
    let genesis = Spec::dev().genesis();
    let (header, hash) = (genesis.header(), genesis.hash());
    let body = encode_body(&["a".to_owned(), "\0é".to_owned()]).unwrap();
    assert_eq!(hex(&body), "0201610300c3a9".replace(' ', ""));
    let value = encode_block(&genesis.chain_header(), &body);
    let expected = format!("{hash}{}{:0>64}00{}", hex(&header.encode()), "2", hex(&body));
    assert_eq!(hex(&value), expected);
    let (stored, place) = decode_block(Height::GENESIS, &value).unwrap();
    assert_eq!(stored, genesis.chain_header());
    assert_eq!(place, BodyPlace::Inline(&body));
}

#[test]
fn a_large_body_leaves_its_length_behind() {
    let genesis = Spec::dev().genesis();
    let body = vec![7; INLINE_MAX + 1];
    let value = encode_block(&genesis.chain_header(), &body);
    assert_eq!(hex(&value[196..]), "0100001001");
    let (_, place) = decode_block(Height::GENESIS, &value).unwrap();
    assert_eq!(place, BodyPlace::Chunked(INLINE_MAX + 1));
}

#[test]
fn every_flipped_bit_of_a_block_value_is_noticed_or_harmless_to_its_block() {
    let genesis = Spec::dev().genesis();
    let body = encode_body(&genesis.block().records).unwrap();
    let value = encode_block(&genesis.chain_header(), &body);
    for position in 0..value.len() {
        let mut torn = value.clone();
        torn[position] ^= 1;
        if let Ok((stored, BodyPlace::Inline(body))) = decode_block(Height::GENESIS, &torn) {
            assert_eq!(stored.hash, genesis.hash());
            // The work and the body are checked by their sums and by the merkle root.
            assert!((164..196).contains(&position) || position > 196);
            let records = decode_body(Height::GENESIS, body);
            assert!(position < 196 || records.ok().as_ref() != Some(&genesis.block().records));
        }
    }
}

#[test]
fn an_intent_is_48_bytes() {
    let intent = Intent {
        fork: Height::new(1),
        tip: BlockId { height: Height::new(2), hash: Hash::new([3; 32]) },
    };
    let bytes = intent.encode();
    assert_eq!(hex(&bytes), format!("00000000000000010000000000000002{}", "03".repeat(32)));
    assert_eq!(Intent::decode(&bytes).unwrap(), intent);
    assert!(Intent::decode(&bytes[1..]).is_err());
}

#[test]
fn trailing_bytes_after_a_body_are_damage() {
    let mut body = encode_body(&["a".to_owned()]).unwrap();
    body.push(0);
    assert!(decode_body::<String>(Height::GENESIS, &body).is_err());
}

proptest! {
    #[test]
    fn bodies_come_back(records: Vec<String>) {
        let body = encode_body(&records).unwrap();
        prop_assert_eq!(decode_body::<&str>(Height::GENESIS, &body).unwrap(), &records[..]);
        prop_assert_eq!(decode_body::<String>(Height::GENESIS, &body).unwrap(), records);
    }

    #[test]
    fn any_bytes_are_a_value_or_an_error(bytes: Vec<u8>) {
        let _ = decode_body::<String>(Height::GENESIS, &bytes);
        prop_assert!(decode_block(Height::GENESIS, &bytes).is_err());
    }

    #[test]
    fn key_order_is_height_order(a: u64, b: u64) {
        let key = |height| block_key(Height::new(height));
        prop_assert_eq!(key(a).cmp(&key(b)), a.cmp(&b));
    }
}
