//! A link's life: reading and writing side by side, and a close that reaches the peer.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use futures_util::{FutureExt, Sink, SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message as Frame};

use super::binary;
use super::context::Context;
use super::event::Event;
use super::json;
use super::socket::debts::{Debtor, FRAME};
use super::socket::frame_guard::FrameGuard;
use super::socket::frame_writer::{FrameWriter, Gone};
use super::socket::stats::Stats;
use super::ticket::{Close, Ticket, is_fault};
use crate::node::Dialect;
use crate::sync::{LinkId, Outgoing};

/// How long a close may take: time for the frame, and for the peer to hang up.
const CLOSE_TIME: Duration = Duration::from_secs(1);

/// Bytes read at once of what is dropped. Copying them takes no longer than a frame.
const DRAIN_STEP: usize = 32 << 10;

/// Runs a link to its end, and tells the driver once its socket is gone: until then it counts.
pub(super) async fn run<S>(
    context: Arc<Context>,
    stats: Arc<Stats>,
    debtor: Arc<Debtor>,
    socket: WebSocketStream<FrameGuard<S>>,
    dialect: Dialect,
    ticket: Ticket,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let link = ticket.link;
    let served = serve(&context, &stats, &debtor, socket, dialect, ticket);
    // A panic takes the socket with it, and must not take the place for ever.
    let reason = match AssertUnwindSafe(served).catch_unwind().await {
        Ok(reason) => reason,
        Err(_) => "internal error: the link task panicked".to_owned(),
    };
    context.tell(Event::Ended { link, reason }).await;
}

/// Serves a link until it is over; returns why.
async fn serve<S>(
    context: &Arc<Context>,
    stats: &Arc<Stats>,
    debtor: &Arc<Debtor>,
    socket: WebSocketStream<FrameGuard<S>>,
    dialect: Dialect,
    ticket: Ticket,
) -> String
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Ticket { link, ip, mut waiting, mut close, stop_range } = ticket;
    let (mut sink, mut stream) = socket.split();
    let ended = {
        let stream = &mut stream;
        let reading = async {
            if dialect == Dialect::Binary {
                binary::reader::Reader { context, link, stats, debtor, stream }.run().await
            } else {
                json::reader::Reader { context, link, stats, debtor, stream }.run().await
            }
        };
        let (config, sink) = (&context.config, &mut sink);
        let next_ping = Instant::now() + config.ping_every;
        let frames = FrameWriter { config, stats, sink, next_ping };
        let writer = write(context, link, ip, debtor, frames, &mut waiting, &stop_range);
        tokio::select! {
            biased;
            close = &mut close => Err(close.unwrap_or(GOING_AWAY)),
            reason = writer => Ok(reason),
            ended = reading => {
                if ended.as_ref().is_err_and(|close| is_fault(close.code)) {
                    context.node.metrics().peers.faults.increment();
                }
                ended
            }
        }
    };
    match ended {
        Ok(reason) => reason,
        Err(close) => {
            let frame = Frame::Close(Some(CloseFrame {
                code: close.code.into(),
                reason: close.reason.into(),
            }));
            let closed = timeout(CLOSE_TIME, sink.send(frame)).await;
            if let (Ok(Ok(())), Ok(mut socket)) = (closed, sink.reunite(stream)) {
                drain(socket.get_mut().inner(), debtor).await;
            }
            format!("closed: {}", close.reason)
        }
    }
}

/// Writes until the link is gone, or nobody has anything to send any more; returns why.
async fn write<S>(
    context: &Arc<Context>,
    link: LinkId,
    ip: IpAddr,
    debtor: &Debtor,
    mut frames: FrameWriter<'_, S>,
    waiting: &mut mpsc::Receiver<Outgoing>,
    stop_range: &AtomicBool,
) -> Gone
where
    S: Sink<Frame, Error = Error> + Unpin,
{
    let mut ahead = None;
    loop {
        let next = match frames.next(waiting).await {
            Ok(next) => next,
            Err(reason) => return reason,
        };
        let (frames, ahead) = (&mut frames, &mut ahead);
        let sent = match next {
            Outgoing::Json(next) => {
                json::writer::Writer { context, link, debtor, frames, stop_range, ahead }
                    .send(next)
                    .await
            }
            Outgoing::Binary(next) => {
                binary::writer::Writer { context, link, ip, debtor, frames }.send(next).await
            }
        };
        if let Err(reason) = sent {
            return reason;
        }
    }
}

/// What the end of the driver means.
const GOING_AWAY: Close = Close { code: 1001, reason: "the node is stopping" };

/// Refuses a peer that is connected already.
pub(super) async fn refuse<S>(
    mut socket: WebSocketStream<FrameGuard<S>>,
    debtor: &Debtor,
    close: Close,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let frame = CloseFrame { code: close.code.into(), reason: close.reason.into() };
    if timeout(CLOSE_TIME, socket.close(Some(frame))).await.is_ok() {
        drain(socket.get_mut().inner(), debtor).await;
    }
}

/// Reads what the peer still sends, and drops it: a socket that is closed with bytes
/// unread resets the connection, and the close frame is lost on its way. That is useless work, paid
/// for read by read.
async fn drain<S: AsyncRead + Unpin>(stream: &mut S, debtor: &Debtor) {
    let mut rest = vec![0; DRAIN_STEP];
    let read = async {
        while matches!(stream.read(&mut rest).await, Ok(1..)) {
            debtor.pay(FRAME).await;
        }
    };
    // A peer that goes on sending is cut off.
    let _ = timeout(CLOSE_TIME, read).await;
}

#[cfg(test)]
mod tests;
