//! What goes out on a link of the binary dialect, read from the database when its turn comes.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::Sink;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::protocol::frame::coding::Data;
use tokio_tungstenite::tungstenite::{Error, Message as Frame};

use super::serve::{self, Part};
use crate::chain::{BlockId, Hash, Header, Height};
use crate::node::NodeFailure;
use crate::p2p::context::Context;
use crate::p2p::dialing::addresses;
use crate::p2p::event::Event;
use crate::p2p::socket::debts::Debtor;
use crate::p2p::socket::frame_writer::{FrameWriter, Gone};
use crate::sync::message::MAX_RECORD_TEXTS;
pub(super) use crate::sync::message::{MAX_HEADERS, Message};
use crate::sync::{BinaryInput, BinaryOutgoing, LinkId, RelayInput};

/// Writes a link.
pub(in crate::p2p) struct Writer<'a, 'f, S> {
    pub(in crate::p2p) context: &'a Context,
    pub(in crate::p2p) link: LinkId,
    /// Of the peer.
    pub(in crate::p2p) ip: IpAddr,
    pub(in crate::p2p) debtor: &'a Debtor,
    pub(in crate::p2p) frames: &'a mut FrameWriter<'f, S>,
}

impl<S> Writer<'_, '_, S>
where
    S: Sink<Frame, Error = Error> + Unpin,
{
    /// Sends one thing, and waits until the socket took it.
    pub(in crate::p2p) async fn send(&mut self, next: BinaryOutgoing) -> Result<(), Gone> {
        match next {
            BinaryOutgoing::Message(message) => self.message(&message).await?,
            BinaryOutgoing::GetHeaders { after } => self.ask_headers(after).await?,
            BinaryOutgoing::Announce(id) => {
                if let Some(header) = self.header(id).await {
                    self.message(&Message::Announce(header)).await?;
                }
            }
            BinaryOutgoing::Headers { locator, stop } => {
                let started = Instant::now();
                // A node that cannot read is about to end.
                let headers = self.headers(locator, stop).await.unwrap_or_default();
                self.gave(headers.len(), started);
                self.message(&Message::Headers(headers)).await?;
                self.served().await?;
            }
            BinaryOutgoing::Blocks { request, first, last } => {
                self.blocks(request, first, last).await?;
                self.served().await?;
            }
            BinaryOutgoing::RecordIds(ids) => {
                self.message(&Message::RecordIds(ids)).await?;
                self.frames.flush().await?;
                self.tell_relay(RelayInput::IdsSent { link: self.link }).await;
            }
            BinaryOutgoing::Records(ids) => {
                let texts = self.context.node.pending_texts(&ids, MAX_RECORD_TEXTS);
                let (bytes, count) =
                    (texts.iter().map(|text| text.len()).sum(), texts.len() as u64);
                let texts = texts.iter().map(ToString::to_string).collect();
                self.message(&Message::Records(texts)).await?;
                self.frames.flush().await?;
                self.context.node.metrics().sent_records.add(count);
                self.tell_relay(RelayInput::RecordsSent { link: self.link, bytes }).await;
            }
            BinaryOutgoing::Peers => {
                let book = self.context.node.known_peers().await.unwrap_or_default();
                self.message(&Message::Peers(addresses::to_tell(book, self.ip))).await?;
            }
        }
        self.frames.flush().await
    }

    async fn ask_headers(&mut self, after: Option<BlockId>) -> Result<(), Gone> {
        let node = &self.context.node;
        let view = node.view();
        match node.read(move || serve::locator(&view, after)).await {
            Ok(locator) => self.message(&Message::GetHeaders { locator, stop: None }).await,
            // A node that cannot read is about to end.
            Err(_) => Ok(()),
        }
    }

    /// The header of a block, while it is on our chain.
    async fn header(&self, id: BlockId) -> Option<Header> {
        let node = &self.context.node;
        let tip = node.tip();
        if tip.hash == id.hash {
            return Some(tip.header);
        }
        let view = node.view();
        let held = node.read(move || view.header(id.height)).await.ok()??;
        (held.hash == id.hash).then_some(held.header)
    }

    /// Headers above the highest block of a locator that is on our chain, empty if none is.
    async fn headers(
        &self,
        locator: Vec<(Height, Hash)>,
        stop: Option<Hash>,
    ) -> Result<Vec<Header>, NodeFailure> {
        let node = &self.context.node;
        let view = Arc::new(node.view());
        let mut headers = Vec::new();
        let own = Arc::clone(&view);
        let mut from = node.read(move || serve::fork(&own, &locator)).await?;
        while let Some(below) = from {
            let own = Arc::clone(&view);
            let (mut batch, is_over) = node.read(move || serve::headers(&own, below, stop)).await?;
            headers.append(&mut batch);
            let is_full = headers.len() >= MAX_HEADERS;
            headers.truncate(MAX_HEADERS);
            from = headers.last().map(|last| last.height).filter(|_| !is_over && !is_full);
        }
        Ok(headers)
    }

    /// Sends the bodies of a range from one view, each part read once the socket took the last.
    async fn blocks(&mut self, request: u64, first: Height, last: BlockId) -> Result<(), Gone> {
        let node = self.context.node.clone();
        let view = Arc::new(node.view());
        let mut next = first;
        loop {
            let (own, started) = (Arc::clone(&view), Instant::now());
            let part = node.read(move || serve::bodies(&own, request, next, last)).await;
            // Not on our chain any more, or not in time: the view is too old.
            let Ok(Some(Part { frames, next: above })) = part else {
                self.gave(0, started);
                return self.message(&Message::NotFound { request }).await;
            };
            self.gave(usize::try_from(above.above(next)).unwrap_or(usize::MAX), started);
            for frame in frames {
                self.frames.data(Data::Binary, frame.into()).await?;
                self.frames.flush().await?;
            }
            if above > last.height {
                return Ok(());
            }
            next = above;
        }
    }

    async fn message(&mut self, message: &Message) -> Result<(), Gone> {
        let frame = message.encode().map_err(|error| error.to_string())?;
        self.frames.data(Data::Binary, Bytes::from(frame)).await
    }

    /// The peer was served this many headers or blocks, whose reading began then.
    fn gave(&self, count: usize, started: Instant) {
        let tip = self.context.node.tip().header.height;
        self.debtor.gave(count, tip, started.elapsed());
    }

    async fn tell_relay(&self, input: RelayInput) {
        self.context.tell(Event::Input(BinaryInput::Relay(input).into())).await;
    }

    /// The socket took all of it.
    async fn served(&mut self) -> Result<(), Gone> {
        self.frames.flush().await?;
        self.context.tell(Event::Input(BinaryInput::Served { link: self.link }.into())).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
