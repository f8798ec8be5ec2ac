//! What comes in on a link of the binary dialect: one message at a time.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::Stream;
use tokio::sync::Semaphore;
use tokio_tungstenite::tungstenite::{Error, Message as Frame};

use crate::chain::BlockId;
use crate::p2p::context::Context;
use crate::p2p::event::Event;
use crate::p2p::socket::debts::{Debtor, QUESTION};
use crate::p2p::socket::messages::{self, End, Payload};
use crate::p2p::socket::stats::Stats;
use crate::p2p::ticket::Close;
pub(super) use crate::sync::message::{DecodeError, Message};
use crate::sync::{BinaryInput, LinkId};

/// Reads a link.
pub(in crate::p2p) struct Reader<'a, S> {
    pub(in crate::p2p) context: &'a Arc<Context>,
    pub(in crate::p2p) link: LinkId,
    pub(in crate::p2p) stats: &'a Arc<Stats>,
    pub(in crate::p2p) debtor: &'a Arc<Debtor>,
    pub(in crate::p2p) stream: &'a mut S,
}

/// Why reading stops.
#[derive(Debug)]
enum Stop {
    /// The peer broke the dialect: the machine is told, and has the link closed.
    Fault(&'static str),
    /// The link is to be closed for what is no provable fault.
    Close(Close),
    /// The peer closed the link, for this reason.
    Closed(String),
    /// The link is gone.
    Gone(String),
}

impl<S> Reader<'_, S>
where
    S: Stream<Item = Result<Frame, Error>> + Unpin,
{
    /// Reads until the link is gone, and returns why; or until it is to be closed. After a fault
    /// of the peer's it waits: the link is closed from elsewhere.
    pub(in crate::p2p) async fn run(mut self) -> Result<String, Close> {
        match self.serve().await {
            Stop::Gone(reason) => Ok(reason),
            Stop::Closed(reason) => {
                messages::hear_out(self.stream).await;
                Ok(reason)
            }
            Stop::Close(close) => Err(close),
            Stop::Fault(reason) => {
                let undecodable = BinaryInput::Undecodable { link: self.link, reason };
                self.context.tell(Event::Input(undecodable.into())).await;
                std::future::pending().await
            }
        }
    }

    async fn serve(&mut self) -> Stop {
        // Held by the message that the machine has not taken yet. Nothing is read from the
        // socket meanwhile, so a link never has more than one in memory.
        let place = Arc::new(Semaphore::new(1));
        loop {
            let Ok(taken) = Arc::clone(&place).acquire_owned().await else {
                return Stop::Gone("the place of a message is gone".to_owned());
            };
            self.debtor.rest().await;
            let message = match self.message().await {
                Ok(message) => Box::new(message),
                Err(stop) => return stop,
            };
            if self.is_of_no_use(&message) {
                self.debtor.spend(QUESTION);
            }
            self.note(&message);
            let event = Event::Message { link: self.link, message, taken };
            if self.context.events.send(event).await.is_err() {
                return Stop::Gone("the node is stopping".to_owned());
            }
        }
    }

    /// The next message.
    async fn message(&mut self) -> Result<Message, Stop> {
        match messages::next(self.stream, self.stats).await? {
            Payload::Binary(frame) => self.decode(&frame),
            Payload::Text(_) => Err(Stop::Fault(TEXT)),
        }
    }

    /// On the runtime's thread: the longest message takes about a millisecond.
    fn decode(&self, frame: &Bytes) -> Result<Message, Stop> {
        Message::decode(frame).map_err(|error| {
            tracing::debug!(link = self.link.0, "a frame of {} bytes: {error}", frame.len());
            Stop::Fault(match error {
                DecodeError::TooLong(_) => MESSAGE_TOO_LONG,
                DecodeError::Malformed(_) => "a frame that is no message",
                DecodeError::Trailing(_) => "bytes after a message",
            })
        })
    }

    /// Whether a message is of no use whatever becomes of it. What asks for headers or blocks is
    /// judged by its answer.
    fn is_of_no_use(&self, message: &Message) -> bool {
        match message {
            Message::Announce(header) => {
                let named = self.stats.last_tip();
                let is_named = || named == Some((header.height, Some(header.hash())));
                header.height <= self.context.node.tip().header.height || is_named()
            }
            // As cheap to send as they are to read.
            Message::GetPeers | Message::RecordIds(_) | Message::GetRecords(_) => true,
            _ => false,
        }
    }

    /// What the table of links shows of it.
    fn note(&self, message: &Message) {
        let named = match message {
            Message::Announce(header) => Some(header),
            Message::Headers(headers) => headers.last(),
            _ => None,
        };
        if let Some(header) = named {
            self.stats.tip(BlockId { height: header.height, hash: header.hash() });
        }
    }
}

const MESSAGE_TOO_LONG: &str = "a message above the 4 MiB of this dialect";

const TEXT: &str = "a text message";

impl From<End> for Stop {
    fn from(end: End) -> Self {
        match end {
            End::TooBig => Self::Fault(MESSAGE_TOO_LONG),
            // Being slow is no fault that can be proven.
            End::Overdue => {
                Self::Close(Close { code: 1002, reason: "a message did not end in time" })
            }
            End::NotUtf8 => Self::Fault(TEXT),
            End::BadFrame => Self::Fault("a frame that breaks RFC 6455"),
            End::Closed(reason) => Self::Closed(reason),
            End::Gone(reason) => Self::Gone(reason),
        }
    }
}

#[cfg(test)]
mod tests;
