//! A client's socket that gives up on clients who stall.

use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::admission::{Admission, Place};
use super::in_flight::InFlight;
use super::limits::Limits;
use crate::tls::FIRST_TLS_BYTE;

/// How much is read and thrown away after an answer that did not wait for the whole
/// request, and for how long. The client has its response and sees the end of our side, and
/// is given time to stop sending: closing at once would reset the connection and
/// take the answer from it (RFC 9112 section 9.6). A proxy makes 502 of that.
#[derive(Clone, Copy, Debug)]
struct Drain {
    bytes: usize,
    time: Duration,
}

/// For a connection with a place among those that linger: a whole body.
const LONG_DRAIN: Drain = Drain { bytes: 16 << 20, time: Duration::from_secs(5) };

/// For one without.
const SHORT_DRAIN: Drain = Drain { bytes: 64 << 10, time: Duration::from_secs(1) };

/// A reader that takes less than this within [`Limits::write_stall`] is cut.
const MIN_TAKEN_BYTES: usize = 64 << 10;

/// Bytes of further requests that are read while one is under way, to notice when the client
/// leaves. One that sent more is noticed once its request is answered.
const MAX_AHEAD_BYTES: usize = 4 << 10;

/// Who may linger.
#[derive(Clone, Debug)]
pub(super) struct Lingering {
    places: Admission,
    client: IpAddr,
}

impl Lingering {
    pub(super) const fn new(places: Admission, client: IpAddr) -> Self {
        Self { places, client }
    }
}

/// Times out in three ways: a slow head of a request, a long pause between requests,
/// and a reader that accepts nothing. A slow body is its reader's matter.
#[derive(Debug)]
pub(super) struct GuardedStream<S> {
    inner: S,
    in_flight: InFlight,
    header_timeout: Duration,
    idle_timeout: Duration,
    write_stall: Duration,
    reading: Watch,
    writing: Watch,
    /// Bytes that were taken since the write timer was set.
    taken: usize,
    /// Read and not handed on yet.
    ahead: BytesMut,
    /// Requests that had begun when last looked.
    seen: usize,
    /// Bytes have come that no request has begun with yet.
    in_head: bool,
    /// Before the first byte the short limit counts.
    fresh: bool,
    /// Our side of the connection is closed.
    shut: bool,
    lingering: Lingering,
    /// How long to read on; `None` until it is begun.
    drain: Option<Drain>,
    drained: usize,
    /// Held while more than a little is read on.
    place: Option<Place>,
}

/// One timer that is moved only when it must ring earlier: a later deadline is
/// checked when the old one rings, so that a busy connection seldom touches it.
#[derive(Debug)]
struct Watch {
    deadline: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl<S> GuardedStream<S> {
    pub(super) fn new(
        inner: S,
        in_flight: InFlight,
        limits: &Limits,
        lingering: Lingering,
    ) -> Self {
        Self {
            inner,
            in_flight,
            header_timeout: limits.header_timeout,
            idle_timeout: limits.idle_timeout,
            write_stall: limits.write_stall,
            reading: Watch::new(),
            writing: Watch::new(),
            taken: 0,
            ahead: BytesMut::new(),
            seen: 0,
            in_head: false,
            fresh: true,
            shut: false,
            lingering,
            drain: None,
            drained: 0,
            place: None,
        }
    }

    /// Whether the wait for a request's head has taken too long.
    fn poll_head_timeout(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        self.see_requests();
        if self.in_flight.is_busy() {
            self.reading.clear();
            return Poll::Pending;
        }
        let is_short = self.in_head || self.fresh;
        let limit = if is_short { self.header_timeout } else { self.idle_timeout };
        ready!(self.reading.poll(context, limit));
        Poll::Ready(timed_out("the request's head came too slowly"))
    }

    /// Whether a head that was being read has become a request.
    fn see_requests(&mut self) {
        let begun = self.in_flight.begun();
        if begun != self.seen {
            self.seen = begun;
            self.in_head = false;
            self.fresh = false;
            self.reading.clear();
        }
    }

    /// After a read that gave these bytes.
    fn note_read(&mut self, bytes: &[u8]) {
        self.see_requests();
        if self.fresh && !self.in_head && bytes.first() == Some(&FIRST_TLS_BYTE) {
            // The answer, which is no TLS, says the same to the client.
            let client = self.lingering.client;
            tracing::info!(%client, "no request: the client speaks TLS, and this port does not; it must use http://, or set `api.tls` here");
        }
        if !bytes.is_empty() && !self.in_flight.is_busy() && !self.in_head {
            self.in_head = true;
            if !self.fresh {
                // The pause is over; the head has its own time.
                self.reading.clear();
            }
        }
    }

    /// Sets the write timer, or takes it back once enough was taken.
    fn watch_write(
        &mut self,
        context: &mut Context<'_>,
        result: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if let Poll::Ready(result) = result {
            let count = result.as_ref().map_or(0, |&count| count);
            self.taken = self.taken.saturating_add(count);
            if self.taken >= MIN_TAKEN_BYTES {
                self.end_write();
            }
            return Poll::Ready(result);
        }
        self.poll_write_timeout(context).map(Err)
    }

    /// As [`Self::watch_write`], for what is done only once everything was taken.
    fn watch_flush(
        &mut self,
        context: &mut Context<'_>,
        result: Poll<io::Result<()>>,
    ) -> Poll<io::Result<()>> {
        if result.is_ready() {
            self.end_write();
            return result;
        }
        self.poll_write_timeout(context).map(Err)
    }

    fn poll_write_timeout(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        ready!(self.writing.poll(context, self.write_stall));
        Poll::Ready(timed_out("the client accepted too little of the answer for too long"))
    }

    const fn end_write(&mut self) {
        self.taken = 0;
        self.writing.clear();
    }
}

impl<S: AsyncRead + Unpin> GuardedStream<S> {
    /// Fails when the client has left while its request is worked on. Hyper sees that itself
    /// unless the beginning of a further request has come.
    fn check_client(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        while self.in_flight.is_waiting() && self.ahead.len() < MAX_AHEAD_BYTES {
            let mut space = [0_u8; 1_024];
            let mut buffer = ReadBuf::new(&mut space);
            match Pin::new(&mut self.inner).poll_read(context, &mut buffer) {
                Poll::Pending => break,
                Poll::Ready(result) => result?,
            }
            if buffer.filled().is_empty() {
                let reason = "the client left while its request was under way";
                return Err(io::Error::new(io::ErrorKind::ConnectionAborted, reason));
            }
            self.ahead.extend_from_slice(buffer.filled());
        }
        Ok(())
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> GuardedStream<S> {
    /// Reads on, for a while, what a client sends that was answered already.
    fn poll_drain(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Drain { bytes, time } = *self.drain.get_or_insert_with(|| {
            self.place = self.lingering.places.try_admit(self.lingering.client);
            if self.place.is_some() { LONG_DRAIN } else { SHORT_DRAIN }
        });
        let mut space = [0_u8; 4_096];
        while self.drained < bytes {
            let mut buffer = ReadBuf::new(&mut space);
            match Pin::new(&mut self.inner).poll_read(context, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    self.drained = self.drained.saturating_add(buffer.filled().len());
                }
                Poll::Ready(_) => break,
                Poll::Pending => return self.reading.poll(context, time),
            }
        }
        Poll::Ready(())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for GuardedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.ahead.is_empty() {
            let before = buffer.filled().len();
            let count = self.ahead.len().min(buffer.remaining());
            buffer.put_slice(&self.ahead.split_to(count));
            self.note_read(buffer.filled().get(before..).unwrap_or_default());
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        match Pin::new(&mut self.inner).poll_read(context, buffer) {
            Poll::Ready(result) => {
                self.note_read(buffer.filled().get(before..).unwrap_or_default());
                Poll::Ready(result)
            }
            Poll::Pending => self.poll_head_timeout(context).map(Err),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for GuardedStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.watch_write(context, result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.inner).poll_write_vectored(context, slices);
        self.watch_write(context, result)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Hyper flushes whenever it has done what it can.
        self.check_client(context)?;
        let result = Pin::new(&mut self.inner).poll_flush(context);
        self.watch_flush(context, result)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.shut {
            let result = Pin::new(&mut self.inner).poll_shutdown(context);
            ready!(self.watch_flush(context, result))?;
            self.shut = true;
            self.see_requests();
            self.reading.clear();
        }
        if self.in_flight.has_unread() || self.in_head {
            ready!(self.poll_drain(context));
        }
        Poll::Ready(Ok(()))
    }
}

impl Watch {
    const fn new() -> Self {
        Self { deadline: None, timer: None }
    }

    /// The next wait starts anew.
    const fn clear(&mut self) {
        self.deadline = None;
    }

    /// Ready once `limit` has passed since the first call after [`Watch::clear`].
    fn poll(&mut self, context: &mut Context<'_>, limit: Duration) -> Poll<()> {
        let deadline = *self.deadline.get_or_insert_with(|| Instant::now() + limit);
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if timer.deadline() > deadline {
            timer.as_mut().reset(deadline);
        }
        while timer.as_mut().poll(context).is_ready() {
            if Instant::now() >= deadline {
                return Poll::Ready(());
            }
            timer.as_mut().reset(deadline);
        }
        Poll::Pending
    }
}

fn timed_out(reason: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, reason)
}

#[cfg(test)]
mod tests;
