//! Tests.

use super::*;

#[test]
fn names_are_read_strictly() {
    assert_eq!(parse("tip"), Some(Name::Tip));
    assert_eq!(parse("0"), Some(Name::Height(Height::GENESIS)));
    assert_eq!(parse("9007199254740991"), Some(Name::Height(Height::new(MAX_SAFE_INTEGER))));
    let digits = "1".repeat(64);
    assert_eq!(parse(&digits), digits.parse().ok().map(Name::Hash));
    for name in ["", "00", "9007199254740992", "-0", "1 ", "٣", "Tip"] {
        assert_eq!(parse(name), None, "{name}");
    }
}

#[test]
fn tags_that_are_not_ours_match_nothing() {
    let hash = Hash::new([7; 32]);
    let has = |value: &str| {
        let mut headers = HeaderMap::new();
        headers.append(IF_NONE_MATCH, HeaderValue::from_str(value).unwrap());
        Held::of(&headers).has(&hash)
    };
    assert!(has(&format!("W/\"{hash}\"")) && has(&format!("\"a,b\", \"{hash}\"")) && has(" * "));
    for value in
        [hash.to_string(), format!("w/\"{hash}\""), format!("\"{hash}"), "\"*\"".to_owned()]
    {
        assert!(!has(&value), "{value}");
    }
}
