//! The tree against RFC 6962's recursive definition and published roots.

use proptest::prelude::*;

use super::*;
use crate::chain::root;
use crate::chain::test_util::{any_hash, any_text, cases, leaves, naive_root};

/// The leaves of Certificate Transparency's reference tests.
const LEAVES: [&[u8]; 8] = [
    b"",
    b"\0",
    b"\x10",
    b"\x20\x21",
    b"\x30\x31",
    b"\x40\x41\x42\x43",
    b"\x50\x51\x52\x53\x54\x55\x56\x57",
    b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
];

/// The roots over the first 0 to 8 of them.
const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

#[test]
fn the_roots_are_those_of_certificate_transparency() {
    for (count, expected) in ROOTS.iter().enumerate() {
        let root = root(LEAVES[..count].iter().map(|leaf| leaf_hash(leaf)));
        assert_eq!(root.to_string(), *expected, "{count} leaves");
    }
}

#[test]
fn an_empty_tree_is_the_hash_of_nothing_and_not_zeros() {
    assert_eq!(empty_root().to_string(), ROOTS[0]);
    assert_eq!(root([]), empty_root());
}

#[test]
fn every_size_up_to_300_has_the_recursive_root() {
    let leaves = leaves(300);
    for count in 0..=leaves.len() {
        let first = &leaves[..count];
        assert_eq!(root(first.iter().copied()), naive_root(first), "{count} leaves");
    }
}

proptest! {
    #![proptest_config(cases(128))]

    #[test]
    fn any_leaves_have_the_recursive_root(leaves in proptest::collection::vec(any_hash(), 0..80)) {
        prop_assert_eq!(root(leaves.iter().copied()), naive_root(&leaves));
    }

    #[test]
    fn records_are_leaves_by_their_utf8_bytes(
        records in proptest::collection::vec(any_text(), 0..20),
    ) {
        let leaves: Vec<_> = records
            .iter()
            .map(|record| Hash::new(Sha256::digest([b"\0", record.as_bytes()].concat()).into()))
            .collect();
        prop_assert_eq!(crate::chain::merkle_root(&records), naive_root(&leaves));
    }

    #[test]
    fn a_leaf_is_never_taken_for_a_node(left in any_hash(), right in any_hash()) {
        let both = [left.as_bytes().as_slice(), right.as_bytes()].concat();
        prop_assert_ne!(leaf_hash(&both), node_hash(&left, &right));
    }
}
