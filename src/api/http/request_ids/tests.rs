//! Tests.

use http::HeaderValue;

use super::*;

fn with_ids(ids: &[&[u8]]) -> HeaderMap {
    let ids = ids.iter().map(|id| (REQUEST_ID, HeaderValue::from_bytes(id).unwrap()));
    ids.collect()
}

#[test]
fn every_request_has_an_id_of_its_own_and_of_its_run() {
    let (first, second) = (RequestIds::new(0xa), RequestIds::new(0xb));
    let none = HeaderMap::new();
    assert_eq!(first.of(&none, false), "0000000a-1");
    assert_eq!(first.clone().of(&none, true), "0000000a-2");
    assert_eq!(second.of(&none, false), "0000000b-1");
}

#[test]
fn the_id_of_a_trusted_proxy_is_kept() {
    let ids = RequestIds::new(1);
    let longest = "a".repeat(MAX_REQUEST_ID_BYTES);
    for id in ["7", "f47ac10b-58cc-4372-a567-0e02b2c3d479", "A_b.9", longest.as_str()] {
        assert_eq!(ids.of(&with_ids(&[id.as_bytes()]), true), id);
        assert_ne!(ids.of(&with_ids(&[id.as_bytes()]), false), id, "anybody may send it");
    }
}

#[test]
fn an_id_that_is_unsafe_or_long_or_repeated_is_replaced() {
    let ids = RequestIds::new(1);
    let long = "a".repeat(MAX_REQUEST_ID_BYTES + 1);
    let unsafe_ids: [&[u8]; 7] =
        [b"", b"a b", b"a\"b", b"a=b", b"a\tb", b"\xc3\xbc", long.as_bytes()];
    for id in unsafe_ids {
        assert!(ids.of(&with_ids(&[id]), true).starts_with("00000001-"), "{id:?}");
    }
    assert!(ids.of(&with_ids(&[b"a", b"b"]), true).starts_with("00000001-"));
}
