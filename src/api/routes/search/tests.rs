//! Tests.

use super::*;

#[test]
fn a_text_may_be_a_height_and_digits_of_a_hash() {
    let hash = "00".repeat(32);
    for (text, height, is_hash, is_pattern) in [
        ("0", true, false, false),
        ("123", true, false, false),
        ("12345", true, false, true),
        ("0000abcd", false, false, true),
        ("abcd..1234", false, false, true),
        (&hash, false, true, false),
    ] {
        let wanted = Wanted::parse(text).unwrap();
        assert_eq!(wanted.height.is_some(), height, "{text}");
        assert_eq!((wanted.hash.is_some(), wanted.pattern.is_some()), (is_hash, is_pattern));
    }
    let long = format!("{hash}..0");
    for text in ["", "abc", "0000abc", "ABCD", "1e3", "0x10", "some text", "-1", &long] {
        assert_eq!(Wanted::parse(text), None, "{text}");
    }
}
