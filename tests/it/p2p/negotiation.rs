//! What a link begins with: tokens, and who is no peer.

use futures_util::StreamExt;
use jenny_chain::node::Dialect;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;

use crate::support::{PATIENCE, PeerNode, until};

/// What our node offers.
const BOTH: &str = "jenny.json.1, jenny.postcard.1";

/// What the node responds to an upgrade request with these lines in it.
async fn upgrade(node: &PeerNode, lines: &str) -> String {
    let mut stream = TcpStream::connect(node.address).await.unwrap();
    let head = format!(
        "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{lines}\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let read = async {
        while !answer.windows(4).any(|end| end == b"\r\n\r\n") {
            if stream.read_buf(&mut answer).await.unwrap() == 0 {
                break;
            }
        }
    };
    tokio::time::timeout(PATIENCE, read).await.unwrap();
    String::from_utf8_lossy(&answer).to_lowercase()
}

#[tokio::test]
async fn of_our_tokens_the_binary_one_is_chosen_wherever_it_stands_and_no_other_ever_is() {
    let (node, json_only) = (PeerNode::start().await, json_only().await);
    let (json, postcard) = (Some("jenny.json.1"), Some("jenny.postcard.1"));
    for (imported, chosen, without_binary) in [
        ("", None, None),
        ("Sec-WebSocket-Protocol: chat\r\n", None, None),
        ("Sec-WebSocket-Protocol: jenny.json.10, jenny.jso\r\n", None, None),
        ("Sec-WebSocket-Protocol: jenny.json.1\r\n", json, json),
        ("Sec-WebSocket-Protocol: jenny.postcard.1\r\n", postcard, None),
        ("Sec-WebSocket-Protocol: jenny.json.1, jenny.postcard.1\r\n", postcard, json),
        ("Sec-WebSocket-Protocol: chat, jenny.postcard.1,jenny.json.1\r\n", postcard, json),
        ("Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Protocol: jenny.json.1\r\n", json, json),
    ] {
        for (node, chosen) in [(&node, chosen), (&json_only, without_binary)] {
            let answer = upgrade(node, imported).await;
            assert!(answer.starts_with("http/1.1 101"), "{imported}: {answer}");
            let named = answer
                .lines()
                .filter_map(|line| line.strip_prefix("sec-websocket-protocol:").map(str::trim));
            assert_eq!(named.collect::<Vec<_>>(), Vec::from_iter(chosen), "{imported}");
            assert!(!answer.contains("extensions"), "{answer}");
        }
    }
}

/// A node that speaks JSON alone.
async fn json_only() -> PeerNode {
    PeerNode::with(|config| config.binary = false).await
}

#[tokio::test]
async fn an_extension_is_not_accepted() {
    let node = PeerNode::start().await;
    let answer = upgrade(&node, "Sec-WebSocket-Extensions: permessage-deflate\r\n").await;
    assert!(answer.starts_with("http/1.1 101") && !answer.contains("extensions"), "{answer}");
}

#[tokio::test]
async fn a_request_with_an_origin_is_refused() {
    let node = PeerNode::start().await;
    let answer = upgrade(&node, "Origin: http://example.com\r\n").await;
    assert!(answer.starts_with("http/1.1 403"), "{answer}");
    assert!(node.handle.links().table().is_empty());
}

#[tokio::test]
async fn what_is_no_upgrade_is_closed() {
    let node = PeerNode::start().await;
    for text in ["GET / HTTP/1.1\r\nHost: x\r\n\r\n", "\0\0\0\0\r\n\r\n", "hello\r\n\r\n"] {
        let mut stream = TcpStream::connect(node.address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // Closed or reset: either is the end.
        let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
        assert!(read.is_ok(), "{text}");
    }
}

#[tokio::test]
async fn two_of_our_nodes_speak_the_binary_dialect_unless_one_does_not() {
    for (binary, dialect) in [
        ([true, true], Dialect::Binary),
        ([true, false], Dialect::JennyJson),
        ([false, true], Dialect::JennyJson),
        ([false, false], Dialect::JennyJson),
    ] {
        let a = PeerNode::with(|config| config.binary = binary[0]).await;
        let b = PeerNode::with(|config| config.binary = binary[1]).await;
        a.dial(&b.url()).await;
        b.has_links(1).await;
        for node in [&a, &b] {
            // Who was dialled has a link before it knows whose it is.
            let knows = || node.handle.links().table().iter().all(|link| link.agent.is_some());
            until("it knows its peer", knows).await;
            let table = node.handle.links().table();
            assert_eq!(table[0].dialect, dialect, "{binary:?}");
            assert!(table[0].agent.as_ref().unwrap().starts_with("jenny/"), "{table:?}");
        }
    }
}

/// Serves one upgrade after another, answering with this token or none; tells what was offered.
async fn server(answer: Option<&'static str>) -> (String, tokio::sync::mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let (tell, offers) = tokio::sync::mpsc::channel(16);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let mut imported = String::new();
            #[expect(clippy::result_large_err, reason = "the library's callback")]
            let callback = |request: &Request, mut response: Response| {
                let token = request.headers().get("sec-websocket-protocol");
                token.map_or("none", |token| token.to_str().unwrap()).clone_into(&mut imported);
                if let (Some(answer), Some(_)) = (answer, token) {
                    let answer = HeaderValue::from_static(answer);
                    response.headers_mut().insert("sec-websocket-protocol", answer);
                }
                Ok(response)
            };
            let socket = tokio_tungstenite::accept_hdr_async(stream, callback).await;
            tell.send(imported).await.unwrap();
            if let Ok(mut socket) = socket {
                tokio::spawn(async move { while let Some(Ok(_)) = socket.next().await {} });
            }
        }
    });
    (url, offers)
}

#[tokio::test]
async fn a_server_without_tokens_is_dialled_again_offering_none() {
    let (url, mut offers) = server(None).await;
    let node = PeerNode::start().await;
    node.dial(&url).await;
    assert_eq!(offers.recv().await.unwrap(), BOTH);
    assert_eq!(offers.recv().await.unwrap(), "none");
    assert_eq!(node.handle.links().table()[0].dialect, Dialect::Json);
}

#[tokio::test]
async fn a_server_that_echoes_our_token_is_taken_at_its_word() {
    let (url, mut offers) = server(Some("jenny.json.1")).await;
    let node = PeerNode::start().await;
    node.dial(&url).await;
    assert_eq!(offers.recv().await.unwrap(), BOTH);
    assert_eq!(node.handle.links().table()[0].dialect, Dialect::JennyJson);
}

#[tokio::test]
async fn a_server_that_chooses_the_binary_dialect_is_spoken_to_in_it() {
    let (url, mut offers) = server(Some("jenny.postcard.1")).await;
    let node = PeerNode::start().await;
    // It never says who it is, so the dial is not answered yet.
    let (links, peer) = (node.handle.links().clone(), url.parse().unwrap());
    let dialling = tokio::spawn(async move { links.dial(&peer).await });
    assert_eq!(offers.recv().await.unwrap(), BOTH);
    node.has_links(1).await;
    assert_eq!(node.handle.links().table()[0].dialect, Dialect::Binary);
    dialling.abort();
}

#[tokio::test]
async fn a_node_that_speaks_json_alone_offers_nothing_else() {
    let (url, mut offers) = server(Some("jenny.json.1")).await;
    let node = json_only().await;
    node.dial(&url).await;
    assert_eq!(offers.recv().await.unwrap(), "jenny.json.1");
    // Not offered, so not taken.
    let (url, _offers) = server(Some("jenny.postcard.1")).await;
    assert!(node.handle.links().dial(&url.parse().unwrap()).await.is_err());
}

#[tokio::test]
async fn a_server_that_answers_with_another_token_is_not_linked() {
    let (url, _offers) = server(Some("chat")).await;
    let node = PeerNode::start().await;
    assert!(node.handle.links().dial(&url.parse().unwrap()).await.is_err());
    assert!(node.handle.links().table().is_empty());
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let brief = std::time::Duration::from_millis(100);
    let node = PeerNode::with(|config| config.handshake_timeout = brief).await;
    let error = node.handle.links().dial(&url.parse().unwrap()).await.unwrap_err();
    assert_eq!(error.to_string(), "no link within 100ms");
}

#[tokio::test]
async fn a_client_that_never_asks_is_given_up() {
    let brief = std::time::Duration::from_millis(100);
    let node = PeerNode::with(|config| config.handshake_timeout = brief).await;
    let mut silent = TcpStream::connect(node.address).await.unwrap();
    let mut rest = Vec::new();
    let read = tokio::time::timeout(PATIENCE, silent.read_to_end(&mut rest)).await;
    assert!(matches!(read, Ok(Ok(0))), "{read:?}");
}

#[tokio::test]
async fn the_request_may_ask_for_any_path() {
    let node = PeerNode::start().await;
    let stream = TcpStream::connect(node.address).await.unwrap();
    let request = format!("{}/p2p", node.url()).into_client_request().unwrap();
    let (_socket, _) = tokio_tungstenite::client_async(request, stream).await.unwrap();
    until("it is linked", || node.handle.links().table().len() == 1).await;
}
