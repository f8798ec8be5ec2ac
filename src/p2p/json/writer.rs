//! What goes out on a link, in order, as fast as the socket takes it.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::Sink;
use humantime::format_duration;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::protocol::frame::coding::Data;
use tokio_tungstenite::tungstenite::{Error, Message as Frame};

use super::message::{ASK, CHAIN_START, END};
use super::range::{Ahead, RANGE_BATCH, read, read_one};
use crate::chain::{BlockId, Height, write_block_json};
use crate::node::{NodeFailure, View};
use crate::p2p::context::Context;
use crate::p2p::event::Event;
use crate::p2p::sent_block::SentBlock;
use crate::p2p::socket::debts::Debtor;
use crate::p2p::socket::frame_writer::{FrameWriter, Gone, SENT_FRAGMENT};
use crate::sync::{Input, JsonInput, JsonOutgoing, LinkId};

/// Longest time for sending one whole chain, below the life of a view.
const CHAIN_TIME: Duration = Duration::from_secs(300);

/// How long one whole chain may keep the others waiting: a peer that takes it slowly gets the
/// rest beside the next one.
const CHAIN_TURN: Duration = Duration::from_secs(1);

/// Writes a link.
pub(in crate::p2p) struct Writer<'a, 'f, S> {
    pub(in crate::p2p) context: &'a Arc<Context>,
    pub(in crate::p2p) link: LinkId,
    pub(in crate::p2p) debtor: &'a Debtor,
    pub(in crate::p2p) frames: &'a mut FrameWriter<'f, S>,
    /// Set when the range under way is to be stopped.
    pub(in crate::p2p) stop_range: &'a AtomicBool,
    /// The batch that may be sent next, read while the peer acknowledges the one before.
    pub(in crate::p2p) ahead: &'a mut Option<Ahead>,
}

impl<S> Writer<'_, '_, S>
where
    S: Sink<Frame, Error = Error> + Unpin,
{
    /// Sends one thing, and waits until the socket took it.
    pub(in crate::p2p) async fn send(&mut self, next: JsonOutgoing) -> Result<(), Gone> {
        if !matches!(next, JsonOutgoing::Ask | JsonOutgoing::Range { .. }) {
            *self.ahead = None;
        }
        match next {
            JsonOutgoing::Ask => self.text(ASK.as_bytes()).await?,
            JsonOutgoing::Block(id) => {
                let view = Arc::new(self.context.node.view());
                if let Ok(Some(block)) = read_one(self.context, view, id).await {
                    self.text(block.text).await?;
                }
            }
            JsonOutgoing::Range { from, to } => {
                self.debtor.sent(from, to);
                let answer = self.range(from, to).await?;
                self.context.tell(Event::Input(Input::Json(self.link, answer))).await;
            }
            JsonOutgoing::Chain => {
                let (context, link) = (self.context, self.link);
                let mut sending = pin!(self.chain());
                let done = timeout(CHAIN_TURN, &mut sending).await;
                context.tell(Event::Input(Input::Json(link, JsonInput::ChainSent))).await;
                match done {
                    Ok(done) => done?,
                    Err(_) => sending.await?,
                }
            }
        }
        self.frames.flush().await
    }

    /// Sends our blocks of these heights, each read batch once the last was taken.
    async fn range(&mut self, from: Height, to: Height) -> Result<JsonInput, Gone> {
        let mut next = from;
        let mut last = None;
        while next <= to {
            let Ok(batch) = self.read(next, to.min(next.ahead(RANGE_BATCH - 1))).await else {
                return Ok(JsonInput::RangeLost);
            };
            // A reorg between two batches.
            let follows =
                |first: &SentBlock| last.is_none_or(|last: BlockId| last.hash == first.parent);
            if !batch.first().is_some_and(follows) {
                return Ok(JsonInput::RangeLost);
            }
            for SentBlock { id, text, .. } in batch {
                if self.stop_range.load(Ordering::Relaxed) {
                    return Ok(JsonInput::RangeLost);
                }
                self.text(text).await?;
                next = id.height.next();
                last = Some(id);
            }
            self.frames.flush().await?;
        }
        // A full batch is a stream's, and mostly more of it follows.
        if next.above(from) == RANGE_BATCH {
            *self.ahead = last.and_then(|last| Ahead::start(self.context, last));
        }
        Ok(last.map_or(JsonInput::RangeLost, |last| JsonInput::RangeSent { last }))
    }

    /// Our blocks of these heights as messages; at most a batch.
    async fn read(&mut self, from: Height, to: Height) -> Result<Vec<SentBlock>, NodeFailure> {
        if let Some(ahead) = self.ahead.take()
            && let Some(blocks) = ahead.take(from, to).await
        {
            return Ok(blocks);
        }
        let view = Arc::new(self.context.node.view());
        read(Arc::clone(self.context), view, from, to).await
    }

    /// Sends our chain in fragments while it is read; nothing when it is too long.
    async fn chain(&mut self) -> Result<(), Gone> {
        let view = Arc::new(self.context.node.view());
        let max = self.context.config.max_message;
        match self.measure(&view, max).await {
            Ok(true) => {}
            Ok(false) => {
                tracing::warn!(
                    link = self.link.0,
                    "our chain is above p2p.max_message ({max} bytes) and is not sent whole"
                );
                return Ok(());
            }
            Err(_) => return Ok(()),
        }
        self.debtor.sent(Height::GENESIS, view.tip().header.height);
        let over = Instant::now() + CHAIN_TIME;
        let mut buffer = CHAIN_START.to_vec();
        let mut kind = Data::Text;
        let mut next = Height::GENESIS;
        while next <= view.tip().header.height {
            let read = self.read_json(&view, next).await;
            let (text, after) =
                read.map_err(|error| format!("our chain could not be read: {error}"))?;
            buffer.extend_from_slice(&text);
            next = after;
            while buffer.len() > SENT_FRAGMENT {
                if Instant::now() > over {
                    let limit = format_duration(CHAIN_TIME);
                    return Err(format!("our chain was not taken within {limit}"));
                }
                let rest = buffer.split_off(SENT_FRAGMENT);
                let part = std::mem::replace(&mut buffer, rest);
                self.frames.fragment(kind, part.into(), false).await?;
                kind = Data::Continue;
            }
        }
        buffer.extend_from_slice(END);
        self.frames.fragment(kind, buffer.into(), true).await
    }

    /// Whether the chain fits a message of this many bytes.
    async fn measure(&self, view: &Arc<View>, max: usize) -> Result<bool, NodeFailure> {
        let mut bytes = CHAIN_START.len() + END.len();
        let mut next = Height::GENESIS;
        while next <= view.tip().header.height {
            let (text, after) = self.read_json(view, next).await?;
            bytes = bytes.saturating_add(text.len());
            if bytes > max {
                return Ok(false);
            }
            next = after;
        }
        Ok(true)
    }

    /// A batch of blocks as JSON, a comma before each but genesis, and the height after it.
    async fn read_json(
        &self,
        view: &Arc<View>,
        from: Height,
    ) -> Result<(Vec<u8>, Height), NodeFailure> {
        let (view, context) = (Arc::clone(view), Arc::clone(self.context));
        let read = move || {
            let mut text = Vec::new();
            let mut next = from;
            for block in view.blocks(from, view.tip().header.height)? {
                if block.header.height != Height::GENESIS {
                    text.push(b',');
                }
                let spec = context.node.spec();
                write_block_json(&mut text, spec, &block.header, &block.hash, &block.records);
                next = block.header.height.next();
            }
            Ok((text, next))
        };
        self.context.node.read(read).await
    }

    async fn text(&mut self, text: impl Into<Bytes>) -> Result<(), Gone> {
        self.frames.data(Data::Text, text.into()).await
    }
}

#[cfg(test)]
mod tests;
