//! Writes the messages of a link, in both dialects, as fast as the socket takes them.

use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Sink, SinkExt};
use humantime::format_duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::protocol::frame::Frame as RawFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::{Error, Message as Frame};

use super::stats::Stats;
use crate::p2p::config::P2pConfig;

/// Longest frame sent: 64 KiB. A longer message goes in fragments.
pub(in crate::p2p) const SENT_FRAGMENT: usize = 64 << 10;

/// Why a link cannot be written to.
pub(in crate::p2p) type Gone = String;

/// Writes the frames of a link.
pub(in crate::p2p) struct FrameWriter<'a, S> {
    pub(in crate::p2p) config: &'a P2pConfig,
    pub(in crate::p2p) stats: &'a Stats,
    pub(in crate::p2p) sink: &'a mut S,
    pub(in crate::p2p) next_ping: Instant,
}

impl<S> FrameWriter<'_, S>
where
    S: Sink<Frame, Error = Error> + Unpin,
{
    /// The next thing to send. The peer is pinged while there is none.
    pub(in crate::p2p) async fn next<T>(
        &mut self,
        waiting: &mut mpsc::Receiver<T>,
    ) -> Result<T, Gone> {
        loop {
            tokio::select! {
                biased;
                next = waiting.recv() => return next.ok_or_else(|| "no longer wanted".to_owned()),
                () = tokio::time::sleep_until(self.next_ping) => self.ping().await?,
            }
        }
    }

    /// Sends a message, in fragments when it is long.
    pub(in crate::p2p) async fn data(
        &mut self,
        mut kind: Data,
        mut bytes: Bytes,
    ) -> Result<(), Gone> {
        while bytes.len() > SENT_FRAGMENT {
            self.fragment(kind, bytes.split_to(SENT_FRAGMENT), false).await?;
            kind = Data::Continue;
        }
        let last = RawFrame::message(bytes, OpCode::Data(kind), true);
        self.feed(Frame::Frame(last)).await
    }

    /// Sends a part of a message.
    pub(in crate::p2p) async fn fragment(
        &mut self,
        kind: Data,
        part: Bytes,
        is_last: bool,
    ) -> Result<(), Gone> {
        let frame = RawFrame::message(part, OpCode::Data(kind), is_last);
        self.feed(Frame::Frame(frame)).await?;
        self.flush().await?;
        if Instant::now() >= self.next_ping {
            self.ping().await?;
        }
        Ok(())
    }

    async fn ping(&mut self) -> Result<(), Gone> {
        self.next_ping = Instant::now() + self.config.ping_every;
        let payload = Bytes::copy_from_slice(&self.stats.ping((self.config.random)()));
        self.feed(Frame::Ping(payload)).await?;
        self.flush().await
    }

    async fn feed(&mut self, frame: Frame) -> Result<(), Gone> {
        taken(self.stats, self.config.send_timeout, self.sink.feed(frame)).await
    }

    /// Waits until the socket took everything.
    pub(in crate::p2p) async fn flush(&mut self) -> Result<(), Gone> {
        taken(self.stats, self.config.send_timeout, self.sink.flush()).await
    }
}

/// Waits until the socket took something for as long as it takes any bytes at all within `limit`.
async fn taken(
    stats: &Stats,
    limit: Duration,
    sending: impl Future<Output = Result<(), Error>>,
) -> Result<(), Gone> {
    let mut sending = pin!(sending);
    loop {
        let (_, before) = stats.bytes();
        match timeout(limit, &mut sending).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => return Err(error.to_string()),
            Err(_) if stats.bytes().1 > before => {}
            Err(_) => {
                return Err(format!("the peer took nothing for {}", format_duration(limit)));
            }
        }
    }
}
