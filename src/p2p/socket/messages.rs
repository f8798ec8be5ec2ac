//! The messages of a link as they come, in both dialects, and why they end.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message as Frame, Utf8Bytes};

use super::frame_guard::ReadError;
use super::stats::Stats;

/// How long a peer that closed may take to hang up. One that was dialled is the one to do so
/// (RFC 6455 section 7.1.1), and may never.
const HANG_UP: Duration = Duration::from_secs(1);

/// A message, of whichever kind.
#[derive(Debug)]
pub(in crate::p2p) enum Payload {
    Text(Utf8Bytes),
    Binary(Bytes),
}

/// Why there is no further message.
#[derive(Debug)]
pub(in crate::p2p) enum End {
    /// A message is above the limit.
    TooBig,
    /// A message did not end in time.
    Overdue,
    /// Text is not UTF-8.
    NotUtf8,
    /// A frame breaks RFC 6455.
    BadFrame,
    /// The peer closed the link, for this reason.
    Closed(String),
    /// The link is gone.
    Gone(String),
}

/// The next message. Pongs are counted, and other control frames dropped. Dropping the future
/// loses no message.
pub(in crate::p2p) async fn next<S>(stream: &mut S, stats: &Stats) -> Result<Payload, End>
where
    S: Stream<Item = Result<Frame, Error>> + Unpin,
{
    loop {
        match stream.next().await {
            None => return Err(End::Gone("closed by the peer".to_owned())),
            Some(Err(error)) => return Err(end(&error)),
            Some(Ok(Frame::Text(text))) => return Ok(Payload::Text(text)),
            Some(Ok(Frame::Binary(bytes))) => return Ok(Payload::Binary(bytes)),
            Some(Ok(Frame::Close(close))) => return Err(End::Closed(closed(close.as_ref()))),
            Some(Ok(Frame::Pong(payload))) => stats.ponged(&payload),
            Some(Ok(_)) => {}
        }
    }
}

/// Waits until a peer that closed hangs up. Reading on sends the answer to the close; what
/// comes counts for nothing.
pub(in crate::p2p) async fn hear_out<S>(stream: &mut S)
where
    S: Stream<Item = Result<Frame, Error>> + Unpin,
{
    let rest = async { while let Some(Ok(_)) = stream.next().await {} };
    let _ = timeout(HANG_UP, rest).await;
}

fn closed(close: Option<&CloseFrame>) -> String {
    let code = close.map(|close| format!(" ({})", u16::from(close.code)));
    format!("closed by the peer{}", code.unwrap_or_default())
}

fn end(error: &Error) -> End {
    match error {
        Error::Utf8(_) => End::NotUtf8,
        Error::Capacity(_) => End::TooBig,
        Error::Io(error) => {
            match error.get_ref().and_then(|inner| inner.downcast_ref::<ReadError>()) {
                Some(ReadError::TooBig) => End::TooBig,
                Some(ReadError::Overdue) => End::Overdue,
                Some(silent @ ReadError::Silent) => End::Gone(silent.to_string()),
                None => End::Gone(error.to_string()),
            }
        }
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
            End::Gone(error.to_string())
        }
        Error::Protocol(_) => End::BadFrame,
        error => End::Gone(error.to_string()),
    }
}
