//! The miner's shortcut against the plain hash.

use proptest::prelude::*;

use super::*;
use crate::chain::test_util::{any_block, cases};

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn the_shortcut_is_the_header_hash(block in any_block(), attempts: [u32; 4]) {
        let mut midstate = Midstate::of(&block.header);
        for low in attempts.into_iter().chain([0, u32::MAX]) {
            let nonce = block.header.nonce & !0xffff_ffff | u64::from(low);
            let header = Header { nonce, ..block.header };
            prop_assert_eq!(midstate.hash(low), header.hash());
        }
    }

    #[test]
    fn the_low_half_of_the_given_nonce_does_not_matter(block in any_block(), low: u32) {
        let nonce = block.header.nonce & !0xffff_ffff | u64::from(low);
        let other = Header { nonce, ..block.header };
        prop_assert_eq!(Midstate::of(&other).hash(7), Midstate::of(&block.header).hash(7));
    }

    #[test]
    fn the_high_half_of_the_nonce_does(block in any_block(), high in 1_u64..1 << 32) {
        let other = Header { nonce: block.header.nonce ^ high << 32, ..block.header };
        prop_assert_ne!(Midstate::of(&other).hash(7), Midstate::of(&block.header).hash(7));
    }
}
