//! A long response in pages, each of which is read while the one before is sent.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{self, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use futures_util::future::BoxFuture;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::AbortOnDropHandle;

use crate::api::http::long_requests::LongRequest;
use crate::api::http::problem::{Kind, Problem};
use crate::api::http::response_memory::RESPONSE_ROOM_WAIT;

/// How long a client should wait for a place among those that read the chain.
const STREAMS_WAIT: Duration = Duration::from_secs(5);

/// How long a page within the chain waits for its place in the budget of responses: longer than
/// readers that take nothing keep theirs.
const PAGE_WAIT: Duration = Duration::from_secs(60);

/// A part of a response.
#[derive(Default)]
pub(super) struct Page<C> {
    pub(super) text: Bytes,
    /// Where the next one starts, `None` if this is the last.
    pub(super) next: Option<C>,
}

/// Reads the page that starts here, and waits at most so long for room for it.
type Read<C> =
    Arc<dyn Fn(C, Duration) -> BoxFuture<'static, Result<Page<C>, Problem>> + Send + Sync>;

/// What a long response holds until it is sent.
pub(super) struct StreamPlaces {
    _stream: OwnedSemaphorePermit,
    _long: LongRequest,
}

/// The pages.
pub(super) struct Pages<C> {
    read: Read<C>,
    next: Next<C>,
    _places: StreamPlaces,
}

enum Next<C> {
    Ready(Page<C>),
    /// A task of its own, which ends with this: a read that waits for its permit must
    /// go on while this reader's socket is full, or it would keep the permit from
    /// all others.
    Reading(AbortOnDropHandle<Result<Page<C>, Problem>>),
    End,
}

impl StreamPlaces {
    /// Takes a place among the chains that are sent.
    ///
    /// # Errors
    /// 503 when all are taken.
    pub(super) fn take(streams: &Arc<Semaphore>, long: LongRequest) -> Result<Self, Problem> {
        Ok(Self { _stream: place(streams)?, _long: long })
    }
}

/// Takes one of these places among those that read the chain.
///
/// # Errors
/// 503 when all are taken.
pub(super) fn place(places: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, Problem> {
    Arc::clone(places).try_acquire_owned().map_err(|_| {
        let detail = "too many clients are reading the chain; try again later";
        Problem::new(Kind::Busy, detail).retry_after(STREAMS_WAIT)
    })
}

impl<C> Pages<C> {
    /// Reads the first page, so that a node that cannot read says so with a status.
    pub(super) async fn start<F>(
        first: C,
        places: StreamPlaces,
        read: impl Fn(C, Duration) -> F + Send + Sync + 'static,
    ) -> Result<Self, Problem>
    where
        F: Future<Output = Result<Page<C>, Problem>> + Send + 'static,
    {
        let read: Read<C> = Arc::new(move |from, wait| Box::pin(read(from, wait)));
        let page = read(first, RESPONSE_ROOM_WAIT).await?;
        Ok(Self { read, next: Next::Ready(page), _places: places })
    }
}

/// Ends with an error, never as if complete, when the chain cannot be read on: hyper then cuts
/// the connection within the body.
impl<C: Send + Default + Unpin + 'static> Stream for Pages<C> {
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
            let reading = (self.read)(from, PAGE_WAIT);
            self.next = Next::Reading(AbortOnDropHandle::new(tokio::spawn(reading)));
        }
        Poll::Ready(Some(Ok(page.text)))
    }
}
