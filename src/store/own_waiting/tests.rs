//! What is counted of own records that wait.

use super::*;
use crate::chain::leaf_hash;

#[test]
fn each_record_is_charged_once_and_one_that_waits_already_always_fits() {
    let id = |text: &str| leaf_hash(text.as_bytes());
    let mut waiting = OwnWaiting::within(WaitingBounds { records: 3, bytes: 200 });
    for _ in 0..3 {
        waiting.count(id("a"), "a");
    }
    assert_eq!(waiting.add(id("a"), "a"), Ok(false));
    assert_eq!(waiting.add(id("b"), "b"), Ok(true), "64 bytes each, however short");
    let long = "x".repeat(41);
    assert!(waiting.add(id(&long), &long).is_err(), "128 and 73 bytes");
    let fitting = "x".repeat(40);
    assert_eq!(waiting.add(id(&fitting), &fitting), Ok(true));
    assert!(waiting.add(id("c"), "c").is_err(), "a fourth record");
    waiting.count(id("d"), "d");
    assert_eq!(waiting.add(id("d"), "d"), Ok(false));
}

#[test]
fn the_error_names_the_bounds() {
    let text = TooManyWaiting(WaitingBounds::OF_A_DATABASE).to_string();
    assert!(text.ends_with("more than 400000 pending records, or 256 MiB of them"), "{text}");
}
