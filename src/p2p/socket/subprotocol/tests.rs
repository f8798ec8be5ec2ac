//! What is agreed on, whatever is offered.

use std::net::{IpAddr, Ipv4Addr};

use http::HeaderMap;
use tokio::io::duplex;
use tokio_tungstenite::accept_hdr_async_with_config;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};

use super::*;
use crate::p2p::socket::upgrade::accept;

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

const URL: &str = "ws://peer:7545";

fn offering(lists: &[&'static str]) -> HeaderMap {
    let lists = lists.iter().map(|list| HeaderValue::from_static(list));
    lists.map(|list| (SEC_WEBSOCKET_PROTOCOL, list)).collect()
}

#[test]
fn the_binary_dialect_is_chosen_wherever_its_token_stands_and_json_when_it_is_alone() {
    use Dialect::{Binary, JennyJson, Json};
    for (lists, binary, json_only) in [
        (&[][..], Json, Json),
        (&[""], Json, Json),
        (&["chat"], Json, Json),
        (&["jenny.json.10, jenny.postcard.10, jenny.jso"], Json, Json),
        (&["jenny.json.1"], JennyJson, JennyJson),
        (&["chat,jenny.json.1"], JennyJson, JennyJson),
        (&["jenny.postcard.1"], Binary, Json),
        (&["jenny.json.1, jenny.postcard.1"], Binary, JennyJson),
        (&["jenny.postcard.1,jenny.json.1"], Binary, JennyJson),
        (&["chat", "jenny.json.1", " jenny.postcard.1 "], Binary, JennyJson),
    ] {
        assert_eq!(choose(&offering(lists), true), binary, "{lists:?}");
        assert_eq!(choose(&offering(lists), false), json_only, "{lists:?}");
    }
}

#[tokio::test]
async fn both_ends_agree_on_the_same_dialect() {
    use Dialect::{Binary, JennyJson, Json};
    for (offer, binary, dialect) in [
        (Offer::Both, true, Binary),
        (Offer::Both, false, JennyJson),
        (Offer::Json, true, JennyJson),
        (Offer::Json, false, JennyJson),
        (Offer::Nothing, true, Json),
        (Offer::Nothing, false, Json),
    ] {
        let (mut ours, mut theirs) = duplex(64 << 10);
        let (dialled, accepted) =
            tokio::join!(dial(&mut ours, URL, offer), accept(&mut theirs, HERE, binary));
        assert_eq!(dialled.unwrap().0.dialect, dialect, "{offer:?} {binary}");
        assert_eq!(accepted.unwrap().dialect, dialect, "{offer:?} {binary}");
    }
}

/// What dialling makes of a server that answers with this token, or none.
async fn dialled(offer: Offer, answer: Option<&'static str>) -> Result<Dialect, Refused> {
    let (mut ours, theirs) = duplex(64 << 10);
    #[expect(clippy::result_large_err, reason = "the library's callback")]
    let respond = move |_: &Request, mut response: Response| {
        if let Some(answer) = answer {
            let answer = HeaderValue::from_static(answer);
            response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, answer);
        }
        Ok(response)
    };
    let server = accept_hdr_async_with_config(theirs, respond, None);
    let (dialled, _) = tokio::join!(dial(&mut ours, URL, offer), server);
    dialled.map(|(agreed, _)| agreed.dialect)
}

#[tokio::test]
async fn a_servers_token_decides_and_none_asks_for_another_dial() {
    use Dialect::{Binary, JennyJson, Json};
    // As npm's `ws` does: the first one offered.
    assert_eq!(dialled(Offer::Both, Some(JSON)).await.unwrap(), JennyJson);
    assert_eq!(dialled(Offer::Both, Some(BINARY)).await.unwrap(), Binary);
    assert_eq!(dialled(Offer::Json, Some(JSON)).await.unwrap(), JennyJson);
    assert_eq!(dialled(Offer::Nothing, None).await.unwrap(), Json);
    for offer in [Offer::Both, Offer::Json] {
        assert!(matches!(dialled(offer, None).await, Err(Refused::NoToken)), "{offer:?}");
        assert!(matches!(dialled(offer, Some("chat")).await, Err(Refused::Other(_))));
    }
    // Not offered, so not agreed on.
    assert!(matches!(dialled(Offer::Json, Some(BINARY)).await, Err(Refused::Other(_))));
    assert!(matches!(dialled(Offer::Nothing, Some(JSON)).await, Err(Refused::Other(_))));
}

#[test]
fn the_json_token_stands_first_in_what_is_offered() {
    assert_eq!(BOTH, format!("{JSON}, {BINARY}"));
}

#[tokio::test]
async fn a_rest_api_is_told_from_other_servers() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let challenge = "WWW-Authenticate: Basic realm=\"jenny\", charset=\"UTF-8\"\r\n";
    let problem = "Content-Type: application/problem+json\r\n";
    for (status, header, is_rest_api) in [
        ("401 Unauthorized", challenge, true),
        ("404 Not Found", problem, true),
        ("401 Unauthorized", "WWW-Authenticate: Basic realm=\"other\"\r\n", false),
        ("200 OK", "", false),
    ] {
        let (mut ours, mut theirs) = duplex(64 << 10);
        let answer = format!("HTTP/1.1 {status}\r\n{header}Content-Length: 0\r\n\r\n");
        let serve = async {
            assert!(theirs.read(&mut [0; 4_096]).await.unwrap() > 0);
            theirs.write_all(answer.as_bytes()).await.unwrap();
            theirs
        };
        let (dialled, _theirs) = tokio::join!(dial(&mut ours, URL, Offer::Both), serve);
        let refused = dialled.map(|_| ()).unwrap_err();
        assert_eq!(matches!(refused, Refused::RestApi), is_rest_api, "{refused:?}");
    }
}
