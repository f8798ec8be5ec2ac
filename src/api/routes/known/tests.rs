//! Tests.

use super::*;
use crate::node::DialError;

fn written(address: &str, last_success: u64, learned: bool) -> KnownPeer {
    KnownPeer { address: address.to_owned(), last_success, failures: 3, learned }
}

#[test]
fn what_is_dialled_and_what_is_written_down_is_one_list() {
    let dialled = |address: &str, is_named| DialledPeer {
        address: address.to_owned(),
        is_named,
        is_linked: false,
        failures: 1,
        last_error: Some(DialError::unreached("connection refused")),
        next_try: Some(Timestamp::from_millis(9)),
    };
    let book = vec![written("c", 5, false), written("no address", 0, false), written("a", 0, true)];
    let listed = merge(vec![dialled("a", false), dialled("b", true), dialled("c", false)], book);
    let expected = serde_json::json!([
        {"address":"a","origin":"learned","linked":false,"lastSuccess":null,"failures":1,
         "lastError":"connection refused","nextTry":9},
        {"address":"b","origin":"named","linked":false,"lastSuccess":null,"failures":1,
         "lastError":"connection refused","nextTry":9},
        {"address":"c","origin":"remembered","linked":false,"lastSuccess":5,"failures":1,
         "lastError":"connection refused","nextTry":9},
        {"address":"no address","origin":"remembered","linked":false,"lastSuccess":null,
         "failures":3,"lastError":null,"nextTry":null},
    ]);
    assert_eq!(serde_json::to_value(&listed).unwrap(), expected);
}
