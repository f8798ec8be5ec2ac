//! Reads a request's body: bounded in size and time, chunked or not.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, TRANSFER_ENCODING};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use super::in_flight::InFlight;
use super::limits::Limits;
use super::problem::{Kind, Problem};
use crate::api::quoted::quoted;

/// Largest body of `POST /mineBlock`: a full block with its text escaped.
pub(in crate::api) const MAX_MINE_BYTES: usize = 8 << 20;

/// Largest body of `POST /v1/records`.
pub(in crate::api) const MAX_RECORDS_BYTES: usize = MAX_MINE_BYTES;

/// Largest body anywhere else.
pub(in crate::api) const MAX_SMALL_BYTES: usize = 64 << 10;

/// Bodies above [`MAX_SMALL_BYTES`] that are held at the same time: with
/// [`MAX_MINE_BYTES`] each, 64 MiB. When all are taken the next one waits, within
/// its own time limits.
const MAX_LARGE_BODIES: usize = 8;

/// Most characters that are shown of a coding that a client names.
const MAX_SHOWN: usize = 40;

/// Reads bodies within the limits.
#[derive(Clone, Debug)]
pub(in crate::api) struct BodyReader {
    stall: Duration,
    timeout: Duration,
    large: Arc<Semaphore>,
}

/// A body that was read whole. Large ones count as held until this is dropped.
#[derive(Debug)]
pub(in crate::api) struct WholeBody {
    bytes: Bytes,
    large: Option<OwnedSemaphorePermit>,
}

impl WholeBody {
    pub(in crate::api) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Drops the bytes. A large body counts as held as long as the result: for what was read of
    /// it.
    pub(in crate::api) fn into_place(self) -> Option<OwnedSemaphorePermit> {
        self.large
    }
}

impl BodyReader {
    pub(in crate::api) fn new(limits: &Limits) -> Self {
        Self {
            stall: limits.body_stall,
            timeout: limits.body_timeout,
            large: Arc::new(Semaphore::new(MAX_LARGE_BODIES)),
        }
    }

    /// Reads the body to its end.
    ///
    /// # Errors
    /// 415 when it is encoded, 413 above `max` bytes, 408 when it comes too slowly, 400 when
    /// it ends early.
    pub(in crate::api) async fn read<S, E>(
        &self,
        headers: &HeaderMap,
        stream: S,
        max: usize,
    ) -> Result<WholeBody, Problem>
    where
        S: Stream<Item = Result<Bytes, E>>,
    {
        check_encoding(headers)?;
        let declared = declared_length(headers);
        if declared.is_some_and(|declared| declared > max as u64) {
            return Err(too_large(max));
        }
        let end = Instant::now() + self.timeout;
        let mut stream = std::pin::pin!(stream);
        let mut whole = Bytes::new();
        let mut large = None;
        let mut parts = Vec::new();
        let mut length = 0_usize;
        loop {
            let stalled = Instant::now() + self.stall;
            let part = timeout_at(stalled.min(end), stream.next()).await.map_err(|_| too_slow())?;
            let Some(part) = part else { break };
            let part = part.map_err(|_| incomplete())?;
            let size = part.len();
            length = length.saturating_add(size);
            if length > max {
                return Err(too_large(max));
            }
            if length > MAX_SMALL_BYTES && large.is_none() {
                let permit = timeout_at(end, Arc::clone(&self.large).acquire_owned()).await;
                large = permit.map_err(|_| too_slow())?.ok();
            }
            if whole.is_empty() && parts.is_empty() {
                whole = part;
                continue;
            }
            if parts.is_empty() {
                make_room(&mut parts, whole.len(), max);
                parts.extend_from_slice(&whole);
            }
            make_room(&mut parts, size, max);
            parts.extend_from_slice(&part);
        }
        if !parts.is_empty() {
            whole = parts.into();
        }
        Ok(WholeBody { bytes: whole, large })
    }
}

/// Doubles what is held, but never beyond `max`.
fn make_room(parts: &mut Vec<u8>, more: usize, max: usize) {
    let needed = parts.len().saturating_add(more);
    if needed > parts.capacity() {
        let wanted = parts.capacity().saturating_mul(2).min(max).max(needed);
        parts.reserve_exact(wanted.saturating_sub(parts.len()));
    }
}

/// Whether a body says that it is newline-delimited JSON.
pub(in crate::api) fn is_ndjson(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    types.next().is_some_and(|value| media_type(value) == "application/x-ndjson")
        && types.next().is_none()
}

/// The media type without its parameters, in lower case.
fn media_type(value: &http::HeaderValue) -> String {
    let text = value.to_str().unwrap_or_default();
    text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Refuses a body that says it is not JSON. One that says nothing may be.
///
/// # Errors
/// 415.
pub(in crate::api) fn check_json_type(headers: &HeaderMap) -> Result<(), Problem> {
    let is_json = |value: &http::HeaderValue| {
        let essence = media_type(value);
        essence == "application/json"
            || (essence.starts_with("application/") && essence.ends_with("+json"))
    };
    if headers.get_all(CONTENT_TYPE).iter().all(is_json) {
        return Ok(());
    }
    let detail = "send Content-Type: application/json, or no Content-Type";
    Err(Problem::new(Kind::UnsupportedMediaType, detail).at("Content-Type"))
}

/// Refuses a body that is compressed or encoded otherwise (RFC 9110 section 8.4).
fn check_encoding(headers: &HeaderMap) -> Result<(), Problem> {
    let codings = headers.get_all(CONTENT_ENCODING).iter();
    let mut codings = codings.flat_map(|value| value.as_bytes().split(|&byte| byte == b','));
    let is_plain = |coding: &[u8]| coding.is_empty() || coding.eq_ignore_ascii_case(b"identity");
    let Some(coding) = codings.find(|coding| !is_plain(coding.trim_ascii())) else {
        return Ok(());
    };
    let coding = shown(coding.trim_ascii());
    let detail = format!("the body is encoded, by {coding}; send it without Content-Encoding");
    Err(Problem::new(Kind::UnsupportedMediaType, detail).at("Content-Encoding"))
}

/// Refuses a request whose body comes in another transfer coding than `chunked`, which is undone
/// below (RFC 9112 section 6.1). Hyper refuses a body whose last coding is another one.
///
/// # Errors
/// 501.
pub(in crate::api) fn check_transfer_coding(headers: &HeaderMap) -> Result<(), Problem> {
    let codings = headers.get_all(TRANSFER_ENCODING).iter();
    let codings = codings.flat_map(|value| value.as_bytes().split(|&byte| byte == b','));
    let codings: Vec<_> =
        codings.map(<[u8]>::trim_ascii).filter(|coding| !coding.is_empty()).collect();
    let (Some(last), rest) = (codings.last(), codings.len().saturating_sub(1)) else {
        return Ok(());
    };
    let unknown = codings.iter().find(|coding| !coding.eq_ignore_ascii_case(b"chunked"));
    let Some(coding) = unknown.or_else(|| (rest > 0).then_some(last)) else { return Ok(()) };
    let detail = format!(
        "the body is in the transfer coding {} before it is chunked; send it as it is, or chunked once",
        shown(coding)
    );
    Err(Problem::new(Kind::UnknownTransferCoding, detail).at("Transfer-Encoding"))
}

/// The name of a coding, as far as it is worth showing.
fn shown(coding: &[u8]) -> String {
    quoted(&String::from_utf8_lossy(coding).chars().take(MAX_SHOWN).collect::<String>())
}

/// Hyper has checked the header: it is one number, or the request is refused.
fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn too_large(max: usize) -> Problem {
    Problem::new(Kind::BodyTooLarge, format!("the limit is {max} bytes"))
}

fn too_slow() -> Problem {
    Problem::new(Kind::RequestTimeout, "the body arrived too slowly; send it without long pauses")
}

fn incomplete() -> Problem {
    Problem::new(Kind::InvalidBody, "the body ended early, or its chunks are malformed")
}

/// A request's body that tells whether it was read to its end.
#[derive(Debug)]
pub(in crate::api) struct TrackedBody {
    inner: Incoming,
    read: Option<Arc<AtomicBool>>,
    in_flight: InFlight,
}

/// Whether a [`TrackedBody`] was read to its end; true when there is none.
#[derive(Debug)]
pub(super) struct WasRead(Option<Arc<AtomicBool>>);

impl TrackedBody {
    /// The body of the request that has begun.
    pub(super) fn new(inner: Incoming, in_flight: InFlight) -> (Self, WasRead) {
        let read = (!inner.is_end_stream()).then(|| Arc::new(AtomicBool::new(false)));
        if read.is_none() {
            in_flight.end_body();
        }
        (Self { inner, read: read.clone(), in_flight }, WasRead(read))
    }
}

impl WasRead {
    pub(super) fn get(&self) -> bool {
        self.0.as_ref().is_none_or(|read| read.load(Ordering::Relaxed))
    }
}

impl Body for TrackedBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(context));
        let is_end = frame.is_none() || self.inner.is_end_stream();
        if is_end && let Some(read) = &self.read {
            read.store(true, Ordering::Relaxed);
            self.in_flight.end_body();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests;
