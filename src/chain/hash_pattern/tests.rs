//! Tests.

use super::*;

const TEXT: &str = "0000951e80830e50c655a00f321c956a47e7caa7e91ad7044193ae30783acaa8";

fn pattern(text: &str) -> Result<HashPattern, HashPatternError> {
    text.parse()
}

#[test]
fn a_pattern_is_what_a_hash_begins_with_and_perhaps_its_end() {
    let hash: Hash = TEXT.parse().unwrap();
    for (text, matches) in [
        ("0000951e", true),
        (TEXT, true),
        ("00000951e", false),
        ("951e80", false),
        ("0000951e..3acaa8", true),
        ("0000951e..3acaa9", false),
        ("0000..caa8", true),
        ("0000951f..3acaa8", false),
    ] {
        assert_eq!(pattern(text).unwrap().matches(&hash), matches, "{text}");
    }
}

#[test]
fn four_digits_count_and_leading_zeros_do_not() {
    let long = format!("{TEXT}0");
    for text in [
        "",
        "951",
        "0000951",
        "00000000",
        "0..951",
        "..951e80",
        "951e8g",
        "951E80",
        "95 1e80",
        "951e..80..",
        "0x951e80",
        "é951e80",
        &long,
    ] {
        assert_eq!(pattern(text), Err(HashPatternError), "{text}");
    }
    for text in ["951e", "0000951e", "0000..951e", "1000", "951e.."] {
        assert!(pattern(text).is_ok(), "{text}");
    }
}

#[test]
fn the_range_has_every_hash_that_begins_so() {
    let (low, high) = pattern("0000951e8").unwrap().range();
    assert_eq!(low.to_string(), format!("{:0<64}", "0000951e8"));
    assert_eq!(high.to_string(), format!("{:f<64}", "0000951e8"));
    let whole = TEXT.parse().unwrap();
    assert_eq!(pattern(TEXT).unwrap().range(), (whole, whole));
}
