//! `GET /chains`: the whole chain as one JSON array, from one view.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{self, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, VARY,
};
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::task::AbortOnDropHandle;
use warp::Reply;
use warp::reply::Response;

use super::block_json::BLOCK_JSON_BYTES;
use super::call::Call;
use crate::api::context::Context;
use crate::api::http::coding::{Coding, Encoder};
use crate::api::http::etag::{self, IfNoneMatch};
use crate::api::http::long_requests::LongRequest;
use crate::api::http::problem::{Kind, Problem};
use crate::api::http::reply;
use crate::api::http::response_memory::{RESPONSE_ROOM_WAIT, Share};
use crate::chain::{Height, Spec, write_block_json};
use crate::node::{NodeHandle, StoreError, View};

/// How long a client should wait for a place among them.
const STREAMS_WAIT: Duration = Duration::from_secs(5);

/// How long a page within the chain waits for its place in the budget of answers: longer than
/// readers that take nothing keep theirs.
const PAGE_WAIT: Duration = Duration::from_secs(60);

/// Starts to send the chain as it is now. The first batch is read before the answer
/// begins, so that a node that cannot read says so with a status.
pub(super) async fn all(call: Call) -> Result<Response, Problem> {
    let Call { context, caller, share, headers, .. } = call;
    let node = context.node.clone();
    let view = Arc::new(node.view());
    let tip = view.tip().hash;
    let held = IfNoneMatch::of(&headers).has(&tip);
    let mut response = if held {
        reply::not_modified()
    } else {
        let place = context.long_requests.take(&caller.user)?;
        stream(&context, view, share, &headers, place).await?
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(ETAG, etag::weak(&tip)?);
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    Ok(response)
}

async fn stream(
    context: &Context,
    view: Arc<View>,
    share: Share,
    headers: &HeaderMap,
    place: LongRequest,
) -> Result<Response, Problem> {
    let permit = Arc::clone(&context.streams).try_acquire_owned().map_err(|_| {
        let detail = "too many clients are reading the chain; try again later";
        Problem::new(Kind::Busy, detail).retry_after(STREAMS_WAIT)
    })?;
    let node = context.node.clone();
    let coding = Coding::preferred(headers);
    let compressor = coding.and_then(|coding| Compressor::start(context, coding)).transpose()?;
    let coding = coding.filter(|_| compressor.is_some());
    let source = Source { node, view, share, compressor };
    let first = source.page(Height::GENESIS, RESPONSE_ROOM_WAIT).await?;
    let pages = Pages { source, next: Next::Ready(first), _permit: permit, _place: place };
    let mut response = warp::reply::stream(pages).into_response();
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    if let Some(coding) = coding {
        response.headers_mut().insert(CONTENT_ENCODING, coding.name());
    }
    Ok(response)
}

/// Some of the chain's JSON text.
#[derive(Default)]
struct Page {
    text: Bytes,
    /// Where the next one starts, `None` if this is the last.
    next: Option<Height>,
}

/// Where the pages come from.
#[derive(Clone)]
struct Source {
    node: NodeHandle,
    view: Arc<View>,
    share: Share,
    compressor: Option<Arc<Compressor>>,
}

/// Compresses the pages of one chain, one after the other, and has a place among those that do.
struct Compressor {
    encoder: Mutex<Encoder>,
    _permit: OwnedSemaphorePermit,
}

impl Compressor {
    /// `None` if there is no place: the chain is then sent as it is.
    fn start(context: &Context, coding: Coding) -> Option<Result<Arc<Self>, Problem>> {
        let permit = Arc::clone(&context.compressions).try_acquire_owned().ok()?;
        let start = |encoder| Arc::new(Self { encoder: Mutex::new(encoder), _permit: permit });
        Some(Encoder::new(coding).map(start).map_err(|error| defect(&error)))
    }

    fn encode(&self, page: &[u8], is_last: bool) -> io::Result<Vec<u8>> {
        self.encoder.lock().unwrap_or_else(PoisonError::into_inner).encode(page, is_last)
    }
}

fn defect(error: &io::Error) -> Problem {
    tracing::error!(%error, "the chain cannot be compressed");
    Problem::internal()
}

impl Source {
    /// Reads one batch and writes it down, on a blocking thread.
    async fn page(&self, from: Height, wait: Duration) -> Result<Page, Problem> {
        let read = |reserved| {
            let (view, spec) = (Arc::clone(&self.view), self.node.spec().clone());
            let (share, compressor) = (self.share.clone(), self.compressor.clone());
            self.node.read(move || {
                let Written { text, next } = write_page(&view, &spec, from)?;
                let text = match compressor {
                    None => share.count(text, reserved).map(Ok),
                    Some(compressor) => {
                        let encode = |text: &[u8]| compressor.encode(text, next.is_none());
                        match share.count_encoded(&text, reserved, encode) {
                            Ok(counted) => counted.map(Ok),
                            Err(error) => Ok(Err(error)),
                        }
                    }
                };
                Ok(text.map(|text| text.map(|text| Page { text, next })))
            })
        };
        self.share.build(wait, read).await?.map_err(|error| defect(&error))
    }
}

/// A page before it is counted.
struct Written {
    text: Vec<u8>,
    next: Option<Height>,
}

fn write_page(view: &View, spec: &Spec, from: Height) -> Result<Written, StoreError> {
    let tip = view.tip().header.height;
    let blocks = view.blocks(from, tip)?;
    let sizes = blocks.iter().flat_map(|block| &block.records).map(String::len);
    let mut bytes = sizes.fold(0, usize::saturating_add);
    bytes = bytes.saturating_add(blocks.len().saturating_mul(BLOCK_JSON_BYTES));
    let mut text = Vec::with_capacity(bytes);
    let mut last = from;
    for block in &blocks {
        last = block.header.height;
        text.push(if last == Height::GENESIS { b'[' } else { b',' });
        write_block_json(&mut text, spec, &block.header, &block.hash, &block.records);
    }
    if last >= tip {
        text.push(b']');
    }
    let next = (last < tip).then(|| last.next());
    Ok(Written { text, next })
}

/// The pages, each read while the one before is sent.
struct Pages {
    source: Source,
    next: Next,
    _permit: OwnedSemaphorePermit,
    _place: LongRequest,
}

enum Next {
    Ready(Page),
    /// A task of its own, which ends with this: a read that waits for its permit must
    /// go on while this reader's socket is full, or it would keep the permit from
    /// all others.
    Reading(AbortOnDropHandle<Result<Page, Problem>>),
    End,
}

/// Ends with an error, never as if complete, when the chain cannot be read on: hyper then cuts
/// the connection within the body.
impl Stream for Pages {
    type Item = Result<Bytes, io::Error>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut task::Context<'_>,
    ) -> Poll<Option<Self::Item>> {
        let page = match &mut self.next {
            Next::End => return Poll::Ready(None),
            Next::Ready(page) => Ok(std::mem::take(page)),
            Next::Reading(reading) => ready!(Pin::new(reading).poll(context))
                .map_err(io::Error::other)
                .and_then(|page| page.map_err(|problem| io::Error::other(problem.detail))),
        };
        self.next = Next::End;
        let page = page.inspect_err(|error| {
            tracing::warn!(%error, "a reader of the chain was cut off");
        })?;
        if let Some(from) = page.next {
            let source = self.source.clone();
            let reading = async move { source.page(from, PAGE_WAIT).await };
            self.next = Next::Reading(AbortOnDropHandle::new(tokio::spawn(reading)));
        }
        Poll::Ready(Some(Ok(page.text)))
    }
}
