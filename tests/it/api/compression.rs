//! `GET /chains`: its entity tag and its compression.

use std::io::Read;

use jenny_chain::api::{Role, Users};
use jenny_chain::chain::leaf_hash;
use jenny_chain::chain::test_util::Branch;

use crate::support::{ApiNode, Client, Request, Response, mined, user};

fn accepting(codings: &str) -> Request {
    Request::get("/chains").jenny().header("Accept-Encoding", codings)
}

fn decoded(answer: &Response) -> Vec<u8> {
    let mut text = Vec::new();
    match answer.header("content-encoding") {
        Some("zstd") => text = zstd::stream::decode_all(&*answer.body).unwrap(),
        Some("gzip") => {
            flate2::read::GzDecoder::new(&*answer.body).read_to_end(&mut text).unwrap();
        }
        None => text.clone_from(&answer.body),
        Some(other) => panic!("{other}"),
    }
    text
}

#[tokio::test]
async fn the_chain_is_compressed_as_the_client_prefers() {
    let node = ApiNode::start().await;
    node.import(&mined(1_500, "block", 1_000)).await;
    let plain = node.get("/chains").await.expect(200);
    assert_eq!(plain.header("content-encoding"), None);
    for (codings, expected) in [
        ("gzip, deflate, br, zstd", Some("zstd")),
        ("gzip", Some("gzip")),
        ("zstd;q=0.5, gzip", Some("gzip")),
        ("br", None),
    ] {
        let answer = node.ask(&accepting(codings)).await.expect(200);
        assert_eq!(answer.header("content-encoding"), expected, "{codings}");
        assert_eq!(answer.header("vary"), Some("accept-encoding"));
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("etag"), plain.header("etag"));
        let is_shorter = answer.body.len() < plain.body.len() / 2;
        assert_eq!(is_shorter, expected.is_some(), "{codings}: {} bytes", answer.body.len());
        assert!(decoded(&answer) == plain.body, "{codings}");
    }
}

#[tokio::test]
async fn a_client_that_holds_the_chain_does_not_get_it_again() {
    let node = ApiNode::start().await;
    node.mine("a").await;
    let tag = node.get("/chains").await.expect(200).header("etag").unwrap().to_owned();
    assert_eq!(tag, format!("W/\"{}\"", node.handle.tip().hash));
    let again = accepting("gzip").header("If-None-Match", tag.as_str());
    let same = node.ask(&again).await.expect(304);
    assert_eq!((same.header("etag"), same.header("vary")), (Some(&*tag), Some("accept-encoding")));
    assert!(same.body.is_empty());
    node.mine("b").await;
    let newer = node.ask(&again).await.expect(200);
    assert_ne!(newer.header("etag"), Some(&*tag));
}

#[tokio::test]
async fn head_says_how_the_chain_would_come() {
    let node = ApiNode::start().await;
    let head = Request::new("HEAD", "/chains").jenny().header("Accept-Encoding", "zstd");
    let answer = node.ask(&head).await.expect(200);
    assert_eq!(answer.header("content-encoding"), Some("zstd"));
    assert!(answer.header("etag").is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_third_chain_at_a_time_is_sent_as_it_is() {
    let users = ["a", "b", "c"].map(|name| user(name, "a long password", Role::Reader));
    let node = ApiNode::with(|setup| setup.api.users = Users::new(users.to_vec()).unwrap()).await;
    // Digits of hashes do not compress to less than half: 15 MB do not fit the sockets' buffers.
    let words = |height: u64| {
        let hash = |n: u64| leaf_hash(&[height.to_be_bytes(), n.to_be_bytes()].concat());
        (0..900).map(|n| hash(n).to_string()).collect::<String>()
    };
    let mut branch = Branch::dev();
    branch.grow_with(500, |height| vec![words(height.get())]);
    node.import(&branch.blocks).await;
    let ask = async |name: &str| {
        let mut reader: Client = node.connect().await;
        let request = Request::get("/chains").auth(name, "a long password");
        reader.send(request.header("Accept-Encoding", "zstd").bytes()).await;
        let mut head = Vec::new();
        loop {
            let line = reader.read_line().await.unwrap();
            if line.is_empty() {
                break;
            }
            head.push(line);
        }
        let is_compressed = head.iter().any(|line| line == "content-encoding: zstd");
        (reader, is_compressed)
    };
    let (first, second, third) = (ask("a").await, ask("b").await, ask("c").await);
    assert_eq!((first.1, second.1, third.1), (true, true, false));
    // A reader that leaves makes room.
    drop((first, third));
    let mut again = ask("c").await;
    while !again.1 {
        tokio::task::yield_now().await;
        again = ask("c").await;
    }
    drop(second);
}
