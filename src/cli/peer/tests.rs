//! Tests.

use super::*;

#[test]
fn the_lists_fit_a_terminal_and_hold_nothing_that_moves_its_cursor() {
    let error = "a reason of many words that is much longer than what fits into one line of text";
    let links = json!([{"address":"192.0.2.1:7545","direction":"dialled","dialect":"seed",
        "agent":"x\u{1b}[2J\u{9b}","tip":{"height":7,"hash":null}}]);
    let known = json!([
        {"address":"ws://typo.invalid:7545","origin":"remembered","linked":false,"failures":3,
         "lastSuccess":null,"lastError":error,"nextTry":1_700_000_000_000_u64},
        {"address":"ws://192.0.2.1:7545","origin":"named","linked":true,"failures":1,
         "lastSuccess":1_700_000_000_000_u64,"lastError":null,"nextTry":null},
    ]);
    let bans = json!([{"address":"192.0.2.9","until":1_700_000_000_000_u64,"reason":"why"}]);
    let expected = "\
links  1
  192.0.2.1:7545
    dialled, seed, height 7, x\\u{1b}[2J\\u{9b}
known  2
  ws://typo.invalid:7545
    remembered, 3 failures, next try 2023-11-14T22:13:20.000Z, a reason of many
    words that is much longer than what fits into one line of text
  ws://192.0.2.1:7545
    named, linked, last linked 2023-11-14T22:13:20.000Z, 1 failure
bans   1
  192.0.2.9
    until 2023-11-14T22:13:20.000Z, why";
    assert_eq!(lines(&links, &known, &bans), expected);
}

#[test]
fn an_address_is_one_segment_of_a_path() {
    let path = named("/v1/peers", "ws://[::1]:7545/é?");
    assert_eq!(path, "/v1/peers/ws%3A%2F%2F%5B%3A%3A1%5D%3A7545%2F%C3%A9%3F");
}

#[test]
fn a_ban_says_no_more_than_was_given() {
    let address = "192.0.2.1".parse().unwrap();
    assert_eq!(ban(address, None, None), r#"{"address":"192.0.2.1"}"#);
    let full: Value = serde_json::from_str(&ban(address, Some(5), Some("why"))).unwrap();
    assert_eq!(full, json!({"address":"192.0.2.1","seconds":5,"reason":"why"}));
}
