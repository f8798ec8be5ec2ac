//! `GET /chains`: the whole chain as one JSON array, from one view.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, VARY,
};
use tokio::sync::OwnedSemaphorePermit;
use warp::Reply;
use warp::reply::Response;

use super::block_json::BLOCK_JSON_BYTES;
use super::call::Call;
use super::pages::{Page, Pages, StreamPlaces};
use crate::api::context::Context;
use crate::api::http::coding::{Coding, Encoder};
use crate::api::http::etag::{self, IfNoneMatch};
use crate::api::http::long_requests::LongRequest;
use crate::api::http::problem::Problem;
use crate::api::http::reply;
use crate::api::http::response_memory::Share;
use crate::chain::{Height, Spec, write_block_json};
use crate::node::{NodeHandle, StoreError, View};

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
    long: LongRequest,
) -> Result<Response, Problem> {
    let places = StreamPlaces::take(&context.streams, long)?;
    let node = context.node.clone();
    let coding = Coding::preferred(headers);
    let compressor = coding.and_then(|coding| Compressor::start(context, coding)).transpose()?;
    let coding = coding.filter(|_| compressor.is_some());
    let source = Source { node, view, share, compressor };
    let read = move |from, wait| {
        let source = source.clone();
        async move { source.page(from, wait).await }
    };
    let pages = Pages::start(Height::GENESIS, places, read).await?;
    let mut response = warp::reply::stream(pages).into_response();
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    if let Some(coding) = coding {
        response.headers_mut().insert(CONTENT_ENCODING, coding.name());
    }
    Ok(response)
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
    async fn page(&self, from: Height, wait: Duration) -> Result<Page<Height>, Problem> {
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
