//! What is printed of records.

use super::*;

#[test]
fn a_record_in_a_block_names_it() {
    let record = json!({"id":"aa","state":"included","data":"x\u{1b}[2J","height":7,"blockHash":"bb",
        "index":2,"time":1_700_000_000_000_u64,"confirmations":3});
    let expected = "\
record  aa
state   included
block   7 bb
index   2, 3 confirmations
time    2023-11-14T22:13:20.000Z
data    x\\u{1b}[2J";
    assert_eq!(lines(&record), expected);
    let pending = json!({"id":"aa","state":"pending","data":"x","height":null,"time":null});
    assert_eq!(lines(&pending), "record  aa\nstate   pending\ndata    x");
}

#[test]
fn the_list_shows_the_beginning_of_each_record() {
    let records = [json!({"id":"aa","data":"y".repeat(100),"waitSeconds":5})];
    let shown = format!("pending  1\n  aa\n    5 s  {}", "y".repeat(60));
    assert_eq!(listing(&records), shown);
    assert_eq!(listing(&[]), "pending  0");
}
