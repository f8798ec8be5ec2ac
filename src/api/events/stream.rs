//! A feed as the body of a response.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::Stream;
use tokio_util::task::AbortOnDropHandle;

use super::feed::{Cut, Feed};

/// A feed as the body of a response. The next text is read once the socket has taken the one
/// before, so that a slow client holds up only itself.
#[derive(Debug)]
pub(in crate::api) struct EventStream(Next);

type Read = (Box<Feed>, Result<Option<Vec<u8>>, Cut>);

#[derive(Debug)]
enum Next {
    Begin(Box<Feed>),
    Idle(Box<Feed>),
    /// A task of its own, which ends with this: a read that waits for its permit must go on
    /// while the client's socket is full, or it would keep the permit from all others.
    Reading(AbortOnDropHandle<Read>),
    End,
}

impl EventStream {
    pub(in crate::api) fn new(feed: Feed) -> Self {
        Self(Next::Begin(Box::new(feed)))
    }
}

/// Ends with an error, which cuts the connection, when the node has failed.
impl Stream for EventStream {
    type Item = Result<Bytes, io::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut reading = match std::mem::replace(&mut self.0, Next::End) {
            Next::Begin(feed) => {
                let text = feed.begin();
                self.0 = Next::Idle(feed);
                return Poll::Ready(Some(Ok(text.into())));
            }
            Next::Idle(mut feed) => AbortOnDropHandle::new(tokio::spawn(async move {
                let next = feed.next().await;
                (feed, next)
            })),
            Next::Reading(reading) => reading,
            Next::End => return Poll::Ready(None),
        };
        let Poll::Ready(read) = Pin::new(&mut reading).poll(context) else {
            self.0 = Next::Reading(reading);
            return Poll::Pending;
        };
        let (feed, next) = read.map_err(io::Error::other)?;
        Poll::Ready(match next {
            Ok(Some(text)) => {
                self.0 = Next::Idle(feed);
                Some(Ok(text.into()))
            }
            // After `Gone` the client connects again, and is told with a status.
            Ok(None) | Err(Cut::Gone) => None,
            Err(Cut::Node(failure)) => Some(Err(io::Error::other(failure))),
        })
    }
}
