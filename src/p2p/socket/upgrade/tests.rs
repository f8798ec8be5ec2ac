//! What is answered to whom.

use std::net::{Ipv4Addr, Ipv6Addr};

use tokio::io::duplex;

use super::*;
use crate::node::Dialect;
use crate::p2p::socket::http_head::MAX_HEAD;

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const KEY: &str = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

fn upgrade(version: u8, more: &str) -> String {
    format!(
        "GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: {version}\r\n{KEY}{more}\r\n"
    )
}

/// The answer to a request, and what became of it.
async fn ask(request: &str, from: IpAddr) -> (String, Result<Agreed, Refusal>) {
    let (mut theirs, mut ours) = duplex(64 << 10);
    theirs.write_all(request.as_bytes()).await.unwrap();
    let accepted = accept(&mut ours, from, true).await;
    drop(ours);
    let mut answer = String::new();
    theirs.read_to_string(&mut answer).await.unwrap();
    (answer, accepted)
}

#[tokio::test]
async fn an_upgrade_is_answered_whatever_its_path_capitals_and_line_ends() {
    let request = upgrade(13, "Host: x\r\nSec-WebSocket-Protocol: jenny.postcard.1\r\n");
    let other = request.replace("GET / ", "GET /chat?a=b ").replace("Upgrade\r\n", "upgrade\r\n");
    let [lf, mixed] = [request.replace("\r\n", "\n"), request.replacen("\r\n", "\n", 3)];
    let last = format!("{}\n", request.trim_end_matches('\n').trim_end_matches('\r'));
    for request in [request, other, lf, mixed, last] {
        let (answer, agreed) = ask(&request, ELSEWHERE).await;
        assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
        assert_eq!(agreed.unwrap().dialect, Dialect::Binary);
    }
}

#[tokio::test]
async fn plain_http_and_other_versions_of_websocket_are_told_what_is_spoken_here() {
    for request in [
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(),
        "GET / HTTP/1.0\r\n\r\n".to_owned(),
        "POST /mineBlock HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}".to_owned(),
        upgrade(8, "Host: x\r\n"),
    ] {
        let (answer, refused) = ask(&request, ELSEWHERE).await;
        assert!(answer.starts_with("HTTP/1.1 426 Upgrade Required\r\n"), "{answer}");
        assert!(answer.contains("\r\nSec-WebSocket-Version: 13\r\n"), "{answer}");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("Content-Length: {}", body.len())), "{answer}");
        assert!(body.contains("api.listen"), "{answer}");
        assert!(matches!(refused, Err(Refusal::NoUpgrade(..))), "{refused:?}");
    }
}

#[tokio::test]
async fn what_is_no_request_is_answered_and_over() {
    let long = format!("GET / HTTP/1.1\r\nHost: {}", "x".repeat(MAX_HEAD));
    let bytes_after = upgrade(13, "Host: x\r\n") + "\x01";
    for (request, status) in [
        ("\0\0\0\0\r\n\r\n", 400),
        (&format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(1_000)), 400),
        (&upgrade(13, "").replace(KEY, ""), 400),
        (&bytes_after, 400),
        (&long, 431),
    ] {
        let (answer, refused) = ask(request, ELSEWHERE).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        assert!(refused.is_err(), "{request}");
    }
}

#[tokio::test]
async fn a_connection_that_ends_within_the_head_is_answered_nothing() {
    let (theirs, mut ours) = duplex(1 << 10);
    drop(theirs);
    let accepted = accept(&mut ours, HERE, true).await;
    assert!(matches!(accepted, Err(Refusal::Gone(_))));
}

#[tokio::test]
async fn an_origin_is_taken_when_it_is_the_host_that_was_dialled() {
    for (host, origin, from) in [
        ("127.0.0.1:7545", "http://127.0.0.1:7545", HERE),
        ("[::1]:7545", "ws://[::1]:7545", Ipv6Addr::LOCALHOST.into()),
        ("localhost:7545", "http://LocalHost:7545", HERE),
        ("192.0.2.7", "http://192.0.2.7", ELSEWHERE),
        ("192.0.2.7:80", "ws://192.0.2.7", ELSEWHERE),
        ("node.example:7545", "https://node.example:7545", ELSEWHERE),
    ] {
        let request = upgrade(13, &format!("Host: {host}\r\nOrigin: {origin}\r\n"));
        let (answer, agreed) = ask(&request, from).await;
        assert!(answer.starts_with("HTTP/1.1 101 ") && agreed.is_ok(), "{host} {origin}: {answer}");
    }
}

#[tokio::test]
async fn a_web_pages_origin_is_refused_and_named() {
    for (headers, from) in [
        ("Host: 192.0.2.7:7545\r\nOrigin: http://example.com\r\n", ELSEWHERE),
        ("Host: 127.0.0.1:7545\r\nOrigin: http://127.0.0.1:8000\r\n", HERE),
        ("Host: 127.0.0.1:7545\r\nOrigin: http://127.0.0.1\r\n", HERE),
        ("Host: 127.0.0.1:7545\r\nOrigin: null\r\n", HERE),
        ("Host: 127.0.0.1:7545\r\nOrigin: file://127.0.0.1:7545\r\n", HERE),
        ("Origin: http://127.0.0.1:7545\r\n", HERE),
        ("Host: a:1\r\nHost: b:1\r\nOrigin: http://a:1\r\n", ELSEWHERE),
        ("Host: a:1\r\nOrigin: http://a:1\r\nOrigin: http://b:1\r\n", ELSEWHERE),
        // Its owner leads this name to 127.0.0.1 once the page is loaded.
        ("Host: evil.example:7545\r\nOrigin: http://evil.example:7545\r\n", HERE),
    ] {
        let (answer, refused) = ask(&upgrade(13, headers), from).await;
        assert!(answer.starts_with("HTTP/1.1 403 "), "{headers}: {answer}");
        assert!(matches!(refused, Err(Refusal::ForeignOrigin(_))), "{headers}: {refused:?}");
    }
}

#[tokio::test]
async fn a_refused_body_is_read_for_a_moment_so_that_the_answer_arrives() {
    let (mut theirs, mut ours) = duplex(64 << 10);
    theirs.write_all(&[0; 4_096]).await.unwrap();
    theirs.shutdown().await.unwrap();
    linger(&mut ours).await;
    assert_eq!(ours.read(&mut [0; 1]).await.unwrap(), 0, "all of it was read");
}
