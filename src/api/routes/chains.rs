//! `GET /chains`: the whole chain as one JSON array, from one view.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{self, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::task::AbortOnDropHandle;
use warp::Reply;
use warp::reply::Response;

use super::call::Call;
use super::mine::BLOCK_JSON_BYTES;
use crate::api::http::problem::{Kind, Problem};
use crate::api::http::response_memory::{ANSWER_WAIT, NoRoom, Reserved, Share};
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
    let Call { context, share, .. } = call;
    let permit = Arc::clone(&context.streams).try_acquire_owned().map_err(|_| {
        let detail = "too many clients are reading the chain; try again later";
        Problem::new(Kind::Busy, detail).retry_after(STREAMS_WAIT)
    })?;
    let node = context.node.clone();
    let view = Arc::new(node.view());
    let source = Source { node, view, share };
    let first = source.page(Height::GENESIS, ANSWER_WAIT).await?;
    let pages = Pages { source, next: Next::Ready(first), _permit: permit };
    let mut response = warp::reply::stream(pages).into_response();
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
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
}

impl Source {
    /// Reads one batch and writes it down, on a blocking thread.
    async fn page(&self, from: Height, wait: Duration) -> Result<Page, Problem> {
        let read = |reserved| {
            let (view, spec) = (Arc::clone(&self.view), self.node.spec().clone());
            let share = self.share.clone();
            let write = move || write_page(&view, &spec, from, &share, reserved);
            self.node.read(write)
        };
        self.share.build(wait, read).await
    }
}

fn write_page(
    view: &View,
    spec: &Spec,
    from: Height,
    share: &Share,
    reserved: Option<Reserved>,
) -> Result<Result<Page, NoRoom>, StoreError> {
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
    Ok(share.count(text, reserved).map(|text| Page { text, next }))
}

/// The pages, each read while the one before is sent.
struct Pages {
    source: Source,
    next: Next,
    _permit: OwnedSemaphorePermit,
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
