//! Which addresses an allow-list has.

use super::{AllowList, AllowListError};

fn allows(entries: &[&str], address: &str) -> bool {
    AllowList::parse(entries).unwrap().allows(address.parse().unwrap())
}

#[test]
fn a_list_allows_its_networks_and_an_empty_one_all() {
    assert!(allows(&[], "192.0.2.1"));
    let list = ["10.1.0.0/16", " 192.0.2.7 ", "2001:db8::/32"];
    for (address, is_allowed) in [
        ("10.1.255.1", true),
        ("::ffff:10.1.2.3", true),
        ("10.2.0.1", false),
        ("192.0.2.7", true),
        ("192.0.2.8", false),
        ("2001:db8:1::1", true),
        ("2001:db9::1", false),
        ("127.0.0.1", false),
    ] {
        assert_eq!(allows(&list, address), is_allowed, "{address}");
    }
    assert!(allows(&["0.0.0.0/0"], "192.0.2.1") && !allows(&["0.0.0.0/0"], "2001:db8::1"));
}

#[test]
fn an_entry_that_matches_nothing_is_refused() {
    for entry in ["", "node.example", "10.0.0.0/33", "10.0.0.1:7545"] {
        let error = AllowList::parse(&[entry]).unwrap_err();
        assert!(matches!(error, AllowListError::Malformed(_)), "{entry}");
    }
    let error = AllowList::parse(&["::ffff:10.0.0.0/104"]).unwrap_err();
    assert!(matches!(error, AllowListError::Mapped(_)));
    let error = AllowList::parse(&vec!["10.0.0.1"; 257]).unwrap_err();
    assert_eq!(error, AllowListError::TooMany(257));
}
