//! Agreeing with the other side on what is spoken, and asking for an upgrade.

use std::io::{self, Cursor, Read, Write};

use http::StatusCode;
use http::header::{
    CONTENT_TYPE, HeaderMap, HeaderValue, SEC_WEBSOCKET_PROTOCOL, SERVER, UPGRADE, USER_AGENT,
    WWW_AUTHENTICATE,
};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::{Error, ProtocolError, SubProtocolError};
use tokio_tungstenite::tungstenite::handshake::HandshakeError;
use tokio_tungstenite::tungstenite::handshake::client::{
    ClientHandshake, Request, Response, generate_request,
};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use super::http_head;
use super::http_head::{Head, NoHead};
use crate::node::Dialect;
use crate::tls::reason;

/// The token of the binary dialect.
const BINARY: &str = "jenny.postcard.1";

/// The token of the JSON dialect.
pub(super) const JSON: &str = "jenny.json.1";

/// What we call ourselves.
pub(in crate::p2p) const AGENT: &str = concat!("jenny/", env!("CARGO_PKG_VERSION"));

/// Characters of the other side's name that are kept.
pub(in crate::p2p) const MAX_AGENT: usize = 128;

/// What a peer that dials offers. Npm's `ws` echoes the first token whatever it means, so the one
/// that such a peer can keep to comes first.
const BOTH: &str = "jenny.json.1, jenny.postcard.1";

/// What was agreed on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in crate::p2p) struct Agreed {
    pub(in crate::p2p) dialect: Dialect,
    pub(in crate::p2p) agent: Option<String>,
}

/// What is offered to a server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::p2p) enum Offer {
    /// Both dialects.
    Both,
    /// The JSON dialect by its token.
    Json,
    /// No token.
    Nothing,
}

/// The codec's buffers: it never sees a frame longer than the frame guard passes on, and a
/// message was measured before it gets here.
pub(in crate::p2p) fn config(max_message: usize) -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(16 << 10)
        .write_buffer_size(16 << 10)
        .max_write_buffer_size(1 << 20)
        .max_message_size(Some(max_message))
        .max_frame_size(Some(1 << 20))
}

/// Why a dialled connection was not upgraded.
#[derive(Debug)]
pub(in crate::p2p) enum Refused {
    /// The server answered without one of the tokens offered: offer none.
    NoToken,
    /// It is the REST API of a node.
    RestApi,
    /// Anything else, for the operator.
    Other(String),
}

/// Asks for an upgrade. Returns what was agreed on and what came right after the answer, which
/// is WebSocket's.
pub(in crate::p2p) async fn dial<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    url: &str,
    offer: Offer,
) -> Result<(Agreed, Vec<u8>), Refused> {
    let other = |error: Error| Refused::Other(error.to_string());
    let gone = |error: io::Error| Refused::Other(reason(&error));
    let mut request = url.into_client_request().map_err(other)?;
    request.headers_mut().insert(USER_AGENT, HeaderValue::from_static(AGENT));
    let tokens = match offer {
        Offer::Both => Some(BOTH),
        Offer::Json => Some(JSON),
        Offer::Nothing => None,
    };
    if let Some(tokens) = tokens {
        let tokens = HeaderValue::from_static(tokens);
        request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, tokens);
    }
    let (asked, _) = generate_request(request.clone()).map_err(other)?;
    stream.write_all(&asked).await.map_err(gone)?;
    stream.flush().await.map_err(gone)?;
    let answer = http_head::read::<Response, S>(stream).await;
    let Head { bytes, after, .. } = answer.map_err(|error| match error {
        NoHead::Malformed(error) => other(error),
        error => Refused::Other(format!("no answer to the upgrade request: {error}")),
    })?;
    let response = verify(request, bytes).map_err(|error| match error {
        Error::Protocol(ProtocolError::SecWebSocketSubProtocolError(
            SubProtocolError::NoSubProtocol,
        )) => Refused::NoToken,
        Error::Http(answer) if is_rest_api(answer.headers()) => Refused::RestApi,
        Error::Http(answer) if wants_tls(&answer) => Refused::Other(WANTS_TLS.to_owned()),
        error => other(error),
    })?;
    let headers = response.headers();
    // The library took no token that was not offered.
    let dialect = match headers.get(SEC_WEBSOCKET_PROTOCOL) {
        Some(token) if token == BINARY => Dialect::Binary,
        Some(token) if token == JSON => Dialect::JennyJson,
        _ => Dialect::Json,
    };
    Ok((Agreed { dialect, agent: agent(headers.get(SERVER)) }, after))
}

/// Checks the head of an answer against its request, as the library does it on a socket.
fn verify(request: Request, head: Vec<u8>) -> Result<Response, Error> {
    let handshake = ClientHandshake::start(Replay(Cursor::new(head)), request, None)?;
    match handshake.handshake() {
        Ok((_, response)) => Ok(response),
        Err(HandshakeError::Failure(error)) => Err(error),
        // The head is whole, and its end is no pause.
        Err(HandshakeError::Interrupted(_)) => Err(Error::ConnectionClosed),
    }
}

/// An answer that came, for a request that was sent.
#[derive(Debug)]
struct Replay(Cursor<Vec<u8>>);

impl Read for Replay {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(into)
    }
}

impl Write for Replay {
    fn write(&mut self, sent: &[u8]) -> io::Result<usize> {
        Ok(sent.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What to do about a port that speaks TLS.
const WANTS_TLS: &str = "this port speaks TLS: dial it by wss://";

/// Whether an answer in clear text asks for TLS.
fn wants_tls<T>(answer: &http::Response<T>) -> bool {
    let upgrade = answer.headers().get(UPGRADE).and_then(|value| value.to_str().ok());
    answer.status() == StatusCode::UPGRADE_REQUIRED
        && upgrade.is_some_and(|protocols| protocols.starts_with("TLS/"))
}

/// Whether an answer is one of a node's REST API: it asks everybody for credentials.
fn is_rest_api(headers: &HeaderMap) -> bool {
    let challenge = headers.get(WWW_AUTHENTICATE).and_then(|value| value.to_str().ok());
    challenge.is_some_and(|challenge| challenge.contains("realm=\"jenny\""))
        || headers.get(CONTENT_TYPE).is_some_and(|kind| kind == "application/problem+json")
}

/// What we speak with a peer that offers this, in whatever order.
pub(super) fn choose(headers: &HeaderMap, binary: bool) -> Dialect {
    if binary && offers(headers, BINARY) {
        Dialect::Binary
    } else if offers(headers, JSON) {
        Dialect::JennyJson
    } else {
        Dialect::Json
    }
}

/// What the answer names. Clients fail on a token that they did not offer.
pub(in crate::p2p) const fn token(dialect: Dialect) -> Option<&'static str> {
    match dialect {
        Dialect::Binary => Some(BINARY),
        Dialect::JennyJson => Some(JSON),
        Dialect::Json => None,
    }
}

/// Whether a token is in the request's lists.
fn offers(headers: &HeaderMap, token: &str) -> bool {
    let lists = headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter();
    lists
        .filter_map(|list| list.to_str().ok())
        .any(|list| list.split(',').any(|offered| offered.trim() == token))
}

pub(super) fn agent(value: Option<&HeaderValue>) -> Option<String> {
    let text = value?.to_str().ok()?;
    Some(text.chars().take(MAX_AGENT).collect())
}

#[cfg(test)]
mod tests;
