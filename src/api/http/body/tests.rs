//! Tests.

use std::convert::Infallible;

use futures_util::stream;

use super::*;

fn reader() -> BodyReader {
    BodyReader::new(&Limits::default())
}

type Part = Result<Bytes, Infallible>;

fn parts(parts: &[&[u8]]) -> impl Stream<Item = Part> {
    let parts: Vec<Part> = parts.iter().map(|part| Ok(Bytes::copy_from_slice(part))).collect();
    stream::iter(parts)
}

async fn read(max: usize, given: &[&[u8]]) -> Result<Vec<u8>, u16> {
    let body = reader().read(&HeaderMap::new(), parts(given), max).await;
    body.map(|body| body.as_bytes().to_vec()).map_err(|problem| problem.status().as_u16())
}

#[tokio::test]
async fn parts_are_joined_in_order() {
    assert_eq!(read(10, &[]).await, Ok(Vec::new()));
    assert_eq!(read(10, &[b"one"]).await, Ok(b"one".to_vec()));
    assert_eq!(read(10, &[b"", b"a", b"", b"bc", b"d"]).await, Ok(b"abcd".to_vec()));
}

#[tokio::test]
async fn the_limit_is_on_the_sum() {
    assert_eq!(read(4, &[b"ab", b"cd"]).await, Ok(b"abcd".to_vec()));
    assert_eq!(read(4, &[b"ab", b"cd", b"e"]).await, Err(413));
    assert_eq!(read(4, &[b"abcde"]).await, Err(413));
}

#[tokio::test(start_paused = true)]
async fn only_so_many_large_bodies_are_held_and_small_ones_pass() {
    let reader = reader();
    let large = vec![b'x'; MAX_SMALL_BYTES + 1];
    let large: [&[u8]; 1] = [&large];
    let headers = HeaderMap::new();
    let mut held = Vec::new();
    for _ in 0..MAX_LARGE_BODIES {
        held.push(reader.read(&headers, parts(&large), MAX_MINE_BYTES).await.unwrap());
    }
    let small = reader.read(&headers, parts(&[&large[0][1..]]), MAX_MINE_BYTES).await;
    assert!(small.is_ok());
    let waiting = reader.read(&headers, parts(&large), MAX_MINE_BYTES).await;
    assert_eq!(waiting.unwrap_err().kind, Kind::RequestTimeout);
    held.pop();
    assert!(reader.read(&headers, parts(&large), MAX_MINE_BYTES).await.is_ok());
}

#[test]
fn json_is_known_by_its_essence() {
    let check = |value: &str| {
        let mut headers = HeaderMap::new();
        headers.append(CONTENT_TYPE, value.parse().unwrap());
        check_json_type(&headers).is_ok()
    };
    for value in ["application/json", "APPLICATION/JSON ; charset=\"utf-8\"", "application/a+json"]
    {
        assert!(check(value), "{value}");
    }
    for value in ["", "json", "text/json", "application/json5", "application/", "image/a+json"] {
        assert!(!check(value), "{value}");
    }
    assert!(check_json_type(&HeaderMap::new()).is_ok());
}
