//! Tests of what is said of a panic.

use super::*;

#[test]
fn a_panic_is_told_whatever_it_was_given() {
    assert_eq!(message(&"a text"), "a text");
    assert_eq!(message(&"an owned text".to_owned()), "an owned text");
    assert_eq!(message(&7), "no message");
}
