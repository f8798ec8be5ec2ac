//! The one text form of a hash.

use proptest::prelude::*;

use super::*;
use crate::chain::test_util::{any_hash, cases, hex};

const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

#[test]
fn hex_is_in_natural_byte_order() {
    let hash: Hash = ABC.parse().unwrap();
    assert_eq!(hash.as_bytes()[..4], [0xba, 0x78, 0x16, 0xbf]);
    assert_eq!(hash.to_string(), ABC);
    assert_eq!(format!("{hash:?}"), format!("Hash({ABC})"));
}

#[test]
fn the_zero_hash_is_zeros() {
    assert_eq!(Hash::ZERO.to_string(), "0".repeat(64));
    assert_eq!(Hash::default(), Hash::ZERO);
}

#[test]
fn other_texts_are_refused() {
    let shorter = &ABC[1..];
    for text in [
        String::new(),
        shorter.to_owned(),
        format!("{ABC}0"),
        ABC.to_uppercase(),
        format!("B{shorter}"),
        format!("g{shorter}"),
        format!(" {shorter}"),
        format!("+{shorter}"),
        format!("0x{}", &ABC[2..]),
        // 64 bytes, but not 64 digits.
        format!("é{}", &ABC[2..]),
    ] {
        assert_eq!(text.parse::<Hash>(), Err(ParseHashError), "{text}");
    }
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn what_is_shown_is_read_back(hash in any_hash()) {
        let shown = hash.to_string();
        prop_assert_eq!(&shown, &hex(hash.as_bytes()));
        prop_assert_eq!(shown.parse(), Ok(hash));
    }
}
