//! The answer to a connection: an upgrade to WebSocket, or a refusal that says what to do.

use std::io;
use std::net::IpAddr;
use std::time::Duration;

use http::header::{HOST, HeaderMap, HeaderValue, ORIGIN, SEC_WEBSOCKET_PROTOCOL, SERVER};
use http::header::{HeaderName, USER_AGENT};
use http::uri::Authority;
use http::{Response, StatusCode};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::error::{Error, ProtocolError};
use tokio_tungstenite::tungstenite::handshake::server::{Request, create_response, write_response};

use super::http_head;
use super::http_head::{Head, NoHead};
use super::subprotocol::{AGENT, Agreed, agent, choose, token};

use crate::tls::reason;

/// Bytes read of what follows a refused request: closing at once could lose the answer.
const MAX_LINGER: usize = 64 << 10;

/// Time for that.
const LINGER_TIME: Duration = Duration::from_secs(1);

/// Characters of a foreign origin that are logged.
const MAX_ORIGIN: usize = 128;

const WRONG_PORT: &str = "This port is for peers, which speak WebSocket version 13. \
                          The REST API listens on another port (setting api.listen).";
const MALFORMED: &str = "The request is no WebSocket upgrade that RFC 6455 allows.";
const PLAIN_PORT: &str = "This port does not speak TLS: use ws:// instead of wss://.";
const HEAD_TOO_LONG: &str = "The head of the request is longer than 16 KiB.";
const FOREIGN_ORIGIN: &str = "Web pages are no peers: Origin must be left out, or name the host \
                              and port that Host names.";

/// Why there was no upgrade.
#[derive(Debug, Eq, PartialEq)]
pub(in crate::p2p) enum Refusal {
    /// The connection ended before anything could be answered.
    Gone(String),
    /// A foreign Origin, cut to 128 characters; answered with 403.
    ForeignOrigin(String),
    /// The other side speaks TLS; answered with 400, which it takes for no TLS.
    Tls,
    /// No upgrade, or none that is understood; answered with this.
    NoUpgrade(StatusCode, &'static str),
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::Gone(reason(&error))
    }
}

/// Responds to an upgrade request from this address. Nothing was read beyond it: the first byte
/// that the stream gives next is WebSocket's. The binary dialect is chosen only when `binary`
/// allows it. A refused stream is to be [lingered on](linger).
pub(in crate::p2p) async fn accept<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    from: IpAddr,
    binary: bool,
) -> Result<Agreed, Refusal> {
    let imported = match http_head::read(stream).await {
        Ok(head) => judge(&head, from, binary),
        Err(NoHead::Gone(error)) => return Err(error.into()),
        Err(NoHead::Tls) => Err(Refusal::Tls),
        Err(NoHead::TooLong) => {
            Err(Refusal::NoUpgrade(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, HEAD_TOO_LONG))
        }
        Err(NoHead::Malformed(error)) => Err(refuse(&error)),
    };
    let answer = match &imported {
        Ok((_, answer)) => answer.clone(),
        Err(refusal) => refusal.answer(),
    };
    stream.write_all(&answer).await?;
    stream.flush().await?;
    imported.map(|(agreed, _)| agreed)
}

/// Closes a connection whose request was refused, once the other side has had a moment to stop
/// sending: a reset could overtake the answer.
pub(in crate::p2p) async fn linger<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S) {
    let drain = async {
        stream.shutdown().await?;
        let mut rest = stream.take(MAX_LINGER as u64);
        tokio::io::copy(&mut rest, &mut tokio::io::sink()).await
    };
    // A peer that goes on sending is cut off.
    let _ = timeout(LINGER_TIME, drain).await;
}

/// What is agreed on, and the bytes that say so.
fn judge(head: &Head<Request>, from: IpAddr, binary: bool) -> Result<(Agreed, Vec<u8>), Refusal> {
    let malformed = || Refusal::NoUpgrade(StatusCode::BAD_REQUEST, MALFORMED);
    let request = &head.message;
    let mut response = create_response(request).map_err(|error| refuse(&error))?;
    if !head.after.is_empty() {
        // Nothing may follow before the answer.
        return Err(malformed());
    }
    let headers = request.headers();
    if headers.contains_key(ORIGIN) && !is_dialled_host(headers, from) {
        let origin = headers.get(ORIGIN).map(HeaderValue::as_bytes).unwrap_or_default();
        let origin = String::from_utf8_lossy(origin).chars().take(MAX_ORIGIN).collect();
        return Err(Refusal::ForeignOrigin(origin));
    }
    let dialect = choose(headers, binary);
    if let Some(token) = token(dialect) {
        let token = HeaderValue::from_static(token);
        response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, token);
    }
    response.headers_mut().insert(SERVER, HeaderValue::from_static(AGENT));
    let agreed = Agreed { dialect, agent: agent(headers.get(USER_AGENT)) };
    Ok((agreed, encode(&response).map_err(|_| malformed())?))
}

fn encode(response: &Response<()>) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    write_response(&mut bytes, response)?;
    Ok(bytes)
}

/// What is wrong with a request that is no upgrade.
const fn refuse(error: &Error) -> Refusal {
    match error {
        Error::Protocol(
            ProtocolError::WrongHttpMethod
            | ProtocolError::WrongHttpVersion
            | ProtocolError::MissingConnectionUpgradeHeader
            | ProtocolError::MissingUpgradeWebSocketHeader
            | ProtocolError::MissingSecWebSocketVersionHeader,
        ) => Refusal::NoUpgrade(StatusCode::UPGRADE_REQUIRED, WRONG_PORT),
        _ => Refusal::NoUpgrade(StatusCode::BAD_REQUEST, MALFORMED),
    }
}

/// Whether the request's one Origin is the host that was dialled, as some client libraries say
/// it. A page in a browser on this machine must not get in: its Origin names where it came from,
/// and the owner of a name can point it to loopback, so there only addresses count.
fn is_dialled_host(headers: &HeaderMap, from: IpAddr) -> bool {
    let (Some(origin), Some(host)) = (only(headers, ORIGIN), only(headers, HOST)) else {
        return false;
    };
    let Some((scheme, origin)) = origin.split_once("://") else { return false };
    let default = match scheme {
        "http" | "ws" => 80,
        "https" | "wss" => 443,
        _ => return false,
    };
    let parse = |text: &str| text.parse::<Authority>().ok().filter(|_| !text.contains('@'));
    let (Some(origin), Some(host)) = (parse(origin), parse(host)) else { return false };
    let port = |authority: &Authority| authority.port_u16().unwrap_or(default);
    let name = host.host();
    let is_address = name.eq_ignore_ascii_case("localhost")
        || name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
    name.eq_ignore_ascii_case(origin.host())
        && port(&host) == port(&origin)
        && (is_address || !from.to_canonical().is_loopback())
}

/// The value of a header that is there exactly once.
fn only(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

impl Refusal {
    /// The answer, whole.
    fn answer(&self) -> Vec<u8> {
        let (status, text) = match self {
            Self::Gone(_) => return Vec::new(),
            Self::Tls => (StatusCode::BAD_REQUEST, PLAIN_PORT),
            Self::ForeignOrigin(_) => (StatusCode::FORBIDDEN, FOREIGN_ORIGIN),
            Self::NoUpgrade(status, text) => (*status, *text),
        };
        let more = match status {
            // RFC 6455 section 4.4, RFC 9110 section 15.5.22.
            StatusCode::UPGRADE_REQUIRED => {
                "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nConnection: Upgrade, close\r\n"
            }
            _ => "Connection: close\r\n",
        };
        let length = text.len() + 1;
        format!(
            "HTTP/1.1 {status}\r\nServer: {AGENT}\r\n{more}Content-Type: text/plain; \
             charset=utf-8\r\nContent-Length: {length}\r\n\r\n{text}\n"
        )
        .into_bytes()
    }
}

#[cfg(test)]
mod tests;
