//! Tests.

use std::collections::VecDeque;

use futures_util::stream;

use super::*;

#[test]
fn an_address_in_a_path_is_percent_encoded() {
    assert_eq!(decode("ws%3A%2F%2F[::1]%3a7545").unwrap(), "ws://[::1]:7545");
    assert_eq!(decode("%ff").unwrap_err().kind, Kind::InvalidParameter);
}

#[tokio::test]
async fn a_part_of_a_body_may_have_several_chunks() {
    let mut part = VecDeque::from(b"cd".to_vec());
    part.push_front(b'b');
    part.push_front(b'a');
    let parts: Vec<_> = body(stream::iter([Ok(part)])).try_collect().await.unwrap();
    assert_eq!(parts, ["abcd"]);
}
