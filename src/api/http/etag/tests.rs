//! Tests.

use super::*;

#[test]
fn tags_that_are_not_ours_match_nothing() {
    let hash = Hash::new([7; 32]);
    let has = |value: &str| {
        let mut headers = HeaderMap::new();
        headers.append(IF_NONE_MATCH, HeaderValue::from_str(value).unwrap());
        IfNoneMatch::of(&headers).has(&hash)
    };
    assert!(has(&format!("W/\"{hash}\"")) && has(&format!("\"a,b\", \"{hash}\"")) && has(" * "));
    assert!(has(weak(&hash).unwrap().to_str().unwrap()));
    for value in
        [hash.to_string(), format!("w/\"{hash}\""), format!("\"{hash}"), "\"*\"".to_owned()]
    {
        assert!(!has(&value), "{value}");
    }
}
